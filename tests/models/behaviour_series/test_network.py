import numpy as np
import pytest
import torch

from openada.errors import UnusableInput
from openada.models.behaviour_series.config import SeriesConfig
from openada.models.behaviour_series.network import BehaviourSeriesNetwork


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return BehaviourSeriesNetwork(3, 2, SeriesConfig(width=5, blocks=2)).double().eval()


def series(seed=1):
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.standard_normal((4, 13, 3))), torch.from_numpy(rng.random((4, 13)) < 0.7)


def test_unknown_steps_padding_and_other_series_change_nothing(network):
    values, known = series()
    said = network(values, known)
    other = torch.where(known[:, :, None], values, torch.nan)
    torch.testing.assert_close(network(other, known), said, rtol=0, atol=0)
    longer = torch.cat([values, torch.ones(4, 7, 3)], dim=1)
    torch.testing.assert_close(network(longer, torch.cat([known, torch.zeros(4, 7, dtype=torch.bool)], dim=1)), said)
    alone = torch.cat([network(values[k : k + 1], known[k : k + 1]) for k in range(4)])
    torch.testing.assert_close(alone, said)


def test_what_is_known_and_its_order_matter(network):
    values, known = series()
    said = network(values, known)
    assert (network(values.flip(1), known.flip(1)) - said).abs().max() > 1e-3
    changed = values.clone()
    changed[0, known[0].nonzero()[0]] += 1.0
    moved = (network(changed, known) - said).abs().amax(dim=1)
    assert moved[0] > 1e-4 and moved[1:].max() == 0


def test_a_series_without_known_steps_gives_what_the_head_makes_of_zeros(network):
    values, known = series()
    known[2] = False
    torch.testing.assert_close(network(values, known)[2], network.head.bias)


def test_every_parameter_gets_a_gradient(network):
    values, known = series()
    network(values, known).square().sum().backward()
    assert all(weights.grad is not None and weights.grad.abs().sum() > 0 for weights in network.parameters())
    network.zero_grad()


def test_settings_that_make_no_network_are_refused():
    for settings in ({"kernel": 4}, {"width": 0}, {"dropout": 1.0}):
        with pytest.raises(UnusableInput, match="odd kernel"):
            SeriesConfig(**settings)
