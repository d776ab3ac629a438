"""Attributions of pixels against hand-computed networks in float64: who gets how much, and that it adds up."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from clip_networks import clips_of, plain_net
from openada.errors import UnusableInput
from openada.explanation.deeplift import deeplift
from openada.explanation.integrated_gradients import integrated_gradients
from openada.explanation.pixel_attribution import PixelAttribution, completeness
from openada.explanation.saliency import explain_clips
from openada.explanation.smooth_grad import smooth_gradient

SHAPE = (3, 2, 1, 1)  # six pixels


class Head(nn.Module):
    """A network over the six pixels of tiny clips: `layers` on them flattened."""

    def __init__(self, layers):
        super().__init__()
        self.layers = layers
        self.double().eval()

    def feature_map(self, clips):
        return clips * 1.0

    def score_from_map(self, maps):
        return self.layers(maps.flatten(1)).reshape(len(maps))


class Function(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function, self.unused = function, nn.Parameter(torch.zeros(1))

    def forward(self, values):
        return self.function(values)


def linear(weights, bias=0.0):
    layer = nn.Linear(len(weights[0]), len(weights))
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(weights))
        layer.bias.fill_(bias)
    return layer


def clip(*values):
    return torch.tensor(values, dtype=torch.float64).reshape(1, *SHAPE)


WEIGHTS = [1.0, -2.0, 3.0, 0.5, -1.0, 4.0]
PIXELS = clip(0.1, 0.9, 0.3, 0.7, 0.2, 0.4)


@pytest.mark.parametrize("method", [deeplift, integrated_gradients])
def test_of_a_linear_network_each_pixel_gets_its_weight_times_its_difference(method):
    found = method(Head(linear([WEIGHTS], 7.0)), PIXELS, 0.5)
    by_hand = np.array(WEIGHTS) * (PIXELS.flatten().numpy() - 0.5)
    np.testing.assert_allclose(found.values.flatten().numpy(), by_hand.reshape(3, 2).sum(0), rtol=1e-6)
    assert found.score.item() == pytest.approx(7 + np.dot(WEIGHTS, PIXELS.flatten().numpy()))
    assert found.baseline_score.item() == pytest.approx(7 + 0.5 * sum(WEIGHTS))


@pytest.mark.parametrize("method", [deeplift, integrated_gradients])
def test_each_clip_is_compared_with_its_own_baseline(method):
    pixels = clip(0.5, 0.9, 0.8, 0.3, 0.2, 0.4)
    both, against = torch.cat([pixels, pixels]), torch.cat([clip(*np.arange(6) / 10), clip(*[0.3] * 6)])
    found = method(two_layers(), both, against)
    for row in range(2):
        alone = method(two_layers(), pixels, against[row : row + 1])
        np.testing.assert_allclose(found.values[row], alone.values[0], rtol=1e-6)
        np.testing.assert_allclose(alone.values.sum(), alone.score - alone.baseline_score, atol=0.02)
    assert not np.allclose(found.values[0], found.values[1])


def two_layers(relu=None):
    """Score 2·relu(x0 + x1 − 1) − 3·relu(x2 − x3): x are pixels of the clip."""
    first = linear([[1.0, 1.0, 0, 0, 0, 0], [0, 0, 1.0, -1.0, 0, 0]])
    with torch.no_grad():
        first.bias[0] = -1.0
    return Head(nn.Sequential(first, relu or nn.ReLU(), linear([[2.0, -3.0]])))


def test_two_rectified_layers_share_what_they_let_through():
    pixels = clip(1.0, 0.8, 0.2, 0.6, 0.9, 0.9)  # from 0: relu(−1 → 0.8) = 0.8 of 1.8; relu(0 → −0.4) = 0
    found = deeplift(two_layers(), pixels, 0.0).values.flatten()
    slope = 0.8 / 1.8
    # colours are summed: frames are pixels 0, 2, 4 and 1, 3, 5
    np.testing.assert_allclose(found, [2 * slope * 1.0, 2 * slope * 0.8], rtol=1e-12)
    path = integrated_gradients(two_layers(), pixels, 0.0, steps=100).values.flatten()
    np.testing.assert_allclose(
        path, [2 * slope * 1.0, 2 * slope * 0.8], rtol=2e-2
    )  # the same here: one kink on the way


@pytest.mark.parametrize("inplace", [False, True])
def test_a_layer_in_place_and_one_used_twice_are_exact(inplace):
    shared = nn.ReLU(inplace)
    twice = Head(nn.Sequential(linear([WEIGHTS, WEIGHTS[::-1]], -0.3), shared, linear([[1.0, -1.0]], 0.1), shared))
    apart = Head(nn.Sequential(twice.layers[0], nn.ReLU(), twice.layers[2], nn.ReLU()))
    found = deeplift(twice, PIXELS, 0.5)
    np.testing.assert_allclose(found.values, deeplift(apart, PIXELS, 0.5).values, rtol=1e-12)
    assert completeness(found)[0]["completeness_error"] < 1e-12
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in twice.modules())


def test_what_the_rescale_rule_does_not_cover_is_refused_with_the_reason():
    functional = Head(nn.Sequential(linear([WEIGHTS]), Function(F.relu)))
    with pytest.raises(UnusableInput, match=r"ReluBackward0.*functional ReLU.*integrated-gradients"):
        deeplift(functional, PIXELS, 0.5)
    gate = linear([WEIGHTS]).double()
    with pytest.raises(UnusableInput, match="multiplies two functions of the pixels"):
        deeplift(Head(Function(lambda x: gate(x) * gate(x))), PIXELS, 0.5)
    with pytest.raises(UnusableInput, match="SoftmaxBackward0"):
        deeplift(Head(nn.Sequential(linear([WEIGHTS] * 2), nn.Softmax(1), linear([[1.0, 2.0]]))), PIXELS, 0.5)
    assert not any(module._forward_hooks for module in functional.modules())


class Pooled(nn.Module):
    """A stem with overlapping windows, as a ResNet's."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(2)
        self.convolution, self.rectify = nn.Conv3d(3, 5, 3, padding=1), nn.ReLU()
        self.pool = nn.MaxPool3d(3, (1, 2, 2), 1)
        self.last = nn.Linear(5, 1)
        self.double().eval()

    def feature_map(self, clips):
        return self.pool(self.rectify(self.convolution(clips)))

    def score_from_map(self, maps):
        return self.last(maps.mean((2, 3, 4))).squeeze(-1)


