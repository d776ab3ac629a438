"""Corruptions of aligned crops, as bad recordings make them: what they are, how strong, and what stays the same over time.

Each is a pure function of a clip (T, H, W, 3) uint8, a strength and its `Surroundings`; the same arguments give the same
bytes. At its neutral strength every corruption returns the clip untouched. Strengths of noise and the kernels of blur are
those of Pan et al. 2023 (STA-DRN, section 4.3.3, Fig. 8-10), whose inputs are aligned crops of 224×224 pixels; all else is ours.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from openada.clips.seeding import stable_seed
from openada.errors import UnusableInput
from openada.face.alignment import GREY

KindName = Literal[
    "noise", "blur", "compression", "frame-rate", "eyes-hidden", "mouth-hidden", "square-hidden", "gain", "gamma"
]

FRAME_S = 1 / 25
"""x264 gives a picture that stays longer more bits; here each counts as this long, so that a crf means the same at every rate."""


class Surroundings(NamedTuple):
    """What a corruption needs to know besides the pixels.

    seed: decides everything drawn. first_frame: place of the clip's first frame in the recording. tracked: (T,) bool, which
    frames show the face; None means all. polygons: the parts of the face to hide, each (T, K, 2) float, x and y in pixels of the
    crop, closed; NaN in lost frames.
    """

    seed: int = 0
    first_frame: int = 0
    tracked: np.ndarray | None = None
    polygons: Sequence[np.ndarray] = ()


@dataclass(frozen=True)
class Kind:
    """A kind of corruption: `strengths` in the order of the sweep, without the `neutral` one, at which nothing changes.

    axis: what the strength measures. meaning: what is done, for readers. region: the part of face/regions.py that it hides.
    """

    title: str
    axis: str
    meaning: str
    neutral: float
    strengths: tuple[float, ...]
    apply: Callable[[np.ndarray, float, Surroundings], np.ndarray]
    region: str | None = None


def corrupt(clip: np.ndarray, kind: KindName, strength: float, surroundings: Surroundings | None = None) -> np.ndarray:
    """The corrupted clip (T, H, W, 3) uint8; at the neutral strength the clip itself.

    Raises UnusableInput for an unknown kind, a strength that it does not have a meaning for, and a clip of another form.
    """
    if kind not in KINDS:
        raise UnusableInput(f"unknown corruption {kind!r}; choose from: {', '.join(KINDS)}")
    if clip.ndim != 4 or clip.shape[3] != 3 or clip.dtype != np.uint8:
        raise UnusableInput(f"a clip of {clip.dtype} {clip.shape}: clips are uint8 (frames, height, width, 3)")
    found = KINDS[kind]
    if strength == found.neutral:
        return clip
    return found.apply(clip, strength, surroundings or Surroundings())


def corruption_seed(seed: int, recording_id: str, kind: KindName, strength: float) -> int:
    """The seed of one recording's corruption: 63 bits that depend on all four, the same on every machine."""
    return stable_seed(seed, recording_id, kind, f"{strength:g}")


def blur_sigma_px(kernel_px: int) -> float:
    """Standard deviation of the Gaussian that goes with a kernel size, 0.3·((k − 1)/2 − 1) + 0.8 px.

    The paper gives kernel sizes alone; this is what OpenCV and torchvision take when only the size is given.
    """
    return 0.3 * ((kernel_px - 1) / 2 - 1) + 0.8


def held_frames(count: int, every: int, *, first_frame: int = 0, tracked: np.ndarray | None = None) -> np.ndarray:
    """Which frame is shown in each of `count` places, (count,) int64, if only every `every`-th frame was filmed.

    A frame filmed while the face was lost is passed over: the one before it is held on. So the frames that count as tracked, and
    with them the segments, stay the same. Frames before the first one filmed with a face show themselves.
    """
    place = np.arange(count)
    filmed = (place + first_frame) % every == 0
    if tracked is not None:
        filmed &= tracked
    last = np.maximum.accumulate(np.where(filmed, place, -1))
    return np.where(last < 0, place, last)


