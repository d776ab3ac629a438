import numpy as np
import pytest
import torch

from openada import models
from openada.errors import UnusableInput
from openada.explanation.relevance import CATEGORY_SUPPORT, SEVERITY_RELEVANCE, relevance


@pytest.fixture(scope="module")
def selection():
    selector = models.create("expada", "demo", seed=0).selector.eval()
    mask = torch.ones(2, 7, dtype=torch.bool)
    mask[1, 5:] = False
    with torch.no_grad():
        return selector(torch.randn(2, 7, 64, generator=torch.Generator().manual_seed(1)), mask)


SEGMENTS_S = np.array([[0.0, 1.1], [1.1, 2.0], [2.5, 3.5], [3.5, 4.4], [4.4, 5.3], [5.3, 6.0], [6.0, 7.0]])


def test_spans_and_values_by_hand(selection):
    found = {(e.parameters["kind"], e.parameters["scale"]): e for e in relevance(selection, SEGMENTS_S)}
    assert set(found) == {(kind, scale) for kind in (CATEGORY_SUPPORT, SEVERITY_RELEVANCE) for scale in (1, 2, 3)}
    two = found[SEVERITY_RELEVANCE, 2]
    expected = [[0.0, 2.0], [1.1, 3.5], [2.5, 4.4], [3.5, 5.3], [4.4, 6.0], [5.3, 7.0]]
    np.testing.assert_allclose(two.axes[0].spans_s, expected)
    np.testing.assert_allclose(two.values, selection.R_hat[0, 7:13, 3].numpy())
    assert two.score == pytest.approx(selection.score[0].item())
    assert two.baseline_score is None
    assert sum(sum(found[kind, s].parameters["selected"]) for kind in [CATEGORY_SUPPORT] for s in (1, 2, 3)) == 3


@pytest.mark.parametrize("recording", [0, 1])
def test_scales_share_a_unit(selection, recording):
    times = SEGMENTS_S[:5] if recording else SEGMENTS_S
    found = relevance(selection, times, recording)
    category = int(selection.category[recording])
    for kind, column in ((CATEGORY_SUPPORT, category), (SEVERITY_RELEVANCE, 3)):
        total = sum(e.values.sum() for e in found if e.parameters["kind"] == kind)
        assert total == pytest.approx(selection.z[recording, column].item(), rel=1e-5)


def test_padding_is_left_out(selection):
    found = relevance(selection, SEGMENTS_S[:5], recording=1)
    assert [len(e.values) for e in found] == [5, 4, 3, 5, 4, 3]


def test_each_says_which_it_is(selection):
    meanings = {e.parameters["kind"]: e.meaning for e in relevance(selection, SEGMENTS_S)}
    assert "predicted category" in meanings[CATEGORY_SUPPORT]
    assert "most severe category" in meanings[SEVERITY_RELEVANCE]


@pytest.mark.parametrize("times", [SEGMENTS_S[:6], SEGMENTS_S[:, 0]])
def test_times_must_cover_the_recording(selection, times):
    with pytest.raises(UnusableInput, match="7 segments"):
        relevance(selection, times)
