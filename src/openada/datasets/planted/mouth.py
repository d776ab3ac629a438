"""A jaw that opens: the lips part along their inner line, the chin follows, and a dark cavity shows between.

Two layers: behind, the picture with everything below the upper teeth dark; in front, the lower lip and chin, moved down.
"""

from __future__ import annotations

import numpy as np

from openada.datasets.planted.axes import FaceAxes, grid_nodes, sample_image
from openada.face.regions import CHIN

UPPER_INNER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LOWER_INNER = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
JAW_DROP = 0.20  # how far full intensity of unit 26 lowers the lip, in inter-ocular distances
CAVITY = (52.0, 20.0, 20.0)


class Jaw:
    """The lower face below the line where the lips meet, as a displacement along the face's downward axis."""

    def __init__(self, rgb: np.ndarray, landmarks_px: np.ndarray, axes: FaceAxes) -> None:
        self.axes, self.picture = axes, rgb
        self.upper = _curve(*axes.to_face(landmarks_px[list(UPPER_INNER), :2]))
        self.lower = _curve(*axes.to_face(landmarks_px[list(LOWER_INNER), :2]))
        self.ends = float(self.upper[0][0]), float(self.upper[0][-1])
        self.chin_v = float(axes.to_face(landmarks_px[CHIN, :2])[1])
        mouth = landmarks_px[[78, 308, CHIN], :2].mean(axis=0)
        self.box = axes.box(mouth, (1.15, 1.15), rgb.shape[0])
        size = rgb.shape[0]
        self.unit = (self._drop(*axes.to_face(grid_nodes(size)))[..., None] * axes.down).astype(np.float32)
        y, x = np.mgrid[:size, :size] + 0.5
        u, v = axes.to_face(np.stack([x, y], axis=-1))
        below = v - np.interp(u, *self.lower)
        self.front = np.clip(below / 1.5 + 0.5, 0, 1).astype(np.float32)
        across = np.clip(np.minimum(u - self.ends[0], self.ends[1] - u) / 2 + 0.5, 0, 1)
        depth = np.clip(below / (0.08 * axes.interocular_px), 0, 1)
        opacity = (np.clip(below / 1.5 + 0.5, 0, 1) * across * (0.7 + 0.3 * depth))[..., None]
        self.behind = (rgb * (1 - opacity) + np.array(CAVITY) * opacity).astype(np.uint8)

    def _drop(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Displacement in pixels, at full intensity, of points below the lips' line at face coordinates u, v.

        Between the corners the lips part as an ellipse; further down the whole width follows, and the neck does not.
        """
        unit = self.axes.interocular_px
        middle, half = sum(self.ends) / 2, (self.ends[1] - self.ends[0]) / 2
        parted = np.sqrt(np.clip(1.0 - ((u - middle) / half) ** 2, 0.0, 1.0))
        below = _smooth_step((v - np.interp(u, *self.lower)) / (0.45 * unit))
        wide = np.exp(-((np.abs(u - middle) / (0.85 * unit)) ** 4))
        neck = 1.0 - _smooth_step((v - self.chin_v - 0.1 * unit) / (0.55 * unit))
        return np.asarray(JAW_DROP * unit * wide * neck * (parted + (1 - parted) * below))

    def landmark_shift(self, points: np.ndarray, jaw: float) -> np.ndarray:
        """How far opening by `jaw` (0 to 1) moves neutral points (N, 2) along the face's downward axis, in pixels."""
        u, v = self.axes.to_face(points)
        line = (np.interp(u, *self.upper) + np.interp(u, *self.lower)) / 2
        return np.where(v > line, jaw * self._drop(u, v), 0.0)

    def draw(self, rgb: np.ndarray, source: np.ndarray, lowered: np.ndarray) -> None:
        """Draw the mouth into a frame (H, W, 3) uint8, in place.

        `source` and `lowered` (H, W, 2) are where each pixel lies in the neutral face, as part of the skull and of the jaw.
        """
        skull, jaw = source[self.box], lowered[self.box]
        opacity = sample_image(self.front, jaw)[..., None]
        colour = sample_image(self.behind, skull) * (1 - opacity) + sample_image(self.picture, jaw) * opacity
        rgb[self.box] = colour.astype(np.uint8)


def _smooth_step(x: np.ndarray) -> np.ndarray:
    x = np.clip(x, 0.0, 1.0)
    return np.asarray(x * x * (3 - 2 * x))


def _curve(u: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(u)
    return u[order], v[order]
