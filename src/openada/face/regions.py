"""Which landmarks make up which part of the face, and the regions as polygons: the only place that knows them.

Left and right are those of the *image*: `EYE_LEFT` is the eye at the image's left, which is the subject's own right eye
unless the video is mirrored. Indices are those of MediaPipe's 478-point mesh.
"""

from __future__ import annotations

import numpy as np

EYE_LEFT = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246)
"""Ring of the lid margins: outer corner first, along the lower lid to the inner corner (133), back along the upper."""
EYE_RIGHT = (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466)
"""As `EYE_LEFT`: outer corner 263, inner corner 362."""

EYE_CORNERS_LEFT = (33, 133)
"""Outer, inner."""
EYE_CORNERS_RIGHT = (263, 362)
"""Outer, inner."""
UPPER_LID_LEFT = (160, 159, 158)
LOWER_LID_LEFT = (144, 145, 153)
"""Each point lies below its counterpart in `UPPER_LID_LEFT`."""
UPPER_LID_RIGHT = (387, 386, 385)
LOWER_LID_RIGHT = (373, 374, 380)
"""Each point lies below its counterpart in `UPPER_LID_RIGHT`."""

IRIS_LEFT = (468, 469, 470, 471, 472)
"""Centre first, then four points of the rim."""
IRIS_RIGHT = (473, 474, 475, 476, 477)
"""Centre first, then four points of the rim."""

BROW_LEFT = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46)
"""Ring: upper edge from the outer end to the inner end, then the lower edge back."""
BROW_RIGHT = (300, 293, 334, 296, 336, 285, 295, 282, 283, 276)
"""Ring: upper edge from the outer end to the inner end, then the lower edge back."""
BROW_INNER_LEFT = (107, 55, 66, 65)
BROW_INNER_RIGHT = (336, 285, 296, 295)
BROW_OUTER_LEFT = (70, 46, 63, 53)
BROW_OUTER_RIGHT = (300, 276, 293, 283)

MOUTH = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
"""Ring of the lips' outer edge: left corner first, along the lower lip to the right corner, back along the upper."""
MOUTH_CORNERS = (61, 291)
"""Left, right."""
LIP_UPPER_INNER = 13
LIP_LOWER_INNER = 14

NOSE = (168, 193, 188, 174, 198, 209, 129, 64, 98, 97, 2, 326, 327, 294, 358, 429, 420, 399, 412, 417)
"""Ring: from the root of the nose down the left side, under the nostrils and up the right side."""
NOSE_TIP = 1
CHIN = 152

CHEEK_LEFT = (117, 118, 119, 120, 100, 142, 203, 206, 207, 187, 147, 123, 116)
CHEEK_RIGHT = (346, 347, 348, 349, 329, 371, 423, 426, 427, 411, 376, 352, 345)

FACE_OVAL = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
"""Ring of the face's outline: top of the forehead first, down the right side to the chin, up the left side."""

FOREHEAD = (
    *(71, 54, 103, 67, 109, 10, 338, 297, 332, 284, 301),
    *(300, 293, 334, 296, 336, 9, 107, 66, 105, 63, 70),
)
"""Ring: the hair line from left to right, then back along the brows' upper edge and across the glabella."""

JAW = (
    *(132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361),
    *(433, 416, 434, 430, 431, 418, 421, 200, 201, 194, 211, 210, 214, 192, 213),
)
"""Ring: along the jaw's outline from left to right by the chin, then back below the mouth."""

_RINGS: dict[str, tuple[tuple[int, ...], ...]] = {
    "eyes": (EYE_LEFT, EYE_RIGHT),
    "brows": (BROW_LEFT, BROW_RIGHT),
    "nose": (NOSE,),
    "mouth": (MOUTH,),
    "cheeks": (CHEEK_LEFT, CHEEK_RIGHT),
    "forehead": (FOREHEAD,),
    "jaw": (JAW,),
}

REGIONS: tuple[str, ...] = tuple(_RINGS)
"""Names of the regions. A region of two parts lists the image's left one first."""


def region_polygons(landmarks_px: np.ndarray) -> dict[str, list[np.ndarray]]:
    """Polygons of every region in one frame, from landmarks (478, 2 or 3).

    Each polygon is (K, 2) float64 x, y in the landmarks' pixels, closed: its first point is repeated as its last. Polygons of a
    lost frame are all NaN.
    """
    points = np.asarray(landmarks_px, np.float64)[:, :2]
    return {name: [points[[*ring, ring[0]]] for ring in rings] for name, rings in _RINGS.items()}


def eye_centres_px(landmarks_px: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Left and right eye centre, each the midpoint of the eye's corners: (..., 478, D) -> two (..., D)."""
    points = np.asarray(landmarks_px, np.float64)
    return points[..., EYE_CORNERS_LEFT, :].mean(axis=-2), points[..., EYE_CORNERS_RIGHT, :].mean(axis=-2)


def mouth_centre_px(landmarks_px: np.ndarray) -> np.ndarray:
    """Midpoint of the mouth's corners: (..., 478, D) -> (..., D)."""
    return np.asarray(landmarks_px, np.float64)[..., MOUTH_CORNERS, :].mean(axis=-2)
