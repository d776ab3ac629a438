"""Guided backpropagation against a case computed by hand, every kind of rectifier, and the model afterwards."""

import numpy as np
import pytest
import torch
from torch import nn

from clip_networks import clips_of, plain_net
from openada.errors import UnusableInput
from openada.explanation.clip_model import map_and_gradient
from openada.explanation.guided_backpropagation import pixel_gradient, times_input


class ByHand(nn.Module):
    """Two rectified layers on a clip of one frame, one row and two columns of one colour.

    A = relu([x0 − x1, x1, 2 x0]), B = relu([A0 + A1, A2 − 3 A1]), S = B0 − B1 + 4 B2 with B2 = relu(−A2).
    """

    def __init__(self, inplace):
        super().__init__()
        self.rectify = nn.ReLU(inplace)
        self.first = nn.Parameter(torch.tensor([[1.0, -1.0], [0.0, 1.0], [2.0, 0.0]]))
        self.second = nn.Parameter(torch.tensor([[1.0, 1.0, 0.0], [0.0, -3.0, 1.0], [0.0, 0.0, -1.0]]))
        self.last = nn.Parameter(torch.tensor([1.0, -1.0, 4.0]))

    def feature_map(self, clips):
        return self.rectify(clips[:, 0, 0, 0] @ self.first.T)[..., None, None, None]

    def score_from_map(self, maps):
        return self.rectify(maps.flatten(1) @ self.second.T) @ self.last


@pytest.mark.parametrize("inplace", [False, True])
def test_a_case_computed_by_hand(inplace):
    """x = (2, 1): A = (1, 1, 4), B = (2, 1, 0). Slopes at B: (1, −1, 4); only positive ones at firing units: (1, 0, 0).
    At A: (1, 1, 0), all positive and firing. At x: (1, −1) + (0, 1) = (1, 0). The plain gradient: at A (1, 1, 0) − (0, −3, 1) =
    (1, 4, −1); at x: (1, −1) + 4 (0, 1) − (2, 0) = (−1, 3).
    """
    clip = torch.zeros(1, 3, 1, 1, 2)
    clip[0, 0, 0, 0] = torch.tensor([2.0, 1.0])
    guided = pixel_gradient(ByHand(inplace), clip, guided=True)
    assert guided.gradient[0, 0, 0, 0].tolist() == [1.0, 0.0] and guided.relus == 2
    assert guided.score.item() == 1.0 and not guided.gradient[0, 1:].any()
    plain = pixel_gradient(ByHand(inplace), clip)
    assert plain.gradient[0, 0, 0, 0].tolist() == [-1.0, 3.0]
    assert times_input(plain)[0, 0, 0].tolist() == [-2.0, 3.0]


@pytest.mark.parametrize("how", [{"inplace": True}, {"functional": True}])
def test_in_place_shared_and_functional_rectifiers_are_guided_alike(how):
    clips = clips_of(3)
    expected = pixel_gradient(plain_net(), clips, guided=True)
    found = pixel_gradient(plain_net(**how), clips, guided=True)
    torch.testing.assert_close(found.gradient, expected.gradient, rtol=0, atol=0)
    assert found.relus == expected.relus == 2
    assert not torch.allclose(expected.gradient, pixel_gradient(plain_net(), clips).gradient, rtol=0.1)


def test_clips_of_a_batch_do_not_touch_each_other():
    net, clips = plain_net(), clips_of(3)
    for guided in (False, True):
        together = pixel_gradient(net, clips, guided=guided).gradient
        alone = [pixel_gradient(net, clip[None], guided=guided).gradient[0] for clip in clips]
        torch.testing.assert_close(together, torch.stack(alone), rtol=1e-12, atol=1e-15)


def test_gradient_times_input_is_the_slope_when_a_pixel_is_scaled():
    net, clips = plain_net(), clips_of(1)
    values = times_input(pixel_gradient(net, clips))
    step = 1e-6
    scores = []
    for sign in (1, -1):
        moved = clips.clone()
        moved[0, :, 3, 5, 4] *= 1 + sign * step
        scores.append(net(moved).item())
    assert values[0, 3, 5, 4].item() == pytest.approx((scores[0] - scores[1]) / (2 * step), rel=1e-6)


def test_a_network_without_a_rectifier_is_refused_rather_than_given_its_plain_gradient():
    net = plain_net()
    net.rectify = nn.GELU()
    with pytest.raises(UnusableInput, match="no ReLU"):
        pixel_gradient(net, clips_of(1), guided=True)


class BrokenError(RuntimeError):
    pass


@pytest.mark.parametrize("method", [map_and_gradient, lambda *a: pixel_gradient(*a, guided=True)])
@pytest.mark.parametrize("fails", [False, True])
def test_the_model_is_left_as_it_was(method, fails, monkeypatch):
    net = plain_net(inplace=True).train()
    net.hidden.eval()
    net.hidden.bias.requires_grad_(False)
    net.score.weight.grad = torch.ones_like(net.score.weight)
    before = {name: value.clone() for name, value in net.state_dict().items()}

    def breaks(maps):
        raise BrokenError

    if fails:
        monkeypatch.setattr(net, "score_from_map", breaks)
        with pytest.raises(BrokenError):
            method(net, clips_of(2))
    else:
        with torch.inference_mode():  # whatever the caller is in
            method(net, clips_of(2))
    assert net.training and net.score.training and not net.hidden.training
    assert [name for name, p in net.named_parameters() if not p.requires_grad] == ["hidden.bias"]
    assert [name for name, p in net.named_parameters() if p.grad is not None] == ["score.weight"]
    assert torch.equal(net.score.weight.grad, torch.ones_like(net.score.weight))
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    assert not any(getattr(module, kind) for module in net.modules() for kind in hooks)


def test_a_model_without_a_map_a_score_per_clip_or_a_finite_one_is_refused():
    with pytest.raises(UnusableInput, match="no convolutional feature map"):
        map_and_gradient(nn.Linear(2, 2), clips_of(1))
    net = plain_net()
    with pytest.raises(UnusableInput, match="give \\(batch, channel"):
        map_and_gradient(net, clips_of(1)[0])
    whole = net.score_from_map
    for spoil, message in (
        (lambda maps: whole(maps)[:, None], "not one each"),
        (lambda maps: whole(maps) * np.inf, "not finite"),
        (lambda maps: whole(maps).detach(), "does not depend"),
    ):
        net.score_from_map = spoil
        with pytest.raises(UnusableInput, match=message):
            map_and_gradient(net, clips_of(2))
