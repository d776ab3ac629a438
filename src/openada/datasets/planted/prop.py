"""An object in view: a lamp beside the head whose size and colour can follow the score, for the shortcut variants."""

from __future__ import annotations

import numpy as np

from openada.datasets.planted.axes import face_axes

PLACE = (1.0, -0.62)  # of its centre from between the eyes, in inter-ocular distances along the face's axes
RADIUS = (0.10, 0.26)  # at value 0 and 1
COLOURS = ((60.0, 110.0, 235.0), (240.0, 70.0, 40.0))


class Lamp:
    """A lamp of value 0 (small, blue) to 1 (large, red); it stands still in the picture while the head moves."""

    def __init__(self, landmarks_px: np.ndarray, value: float, size_px: int) -> None:
        axes = face_axes(landmarks_px)
        unit = axes.interocular_px
        self.centre_px = axes.origin + unit * (PLACE[0] * axes.right + PLACE[1] * axes.down)
        self.radius_px = unit * (RADIUS[0] + (RADIUS[1] - RADIUS[0]) * value)
        colour = np.array(COLOURS[0]) * (1 - value) + np.array(COLOURS[1]) * value
        y, x = np.mgrid[:size_px, :size_px] + 0.5
        away = np.hypot(x - self.centre_px[0], y - self.centre_px[1])
        self.opacity = np.clip(self.radius_px - away + 0.5, 0, 1)[..., None].astype(np.float32)
        self.colour = (colour * (1.05 - 0.35 * (away / self.radius_px).clip(0, 1) ** 2)[..., None]).astype(np.float32)

    def draw(self, rgb: np.ndarray) -> np.ndarray:
        """The frame (S, S, 3) uint8 with the lamp in front."""
        return np.clip(rgb * (1 - self.opacity) + self.colour * self.opacity, 0, 255).astype(np.uint8)
