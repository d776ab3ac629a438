"""Behaviour signals of one recording: measured frame by frame, then set against a reference.

Two steps, so that a recording of any length fits in memory: `measure` turns a stretch of landmarks into rows of `RAW`
columns; when all are known, `reference_of` and `series_of` read whole columns, and `finish` turns rows of `RAW` into
rows of `DICTIONARY`. `signals` does both for landmarks that are in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from openada.behaviour.dictionary import DICTIONARY
from openada.behaviour.expressivity import EXPRESSIVITY_COLUMNS, POINTS, expressivity, places
from openada.behaviour.eyes import IRIS_COLUMNS, iris, openness
from openada.behaviour.gaze import gaze_deg
from openada.behaviour.units import UNITS, action_units
from openada.errors import UnusableInput
from openada.face import regions
from openada.face.pose import angles_from_rotation_deg, head_rotation, in_head_frame
from openada.face.position import head_in_camera

if TYPE_CHECKING:
    import pandas as pd

REFERENCES = ("median", "first-seconds", "none", "baseline")
FIRST_SECONDS = 3.0
GAZE, HEAD = ("gaze_yaw_deg", "gaze_pitch_deg"), ("head_yaw_deg", "head_pitch_deg", "head_roll_deg")
_POSITION = ("head_x_mm", "head_y_mm", "head_z_mm")
_SIDES = ("brow_asymmetry", "eye_asymmetry", "mouth_asymmetry")
_PLACE = ("eyes_x_px", "eyes_y_px", "interocular_px")
_PLACES = tuple(f"point_{index}_{axis}" for index in POINTS for axis in "xy")
RAW: tuple[str, ...] = (
    *(*UNITS, *_SIDES, *_PLACES),
    *("eye_openness", *GAZE, *IRIS_COLUMNS, *HEAD, *_POSITION, *_PLACE),
)
"""Columns of `measure`; the first ones, `REFERENCED`, are what a reference is subtracted from."""
REFERENCED = (*UNITS, *_SIDES, *_PLACES)
_INDEX = {name: index for index, name in enumerate(RAW)}
_AT_ONCE = 8
_FRAMES_AT_ONCE = 512

Columns = Callable[[Sequence[str]], np.ndarray]
"""Gives whole columns of a recording's raw table by their names: (frames, names)."""


class Camera(NamedTuple):
    """What is known of the camera: focal length and principal point in pixels of the frames as shown."""

    focal_px: float
    principal_px: tuple[float, float]


def measure(landmarks_px: np.ndarray, camera: Camera | None = None) -> np.ndarray:
    """The `RAW` columns (T, len(RAW)) float32 of landmarks (T, 478, 3) in source pixels; NaN where they are NaN.

    Without a camera the head's position is NaN, and its angles count from the line of sight to it, not from the camera's axis.
    """
    rotation = head_rotation(landmarks_px)
    head = in_head_frame(landmarks_px, rotation)
    position = np.full((len(head), 3), np.nan)
    if camera is not None:
        rotation, position = head_in_camera(landmarks_px, camera.focal_px, camera.principal_px)
    open_eyes = openness(head)
    left, right = regions.eye_centres_px(landmarks_px)
    corners = head[:, regions.MOUTH_CORNERS, 1]
    columns = (
        action_units(head),
        head[:, regions.BROW_RIGHT, 1].mean(axis=1) - head[:, regions.BROW_LEFT, 1].mean(axis=1),
        open_eyes[:, 0] - open_eyes[:, 1],
        corners[:, 1] - corners[:, 0],
        places(head),
        open_eyes.mean(axis=1),
        gaze_deg(head),
        iris(head),
        angles_from_rotation_deg(rotation),
        position,
        (left + right)[:, :2] / 2,
        np.hypot(*(right - left)[:, :2].T),
    )
    return np.column_stack(columns).astype(np.float32)


