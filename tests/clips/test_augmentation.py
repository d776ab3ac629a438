import colorsys

import numpy as np
import torch

from openada.clips.augmentation import Drawn, apply, draw, move
from openada.clips.strengths import Augmentation


def test_zero_strengths_change_nothing() -> None:
    frames = torch.rand(3, 5, 7, 11)
    drawn = draw(Augmentation(0, 0, 0, 0, 0), np.random.default_rng(0), 0.4)
    torch.testing.assert_close(apply(drawn, frames), frames)


def test_flip_mirrors_width_only() -> None:
    frames = torch.rand(3, 5, 7, 11)
    drawn = Drawn(True, np.eye(3), np.zeros(3))
    torch.testing.assert_close(apply(drawn, frames), frames.flip(3))


def test_all_frames_get_the_same_draw() -> None:
    frame = torch.rand(3, 1, 7, 11)
    out = apply(draw(Augmentation(), np.random.default_rng(3), 0.5), frame.expand(3, 5, 7, 11))
    torch.testing.assert_close(out, out[:, :1].expand_as(out))


def test_brightness_scales_contrast_turns_about_the_mean_saturation_about_grey() -> None:
    pixel = torch.tensor([0.2, 0.4, 0.3]).reshape(3, 1, 1, 1)
    luma = 0.299 * 0.2 + 0.587 * 0.4 + 0.114 * 0.3
    rng = np.random.default_rng(11)
    only = {"flip": 0.0, "brightness": 0.0, "contrast": 0.0, "saturation": 0.0, "hue": 0.0}
    drawn = draw(Augmentation(**{**only, "brightness": 0.5}), rng, 0.3)
    ratio = (apply(drawn, pixel) / pixel).flatten()
    torch.testing.assert_close(ratio, ratio[:1].expand(3))
    drawn = draw(Augmentation(**{**only, "contrast": 0.5}), rng, 0.3)
    ratio = ((apply(drawn, pixel) - 0.3) / (pixel - 0.3))[:2].flatten()
    torch.testing.assert_close(ratio, ratio[:1].expand(2))
    drawn = draw(Augmentation(**{**only, "saturation": 0.5}), rng, 0.3)
    ratio = ((apply(drawn, pixel) - luma) / (pixel - luma)).flatten()
    torch.testing.assert_close(ratio, ratio[:1].expand(3))


def test_hue_keeps_luma_and_turns_the_hue() -> None:
    pixel = torch.tensor([0.6, 0.4, 0.3]).reshape(3, 1, 1, 1)
    luma = torch.tensor([0.299, 0.587, 0.114])
    out = apply(draw(Augmentation(0, 0, 0, 0, 0.1), np.random.default_rng(2), 0.5), pixel)
    torch.testing.assert_close(luma @ out.flatten(), luma @ pixel.flatten(), atol=1e-4, rtol=0)
    assert (
        abs(colorsys.rgb_to_hsv(*out.flatten().tolist())[0] - colorsys.rgb_to_hsv(*pixel.flatten().tolist())[0]) > 1e-3
    )


def test_shift_moves_whole_pixels_the_same_in_every_frame_and_noise_is_repeatable() -> None:
    clip = torch.rand(3, 5, 20, 10)
    drawn = Drawn(False, np.eye(3), np.zeros(3), (0.1, -0.2))
    torch.testing.assert_close(move(drawn, clip), clip.roll((2, -2), (2, 3)))
    noisy = Drawn(False, np.eye(3), np.zeros(3), (0.0, 0.0), 0.1, 7)
    torch.testing.assert_close(move(noisy, clip), move(noisy, clip), rtol=0, atol=0)
    assert abs(float((move(noisy, clip) - clip).std()) - 0.1) < 0.01
