"""Learning rates as functions of where training is."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from openada.training.schedules import Step, constant, cosine_restarts, inverse_decay, warm_cosine


def test_learning_rate_warms_up_then_falls_to_zero() -> None:
    values = [warm_cosine(0.05)(Step(epoch, batch, 100, 10)) for epoch in range(10) for batch in range(100)]
    values.append(warm_cosine(0.05)(Step(10, 0, 100, 10)))
    assert values[0] < 0.05 and values[-1] == pytest.approx(0, abs=1e-12)
    assert max(values) == pytest.approx(1, abs=1e-2) and values.index(max(values)) in range(45, 55)
    assert all(a <= b for a, b in pairwise(values[:50]))
    assert all(a >= b for a, b in pairwise(values[51:]))


def test_restarts_are_those_of_torch_at_every_epoch() -> None:
    """The oracle is stepped once per epoch; ours is asked for epochs in any order, and does not change within one."""
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    oracle = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimiser, 50, 2)
    expected = []
    for _ in range(200):
        expected.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        oracle.step()
    factor = cosine_restarts(50, 2)
    found = {epoch: factor(Step(epoch, 3, 7, 200)) for epoch in reversed(range(200))}
    np.testing.assert_allclose([found[epoch] for epoch in range(200)], expected, atol=1e-12)
    assert found[0] == found[50] == found[150] == 1 and found[49] < 0.01


def test_a_constant_rate_stays() -> None:
    assert constant(Step(7, 3, 5, 11)) == 1
    assert Step(3, 2, 4, 7).progress == pytest.approx(3.5 / 7)


def test_the_inverse_rate_counts_the_steps_that_were_made() -> None:
    factor = inverse_decay(1e-4, 0.75)
    assert factor(Step(0, 0, 7, 11)) == 1
    assert factor(Step(3, 5, 7, 11)) == pytest.approx((1 + 1e-4 * 26) ** -0.75)
    assert inverse_decay(0.5, 2, accumulate=3)(Step(2, 5, 7, 11)) == pytest.approx((1 + 0.5 * (2 * 3 + 1)) ** -2)
