"""What the rest of the project sees of a video: a frame, and the facts of a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

TICKS_PER_SECOND = 90_000
"""Resolution of every time that openada writes into a video; it holds 24, 25, 30, 50 and 60 frames/s exactly."""


class Frame(NamedTuple):
    """One frame as it is to be shown: `rgb` is (height, width, 3) uint8, contiguous, rotation applied.

    `index` counts the frames of one call of `frames` from 0. `time_s` is the container's presentation time in seconds.
    """

    index: int  # type: ignore[assignment]  # hides tuple.index, which no one needs on a frame
    time_s: float
    rgb: np.ndarray


@dataclass(frozen=True)
class VideoInfo:
    """What a file declares about its picture, checked by decoding one frame.

    `width` and `height` are those of the frames that `frames` yields, in pixels, after rotation. `rotation_deg` is the
    clockwise turn that was needed: 0, 90, 180 or 270. `average_fps` is NaN for a still image or where the container
    does not say; `duration_s` and `declared_frames` are None where it does not say, and may differ from what decodes.
    `starts_at_s` is the presentation time at which the container starts, sound included: what players show as 0:00.
    """

    path: Path
    width: int
    height: int
    rotation_deg: int
    average_fps: float
    duration_s: float | None
    declared_frames: int | None
    codec: str
    starts_at_s: float = 0.0
