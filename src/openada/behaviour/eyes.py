"""Lids and irises: openness, and where in the eye the iris lies and how large it is."""

from __future__ import annotations

import numpy as np

from openada.face import regions

EYES = (
    (regions.EYE_CORNERS_LEFT, regions.UPPER_LID_LEFT, regions.LOWER_LID_LEFT, regions.IRIS_LEFT),
    (regions.EYE_CORNERS_RIGHT, regions.UPPER_LID_RIGHT, regions.LOWER_LID_RIGHT, regions.IRIS_RIGHT),
)
"""Corners, upper lid, lower lid and iris of the image's left and right eye."""

IRIS_COLUMNS = tuple(f"iris_{side}_{what}" for side in ("left", "right") for what in ("x", "y", "diameter"))


def openness(head: np.ndarray) -> np.ndarray:
    """Gap between the lids over the eye's width, of the left and the right eye: (T, 478, 3) in the head's frame -> (T, 2)."""
    gaps = [(head[:, lower, 1] - head[:, upper, 1]).mean(axis=1) for _, upper, lower, _ in EYES]
    return np.stack(gaps, axis=1) / _widths(head)


def iris(head: np.ndarray) -> np.ndarray:
    """`IRIS_COLUMNS` (T, 6) in eye widths, from landmarks in the head's frame (T, 478, 3).

    x, y: the iris centre from the midpoint of the eye's corners, + to image right and down. Diameter: mean distance between
    opposite points of its rim. The mesh fits a rim of nearly fixed size: the diameter tells distance and blur more than
    anything else, and the pupil inside is not measured at all, which webcam resolution does not allow.
    """
    widths = _widths(head)
    columns = []
    for side, (corners, _, _, rim) in enumerate(EYES):
        offset = head[:, rim[0], :2] - head[:, corners, :2].mean(axis=1)
        across = [np.linalg.norm(head[:, rim[a], :2] - head[:, rim[b], :2], axis=-1) for a, b in ((1, 3), (2, 4))]
        columns += [offset[:, 0], offset[:, 1], np.mean(across, axis=0)]
        columns[-3:] = [column / widths[:, side] for column in columns[-3:]]
    return np.column_stack(columns)


def _widths(head: np.ndarray) -> np.ndarray:
    """Distance between the corners of the left and the right eye: (T, 2)."""
    return np.stack([np.linalg.norm(head[:, outer] - head[:, inner], axis=-1) for (outer, inner), *_ in EYES], axis=1)
