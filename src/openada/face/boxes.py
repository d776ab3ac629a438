"""Rectangles about faces, (4,) float64 x, y, width, height in pixels: which can be the same face, and how far apart they are."""

from __future__ import annotations

import numpy as np

SURFACE = 468
"""Landmarks of the face's surface; those of the irises follow."""


def box_around(landmarks_px: np.ndarray) -> np.ndarray:
    """The rectangle around the surface landmarks of (478, 2 or 3)."""
    low = landmarks_px[:SURFACE, :2].min(axis=0).astype(np.float64)
    high = landmarks_px[:SURFACE, :2].max(axis=0).astype(np.float64)
    return np.concatenate([low, high - low])


def centre(box_px: np.ndarray) -> np.ndarray:
    """Middles (..., 2) of boxes (..., 4)."""
    return np.asarray(box_px[..., :2] + box_px[..., 2:] / 2)


def same_face(box_a: np.ndarray, box_b: np.ndarray) -> bool:
    """Centres closer than half the larger box's mean side, and sizes within a factor of 2.5."""
    distance = np.hypot(*(centre(box_a) - centre(box_b)))
    size_a, size_b = np.mean(box_a[2:]), np.mean(box_b[2:])
    return bool(distance < 0.5 * max(size_a, size_b) and 0.4 < size_a / size_b < 2.5)


def nearest(boxes_px: np.ndarray, followed_px: np.ndarray | None) -> int | None:
    """Index of the box nearest to the followed one, or None if none can be the same face."""
    if followed_px is None:
        return None
    candidates = [i for i in range(len(boxes_px)) if same_face(boxes_px[i], followed_px)]
    distance = np.hypot(*(centre(boxes_px) - centre(followed_px)).T)
    return min(candidates, key=lambda i: distance[i]) if candidates else None


def differs(pair_a: np.ndarray, pair_b: np.ndarray, limits: np.ndarray) -> bool:
    """Whether two pairs (2,), places or sizes, differ by more than a limit in either number."""
    return bool(abs(pair_a[0] - pair_b[0]) > limits[0] or abs(pair_a[1] - pair_b[1]) > limits[1])


def gap_in_widths(box_a: np.ndarray, box_b: np.ndarray) -> float:
    """Space between two boxes in widths of the first one: 0 where they touch, negative where they overlap."""
    apart = np.maximum(box_a[:2] - box_b[:2] - box_b[2:], box_b[:2] - box_a[:2] - box_a[2:])
    return float(apart.max() / box_a[2])
