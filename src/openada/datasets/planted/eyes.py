"""An eye that can look and close: an iris on an eyeball, behind an upper lid that slides over it.

Three layers, back to front: the picture with its opening painted white, the iris, the skin above the opening.
"""

from __future__ import annotations

import numpy as np

from openada.datasets.planted.axes import FaceAxes, sample_image
from openada.face import regions

EYEBALL_RADIUS_MM = 12.0
IRIS_RADIUS_MM = 5.9
INTEROCULAR_MM = 63.0
LID_REACH = 0.24  # how far above the eye its skin is drawn along when the lid closes, in inter-ocular distances
SHUT = 0.96  # share of the opening that a full closure covers


class Eye:
    """One eye of a neutral face: the lids' curves in the face's axes, the eyeball's colours, the region it is drawn in."""

    def __init__(self, rgb: np.ndarray, landmarks_px: np.ndarray, axes: FaceAxes, side: str) -> None:
        ring = regions.EYE_LEFT if side == "left" else regions.EYE_RIGHT
        self.iris = list(regions.IRIS_LEFT if side == "left" else regions.IRIS_RIGHT)
        self.axes = axes
        self.scale = axes.interocular_px / INTEROCULAR_MM
        u, v = axes.to_face(landmarks_px[list(ring), :2])
        self.lower = _curve(u[:9], v[:9])
        self.upper = _curve(np.append(u[8:], u[0]), np.append(v[8:], v[0]))
        self.ends = float(u.min()), float(u.max())
        self.iris_centre = landmarks_px[self.iris[0], :2]
        self.reach = LID_REACH * axes.interocular_px
        middle = landmarks_px[list(ring), :2].mean(axis=0)
        self.box = axes.box(middle, (0.52, 0.52), rgb.shape[0])
        self.picture = rgb
        self._paint(rgb)

    def _lids(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Height of the upper lid's margin, and of the opening below it, at face coordinates u."""
        top, bottom = np.interp(u, *self.upper), np.interp(u, *self.lower)
        return top, np.maximum(bottom - top, 0.0)

    def _paint(self, rgb: np.ndarray) -> None:
        size = rgb.shape[0]
        y, x = np.mgrid[:size, :size] + 0.5
        u, v = self.axes.to_face(np.stack([x, y], axis=-1))
        top, gap = self._lids(u)
        bottom = top + gap
        within = np.clip(np.minimum(u - self.ends[0], self.ends[1] - u) / 1.5, 0.0, 1.0)
        away = np.hypot(x - self.iris_centre[0], y - self.iris_centre[1])
        radius = IRIS_RADIUS_MM * self.scale
        white, iris = _colours(rgb, (v > top + 0.5) & (v < bottom - 0.3) & (within >= 1), away / radius)

        opening = np.clip(v - top + 0.5, 0, 1) * np.clip((bottom - v) / 1.2 + 0.3, 0, 1) * within
        middle, half = sum(self.ends) / 2, (self.ends[1] - self.ends[0]) / 2
        shade = (0.74 + 0.26 * np.clip((v - top) / (0.07 * self.axes.interocular_px), 0, 1)) * (
            1.0 - 0.25 * np.clip((u - middle) / half, -1, 1) ** 2
        )
        painted = rgb * (1 - opening[..., None]) + white * (shade * opening)[..., None]
        self.behind = np.clip(painted, 0, 255).astype(np.uint8)

        away = away / radius
        pupil = np.clip((0.42 - away) * radius / 1.2 + 0.5, 0, 1)[..., None]
        rim = (1.0 - 0.45 * np.clip((away - 0.6) / 0.4, 0, 1))[..., None]
        glint = np.hypot(x - self.iris_centre[0] + 0.35 * radius, y - self.iris_centre[1] + 0.35 * radius) / (
            0.2 * radius
        )
        colour = iris * rim * (1 - pupil) + 14.0 * pupil + 120.0 * np.exp(-0.5 * glint**2)[..., None]
        self.disc = np.clip(colour, 0, 255).astype(np.uint8)
        self.disc_opacity = np.clip((1.0 - away) * radius / 1.2 + 0.5, 0, 1).astype(np.float32)
        self.opening = opening.astype(np.float32)
        above = np.clip(top - v + 0.8, 0, 1) * (u > self.ends[0]) * (u < self.ends[1])
        self.above = above.astype(np.float32)
        self.lid = np.stack([v, top - self.reach, gap * within], axis=-1).astype(np.float32)

    def lid_shift(self, points: np.ndarray, closure: float) -> np.ndarray:
        """How far closing by `closure` (0 to 1) moves neutral points (N, 2) along the face's downward axis, in pixels."""
        u, v = self.axes.to_face(points)
        top, gap = self._lids(u)
        share = np.clip((v - top + self.reach) / self.reach, 0.0, 1.0)
        inside = (u > self.ends[0]) & (u < self.ends[1]) & (v <= top + gap / 2)
        return np.where(inside, share * closure * SHUT * gap, 0.0)

    def gaze_shift(self, yaw_deg: float, pitch_deg: float) -> np.ndarray:
        """Shift of the iris (2,) x, y in pixels when the eyeball turns; + yaw image right, + pitch down."""
        yaw, pitch = np.radians([yaw_deg, pitch_deg])
        radius = EYEBALL_RADIUS_MM * self.scale
        return np.asarray(radius * (np.sin(yaw) * np.cos(pitch) * self.axes.right + np.sin(pitch) * self.axes.down))

    def draw(self, rgb: np.ndarray, source: np.ndarray, closure: float, gaze_deg: tuple[float, float]) -> None:
        """Draw the eye into a frame (H, W, 3) uint8, in place; `source` (H, W, 2): where each pixel lies in the neutral face."""
        part = source[self.box]
        looking = part - self.gaze_shift(*gaze_deg).astype(np.float32)
        opacity = (sample_image(self.disc_opacity, looking) * sample_image(self.opening, part))[..., None]
        colour = sample_image(self.behind, part) * (1 - opacity) + sample_image(self.disc, looking) * opacity
        v, start, gap = np.moveaxis(sample_image(self.lid, part), -1, 0)
        drop = closure * SHUT * gap
        along = np.clip((v - start) / (self.reach + drop), 0.0, 1.0)
        skin = part - (drop * along)[..., None] * self.axes.down.astype(np.float32)
        opacity = sample_image(self.above, skin)[..., None]
        colour = colour * (1 - opacity) + sample_image(self.picture, skin) * opacity
        rgb[self.box] = colour.astype(np.uint8)


def _colours(rgb: np.ndarray, opening: np.ndarray, away: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Colours of white and iris, from the picture's own pixels inside the lids; plain ones where there are too few."""
    white, iris = (rgb[opening & near].astype(np.float64) for near in (away > 1.15, away < 0.8))
    if len(white) < 3 or len(iris) < 3:
        return np.full(3, 190.0), np.full(3, 70.0)
    bright = white.sum(axis=1)
    return white[bright >= np.quantile(bright, 0.5)].mean(axis=0), np.median(iris, axis=0) * 0.9 + 6.0


def _curve(u: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(u)
    return u[order], v[order]
