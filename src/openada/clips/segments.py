"""Where the segments of a recording lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from openada.errors import UnusableInput


@dataclass(frozen=True)
class Segments:
    """Segments of equal length in one recording.

    first_frame: (N,) int64. frames: the length T of each. start_s, end_s: (N,) float64, the presentation time of the first
    frame, and that of the frame after the last (for the recording's end, one mean frame later).
    tracked_share: (N,) float64 in 0–1. usable: (N,) bool, the share reaches the minimum asked for, `min_tracked_share`.
    """

    first_frame: np.ndarray
    frames: int
    start_s: np.ndarray
    end_s: np.ndarray
    tracked_share: np.ndarray
    usable: np.ndarray
    min_tracked_share: float = 0.5

    def __len__(self) -> int:
        return len(self.first_frame)


def segments(
    time_s: np.ndarray, tracked: np.ndarray, *, frames: int, stride: int, min_tracked_share: float = 0.5
) -> Segments:
    """Cut a recording into segments of `frames` frames, one every `stride` frames; a shorter rest is left out.

    time_s (F,) float, s; tracked (F,) bool. ExpADA trains its encoder with stride = frames / 2 and selects with stride = frames
    (Liao et al. 2026, "Training Strategy"). Raises UnusableInput if `frames` or `stride` is below 1.
    """
    if frames < 1 or stride < 1:
        raise UnusableInput(f"segments of {frames} frames every {stride}: both must be at least 1")
    count = len(time_s)
    first = np.arange(0, count - frames + 1, stride, dtype=np.int64)
    step_s = (time_s[-1] - time_s[0]) / (count - 1) if count > 1 else 0.0
    edges = np.append(time_s, time_s[-1] + step_s) if count else np.zeros(1)
    seen = np.concatenate([[0], np.cumsum(tracked)])
    share = (seen[first + frames] - seen[first]) / frames
    usable = share >= max(min_tracked_share, 1e-9)
    return Segments(first, frames, edges[first], edges[first + frames], share, usable, min_tracked_share)
