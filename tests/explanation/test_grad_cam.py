"""Class activation maps against a float64 reference in numpy, and what depends on the score's scale."""

import numpy as np
import pytest
import torch

from clip_networks import clips_of, numpy_grad_cam_plus_plus, numpy_map_and_gradient, plain_net
from openada.errors import UnusableInput
from openada.explanation.clip_model import map_and_gradient
from openada.explanation.grad_cam import (
    grad_cam,
    grad_cam_plus_plus,
    grad_cam_plus_plus_weights,
    modified_grad_cam_plus_plus,
)

SCORES = (1e-3, 1.0, 90.0)


def with_score(net, clip, score, how):
    """The network, changed so that the clip scores `score`: shifted (gradients stay), or rescaled (gradients grow)."""
    with torch.no_grad():
        net.score.bias += -net(clip[None])[0] + (1.0 if how == "rescaled" else score)
        if how == "rescaled":
            net.score.weight *= score
            net.score.bias *= score
    return net


@pytest.mark.parametrize("how", ["shifted", "rescaled"])
@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("count", [1, 3])
def test_maps_are_those_of_the_float64_reference(count, score, how):
    clips = clips_of(count)
    net = with_score(plain_net(), clips[0], score, how)
    found = map_and_gradient(net, clips)
    signed, plus = grad_cam(found.maps, found.gradient), grad_cam_plus_plus(found.maps, found.gradient)
    modified = modified_grad_cam_plus_plus(found.maps, found.gradient, found.score)
    assert found.score[0].item() == pytest.approx(score, rel=1e-9)
    for row in range(count):
        maps, gradient, expected = numpy_map_and_gradient(net, clips[row])
        assert (gradient < 0).any() and (gradient > 0).any() and (maps == 0).any()
        assert found.score[row].item() == pytest.approx(expected, rel=1e-12)
        weights = gradient.mean((1, 2, 3))
        np.testing.assert_allclose(signed[row], np.tensordot(weights, maps, 1), rtol=1e-10, atol=1e-10)
        reference = numpy_grad_cam_plus_plus(maps, gradient)
        np.testing.assert_allclose(plus[row], reference, rtol=1e-10, atol=1e-14)
        np.testing.assert_allclose(modified[row], np.maximum(expected * reference, 0), rtol=1e-10, atol=1e-14)
    assert (signed < 0).any() and (signed > 0).any()


def test_float32_stays_finite_where_exp_of_the_score_or_the_square_of_a_slope_would_not():
    clips = clips_of(1)
    for score, how in ((90.0, "rescaled"), (900.0, "shifted"), (1e-25, "rescaled")):
        net = with_score(plain_net(), clips[0], score, how)
        maps, gradient, _ = numpy_map_and_gradient(net, clips[0])
        found = map_and_gradient(net.float(), clips)
        plus = grad_cam_plus_plus(found.maps, found.gradient)
        expected = numpy_grad_cam_plus_plus(maps, gradient)
        np.testing.assert_allclose(plus[0], expected, rtol=1e-3, atol=1e-5 * expected.max())


def test_slopes_of_zero_and_below_take_no_part_even_where_the_denominator_vanishes():
    maps = torch.tensor([2.0, 2.0, 0.0, 0.0], dtype=torch.float64).reshape(1, 1, 1, 2, 2)
    gradient = torch.tensor([-0.5, 0.0, 1.0, 0.25], dtype=torch.float64).reshape(1, 1, 1, 2, 2)  # 2 + 4 · (−.5) = 0
    weight = 1 / (2 + 4 * 1) + 0.25 / (2 + 4 * 0.25)
    assert grad_cam_plus_plus_weights(maps, gradient).item() == pytest.approx(weight, rel=1e-15)


def test_the_scale_of_the_score_is_a_hidden_setting_of_grad_cam_plus_plus_alone():
    clips = clips_of(1)
    maps, gradient, _ = map_and_gradient(plain_net(), clips)
    plus = grad_cam_plus_plus(maps, gradient)

    def shape(values):
        return values / values.sum()

    # signed Grad-CAM: c times the score, c times the map; an added constant changes neither
    torch.testing.assert_close(grad_cam(maps, 63 * gradient), 63 * grad_cam(maps, gradient), rtol=1e-12, atol=0)
    moved = plain_net()
    with torch.no_grad():
        moved.score.bias += 40
    torch.testing.assert_close(map_and_gradient(moved, clips).gradient, gradient, rtol=0, atol=0)
    # Grad-CAM++: linear for a small scale, a limit without the slopes' size for a large one, other shapes between
    small, smaller = (grad_cam_plus_plus(maps, c * gradient) / c for c in (1e-8, 1e-9))
    torch.testing.assert_close(small, smaller, rtol=1e-6, atol=0)
    places = (gradient > 0).sum((2, 3, 4)) / maps.sum((2, 3, 4))
    limit = torch.einsum("bk,bkthw->bthw", places, maps)
    torch.testing.assert_close(grad_cam_plus_plus(maps, 1e12 * gradient), limit, rtol=1e-6, atol=0)
    assert not torch.allclose(shape(small), shape(limit), rtol=0.01)
    assert not torch.allclose(grad_cam_plus_plus(maps, 63 * gradient), 63 * plus, rtol=0.01)


def test_with_a_mean_and_a_linear_head_the_signed_cells_add_up_to_the_score_less_its_bias():
    maps = torch.rand(2, 5, 3, 7, 11, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    weights = torch.linspace(-1, 1, 5, dtype=torch.float64)
    gradient = (weights / (3 * 7 * 11)).reshape(1, 5, 1, 1, 1).expand_as(maps)
    torch.testing.assert_close(grad_cam(maps, gradient).sum((1, 2, 3)), maps.mean((2, 3, 4)) @ weights)


def test_a_score_of_zero_or_below_empties_the_modified_map_and_warns():
    clips = clips_of(3)
    found = map_and_gradient(plain_net(), clips)
    score = torch.tensor([-2.0, 0.0, 3.0], dtype=torch.float64)
    with pytest.warns(UserWarning, match="empty for 2 of 3 clips"):
        values = modified_grad_cam_plus_plus(found.maps, found.gradient, score)
    assert not values[:2].any()
    torch.testing.assert_close(values[2], 3 * grad_cam_plus_plus(found.maps, found.gradient)[2])


def test_negative_features_are_refused_with_the_reason():
    found = map_and_gradient(plain_net(), clips_of(1))
    for spoilt in (found.maps - 0.25, torch.full_like(found.maps, float("nan"))):
        with pytest.raises(UnusableInput, match="features that are at least 0"):
            grad_cam_plus_plus(spoilt, found.gradient)


def test_clips_of_a_batch_do_not_touch_each_other():
    net, clips = plain_net(), clips_of(3)
    together = map_and_gradient(net, clips)
    for row in range(3):
        alone = map_and_gradient(net, clips[row : row + 1])
        for batch, single in zip(together, alone, strict=True):
            torch.testing.assert_close(batch[row : row + 1], single, rtol=1e-12, atol=1e-15)
