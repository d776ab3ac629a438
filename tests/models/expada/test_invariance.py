"""Which parameters each method trains, and what the order of recordings, padding and the order of segments may not change."""

import pytest
import torch

from openada import models
from openada.models.expada.selector import Selector
from openada.training.losses import segment_loss, selection_loss


@pytest.fixture(scope="module", params=["demo", "frames_demo"])
def model(request):
    return models.create("expada", request.param, seed=0, score_mean=20.0, score_sd=10.0, selector_dropout=0.0)


def untrained(module, loss):
    module.zero_grad()
    loss.backward()
    return [name for name, p in module.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]


def test_each_method_trains_every_parameter_that_it_uses(model):
    """Method "base" has no ordinal term, so the ordinal head stays as drawn; nothing else of either stage is left out."""
    generator = torch.Generator().manual_seed(1)
    clips = torch.rand(5, *model.encoder.input_shape, generator=generator)
    score, category = torch.tensor([3.0, 17.0, 23.0, 31.0, 41.0]), torch.tensor([0, 1, 2, 3, 3])
    encoder = model.encoder.train()
    torch.manual_seed(2)  # dropout

    def stage_1(ordinal):
        return segment_loss(encoder(clips), score, category, ordinal=ordinal, score_sd=10.0)

    assert untrained(encoder, stage_1(ordinal=False)) == ["ordinal.weight", "ordinal.bias"]
    assert untrained(encoder, stage_1(ordinal=True)) == []
    units, mask = torch.randn(5, 13, 64, generator=generator), torch.ones(5, 13, dtype=torch.bool)
    selector = model.selector.train()
    assert untrained(selector, selection_loss(selector(units, mask), score, category, score_sd=10.0)) == []


def test_recordings_in_reverse_give_their_results_in_reverse(model):
    generator = torch.Generator().manual_seed(3)
    clips = torch.rand(3, 5, *model.encoder.input_shape, generator=generator)
    mask = torch.tensor([[True] * 5, [True, True, False, False, False], [True, False, True, True, False]])
    with torch.no_grad():
        plain, turned = model.eval()(clips, mask), model(clips.flip(0), mask.flip(0))
    for name in ("score", "P", "R", "z", "sdr", "severity_relevance", "segment_score"):
        torch.testing.assert_close(getattr(turned, name).flip(0), getattr(plain, name), atol=1e-5, rtol=1e-5, msg=name)
    for name in ("category", "selected", "K", "mask"):
        assert torch.equal(getattr(turned, name).flip(0), getattr(plain, name)), name


@pytest.fixture(scope="module")
def units():
    generator = torch.Generator().manual_seed(5)
    return torch.randn(2, 11, 7, generator=generator), torch.tensor([[True] * 11, [True] * 6 + [False] + [True] * 4])


def selector(scales):
    torch.manual_seed(3)
    return Selector(feature_size=7, hidden_size=17, scales=scales, categories=4, percent=30).eval()


def test_more_padding_changes_nothing(units):
    values, mask = units
    longer = torch.cat([values, torch.full((2, 5, 7), float("nan"))], dim=1)
    padded = torch.cat([mask, torch.zeros(2, 5, dtype=torch.bool)], dim=1)
    with torch.no_grad():
        plain, more = selector(3)(values, mask), selector(3)(longer, padded)
    assert torch.equal(plain.K, more.K) and torch.equal(plain.category, more.category)
    torch.testing.assert_close(more.score, plain.score)
    torch.testing.assert_close(more.z, plain.z)
    place = {tuple(span): index for index, span in enumerate(more.spans.tolist())}
    same = [place[tuple(span)] for span in plain.spans.tolist()]
    for name in ("sdr", "severity_relevance", "segment_score"):
        torch.testing.assert_close(getattr(more, name)[:, same], getattr(plain, name), msg=name)
    assert torch.equal(more.selected[:, same], plain.selected)
    others = torch.ones(more.mask.shape[1], dtype=torch.bool)
    others[same] = False
    assert not more.mask[:, others].any() and not more.severity_relevance[:, others].any()


def test_segments_moved_with_their_times_take_their_relevance_along(units):
    """At scale 1 the recording is a set of segments: score and category stay, everything per segment moves with it."""
    values, mask = units
    order = torch.tensor([5, 2, 10, 0, 7, 1, 9, 3, 8, 6, 4])
    with torch.no_grad():
        plain, moved = selector(1)(values, mask), selector(1)(values[:, order], mask[:, order])
    torch.testing.assert_close(moved.score, plain.score)
    torch.testing.assert_close(moved.z, plain.z)
    assert torch.equal(moved.category, plain.category)
    for name in ("P", "R", "sdr", "severity_relevance", "segment_score"):
        torch.testing.assert_close(getattr(moved, name), getattr(plain, name)[:, order], msg=name)
    assert torch.equal(moved.selected, plain.selected[:, order])


def test_at_longer_scales_the_order_of_segments_counts(units):
    values, mask = units[0][:1], units[1][:1]
    with torch.no_grad():
        plain, turned = selector(2)(values, mask), selector(2)(values.flip(1), mask.flip(1))
    torch.testing.assert_close(turned.segment_score[:, :11].flip(1), plain.segment_score[:, :11])
    assert not torch.allclose(turned.segment_score[:, 11:].flip(1), plain.segment_score[:, 11:], atol=1e-3)
