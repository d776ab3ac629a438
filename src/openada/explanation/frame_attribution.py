"""Attribution along time: summed over the picture, frame by frame of a clip and of its recording (temporal pooling)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from openada.evaluation.saliency_mass import interpolation_matrix
from openada.explanation.recording_maps import ClipMap
from openada.explanation.saliency import without_colours


def on_frames(clip: ClipMap) -> np.ndarray:
    """A clip's values with its frames along time, (T, h, w): a map that is coarser in time is interpolated as it is drawn.

    Interpolated values are divided by the frames of a cell, so that their sum over time is about that of the cells.
    """
    values = without_colours(clip.explanation).astype(np.float64)
    cells, frames = values.shape[0], len(clip.places)
    if cells == frames:
        return values
    return np.tensordot(interpolation_matrix(frames, cells), values, axes=1) * (cells / frames)


def frame_sums(maps: Sequence[ClipMap]) -> np.ndarray:
    """(W, T) sums over the picture of every clip's frames, in the unit of the values; signed if the method is."""
    return np.stack([on_frames(one).sum((1, 2)) for one in maps])


def frame_sizes(maps: Sequence[ClipMap]) -> np.ndarray:
    """(W, T) sums of the sizes of the values: how much of the attribution lies in each frame, whichever way it goes."""
    return np.stack([np.abs(on_frames(one)).sum((1, 2)) for one in maps])


def places_of(maps: Sequence[ClipMap]) -> np.ndarray:
    """(W, T) the recording's frame that each of `frame_sums` belongs to."""
    return np.stack([one.places for one in maps])


def along_recording(values: np.ndarray, places: np.ndarray, tracked: np.ndarray) -> np.ndarray:
    """(F,) for each frame of the recording the mean of `values` (W, T) over the windows that show it; NaN in none, or lost.

    The mean, not the sum: where windows overlap, frames in the middle of a recording lie in more of them than those at its ends.
    tracked (F,) bool.
    """
    total, count = np.zeros(len(tracked)), np.zeros(len(tracked))
    np.add.at(total, places.ravel(), values.ravel())
    np.add.at(count, places.ravel(), 1)
    found = np.divide(total, count, out=np.full(len(tracked), np.nan), where=count > 0)
    return np.where(tracked, found, np.nan)


def extreme_frames(
    series: np.ndarray, time_s: np.ndarray, *, count: int, apart_s: float
) -> tuple[list[int], list[int]]:
    """The `count` frames with the largest and with the smallest values, each at least `apart_s` from others of its kind.

    The earlier of equal values first. NaN is never among them.
    """
    known = np.flatnonzero(np.isfinite(series))
    found: list[list[int]] = []
    for sign in (-1, 1):
        chosen: list[int] = []
        for frame in known[np.argsort(sign * series[known], kind="stable")]:
            if len(chosen) < count and all(abs(time_s[frame] - time_s[other]) >= apart_s for other in chosen):
                chosen.append(int(frame))
        found.append(chosen)
    return found[0], found[1]


def shortest_span(values: np.ndarray, share: float) -> tuple[int, int]:
    """First and last frame of the shortest stretch that holds at least `share` of the sum of values (F,) ≥ 0; NaN counts 0.

    The earlier of equal ones. Raises ValueError where there is nothing to hold.
    """
    sums = np.concatenate([[0.0], np.cumsum(np.nan_to_num(values))])
    if not sums[-1] > 0:
        raise ValueError("values that add up to 0 have no shortest stretch")
    wanted = share * sums[-1] * (1 - 1e-12)
    ends = np.searchsorted(sums, sums[:-1] + wanted, side="left")  # of the stretch from each frame on, exclusive
    reachable = ends < len(sums)
    lengths = np.where(reachable, ends - np.arange(len(values)), len(sums))
    first = int(lengths.argmin())
    return first, int(ends[first]) - 1
