"""Blinks and long closures of the eyes, from the curve of eye openness; the events table and its unbroken stretches."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from openada.errors import UnusableInput

if TYPE_CHECKING:
    import pandas as pd


class Event(NamedTuple):
    """A row of the events table. The units of the last two depend on the kind: see the function that finds it."""

    kind: str
    start_s: float
    apex_s: float
    end_s: float
    duration_s: float
    amplitude: float
    peak_velocity: float


LARGEST_STEP_S = 0.5
"""Neighbouring frames further apart than this say nothing about what happened between them."""

OPEN_QUANTILE = 0.9
OPEN_WINDOW_S = 60.0
LEAST_SHARE = 0.3
LEAST_NOISE_RATIO = 7.0
EDGE_SHARE = 0.2
SHORTEST_BLINK_S = 0.07
LONGEST_BLINK_S = 1.0
CLOSURE_EDGE = 0.4
CLOSURE_LEVEL = 0.6


def blinks(time_s: np.ndarray, tracked: np.ndarray, eye_openness: np.ndarray) -> pd.DataFrame:
    """Blinks and closures as a table of `Event`, in order of `start_s`.

    time_s: (T,) seconds, increasing, at any rate. tracked: (T,) bool. eye_openness: (T,) gap between the lids over the
    eye's width (any scale will do). A frame that is not tracked or not finite is a gap.

    The open level of this person is the 0.9 quantile of the openness in the 60 s around a moment; the share closed is
    1 - openness / open level. A *blink* is a peak of the share closed that stands out from the time around it by 0.3
    or more, and by 7 standard deviations of the frame-to-frame noise. "The time around it" is the second before and
    the second after its apex (no further than the next blink), of both the side on which the lids open less: lids that
    are half lowered for seconds are no blink, and a blink of half-lowered lids is measured from where they were. Two
    blinks with the lids opening by less than those 0.3 between them count as one.

    start_s, end_s: where the lids pass 20 % of the way from that level to the apex, interpolated between frames.
    apex_s: the frame of the least openness. duration_s: from start to end, 0.07 to 1 s; less is a single odd frame (where
    there are 25 or more a second).
    amplitude: the way the lids went, as a share of the open level, 0 to 1. The mesh keeps a shut eye a little open and
    frames miss the apex, so that full closures measure 0.6 to 0.9. peak_velocity: the fastest closing between two
    frames, in open levels per second; the lower the frame rate the lower it comes out.

    A *closure* (kind "closure") is a share closed above 0.4 for more than 1 s with a median above 0.6: the eyes are
    shut, not looking down. Its start and end are where the share passes 0.4, its amplitude is that median. Eyes shut
    for longer than 50 s become the open level and end the closure.

    A blink or closure that begins or ends in a gap, at either end of the recording, or in the interval next to them is
    left out: neither its depth nor its duration is known. Below about 10 frames a second short blinks are missed, and
    most blinks where openness jitters by more than a tenth from frame to frame.

    The depth criterion follows the topographic prominence of peaks; blinks last 0.1 to 0.4 s (Caffier, Erdmann and
    Ullsperger 2003). Raises UnusableInput for arrays of different length or times that do not increase.
    """
    time_s, usable, openness = _checked(time_s, tracked, eye_openness)
    closed = 1.0 - openness / _open_level(time_s, usable, openness)
    usable = usable & np.isfinite(closed)
    runs = stretches(time_s, usable)
    runs = runs[runs[:, 1] - runs[:, 0] >= 5]  # an event has an apex, a frame outside either edge, and no end of a run
    steps = np.abs(np.diff(closed))[usable[1:] & usable[:-1]]
    noise = np.median(steps) / (0.6745 * np.sqrt(2.0)) if len(steps) else 0.0
    least = max(LEAST_SHARE, LEAST_NOISE_RATIO * float(noise))
    return events_table(
        [event for first, stop in runs for event in _events(time_s[first:stop], closed[first:stop], least)]
    )


def events_table(events: list[Event]) -> pd.DataFrame:
    """The events as a table with the columns of `Event`, in order of start; all but `kind` float64, also where empty."""
    import pandas as pd

    table = pd.DataFrame(events, columns=list(Event._fields))
    table = table.astype({name: object if name == "kind" else np.float64 for name in table})
    return table.sort_values("start_s", kind="stable", ignore_index=True)


def stretches(time_s: np.ndarray, usable: np.ndarray) -> np.ndarray:
    """First and one-past-last row (K, 2) of every run of usable rows less than `LARGEST_STEP_S` apart.

    time_s: (T,) seconds. usable: (T,) bool.
    """
    usable = np.asarray(usable, bool)
    joined = usable[1:] & usable[:-1] & (np.diff(time_s) < LARGEST_STEP_S)
    first = np.flatnonzero(usable & ~np.append(False, joined)[: len(usable)])
    last = np.flatnonzero(usable & ~np.append(joined, False)[: len(usable)])
    return np.column_stack([first, last + 1])


def _checked(
    time_s: np.ndarray, tracked: np.ndarray, eye_openness: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    time_s, openness = np.asarray(time_s, np.float64), np.asarray(eye_openness, np.float64)
    tracked = np.asarray(tracked, bool)
    if not (time_s.ndim == 1 and time_s.shape == tracked.shape == openness.shape):
        raise UnusableInput(
            f"time_s {time_s.shape}, tracked {tracked.shape} and eye_openness {openness.shape} do not fit: "
            "expected (T,) each."
        )
    if not (np.diff(time_s) > 0).all():
        row = int(np.argmin(np.diff(time_s) > 0)) + 1
        raise UnusableInput(
            f"time_s {time_s[row]:g} in row {row} does not come after the time before it: sort by time."
        )
    return time_s, tracked & np.isfinite(openness), openness


def _open_level(time_s: np.ndarray, usable: np.ndarray, openness: np.ndarray) -> np.ndarray:
    """Rolling quantile (T,), taken every twelfth of the window and interpolated between; NaN where it is not positive."""
    times, values = time_s[usable], openness[usable]
    if not len(times):
        return np.full(len(time_s), np.nan)
    centres = np.arange(times[0], times[-1] + OPEN_WINDOW_S / 12, OPEN_WINDOW_S / 12)
    first = np.searchsorted(times, centres - OPEN_WINDOW_S / 2)
    stop = np.searchsorted(times, centres + OPEN_WINDOW_S / 2, side="right")
    there = stop > first
    levels = [np.quantile(values[a:b], OPEN_QUANTILE) for a, b in zip(first[there], stop[there], strict=True)]
    level = np.interp(time_s, centres[there], levels)
    return np.where(level > 0, level, np.nan)


def _events(time_s: np.ndarray, closed: np.ndarray, least: float) -> list[Event]:
    """Events of one unbroken stretch: time_s (N,), share closed (N,), least height of a blink."""
    closures = _closures(time_s, closed)
    return closures + [
        blink
        for blink in _blinks(time_s, closed, least)
        if not any(closure.start_s < blink.end_s and blink.start_s < closure.end_s for closure in closures)
    ]


def _closures(time_s: np.ndarray, closed: np.ndarray) -> list[Event]:
    found = []
    for first, stop in stretches(time_s, closed > CLOSURE_EDGE):
        level = float(np.median(closed[first:stop]))
        apex = first + int(np.argmax(closed[first:stop]))
        if level > CLOSURE_LEVEL:
            found += _event("closure", time_s, closed, (first - 1, apex, stop), CLOSURE_EDGE, level)
    return [event for event in found if event.duration_s > LONGEST_BLINK_S]


def _blinks(time_s: np.ndarray, closed: np.ndarray, least: float) -> list[Event]:
    from scipy.signal import find_peaks

    found = []
    untied = closed - 1e-9 * np.arange(len(closed))  # of two equal peaks without a valley between, the first
    peaks = find_peaks(untied, prominence=least)[0]
    bounds = np.concatenate([[0], peaks, [len(closed) - 1]])
    for before, peak, after in zip(bounds[:-2], peaks, bounds[2:], strict=True):
        first = max(before, np.searchsorted(time_s, time_s[peak] - LONGEST_BLINK_S))
        stop = min(after + 1, np.searchsorted(time_s, time_s[peak] + LONGEST_BLINK_S, side="right"))
        around = max(closed[first : peak + 1].min(), closed[peak:stop].min())
        height = closed[peak] - around
        edge = around + EDGE_SHARE * height
        onset = peak - int(np.argmax(closed[first : peak + 1][::-1] <= edge))
        offset = peak + int(np.argmax(closed[peak:stop] <= edge))
        if height >= least:
            found += _event("blink", time_s, closed, (onset, peak, offset), edge, height)
    return [event for event in found if SHORTEST_BLINK_S <= event.duration_s <= LONGEST_BLINK_S]


def _event(
    kind: str, time_s: np.ndarray, closed: np.ndarray, rows: tuple[int, int, int], edge: float, amplitude: float
) -> list[Event]:
    """The event that is above `edge` between the first and the last of three rows and not in them; none if those touch an end."""
    before, apex, after = rows
    if before < 1 or after > len(closed) - 2:
        return []
    start, end = (
        float(np.interp(edge, closed[[low, high]], time_s[[low, high]]))
        for low, high in ((before, before + 1), (after, after - 1))
    )
    fastest = float((np.diff(closed[before : apex + 1]) / np.diff(time_s[before : apex + 1])).max())
    return [Event(kind, start, float(time_s[apex]), end, end - start, float(min(amplitude, 1.0)), fastest)]
