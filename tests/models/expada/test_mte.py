import pytest
import torch
from torch import nn

from openada.errors import UnusableInput
from openada.models.expada.mte import MultiScaleEncoder


class Total(nn.Module):
    """Weights the units of a window 1, 10, 100 so that its sum tells which units it holds, in which order."""

    def forward(self, windows):
        units = windows.unflatten(-1, (-1, 3))
        return (units * 10.0 ** torch.arange(units.shape[-2])[:, None]).sum(-2)


def transparent(scales):
    encoder = MultiScaleEncoder(3, 7, scales)
    encoder.mlps = nn.ModuleList(Total() for _ in range(scales))
    return encoder


def test_windows_by_hand():
    units = torch.arange(1.0, 6.0).reshape(1, 5, 1).expand(1, 5, 3)
    out = transparent(3)(units, torch.ones(1, 5, dtype=torch.bool))
    assert out.features[0, :, 0].tolist() == [1, 2, 3, 4, 5, 21, 32, 43, 54, 321, 432, 543]
    assert out.spans.tolist() == [
        [0, 1],
        [1, 2],
        [2, 3],
        [3, 4],
        [4, 5],
        [0, 2],
        [1, 3],
        [2, 4],
        [3, 5],
        [0, 3],
        [1, 4],
        [2, 5],
    ]
    assert out.scale.tolist() == [1] * 5 + [2] * 4 + [3] * 3


def test_a_window_with_a_lost_unit_is_invalid():
    mask = torch.tensor([[True, True, False, True, True]])
    out = transparent(2)(torch.full((1, 5, 3), float("nan")).masked_fill(mask.unsqueeze(-1), 1.0), mask)
    assert out.mask.tolist() == [[True, True, False, True, True, True, False, False, True]]
    assert torch.isfinite(out.features).all()


@pytest.mark.parametrize(("units", "M"), [(1, 1), (2, 3), (3, 6), (11, 30)])
def test_short_recordings_have_only_the_scales_that_fit(units, M):
    out = MultiScaleEncoder(3, 7, 3)(torch.rand(2, units, 3), torch.ones(2, units, dtype=torch.bool))
    assert out.features.shape == (2, M, 3)
    assert out.scale.max() == min(units, 3)


@pytest.mark.parametrize(
    ("units", "mask"),
    [
        (torch.rand(2, 5, 3), torch.ones(2, 5)),
        (torch.rand(2, 5, 3), torch.ones(2, 4, dtype=torch.bool)),
        (torch.rand(5, 3), torch.ones(5, dtype=torch.bool)),
        (torch.rand(2, 5, 3), torch.tensor([[True] * 5, [False] * 5])),
        (torch.rand(2, 0, 3), torch.ones(2, 0, dtype=torch.bool)),
    ],
)
def test_unusable_units_are_refused(units, mask):
    with pytest.raises(UnusableInput):
        MultiScaleEncoder(3, 7, 3)(units, mask)
