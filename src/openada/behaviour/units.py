"""Action units as distances between landmarks in the head's frame.

The units are those of the Facial Action Coding System (Ekman & Friesen 1978); what is measured is the displacement that a
unit's definition speaks of, in inter-ocular distances. It is geometry: not a coder's intensity A to E, and not trained on
coded faces. A height is read against a neighbouring part of the face that the unit leaves in place and not against the head as a
whole, because what the fitted head angle gets wrong is the same for neighbours. Of the two corners of the eye we take the
one farther from the brow's end in question: the mesh drags the nearer one along.
"""

from __future__ import annotations

import numpy as np

from openada.face import regions

UNITS: tuple[str, ...] = (
    *("AU01_g", "AU02_g", "AU04_g", "AU05_g", "AU06_g", "AU09_g", "AU10_g"),
    *("AU12_g", "AU15_g", "AU17_g", "AU24_g", "AU25_g", "AU26_g", "AU45_g"),
)
"""Columns of `action_units`, in order."""

LID_DRAG = 0.2
"""How far the mesh's lower lid rises with the upper one closing over it, as a share of the gap closed."""

_OUTER_CORNERS, _INNER_CORNERS = (33, 263), (133, 362)
_INNER_BROWS_LEFT, _INNER_BROWS_RIGHT = (55, 107), (285, 336)
_NOSE_WINGS = (129, 358)
_BELOW_NOSE = (2,)
_UPPER_LIP_EDGE, _LOWER_LIP_EDGE = (37, 0, 267), (84, 17, 314)
_CHIN, _JAW_EDGE = (152, 175, 199, 200), (148, 152, 377)


def action_units(head: np.ndarray) -> np.ndarray:
    """Displacements (T, 14) of `UNITS` from landmarks in the head's frame (T, 478, 3), no reference subtracted.

    In inter-ocular distances, larger for more of the movement; NaN stays NaN.
    """

    def height(*groups: tuple[int, ...]) -> np.ndarray:
        """Mean height of landmarks, downwards positive."""
        return np.asarray(head[:, [index for group in groups for index in group], 1].mean(axis=1))

    def half_width(left: tuple[int, ...], right: tuple[int, ...]) -> np.ndarray:
        return np.asarray((head[:, right, 0].mean(axis=1) - head[:, left, 0].mean(axis=1)) / 2)

    left_corner, right_corner = ((index,) for index in regions.MOUTH_CORNERS)
    upper_lid = height(regions.UPPER_LID_LEFT, regions.UPPER_LID_RIGHT)
    lower_lid = height(regions.LOWER_LID_LEFT, regions.LOWER_LID_RIGHT)
    eye_corners = height(_OUTER_CORNERS, _INNER_CORNERS)
    mouth = half_width(left_corner, right_corner)
    upper_lip = height(_UPPER_LIP_EDGE)
    lips_gap = head[:, regions.LIP_LOWER_INNER, 1] - head[:, regions.LIP_UPPER_INNER, 1]
    lower_lip = height(_LOWER_LIP_EDGE)
    return np.column_stack(
        [
            height(_OUTER_CORNERS) - height(_INNER_BROWS_LEFT, _INNER_BROWS_RIGHT),  # 1
            height(_INNER_CORNERS) - height(regions.BROW_OUTER_LEFT, regions.BROW_OUTER_RIGHT),  # 2
            -half_width(_INNER_BROWS_LEFT, _INNER_BROWS_RIGHT),  # 4
            eye_corners - upper_lid,  # 5
            eye_corners - lower_lid + LID_DRAG * (lower_lid - upper_lid),  # 6
            height(_INNER_CORNERS) - height(_NOSE_WINGS),  # 9
            height(_BELOW_NOSE) - upper_lip,  # 10
            mouth - half_width(_NOSE_WINGS[:1], _NOSE_WINGS[1:]),  # 12
            height(left_corner, right_corner) - height(_BELOW_NOSE) + mouth,  # 15
            height(_JAW_EDGE) - lower_lip,  # 17
            lips_gap - (lower_lip - upper_lip),  # 24
            lips_gap,  # 25
            height(_CHIN) - height(_BELOW_NOSE),  # 26
            upper_lid - lower_lid,  # 45
        ]
    )
