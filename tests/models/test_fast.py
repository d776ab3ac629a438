"""The arrangement for inference gives the network's own numbers."""

import copy

import pytest
import torch
from torch import nn

from openada import models
from openada.errors import UnusableInput
from openada.models import packed_convolution
from openada.models.fast import fast_inference
from openada.models.packed_convolution import PackedConvolution

B, T, H, W = 2, 11, 29, 37
CASES = [
    ("sta-drn", {"groups": groups, "fusion": fusion, "layers": (1, 1, 1, 1), "width": 8, "stem_channels": 5})
    for groups, fusion in ((1, "vector"), (2, "vector"), (4, "vector"), (2, "feature"), (2, "spatial"), (4, "temporal"))
] + [
    (
        "sta-drn",
        {"layers": (1, 1, 1, 1), "width": 4, "temporal_stride": 1, "input_range": "difference", "score_sd": 7.0},
    ),
    ("resnet3d", {"width": 5, "stem_channels": 7, "score_mean": 11.0}),
    ("resnet3d", {"depth": 50, "width": 3, "stem_channels": 7}),
]


def used(name, **config):
    """A network in evaluation whose statistics, biases and scales are no longer the initial ones."""
    model = models.create(name, seed=1, **config).eval()
    generator = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.BatchNorm3d):
                module.running_mean.copy_(0.1 * torch.randn(module.num_features, generator=generator))
                module.running_var.copy_(0.6 + torch.rand(module.num_features, generator=generator))
                module.weight.copy_(0.5 + torch.rand(module.num_features, generator=generator))
                module.bias.copy_(0.2 * torch.randn(module.num_features, generator=generator))
    return model


def clips(batch=B, frames=T):
    """Noise, each clip darker than the one before, so that their scores differ."""
    drawn = torch.rand(batch, 3, frames, H, W, generator=torch.Generator().manual_seed(2))
    return drawn / torch.arange(1, 2 * batch, 2).reshape(-1, 1, 1, 1, 1)


@pytest.mark.parametrize(
    ("name", "config", "fused"), [(*case, True) for case in CASES] + [(*case, False) for case in CASES[3::3]]
)
def test_maps_and_scores_are_the_network_s_own(name, config, fused, monkeypatch):
    if not fused:
        monkeypatch.setattr(packed_convolution, "has_fused_convolutions", lambda: False)
    model = used(name, **config)
    exact = copy.deepcopy(model).double()
    fast = fast_inference(model)
    with torch.no_grad():
        maps, scores = exact.feature_map(clips().double()), exact(clips().double())
    assert torch.allclose(fast.feature_map(clips()).double(), maps, rtol=1e-4, atol=1e-5 * maps.max().item())
    assert torch.allclose(fast(clips()).double(), scores, rtol=1e-4, atol=1e-5)
    assert scores.std() > 5e-4  # the clips' scores differ, so agreement means something
    assert fast.feature_map(clips()).min() >= 0
    assert not fast(clips()).requires_grad


def test_a_batch_gives_what_its_clips_give_and_another_shape_may_follow():
    model = used("sta-drn", layers=(1, 1, 1, 1), width=8, stem_channels=5)
    fast = fast_inference(model)
    together = fast(clips())
    assert torch.allclose(together, torch.cat([fast(clip[None]) for clip in clips()]), rtol=1e-5, atol=1e-5)
    with torch.no_grad():
        assert torch.allclose(fast(clips(2, 17)), model(clips(2, 17)), rtol=1e-4, atol=1e-5)
    assert torch.equal(fast(clips()), together)


def test_bfloat16_stays_near():
    model = used("sta-drn", layers=(1, 1, 1, 1), width=8, stem_channels=5)
    with torch.no_grad():
        expected = model(clips())
    got = fast_inference(model, torch.bfloat16)(clips())
    assert got.dtype == torch.float32
    assert torch.allclose(got, expected, rtol=0.05, atol=0.02)
    assert not torch.equal(got, expected)


def test_the_network_itself_is_left_alone():
    model = used("sta-drn", layers=(1, 1, 1, 1), width=4, stem_channels=5)
    before = copy.deepcopy(model.state_dict())
    given = clips()
    fast_inference(model)(given)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert torch.equal(given, clips())
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_training_and_other_precisions_are_refused():
    model = models.create("sta-drn", layers=(1, 1, 1, 1), width=4)
    with pytest.raises(UnusableInput, match="eval"):
        fast_inference(model)
    with pytest.raises(UnusableInput, match="float16"):
        fast_inference(model.eval(), torch.float16)
    with pytest.raises(UnusableInput, match="eval"):
        PackedConvolution(nn.Conv3d(2, 3, 1), None, relu=False, dtype=torch.float32)


def test_the_shortcut_is_added_before_the_relu():
    """One channel, weight 2, bias 1: ReLU(beside + 2 x + 1), over `beside`."""
    convolution = nn.Conv3d(1, 1, 1).eval()
    nn.init.constant_(convolution.weight, 2.0)
    nn.init.constant_(convolution.bias, 1.0)
    values = torch.arange(2 * 3 * 5.0).reshape(1, 1, 2, 3, 5) - 9
    beside = torch.full_like(values, 4.0)
    packed = PackedConvolution(convolution, None, relu=True, dtype=torch.float32)
    assert torch.equal(packed(values), (2 * values + 1).clamp(min=0))
    assert torch.equal(packed.added_to(beside, values), (2 * values + 5).clamp(min=0))
    assert torch.equal(beside, (2 * values + 5).clamp(min=0))
