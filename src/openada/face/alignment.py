"""From a frame to an aligned square crop of the face, and back.

The crop is a similarity transform of the frame (rotation, one scale, shift; never mirrored). Which one is a matter of
style, see `face/alignment_styles.py`; the default is ours: the line between the eye centres is level, the eyes' midpoint
lies at (0.5, 0.35) of the crop, and the size is that of points that expressions hardly move.

Coordinates count from the picture's edge, as the landmarks' do: pixel i reaches from i to i + 1, its centre is i + 0.5.
"""

from __future__ import annotations

import cv2
import numpy as np

from openada.errors import UnusableInput
from openada.face.alignment_styles import ALIGNMENTS

SIZE_PX = 224
GREY = 128
"""What lies outside the frame, and the whole crop of a lost frame."""


def crop_from_frame(landmarks_px: np.ndarray, size_px: int = SIZE_PX, style: str = "stable") -> np.ndarray:
    """The transform (2, 3) float64 that takes frame pixels (x, y, 1) to crop pixels; all NaN for a lost frame.

    landmarks_px: (478, 2 or 3). Depth is not used. Raises UnusableInput for a style that is not in `ALIGNMENTS`.
    """
    if style not in ALIGNMENTS:
        raise UnusableInput(f"Unknown alignment style {style!r}; choose one of: {', '.join(ALIGNMENTS)}.")
    return ALIGNMENTS[style](landmarks_px, size_px)


def align(rgb: np.ndarray, crop_from_frame: np.ndarray, size_px: int = SIZE_PX) -> np.ndarray:
    """The crop (size_px, size_px, 3) uint8 of a frame (H, W, 3) uint8; mid-grey outside the frame.

    A transform that is not finite (a lost frame) gives a crop that is mid-grey throughout. Faces larger than the crop
    are first shrunk by area by a whole factor, and bilinear sampling then shrinks by less than two. Detail just too fine
    for the crop is damped, not removed: to 0.4–0.65 of its contrast, and to 0.8 where the frame shrinks by nearly two.
    """
    matrix = np.asarray(crop_from_frame, np.float64)
    if not np.isfinite(matrix).all():
        return np.full((size_px, size_px, 3), GREY, np.uint8)
    scale = np.sqrt(abs(np.linalg.det(matrix[:, :2])))
    factor = int(1 / scale) if scale > 0 else 1
    if factor >= 2:
        rgb, matrix = _shrunk(rgb, matrix, size_px, factor)
    centred = matrix.copy()  # OpenCV counts from the centre of the first pixel
    centred[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
    return cv2.warpAffine(
        rgb,
        centred,
        (size_px, size_px),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(GREY,) * 3,
    )


def unalign(
    values: np.ndarray, crop_from_frame: np.ndarray, height: int, width: int, size_px: int = SIZE_PX
) -> tuple[slice, slice, np.ndarray] | None:
    """Values drawn on the crop, laid on the frame: rows, columns, and the values there, float32, NaN outside the crop.

    values (S, S), any S, over the crop of `size_px` pixels that `crop_from_frame` (2, 3) leads to; the frame has `height` rows
    and `width` columns. None for a lost frame, and if the crop lies beside the frame.
    """
    matrix = np.asarray(crop_from_frame, np.float64)
    if not np.isfinite(matrix).all():
        return None
    low, high = _reach(matrix, size_px)
    low, high = np.clip(low, 0, (width, height)), np.clip(high, 0, (width, height))
    if np.any(high <= low):
        return None
    scaled = matrix * (values.shape[0] / size_px)
    centred = scaled.copy()  # OpenCV counts from the centre of the first pixel; the part begins at `low`
    centred[:, 2] += scaled[:, :2] @ (low + 0.5) - 0.5
    part = cv2.warpAffine(
        np.ascontiguousarray(values, np.float32),
        centred,
        (int(high[0] - low[0]), int(high[1] - low[1])),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    x, y = np.meshgrid(np.arange(low[0], high[0]) + 0.5, np.arange(low[1], high[1]) + 0.5)
    across, down = (row[0] * x + row[1] * y + row[2] for row in matrix)
    part[(across < 0) | (across >= size_px) | (down < 0) | (down >= size_px)] = np.nan
    return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0])), part


def crop_corners_px(crop_from_frame: np.ndarray, size_px: int = SIZE_PX) -> np.ndarray:
    """The crop's corners in the frame, (4, 2) x and y in pixels from its edge, around from the crop's top left."""
    matrix = np.asarray(crop_from_frame, np.float64)
    corners = np.array([(0, 0), (size_px, 0), (size_px, size_px), (0, size_px)], np.float64)
    return np.asarray((corners - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T)


def _reach(matrix: np.ndarray, size_px: int) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest x, y of the frame that the crop shows, whole pixels."""
    corners = crop_corners_px(matrix, size_px)
    return np.floor(corners.min(axis=0)).astype(int), np.ceil(corners.max(axis=0)).astype(int)


def _shrunk(rgb: np.ndarray, matrix: np.ndarray, size_px: int, factor: int) -> tuple[np.ndarray, np.ndarray]:
    """The part of the frame that the crop shows, reduced by `factor`, and the transform from it to the crop.

    The part is padded with grey to whole blocks, so that nothing is stretched at the frame's edge.
    """
    least, greatest = _reach(matrix, size_px)
    height, width = rgb.shape[:2]
    low = np.clip(least - factor, 0, (width - 1, height - 1))
    high = np.clip(greatest + factor, low + 1, (width, height))
    part = rgb[low[1] : high[1], low[0] : high[0]]
    extra_y, extra_x = -part.shape[0] % factor, -part.shape[1] % factor
    if extra_x or extra_y:
        part = cv2.copyMakeBorder(part, 0, extra_y, 0, extra_x, cv2.BORDER_CONSTANT, value=(GREY,) * 3)
    small = cv2.resize(part, (part.shape[1] // factor, part.shape[0] // factor), interpolation=cv2.INTER_AREA)
    return small, np.column_stack([matrix[:, :2] * factor, matrix[:, 2] + matrix[:, :2] @ low])