def scaled_polygon(polygon: np.ndarray, factor: float) -> np.ndarray:
    """A closed polygon (..., K, 2) made larger or smaller about the mean of its K − 1 corners."""
    centre = polygon[..., :-1, :].mean(axis=-2, keepdims=True)
    return centre + factor * (polygon - centre)


def covered(polygon: np.ndarray, height: int, width: int) -> np.ndarray:
    """Pixels whose centre lies within a polygon (K, 2) of x, y counted from the picture's edge: (height, width) bool."""
    from skimage.draw import polygon2mask

    if not np.isfinite(polygon).all():
        return np.zeros((height, width), bool)
    return np.asarray(polygon2mask((height, width), polygon[:, ::-1] - 0.5), bool)


def compressed(clip: np.ndarray, crf: int) -> np.ndarray:
    """The clip through the H.264 encoder (x264, 4:2:0, one key picture, no B-frames, 25 frames/s) and back."""
    from openada.video import VideoWriter, frames

    with tempfile.TemporaryDirectory(prefix="openada-") as scratch:
        path = Path(scratch) / "clip.mp4"
        with VideoWriter(path, clip.shape[2], clip.shape[1], crf=crf, gop=len(clip)) as out:
            for place, rgb in enumerate(clip):
                out.write(rgb, place * FRAME_S)
        return np.stack([frame.rgb for frame in frames(path)])


def _noise(clip: np.ndarray, sigma: float, around: Surroundings) -> np.ndarray:
    _positive("noise", sigma)
    out = np.empty_like(clip)
    for place, frame in enumerate(clip):
        generator = np.random.default_rng([around.seed, around.first_frame + place])
        noisy = generator.standard_normal(frame.shape, np.float32)
        noisy *= np.float32(255 * sigma)
        noisy += frame
        noisy += np.float32(0.5)
        out[place] = np.clip(noisy, 0, 255, out=noisy)
    return out


def _blur(clip: np.ndarray, kernel_px: float, around: Surroundings) -> np.ndarray:
    import cv2

    kernel = _whole("blur", kernel_px)
    if kernel % 2 == 0:
        raise UnusableInput(f"a blur kernel of {kernel} pixels has no middle; give an odd number")
    sigma = blur_sigma_px(kernel)
    return np.stack([cv2.GaussianBlur(frame, (kernel, kernel), sigma, sigmaY=sigma) for frame in clip])


def _compression(clip: np.ndarray, crf: float, around: Surroundings) -> np.ndarray:
    if _whole("compression", crf) > 51:
        raise UnusableInput(f"crf {crf:g}: H.264 knows 1 to 51, and 0 stands for not encoding again")
    return compressed(clip, int(crf))


def _frame_rate(clip: np.ndarray, every: float, around: Surroundings) -> np.ndarray:
    every = _whole("frame-rate", every)
    return clip[held_frames(len(clip), every, first_frame=around.first_frame, tracked=around.tracked)]


def _region_hidden(clip: np.ndarray, factor: float, around: Surroundings) -> np.ndarray:
    _positive("the scale of a hidden region", factor)
    out = clip.copy()
    for polygon in around.polygons:
        if len(polygon) != len(clip):
            raise UnusableInput(f"{len(polygon)} polygons for {len(clip)} frames; give one per frame")
        for frame, corners in zip(out, scaled_polygon(polygon, factor), strict=True):
            frame[covered(corners, *frame.shape[:2])] = GREY
    return out


def _square_hidden(clip: np.ndarray, share: float, around: Surroundings) -> np.ndarray:
    if not 0 < share <= 1:
        raise UnusableInput(f"a square of {share:g} of the side; give a share from 0 to 1")
    height, width = clip.shape[1:3]
    side = math.floor(share * min(height, width) + 0.5)
    generator = np.random.default_rng(around.seed)
    top, left = (int(generator.integers(0, length - side + 1)) for length in (height, width))
    out = clip.copy()
    out[:, top : top + side, left : left + side] = GREY
    return out


