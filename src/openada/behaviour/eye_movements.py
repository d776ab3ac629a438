"""Saccades and fixations from gaze angles, as far as a camera of ordinary frame rate shows them.

A saccade lasts 20 to 80 ms: one or two frames at 25 to 30 frames per second. Such a recording shows *that* the gaze moved
and *how far*, for movements of about 3 to 4 degrees and more (the gaze signal jitters by 0.2 to 0.7 degrees from frame to
frame). It does not show how long a saccade took, how fast it was at its peak, the relation of peak velocity to amplitude
("main sequence"), microsaccades, or smooth pursuit, which counts as fixation. Gaze is relative to the head: while the
head turns, eyes that rest on one thing turn against it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from openada.behaviour.blinks import Event, events_table, stretches
from openada.errors import UnusableInput

if TYPE_CHECKING:
    import pandas as pd

HALF_WINDOW_S = 0.09
THRESHOLD_LAMBDA = 6.0
LEAST_VELOCITY_DEG_PER_S = 20.0
LEAST_AMPLITUDE_DEG = 3.0
EDGE_SHARE = 0.2
BLINK_MARGIN_S = 0.1
SHORTEST_FIXATION_S = 0.1


def saccades(
    time_s: np.ndarray,
    tracked: np.ndarray,
    gaze_yaw_deg: np.ndarray,
    gaze_pitch_deg: np.ndarray,
    events: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Saccades as a table of `Event`, in order of `start_s`.

    time_s: (T,) seconds, increasing, at any rate. tracked: (T,) bool. gaze_yaw_deg, gaze_pitch_deg: (T,) degrees.
    events: its blinks and closures hide the gaze, from 0.1 s before to 0.1 s after each.

    Velocity threshold identification (Salvucci and Goldberg 2000): a saccade is a run of frames whose velocity is above
    a threshold, if it displaces the gaze by 3 degrees or more. Velocity and threshold follow Engbert and Kliegl (2003):
    the velocity at a frame is the mean gaze of the frames in the 0.09 s after it less that of the 0.09 s before it (one
    frame at least), over the difference of their mean times, which at 25 even frames per second is their five-frame
    formula; the threshold is an ellipse whose half-axes are λ = 6 times √(median(v²) - median(v)²) of the recording.
    Departures: windows in seconds, not frames; no half-axis under 20 degrees per second, as a curve without jitter has
    no spread (at 5 frames a second this hides steps under 8 degrees); no shortest duration, as one step from frame to
    frame may be all there is.

    amplitude: degrees, from the median gaze of the 0.09 s before the fastest frames to that of the 0.09 s after them.
    start_s, end_s: 20 % and 80 % of that way, interpolated between frames; apex_s: half-way between.
    duration_s, and peak_velocity (degrees per second, of the smoothed gaze), are set by the frame rate, not by the eye.
    A movement that a gap, a blink or an end of the recording cuts is not counted.
    Raises UnusableInput for arrays of different length.
    """
    time_s, gaze, usable = measurable_gaze(time_s, tracked, gaze_yaw_deg, gaze_pitch_deg, events)
    runs = stretches(time_s, usable)
    velocity = _velocity(time_s, gaze, runs)
    known = velocity[np.isfinite(velocity[:, 0])]
    if not len(known):
        return events_table([])
    spread = np.median(known**2, axis=0) - np.median(known, axis=0) ** 2
    axes = np.maximum(THRESHOLD_LAMBDA * np.sqrt(spread), LEAST_VELOCITY_DEG_PER_S)
    found = []
    for first, stop in stretches(time_s, np.hypot(*(velocity / axes).T) > 1.0):
        around = runs[np.searchsorted(runs[:, 0], first, side="right") - 1]
        low, high = np.searchsorted(time_s, [time_s[first] - HALF_WINDOW_S, time_s[stop - 1] + HALF_WINDOW_S])
        origin = np.median(gaze[max(low, around[0]) : first + 1], axis=0)
        way = np.median(gaze[stop - 1 : min(high, around[1])], axis=0) - origin
        amplitude = float(np.hypot(*way))
        if amplitude < LEAST_AMPLITUDE_DEG:
            continue
        part = slice(first - 1, stop + 1)  # a velocity is known only between two neighbours
        start, apex, end = _edges(time_s[part], (gaze[part] - origin) @ way / amplitude**2)
        peak = float(np.hypot(*velocity[first:stop].T).max())
        found.append(Event("saccade", start, apex, end, end - start, amplitude, peak))
    return events_table(found)


