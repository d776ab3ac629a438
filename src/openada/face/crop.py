"""The part of the frame in which the mesh looks for the face."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np

PARAMETERS: dict[str, Any] = {
    "crop_over_box": 2.0,
    "crop_side_max_px": 400,
    "move_over_side": 0.1,
    "move_over_scale": 1.25,
}


class Crop:
    """A square of the frame about a detected box, possibly reaching outside it, delivered at a bounded size.

    A large crop is shrunk by area by a whole factor, which is several times faster than by a fraction.
    """

    def __init__(self, box_px: np.ndarray) -> None:
        x, y, width, height = box_px
        side = max(PARAMETERS["crop_over_box"] * max(width, height), 16)
        self.shrink = math.ceil(side / PARAMETERS["crop_side_max_px"])
        self.side = math.ceil(side / self.shrink) * self.shrink
        self.x = round(x + width / 2 - self.side / 2)
        self.y = round(y + height / 2 - self.side / 2)

    def cut(self, rgb: np.ndarray) -> np.ndarray:
        """The square's pixels (side / shrink, side / shrink, 3) uint8, black where it leaves the frame."""
        height, width = rgb.shape[:2]
        left, top = max(self.x, 0), max(self.y, 0)
        right, bottom = min(self.x + self.side, width), min(self.y + self.side, height)
        inside = rgb[top:bottom, left:right]
        if inside.shape[:2] != (self.side, self.side):
            padded = np.zeros((self.side, self.side, 3), np.uint8)
            padded[top - self.y : bottom - self.y, left - self.x : right - self.x] = inside
            inside = padded
        if self.shrink > 1:
            return cv2.resize(inside, (self.side // self.shrink,) * 2, interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(inside)

    def to_frame(self, points: np.ndarray) -> np.ndarray:
        """Points (..., 3) in shares of the crop's width, as pixels of the frame; depth in the same unit."""
        return points * self.side + (self.x, self.y, 0.0)

    def fits(self, box_px: np.ndarray) -> bool:
        """Whether a detected box is still served well enough by this crop for it to stay where it is."""
        other = Crop(box_px)
        scale = other.side / self.side
        shift = np.hypot(
            other.x + other.side / 2 - self.x - self.side / 2, other.y + other.side / 2 - self.y - self.side / 2
        )
        limit = PARAMETERS["move_over_scale"]
        return bool(1 / limit <= scale <= limit and shift <= PARAMETERS["move_over_side"] * self.side)

    def nearly_left_by(self, box_px: np.ndarray) -> bool:
        """Whether a face box reaches the crop's edge."""
        x, y, width, height = box_px
        return bool(x < self.x or y < self.y or x + width > self.x + self.side or y + height > self.y + self.side)