def _gain(clip: np.ndarray, factor: float, around: Surroundings) -> np.ndarray:
    _positive("gain", factor)
    return _by_level(clip, factor * np.arange(256))


def _gamma(clip: np.ndarray, exponent: float, around: Surroundings) -> np.ndarray:
    _positive("gamma", exponent)
    return _by_level(clip, 255 * (np.arange(256) / 255) ** exponent)


def _by_level(clip: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Every pixel value replaced by `level[value]`, (256,) float, rounded half up and clipped."""
    return np.clip(np.floor(level + 0.5), 0, 255).astype(np.uint8)[clip]


def _positive(name: str, strength: float) -> None:
    if not (math.isfinite(strength) and strength > 0):
        raise UnusableInput(f"{name} of strength {strength:g}: give a number above 0")


def _whole(name: str, strength: float) -> int:
    if not (math.isfinite(strength) and strength >= 1 and strength == int(strength)):
        raise UnusableInput(f"{name} of strength {strength:g}: give a whole number from 1 on")
    return int(strength)


_HIDDEN = "as wide and as high as the outline of the tracked landmarks, in mid-grey, moving with the face"

KINDS: dict[KindName, Kind] = {
    "noise": Kind(
        "Gaussian noise",
        "σ (intensities 0–1)",
        "Independent Gaussian noise on every pixel, colour and frame, before any normalisation; the sum is clipped to 0–1, so "
        "that the noise that remains is weaker than σ where σ is large.",
        0,
        (0.03, 0.06, 0.125, 0.25, 0.375, 0.5, 1),
        _noise,
    ),
    "blur": Kind(
        "Gaussian blur",
        "kernel (pixels)",
        "A Gaussian of the kernel's size k with σ = 0.3·((k − 1)/2 − 1) + 0.8 pixels, from 0.8 at 3 to 12.5 at 81, the same in "
        "every frame; the picture is mirrored at its edges.",
        1,
        (3, 5, 7, 15, 27, 49, 81),
        _blur,
    ),
    "compression": Kind(
        "Compression",
        "H.264 crf",
        "Encoded with x264 at this constant rate factor and decoded again; 0 stands for not encoding again (the crops themselves "
        "are stored at crf 18).",
        0,
        (23, 28, 33, 38, 43, 51),
        _compression,
    ),
    "frame-rate": Kind(
        "Lower frame rate",
        "n (every n-th frame kept)",
        "Only every n-th frame is kept and held until the next, as if filmed at 1/n of the rate and played at the old one: time "
        "runs as before and the number of frames stays; only what lies between is lost.",
        1,
        (2, 3, 5, 10),
        _frame_rate,
    ),
    "eyes-hidden": Kind(
        "Eyes hidden",
        "scale of the lids' outline",
        f"Both eyes covered: at 1 {_HIDDEN}; at 2 and 3 twice and three times that.",
        0,
        (1, 2, 3),
        _region_hidden,
        region="eyes",
    ),
    "mouth-hidden": Kind(
        "Mouth hidden",
        "scale of the lips' outline",
        f"The mouth covered: at 1 {_HIDDEN}; beyond in proportion.",
        0,
        (1, 1.5, 2),
        _region_hidden,
        region="mouth",
    ),
    "square-hidden": Kind(
        "Random square hidden",
        "side of the square (share of the crop's)",
        "A mid-grey square at a place drawn for each recording; it stays there throughout the recording.",
        0,
        (0.1, 0.2, 0.3, 0.4, 0.5),
        _square_hidden,
    ),
    "gain": Kind(
        "Brightness: gain",
        "gain",
        "Intensities times a factor that is the same throughout, rounded and clipped to 0–255.",
        1,
        (0.25, 0.5, 0.75, 1.25, 1.5, 2),
        _gain,
    ),
    "gamma": Kind(
        "Brightness: gamma",
        "gamma",
        "Intensities (0–1) raised to a power that is the same throughout: below 1 brighter, above 1 darker.",
        1,
        (0.4, 0.6, 0.8, 1.25, 1.67, 2.5),
        _gamma,
    ),
}
"""The kinds of corruption by name, in the order in which they are reported."""