def fixations(
    time_s: np.ndarray,
    tracked: np.ndarray,
    gaze_yaw_deg: np.ndarray,
    gaze_pitch_deg: np.ndarray,
    events: pd.DataFrame,
) -> pd.DataFrame:
    """Fixations as a table of `Event` with the mean gaze (`gaze_yaw_deg`, `gaze_pitch_deg`), in order of `start_s`.

    Arrays as for `saccades`. events: the recording's blinks, closures and saccades.
    A fixation is all that lies between two saccades, 0.1 s or longer from its first to its last frame. A blink, a
    closure or a gap ends it too, so that durations are lower bounds there. amplitude: dispersion in degrees, the root
    mean square distance from the mean gaze. apex_s and peak_velocity are NaN: a fixation has none.
    Raises UnusableInput for arrays of different length.
    """
    time_s, gaze, usable = measurable_gaze(time_s, tracked, gaze_yaw_deg, gaze_pitch_deg, events)
    moves = events[events["kind"] == "saccade"]
    starts, ends = np.sort(moves["start_s"].to_numpy(np.float64)), np.sort(moves["end_s"].to_numpy(np.float64))
    begun, over = np.searchsorted(starts, time_s), np.searchsorted(ends, time_s, side="right")
    usable &= begun == over
    found, centres = [], []
    for first, stop in stretches(time_s, usable):
        cuts = first + 1 + np.flatnonzero(np.diff(over[first:stop]))
        for a, b in zip([first, *cuts], [*cuts, stop], strict=True):
            duration = time_s[b - 1] - time_s[a]
            if duration >= SHORTEST_FIXATION_S:
                centre = gaze[a:b].mean(axis=0)
                dispersion = float(np.sqrt(((gaze[a:b] - centre) ** 2).sum(axis=1).mean()))
                nan = float("nan")
                found.append(Event("fixation", time_s[a], nan, time_s[b - 1], duration, dispersion, nan))
                centres.append(centre)
    table = events_table(found)
    table[["gaze_yaw_deg", "gaze_pitch_deg"]] = np.reshape(centres, (-1, 2)).astype(np.float64)
    return table


def measurable_gaze(
    time_s: np.ndarray,
    tracked: np.ndarray,
    gaze_yaw_deg: np.ndarray,
    gaze_pitch_deg: np.ndarray,
    events: pd.DataFrame | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times (T,), gaze (T, 2) in degrees, and where it is measured (T,): tracked, finite, not under the lids; else NaN.

    Hidden is the gaze from 0.1 s before to 0.1 s after every blink and closure of `events`.
    Raises UnusableInput for arrays of different length.
    """
    arrays = [np.asarray(array, np.float64) for array in (time_s, gaze_yaw_deg, gaze_pitch_deg)]
    tracked = np.asarray(tracked, bool)
    shapes = [array.shape for array in (*arrays, tracked)]
    if len(set(shapes)) > 1 or tracked.ndim != 1:
        raise UnusableInput(
            f"time_s {shapes[0]}, gaze_yaw_deg {shapes[1]}, gaze_pitch_deg {shapes[2]} and tracked {shapes[3]} do not fit: "
            "expected (T,) each."
        )
    time, gaze = arrays[0], np.column_stack(arrays[1:])
    usable = tracked & np.isfinite(gaze).all(axis=1)
    if events is not None:
        lids = events[events["kind"].isin(["blink", "closure"])]
        begun = np.searchsorted(np.sort(lids["start_s"].to_numpy(np.float64)) - BLINK_MARGIN_S, time, side="right")
        over = np.searchsorted(np.sort(lids["end_s"].to_numpy(np.float64)) + BLINK_MARGIN_S, time)
        usable &= begun == over
    gaze[~usable] = np.nan
    return time, gaze, usable


def _velocity(time_s: np.ndarray, gaze: np.ndarray, runs: np.ndarray) -> np.ndarray:
    """Degrees per second (T, 2), as `saccades` describes; NaN for the first and last frame of a run and outside runs."""
    rows = np.concatenate([np.arange(first + 1, stop - 1) for first, stop in runs] or [np.zeros(0, int)])
    first, last = (
        np.repeat(bound, np.maximum(runs[:, 1] - runs[:, 0] - 2, 0)) for bound in (runs[:, 0], runs[:, 1] - 1)
    )
    low = np.clip(np.searchsorted(time_s, time_s[rows] - HALF_WINDOW_S), first, rows - 1)
    high = np.clip(np.searchsorted(time_s, time_s[rows] + HALF_WINDOW_S, side="right") - 1, rows + 1, last)
    values = np.nan_to_num(np.column_stack([time_s, gaze]))
    total = np.concatenate([np.zeros((1, 3)), np.cumsum(values, axis=0)])
    after = (total[high + 1] - total[rows + 1]) / (high - rows)[:, None]
    before = (total[rows] - total[low]) / (rows - low)[:, None]
    velocity = np.full(gaze.shape, np.nan)
    velocity[rows] = (after - before)[:, 1:] / (after - before)[:, :1]
    return velocity


def _edges(time_s: np.ndarray, share: np.ndarray) -> tuple[float, float, float]:
    """Start, middle and end of the fastest step of a movement from 0 to 1: (N,) times, (N,) shares of the way."""
    step = int(np.argmax(np.diff(share) / np.diff(time_s)))
    low = step - int(np.argmax(share[step::-1] <= EDGE_SHARE))
    high = step + 1 + int(np.argmax(share[step + 1 :] >= 1 - EDGE_SHARE))
    start = np.interp(EDGE_SHARE, share[[low, low + 1]], time_s[[low, low + 1]])
    end = np.interp(1 - EDGE_SHARE, share[[high - 1, high]], time_s[[high - 1, high]])
    return float(start), float(start + end) / 2, float(end)
