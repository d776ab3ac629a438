"""Signals and events that need a frame's neighbours: speeds, blinks, saccades, fixations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from openada.behaviour.blinks import blinks
from openada.behaviour.eye_movements import fixations, saccades
from openada.behaviour.speed import rotation_speed_deg_s, shift_speed

if TYPE_CHECKING:
    import pandas as pd

FLAGS = ("blink", "saccade", "fixation")


def series_of(
    columns: Callable[[Sequence[str]], np.ndarray], time_s: np.ndarray, tracked: np.ndarray
) -> tuple[dict[str, np.ndarray], pd.DataFrame]:
    """Whole columns (T,) of a recording by name, and its events as a table.

    columns: gives columns of `signals.measure` by their names. Speeds are those of `speed`; flags are 1 in frames inside an
    event, 0 outside, NaN if not tracked.
    """
    events = events_of(time_s, tracked, *columns(("eye_openness", "gaze_yaw_deg", "gaze_pitch_deg")).T)
    places = columns(("eyes_x_px", "eyes_y_px", "interocular_px"))
    found = {
        "head_speed_deg_s": rotation_speed_deg_s(time_s, columns(("head_yaw_deg", "head_pitch_deg", "head_roll_deg"))),
        "head_shift_iod_s": shift_speed(time_s, places[:, :2]) / places[:, 2],
    }
    for kind in FLAGS:
        found[kind] = _flag(time_s, tracked, events[events["kind"] == kind])
    return found, events


def events_of(
    time_s: np.ndarray,
    tracked: np.ndarray,
    eye_openness: np.ndarray,
    gaze_yaw_deg: np.ndarray,
    gaze_pitch_deg: np.ndarray,
) -> pd.DataFrame:
    """Blinks, closures, saccades and fixations of a recording as one table of `Event`, from arrays (T,); NaN is not measured."""
    import pandas as pd

    events = blinks(time_s, tracked, eye_openness)
    for find in (saccades, fixations):
        found = find(time_s, tracked, gaze_yaw_deg, gaze_pitch_deg, events)
        events = pd.concat([events, found], ignore_index=True)
    return events.sort_values("start_s", kind="stable", ignore_index=True)


def _flag(time_s: np.ndarray, tracked: np.ndarray, events: pd.DataFrame) -> np.ndarray:
    """1 inside the spans, 0 outside, NaN where not tracked; spans of one kind do not overlap."""
    inside = np.zeros(len(time_s))
    spans = events[["start_s", "end_s"]].to_numpy(float)
    first, end = np.searchsorted(time_s, spans[:, 0]), np.searchsorted(time_s, spans[:, 1], side="right")
    for a, b in zip(first, end, strict=True):
        inside[a:b] = 1.0
    return np.where(tracked, inside, np.nan)
