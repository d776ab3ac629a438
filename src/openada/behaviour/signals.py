"""Behaviour signals of one recording from its landmarks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from openada.behaviour.dictionary import DICTIONARY
from openada.behaviour.gaze import gaze_deg
from openada.errors import UnusableInput
from openada.face import regions
from openada.face.pose import head_pose_deg, in_head_frame

if TYPE_CHECKING:
    import pandas as pd

REFERENCES = ("none", "median", "first-seconds")
FIRST_SECONDS = 3.0
_CHEEKS = (117, 118, 119, 50, 346, 347, 348, 280)
_INNER_ENDS_LEFT, _INNER_ENDS_RIGHT = (55, 107), (285, 336)
_CHIN = (152, 175, 199, 200)
_BELOW_NOSE = 2
_FRAMES_AT_ONCE = 4096


def signals(
    landmarks_px: np.ndarray, tracked: np.ndarray, time_s: np.ndarray, *, reference: str = "median"
) -> pd.DataFrame:
    """The signals of `DICTIONARY`, a row per frame, beside `time_s` and `tracked`; NaN where not tracked.

    landmarks_px: (T, 478, 3) in source pixels. tracked: (T,) bool. time_s: (T,) seconds.
    reference: what the action-unit signals (`_g`) are measured against. "median": their median over the recording's
    tracked frames; "first-seconds": their median over the tracked frames of the 3 s from the first tracked one;
    "none": nothing, they are the distances and heights themselves (the lids' gap and the brows' distance negative).
    Eye openness, gaze and head angles never have a reference subtracted.
    Raises UnusableInput for an unknown reference or arrays of different length.
    """
    import pandas as pd

    if reference not in REFERENCES:
        raise UnusableInput(f"Unknown reference {reference!r}; choose one of: {', '.join(REFERENCES)}.")
    points = np.asarray(landmarks_px)
    tracked, time_s = np.asarray(tracked, bool), np.asarray(time_s, np.float64)
    if not (points.shape[1:] == (478, 3) and len(points) == len(tracked) == len(time_s)):
        raise UnusableInput(
            f"Landmarks {points.shape}, tracked {tracked.shape} and time_s {time_s.shape} do not fit: "
            "expected (T, 478, 3), (T,) and (T,)."
        )
    values = np.full((len(points), len(DICTIONARY)), np.nan)
    for start in range(0, len(points), _FRAMES_AT_ONCE):  # float64 meshes of an hour of video would not fit in memory
        part = slice(start, start + _FRAMES_AT_ONCE)
        values[part] = np.column_stack(_measure(points[part]))
    values[~tracked] = np.nan
    table = pd.DataFrame(values, columns=[signal.name for signal in DICTIONARY])
    for name in table.columns[table.columns.str.endswith("_g")]:
        table[name] -= _reference(table[name].to_numpy(), time_s, reference)
    table.insert(0, "time_s", time_s)
    table.insert(1, "tracked", tracked)
    return table


def _reference(values: np.ndarray, time_s: np.ndarray, kind: str) -> float:
    chosen = np.isfinite(values)
    if kind == "none" or not chosen.any():
        return 0.0
    if kind == "first-seconds":
        chosen &= time_s < time_s[chosen][0] + FIRST_SECONDS
    return float(np.median(values[chosen]))


def _measure(landmarks_px: np.ndarray) -> list[np.ndarray]:
    """The columns of `DICTIONARY`, (T,) or (T, k) each, before a reference is subtracted.

    Heights are read in the head's frame rather than from the corners of the eyes, which move with lids and cheeks.
    """
    head = in_head_frame(landmarks_px)

    def mean(*groups: tuple[int, ...]) -> np.ndarray:
        return np.asarray(head[:, [index for group in groups for index in group]].mean(axis=1))

    inner_brows = mean(_INNER_ENDS_LEFT, _INNER_ENDS_RIGHT)
    outer_brows = mean(regions.BROW_OUTER_LEFT, regions.BROW_OUTER_RIGHT)
    cheeks = mean(_CHEEKS, regions.LOWER_LID_LEFT, regions.LOWER_LID_RIGHT)
    left_corner, right_corner = head[:, regions.MOUTH_CORNERS[0]], head[:, regions.MOUTH_CORNERS[1]]
    gaps = _lid_gaps(head)
    return [
        -inner_brows[:, 1],
        -outer_brows[:, 1],
        (mean(_INNER_ENDS_LEFT) - mean(_INNER_ENDS_RIGHT))[:, 0] / 2,
        -cheeks[:, 1],
        (right_corner - left_corner)[:, 0] / 2,
        (left_corner + right_corner)[:, 1] / 2 + (right_corner - left_corner)[:, 0] / 2,
        mean(_CHIN)[:, 1] - head[:, _BELOW_NOSE, 1],
        -gaps.mean(axis=1),
        (gaps / _eye_widths(head)).mean(axis=1),
        gaze_deg(head),
        head_pose_deg(landmarks_px),
    ]


def _lid_gaps(head: np.ndarray) -> np.ndarray:
    """Mean height of the upper lid above the lower, of the left and the right eye: (T, 2)."""
    pairs = (
        (regions.UPPER_LID_LEFT, regions.LOWER_LID_LEFT),
        (regions.UPPER_LID_RIGHT, regions.LOWER_LID_RIGHT),
    )
    return np.stack([(head[:, lower, 1] - head[:, upper, 1]).mean(axis=1) for upper, lower in pairs], axis=1)


def _eye_widths(head: np.ndarray) -> np.ndarray:
    """Distance between the corners of the left and the right eye: (T, 2)."""
    corners = (regions.EYE_CORNERS_LEFT, regions.EYE_CORNERS_RIGHT)
    return np.stack([np.linalg.norm(head[:, outer] - head[:, inner], axis=-1) for outer, inner in corners], axis=1)