def reference_of(columns: Columns, time_s: np.ndarray, kind: str) -> np.ndarray:
    """What is subtracted from the `REFERENCED` columns, (len(REFERENCED),) float64: medians over tracked frames.

    kind: "median", over all of them; "first-seconds", over those of the 3 s from the first one; "none": zero for units and
    asymmetries, NaN for the places of landmarks, so that expressivity and overall asymmetry, which have no meaning without
    a reference, are NaN.
    For "baseline", take the median of the baseline's own columns.
    """
    if kind == "none":
        return np.where([name in _PLACES for name in REFERENCED], np.nan, 0.0)
    reference = np.full(len(REFERENCED), np.nan)
    for first in range(0, len(REFERENCED), _AT_ONCE):
        block = columns(REFERENCED[first : first + _AT_ONCE])
        chosen = np.isfinite(block[:, 0])
        if kind == "first-seconds" and chosen.any():
            chosen &= time_s < time_s[chosen][0] + FIRST_SECONDS
        if chosen.any():
            reference[first : first + _AT_ONCE] = np.median(block[chosen], axis=0)
    return reference


def finish(raw: np.ndarray, reference: np.ndarray, series: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The columns of `DICTIONARY`, float32 (n,) each, of rows of `measure` (n, len(RAW)).

    reference: of `reference_of`. series: the columns that need a frame's neighbours, these rows of them.
    """
    count = len(REFERENCED)
    set_against = raw[:, :count] - reference
    found = dict(zip(RAW[count:], raw[:, count:].T, strict=True))
    found.update(zip(REFERENCED, set_against.T, strict=True))
    first = _INDEX[_PLACES[0]]
    moved = expressivity(raw[:, first : first + len(_PLACES)], reference[first : first + len(_PLACES)])
    found.update(zip(EXPRESSIVITY_COLUMNS, moved.T, strict=True))
    found.update(series)
    return {signal.name: found[signal.name].astype(np.float32) for signal in DICTIONARY}


def signals(
    landmarks_px: np.ndarray,
    tracked: np.ndarray,
    time_s: np.ndarray,
    *,
    reference: str | np.ndarray = "median",
    camera: Camera | None = None,
) -> pd.DataFrame:
    """The signals of `DICTIONARY`, a row per frame, beside `time_s` and `tracked`; NaN where not tracked.

    landmarks_px: (T, 478, 3) in source pixels. tracked: (T,) bool. time_s: (T,) seconds, increasing.
    reference: what units, asymmetries and expressivity are measured against: a kind of `reference_of`, or its result for
    another recording. Openness, gaze, irises and head angles never have a reference subtracted.
    Raises UnusableInput for an unknown reference or arrays of different length.
    """
    import pandas as pd

    from openada.behaviour.series import series_of

    points = np.asarray(landmarks_px)
    tracked, time_s = np.asarray(tracked, bool), np.asarray(time_s, np.float64)
    if not (points.shape[1:] == (478, 3) and len(points) == len(tracked) == len(time_s)):
        raise UnusableInput(
            f"Landmarks {points.shape}, tracked {tracked.shape} and time_s {time_s.shape} do not fit: "
            "expected (T, 478, 3), (T,) and (T,)."
        )
    parts = range(0, len(points), _FRAMES_AT_ONCE)  # float64 meshes of an hour of video would not fit in memory
    measured = [measure(points[start : start + _FRAMES_AT_ONCE], camera) for start in parts]
    raw = np.concatenate(measured) if measured else np.empty((0, len(RAW)), np.float32)
    raw[~tracked] = np.nan

    def columns(names: Sequence[str]) -> np.ndarray:
        return raw[:, [_INDEX[name] for name in names]]

    if isinstance(reference, str):
        check_reference(reference)
        reference = reference_of(columns, time_s, reference)
    series, _ = series_of(columns, time_s, tracked)
    table = pd.DataFrame(finish(raw, reference, series))
    table.insert(0, "time_s", time_s)
    table.insert(1, "tracked", tracked)
    return table


def check_reference(kind: str) -> None:
    """Raise UnusableInput for a kind of reference that `reference_of` does not know."""
    if kind not in REFERENCES[:3]:
        raise UnusableInput(f"Unknown reference {kind!r}; choose one of: {', '.join(REFERENCES[:3])}, or a baseline.")
