"""Frames of one identity from the truth: head turn, units, lids, jaw and gaze, then the camera's noise."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from openada.datasets.planted.axes import enlarge_grid, face_axes, grid_nodes, sample_grid, sample_image
from openada.datasets.planted.eyes import Eye
from openada.datasets.planted.fields import UNIT_ANCHORS, HeadTurn, undo, unit_field
from openada.datasets.planted.mouth import Jaw

NOISE_SHEETS = 4
NOISE_MARGIN_PX = 64
SURFACE = 468  # landmarks of the skin; those of the irises follow


class FaceRenderer:
    """Animates a neutral face: rgb (S, S, 3) uint8 with landmarks_px (478, 3).

    Each frame is sampled backwards (where does this pixel's skin come from?), each landmark moved forwards through the same
    fields, so that the truth's polygons lie on what is drawn.
    """

    def __init__(self, rgb: np.ndarray, landmarks_px: np.ndarray, noise_sd: float, rng: np.random.Generator) -> None:
        self.rgb, self.landmarks_px = rgb, landmarks_px
        self.size_px = rgb.shape[0]
        self.axes = face_axes(landmarks_px)
        self.nodes = grid_nodes(self.size_px)
        self.units = np.stack([unit_field(unit, landmarks_px, self.size_px) for unit in UNIT_ANCHORS])
        self.head = HeadTurn(landmarks_px, self.size_px)
        self.eyes = [Eye(rgb, landmarks_px, self.axes, side) for side in ("left", "right")]
        self.jaw = Jaw(rgb, landmarks_px, self.axes)
        self.rng = rng
        side = self.size_px + NOISE_MARGIN_PX
        self.noise = np.rint(rng.normal(0.0, noise_sd, (NOISE_SHEETS, side, side, 3))).astype(np.int8)

    def frame(self, truth: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray]:
        """One frame, rgb (S, S, 3) uint8 without noise, and its mesh (478, 2) float64 in pixels.

        `truth` is a row of the columns of `signals.draw_signals`.
        """
        level = np.array([truth[unit] for unit in UNIT_ANCHORS], dtype=np.float32)
        units = np.tensordot(level, self.units, axes=1)
        turn = self.head.field(
            truth["head_yaw_deg"], truth["head_pitch_deg"], truth["head_roll_deg"], (truth["shift_x"], truth["shift_y"])
        )
        gaze = (truth["gaze_yaw_deg"], truth["gaze_pitch_deg"])
        came_from = undo(units, undo(turn, self.nodes))
        source = enlarge_grid(came_from, self.size_px)
        lowered = enlarge_grid(undo(np.float32(truth["AU26"]) * self.jaw.unit, came_from), self.size_px)
        rgb = sample_image(self.rgb, source)
        self.jaw.draw(rgb, source, lowered)
        for eye in self.eyes:
            eye.draw(rgb, source, truth["AU45"], gaze)
        return rgb, self._landmarks(truth, gaze, (units, turn))

    def _landmarks(
        self, truth: Mapping[str, float], gaze: tuple[float, float], fields: tuple[np.ndarray, ...]
    ) -> np.ndarray:
        points = self.landmarks_px[:, :2].copy()
        surface = points[:SURFACE]
        shift = self.jaw.landmark_shift(surface, truth["AU26"])
        for eye in self.eyes:
            shift += eye.lid_shift(surface, truth["AU45"])
            points[eye.iris] += eye.gaze_shift(*gaze)
        surface += shift[:, None] * self.axes.down
        for field in fields:
            points += sample_grid(field, points[None])[0]
        return points

    def add_noise(self, rgb: np.ndarray) -> np.ndarray:
        """The frame with camera noise: a random cut-out of one of a few sheets of noise."""
        import cv2

        sheet, top, left = (int(self.rng.integers(n)) for n in (NOISE_SHEETS, NOISE_MARGIN_PX, NOISE_MARGIN_PX))
        noise = self.noise[sheet, top : top + self.size_px, left : left + self.size_px]
        return np.asarray(cv2.add(rgb, np.ascontiguousarray(noise), dtype=cv2.CV_8U))