def test_overlapping_max_pools_add_up_for_a_baseline_that_is_a_picture_too():
    net, clips = Pooled(), clips_of(2)
    found = deeplift(net, clips, 0.3)
    assert max(one["completeness_error"] for one in completeness(found)) < 1e-12
    alone = deeplift(net, clips[1:], 0.3)
    np.testing.assert_allclose(found.values[1], alone.values[0], rtol=1e-10, atol=1e-15)


def test_captum_agrees_where_its_rules_hold():
    from captum.attr import DeepLift, Saliency

    class Whole(nn.Module):
        def __init__(self, net):
            super().__init__()
            self.net = net

        def forward(self, clips):
            return self.net.score_from_map(self.net.feature_map(clips))

    net = Pooled()
    net.pool = nn.Identity()
    clips = clips_of(2, seed=6)
    ours, theirs = deeplift(net, clips, 0.5).values, DeepLift(Whole(net)).attribute(clips, torch.full_like(clips, 0.5))
    np.testing.assert_allclose(ours, theirs.sum(1).detach(), rtol=1e-7, atol=1e-14)
    edges = np.arange(2.0 * 8).reshape(2, 8)
    mine = explain_clips(net, clips, "saliency", edges_s=edges, size_px=224)
    theirs = Saliency(Whole(net)).attribute(clips, abs=True).sum(1)
    np.testing.assert_allclose(mine[1].values, theirs[1].detach(), rtol=1e-10)
    assert not mine[1].signed


def test_integrated_gradients_are_exact_on_a_polynomial_and_say_how_far_off_they_are_elsewhere():
    cubic = Head(Function(lambda x: (x[:, :3] ** 3 * torch.tensor([1.0, 2, 5])).sum(1) + x[:, 3] * x[:, 4]))
    found = integrated_gradients(cubic, PIXELS, 0.0, steps=2)  # exact up to a gradient of degree 3
    x = PIXELS.flatten().numpy()
    by_pixel = [x[0] ** 3, 2 * x[1] ** 3, 5 * x[2] ** 3, x[3] * x[4] / 2, x[3] * x[4] / 2, 0]
    np.testing.assert_allclose(
        found.values.flatten(), np.reshape(by_pixel, (3, 2)).sum(0), rtol=1e-6
    )  # captum's nodes are float32
    assert completeness(found)[0]["completeness_error"] < 1e-6
    steep = Head(Function(lambda x: torch.tanh(40 * (x.sum(1) - 1.3))))
    (said,) = completeness(integrated_gradients(steep, PIXELS, 0.0, steps=3))
    assert said["completeness_error"] > 0.1 and said["completeness_error_relative"] > 0.05


def test_completeness_is_the_gap_of_the_sums():
    gap = PixelAttribution(torch.ones(2, 3, 5, 7) / 105, torch.tensor([4.0, 2.0]), torch.tensor([1.0, 2.0]))
    first, second = completeness(gap)
    assert first["completeness_error"] == pytest.approx(2.0, abs=1e-6)
    assert first["completeness_error_relative"] == pytest.approx(2 / 3, abs=1e-6)
    assert second["completeness_error_relative"] is None


def test_smooth_gradients_are_signed_repeatable_and_leave_the_generator_alone():
    net, clips = plain_net(), clips_of(2)
    torch.manual_seed(9)
    expected = torch.rand(1)
    torch.manual_seed(9)
    once, again = (smooth_gradient(net, clips, samples=3).gradient for _ in range(2))
    assert torch.equal(torch.rand(1), expected)
    assert torch.equal(once, again) and (once < 0).any() and (once > 0).any()
    flat = Head(linear([WEIGHTS]))
    np.testing.assert_allclose(smooth_gradient(flat, PIXELS).gradient.flatten(), WEIGHTS, rtol=1e-12)
    noisy = Head(Function(lambda x: (x**2).sum(1)))  # mean of 2(x + noise): by hand from the same draws
    with torch.random.fork_rng():
        torch.manual_seed(3)
        draws = torch.stack([torch.normal(0.0, torch.full_like(PIXELS, 0.5 * 0.8)) for _ in range(5)])
    found = smooth_gradient(noisy, PIXELS, samples=5, noise_share=0.5, seed=3).gradient
    spread = (found - 2 * PIXELS).std() / (2 * draws.mean(0)).std()
    assert 0.4 < spread < 2.5


def test_a_network_that_fails_is_left_as_it_was():
    class Failing(Head):
        def score_from_map(self, maps):
            raise RuntimeError("broken")

    net = Failing(nn.Sequential(linear([WEIGHTS]), nn.ReLU())).train()
    for method in (deeplift, integrated_gradients):
        with pytest.raises(RuntimeError, match="broken"):
            method(net, PIXELS, 0.0)
    assert net.training and all(parameter.requires_grad for parameter in net.parameters())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in net.modules())
