"""Which frames of a recording a clip of a clip model takes: every so-manieth, from a drawn start or end to end; or a few of all.

A recording with fewer (sampled) frames than a clip has is one clip, its frames repeated evenly until the clip is full: frame
⌊k·n / T⌋ in place k. That keeps the order and slows the movement down. The STA-DRN paper does not say; its released scripts do
this.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from openada.clips.segments import Segments, segments
from openada.errors import UnusableInput

SamplingName = Literal["clip", "spread", "still"]
""" "clip": frames that follow each other. "spread": a few of the whole recording's tracked frames, evenly spaced or at random.
"still": as "clip", but with the middle frame of the clip in all its places."""


def sampled_frames(count: int, first: int, frames: int, step: int = 1) -> np.ndarray:
    """The frames of a clip, (frames,) int64, in time: every `step`-th from `first` on, of a recording of `count` frames.

    Where the recording ends before the clip is full, its own frames are repeated evenly.
    """
    there = -(-(count - first) // step)
    if there < 1:
        raise UnusableInput(f"a clip from frame {first} of a recording of {count} frames: it starts behind the end")
    place = np.arange(frames)
    return first + step * (place if there >= frames else place * there // frames)


def end_to_end(
    time_s: np.ndarray,
    tracked: np.ndarray,
    *,
    frames: int,
    step: int = 1,
    overlap: float = 0.0,
    min_tracked_share: float = 0.5,
) -> Segments:
    """The recording's clips one after the other, of every `step`-th frame; what is left at the end is left out.

    Of two clips that follow each other the share `overlap`, 0 or more and below 1, is common: the next one begins
    max(1, frames · (1 − overlap)) sampled frames later, rounded to the nearest (a half to the even number).
    A recording shorter than a clip is one. first_frame counts all frames of the recording; time_s (F,) in s, tracked (F,) bool.
    Raises UnusableInput if `frames` or `step` is below 1, or `overlap` is none.
    """
    if frames < 1 or step < 1:
        raise UnusableInput(f"clips of {frames} frames, every {step}-th: both must be at least 1")
    if not 0 <= overlap < 1:
        raise UnusableInput(f"clips that overlap by {overlap}: it must be at least 0 and below 1")
    count = len(time_s)
    over_s = time_s[-1] + (time_s[-1] - time_s[0]) / (count - 1) if count > 1 else np.inf
    time_s, tracked = time_s[::step], tracked[::step]
    length = max(min(frames, len(time_s)), 1)
    stride = max(1, round(length * (1 - overlap)))
    cut = segments(time_s, tracked, frames=length, stride=stride, min_tracked_share=min_tracked_share)
    # The frame after the last sampled one may lie behind the recording's end.
    end_s = np.minimum(cut.end_s, over_s)
    return Segments(
        step * cut.first_frame, frames, cut.start_s, end_s, cut.tracked_share, cut.usable, min_tracked_share
    )


def clip_starts(tracked: np.ndarray, *, frames: int, step: int = 1, min_tracked_share: float = 0.5) -> np.ndarray:
    """All frames at which a training clip may start, (S,) int64 rising: it fits, and enough of its frames are tracked.

    A recording shorter than a clip has the start 0 alone.
    """
    span = (frames - 1) * step + 1
    if len(tracked) < span:
        own = tracked[::step]
        return np.zeros(int(len(own) > 0 and own.mean() >= max(min_tracked_share, 1e-9)), np.int64)
    starts = np.arange(len(tracked) - span + 1)
    seen = np.zeros(len(starts), np.int64)
    for place in range(frames):
        seen += tracked[place * step : place * step + len(starts)]
    return starts[seen / frames >= max(min_tracked_share, 1e-9)]


def random_start(starts: np.ndarray, generator: np.random.Generator) -> int:
    """One of the possible starts, all alike."""
    return int(starts[generator.integers(len(starts))])


def still_frames(in_time: np.ndarray, tracked: np.ndarray) -> np.ndarray:
    """One of a clip's frames in all its places: the tracked one nearest to the clip's middle, the earlier of two; or the middle.

    in_time (frames,) int64: the clip's frames. tracked (F,) bool of the whole recording.
    """
    middle = len(in_time) // 2
    seen = np.flatnonzero(tracked[in_time])
    place = seen[np.abs(seen - middle).argmin()] if len(seen) else middle
    return np.full(len(in_time), in_time[place])


def spread_frames(tracked: np.ndarray, frames: int) -> np.ndarray:
    """`frames` tracked frames evenly spaced over the recording, (frames,) int64 in time: the middle one of each equal part.

    A recording with fewer tracked frames repeats them evenly. Raises UnusableInput without any.
    """
    seen = np.flatnonzero(tracked)
    if not len(seen):
        raise UnusableInput("no frame of the recording shows the tracked face, so none can be taken")
    return seen[(2 * np.arange(frames) + 1) * len(seen) // (2 * frames)]


def drawn_frames(among: np.ndarray, frames: int, generator: np.random.Generator) -> np.ndarray:
    """`frames` of the frames `among`, drawn at random and put in time, (frames,) int64; each once where there are enough."""
    return np.sort(generator.choice(among, frames, replace=len(among) < frames))


def spread_over(time_s: np.ndarray, tracked: np.ndarray, *, frames: int) -> Segments:
    """The recording as the one clip of `frames` frames that `spread_frames` takes; usable if a frame is tracked.

    It lasts from its first frame to one mean frame after its last. Raises UnusableInput if `frames` is below 1.
    """
    if frames < 1:
        raise UnusableInput(f"{frames} frames spread over a recording: it must be at least 1")
    usable = bool(tracked.any())
    ends = spread_frames(tracked, frames)[[0, -1]] if usable else np.array([0, max(len(time_s) - 1, 0)])
    step_s = (time_s[-1] - time_s[0]) / (len(time_s) - 1) if len(time_s) > 1 else 0.0
    start_s, end_s = time_s[ends] + (0.0, step_s) if len(time_s) else (0.0, 0.0)
    return Segments(
        ends[:1].astype(np.int64),
        frames,
        np.array([start_s]),
        np.array([end_s]),
        np.array([float(usable)]),
        np.array([usable]),
    )
