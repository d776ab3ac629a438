import numpy as np
import pytest
import torch

from openada import models
from openada.errors import UnusableInput
from openada.explanation.gradient import gradient_times_input

SPANS_S = np.column_stack([np.arange(7.0), np.arange(7.0) + 1])


@pytest.fixture
def selector():
    return models.create("expada", "demo", seed=0).selector.double()


@pytest.fixture
def units():
    rng = np.random.default_rng(1)
    usable = np.ones(7, bool)
    usable[4] = False
    feature = rng.normal(size=(7, 64))
    feature[4] = np.nan  # padding may hold anything
    return feature, usable


def scores(selector, feature, usable):
    selector.eval()
    with torch.no_grad():
        return float(selector(torch.from_numpy(feature)[None], torch.from_numpy(usable)[None]).score[0])


def test_values_are_the_slope_of_the_score_when_one_unit_is_scaled(selector, units):
    feature, usable = units
    found = gradient_times_input(selector, feature, usable, SPANS_S)
    step = 1e-6
    for n in np.flatnonzero(usable):
        up, down = feature.copy(), feature.copy()
        up[n] *= 1 + step
        down[n] *= 1 - step
        slope = (scores(selector, up, usable) - scores(selector, down, usable)) / (2 * step)
        assert found.values[n] == pytest.approx(slope, rel=1e-5, abs=1e-8)
    assert np.isnan(found.values[4]) and found.signed and found.method == "gradient_x_input"
    assert found.score == pytest.approx(scores(selector, feature, usable))
    assert (found.values[usable] != 0).any()
    np.testing.assert_array_equal(found.axes[0].spans_s, SPANS_S)


def test_units_outside_the_selection_get_zero(selector, units):
    feature, usable = units
    selector.eval()
    with torch.no_grad():
        out = selector(torch.from_numpy(feature)[None], torch.from_numpy(usable)[None])
    inside = np.zeros(7, bool)
    for first, end in out.spans[out.selected[0]].tolist():
        inside[first:end] = True
    values = gradient_times_input(selector, feature, usable, SPANS_S).values
    assert inside.any() and not inside[usable].all()
    assert (values[usable & ~inside] == 0).all() and (values[inside] != 0).all()


def test_the_model_is_left_as_it_was(selector, units):
    selector.train()
    selector.encoder.eval()
    frozen = next(selector.head.parameters())
    frozen.requires_grad_(False)
    before = [p.requires_grad for p in selector.parameters()]
    with torch.inference_mode():  # whatever the caller is in
        gradient_times_input(selector, *units, SPANS_S)
    assert all(p.grad is None for p in selector.parameters())
    assert [p.requires_grad for p in selector.parameters()] == before
    assert selector.training and selector.head.training and not selector.encoder.training
    with pytest.raises(UnusableInput, match="units must be"):
        gradient_times_input(selector, units[0][:0], units[1], SPANS_S)
    assert selector.training and [p.requires_grad for p in selector.parameters()] == before
