"""The face's own axes in a picture, and dense fields on a coarse grid over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np

GRID_STEP_PX = 4


@dataclass(frozen=True)
class FaceAxes:
    """Origin between the eyes, unit vectors along the eyes (image right) and down the face, and the unit of length.

    Eye centres are the midpoints of the eyes' corners; `interocular_px` is their distance.
    """

    origin: np.ndarray
    right: np.ndarray
    down: np.ndarray
    interocular_px: float

    def to_face(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Coordinates u (image right) and v (down) of points (..., 2), in pixels from between the eyes."""
        x, y = points[..., 0] - self.origin[0], points[..., 1] - self.origin[1]
        return x * self.right[0] + y * self.right[1], x * self.down[0] + y * self.down[1]

    def box(self, middle: np.ndarray, reach: tuple[float, float], size_px: int) -> tuple[slice, slice]:
        """Rows and columns around `middle`, `reach` inter-ocular distances wide to each side, clipped to the picture."""
        around = np.array(reach) * self.interocular_px
        low = np.clip(np.floor(middle - around).astype(int), 0, size_px)
        high = np.clip(np.ceil(middle + around).astype(int), 0, size_px)
        return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))


def face_axes(landmarks_px: np.ndarray) -> FaceAxes:
    """Axes of a neutral face from its landmarks (478, 3)."""
    from openada.face.regions import eye_centres_px

    left, right = (point[:2] for point in eye_centres_px(landmarks_px))
    along = right - left
    length = float(np.hypot(*along))
    along = along / length
    return FaceAxes((left + right) / 2, along, np.array([-along[1], along[0]]), length)


def grid_nodes(size_px: int) -> np.ndarray:
    """Nodes of the coarse grid, (G, G, 2) float32 x, y in pixels from the picture's edge; they reach its far edge."""
    line = np.arange(0, size_px + GRID_STEP_PX, GRID_STEP_PX, dtype=np.float32)
    return np.stack(np.meshgrid(line, line), axis=-1)


def sample_grid(field: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Bilinear values of a grid field (G, G, C) at points (..., 2) in pixels, clamped at the edge: (..., C) float32."""
    import cv2

    places = np.ascontiguousarray(points.reshape(-1, points.shape[-2], 2), dtype=np.float32) / GRID_STEP_PX
    sampled = cv2.remap(field, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(sampled.reshape(*points.shape[:-1], field.shape[-1]))


def enlarge_grid(field: np.ndarray, size_px: int) -> np.ndarray:
    """A grid field (G, G, 2) at every pixel's centre: (size_px, size_px, 2) float32."""
    import cv2

    scale, offset = 1 / GRID_STEP_PX, 0.5 / GRID_STEP_PX
    matrix = np.array([[scale, 0, offset], [0, scale, offset]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(field, matrix, (size_px, size_px), flags=flags, borderMode=cv2.BORDER_REPLICATE))


def sample_image(image: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Bilinear values of a picture (S, S) or (S, S, C) at points (H, W, 2) in pixels from its edge, reflected at the edge."""
    import cv2

    places = np.ascontiguousarray(source, dtype=np.float32) - np.float32(0.5)
    # One map holds x and y; the type stubs do not know that the second may be left out.
    return np.asarray(cv2.remap(image, places, cast(Any, None), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101))
