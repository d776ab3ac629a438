"""Everything that a study counts of one recording: statistics of its signals and how they move."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from openada.behaviour.dynamics import dynamics
from openada.behaviour.series import events_of
from openada.behaviour.speed import rotation_speed_deg_s
from openada.behaviour.statistics import statistics

if TYPE_CHECKING:
    import pandas as pd

MIN_CONFIDENCE = 0.75
"""A frame counts from this confidence of its tracker on. OpenFace itself calls a frame successful from about 0.725 on."""

_LANDMARK = re.compile(r"[xyz]_\d+")
_HEAD = ("head_yaw_deg", "head_pitch_deg", "head_roll_deg")
_EYES = ((36, 37, 38, 39, 40, 41), (42, 43, 44, 45, 46, 47))


class Measured(NamedTuple):
    """Features of a recording by name, NaN where undefined; its frames, the share of them that counts, and seconds."""

    features: dict[str, float]
    frames: int
    tracked_share: float
    duration_s: float


def measure_recording(
    table: pd.DataFrame, events: pd.DataFrame | None = None, *, min_confidence: float = MIN_CONFIDENCE
) -> Measured:
    """The features of a per-frame table that `behaviour.tables.read_behaviour_table` gave.

    events: blinks, closures, saccades and fixations where they were found before; else they are found here, as far as the
        table has eye openness and gaze.
    min_confidence: 0 to 1. Where the table has a column `confidence`, a frame below it counts as not tracked: it enters no
        statistic, and its surroundings no event.

    Twelve statistics of every signal of `counted_signals` (`behaviour.statistics`), then `behaviour.dynamics`.
    """
    signals = counted_signals(table, min_confidence=min_confidence)
    tracked, time_s = signals["tracked"].to_numpy(bool), signals["time_s"].to_numpy(np.float64)
    if events is None:
        unknown = np.full(len(time_s), np.nan)
        eyes = (
            signals[name].to_numpy(np.float64) if name in signals else unknown
            for name in ("eye_openness", "gaze_yaw_deg", "gaze_pitch_deg")
        )
        events = events_of(time_s, tracked, *eyes)
    row = statistics(signals)
    features = dict(zip(row.columns, row.to_numpy()[0].tolist(), strict=True))
    share = features.pop("tracked_share")
    features |= dynamics(signals, events)
    duration_s = float(time_s[-1] - time_s[0]) if len(time_s) else 0.0
    return Measured(features, len(time_s), share, duration_s)


def counted_signals(table: pd.DataFrame, *, min_confidence: float = MIN_CONFIDENCE) -> pd.DataFrame:
    """A recording's signals per frame, with `tracked` false where the tracker is less sure than `min_confidence`.

    Landmarks in the picture are not signals. Where a table has no `eye_openness` but the 68 landmarks, it is made of them, as
    the distance of the lids over that of the eye's corners (Soukupová and Čech 2016), mean of both eyes; where it has head
    angles and no `head_speed_deg_s`, that is made too.
    """
    tracked = table["tracked"].to_numpy(bool)
    if "confidence" in table:
        tracked = tracked & ~(table["confidence"].to_numpy(np.float64) < min_confidence)
    signals = table[[name for name in table.columns if not _LANDMARK.fullmatch(name)]].assign(tracked=tracked)
    if "eye_openness" not in signals and {f"{axis}_{point}" for axis in "xy" for point in (36, 47)} <= set(table):
        signals["eye_openness"] = eye_openness(table)
    if "head_speed_deg_s" not in signals and set(_HEAD) <= set(signals):
        angles = np.where(tracked[:, None], signals[list(_HEAD)].to_numpy(np.float64), np.nan)
        signals["head_speed_deg_s"] = rotation_speed_deg_s(signals["time_s"].to_numpy(np.float64), angles)
    return signals


def eye_openness(table: pd.DataFrame) -> np.ndarray:
    """(T,) from iBUG's 68 landmarks `x_0` … `y_67`: distance of the lids over that of the eye's corners, mean of both eyes."""
    ratios = []
    for outer, upper_a, upper_b, inner, lower_b, lower_a in _EYES:
        corners = _distance(table, outer, inner)
        lids = (_distance(table, upper_a, lower_a) + _distance(table, upper_b, lower_b)) / 2
        ratios.append(lids / np.where(corners > 0, corners, np.nan))
    return np.asarray(np.mean(ratios, axis=0))


def _distance(table: pd.DataFrame, a: int, b: int) -> np.ndarray:
    across, down = (
        table[f"{axis}_{a}"].to_numpy(np.float64) - table[f"{axis}_{b}"].to_numpy(np.float64) for axis in "xy"
    )
    return np.hypot(across, down)
