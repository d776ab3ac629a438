"""Displacement fields of the action units and of the turning head, on the coarse grid of a neutral face."""

from __future__ import annotations

import numpy as np

from openada.datasets.planted.axes import FaceAxes, face_axes, grid_nodes, sample_grid
from openada.face.pose import rotation_from_angles_deg
from openada.face.regions import FACE_OVAL

# unit -> (image-left landmark, image-right landmark, outwards, downwards, reach), lengths in inter-ocular distances
# at full intensity; "outwards" is away from the middle of the face on either side.
UNIT_ANCHORS: dict[str, tuple[tuple[int, int, float, float, float], ...]] = {
    "AU01": ((107, 336, 0.0, -0.13, 0.14), (55, 285, 0.0, -0.11, 0.10), (105, 334, 0.0, -0.04, 0.12)),
    "AU02": ((70, 300, 0.0, -0.11, 0.14), (63, 293, 0.0, -0.11, 0.12), (46, 276, 0.0, -0.08, 0.10)),
    "AU04": ((107, 336, -0.06, 0.0, 0.13), (55, 285, -0.07, 0.01, 0.10), (105, 334, -0.04, 0.04, 0.12)),
    "AU06": ((205, 425, 0.02, -0.09, 0.20), (118, 347, 0.0, -0.09, 0.14), (145, 374, 0.0, -0.035, 0.10)),
    "AU12": ((61, 291, 0.09, -0.11, 0.17), (205, 425, 0.03, -0.05, 0.20)),
    "AU15": ((61, 291, 0.0, 0.16, 0.15), (57, 287, 0.01, 0.14, 0.15), (202, 422, 0.0, 0.08, 0.16)),
}
FACE_MARGIN, FACE_FALL_OFF = 0.35, 1.1  # how far beyond its oval the head moves fully, and over which length not at all


def unit_field(unit: str, landmarks_px: np.ndarray, size_px: int) -> np.ndarray:
    """Displacement (G, G, 2) float32 in pixels of one unit at full intensity: Gaussian kernels at its landmarks."""
    axes, nodes = face_axes(landmarks_px), grid_nodes(size_px)
    pull = np.zeros_like(nodes, dtype=np.float64)
    weight = np.zeros(nodes.shape[:2])
    for left, right, outwards, downwards, reach in UNIT_ANCHORS[unit]:
        for index, side in ((left, -1.0), (right, 1.0)):
            offset = nodes - landmarks_px[index, :2]
            near = np.exp(-0.5 * (offset**2).sum(axis=-1) / (reach * axes.interocular_px) ** 2)
            step = axes.interocular_px * (side * outwards * axes.right + downwards * axes.down)
            pull += near[..., None] * step
            weight += near
    return (pull / np.maximum(weight, 1.0)[..., None]).astype(np.float32)


class HeadTurn:
    """The head's rotation as the projected displacement of the mesh's points in three dimensions.

    Depth is interpolated from the mesh; the turn fades out around the head, so that the background stays whole.
    Orthographic; the axis goes through the middle of the face at the depth of the temples.
    """

    def __init__(self, landmarks_px: np.ndarray, size_px: int) -> None:
        import cv2

        axes, self.nodes = face_axes(landmarks_px), grid_nodes(size_px)
        oval = landmarks_px[list(FACE_OVAL)]
        self.centre = np.array([*oval[:, :2].mean(axis=0), landmarks_px[[127, 356], 2].mean()])
        self.interocular_px = axes.interocular_px
        self.depth = _depth(self.nodes, landmarks_px[:468], axes) - self.centre[2]
        outline = oval[:, :2].astype(np.float32)[:, None]
        flat = self.nodes.reshape(-1, 2)
        inside = np.array([cv2.pointPolygonTest(outline, (float(x), float(y)), True) for x, y in flat])
        beyond = -inside.reshape(self.nodes.shape[:2]) / axes.interocular_px - FACE_MARGIN
        self.share = (0.5 + 0.5 * np.cos(np.pi * np.clip(beyond / FACE_FALL_OFF, 0.0, 1.0)))[..., None]

    def field(self, yaw_deg: float, pitch_deg: float, roll_deg: float, shift: tuple[float, float]) -> np.ndarray:
        """Displacement (G, G, 2) float32 in pixels; angles as in `face.pose`, `shift` in inter-ocular distances."""
        flat = self.nodes - self.centre[:2]
        points = np.concatenate([flat, self.depth[..., None]], axis=-1)
        turned = points @ rotation_from_angles_deg(np.array([yaw_deg, pitch_deg, roll_deg]))[:2].T
        moved = turned - flat + np.asarray(shift) * self.interocular_px
        return (self.share * moved).astype(np.float32)


def _depth(nodes: np.ndarray, mesh: np.ndarray, axes: FaceAxes) -> np.ndarray:
    points = mesh[:, :2].astype(np.float32)
    squares = (nodes**2).sum(axis=-1, keepdims=True) + (points**2).sum(axis=-1)
    distance = (squares - 2 * nodes @ points.T).clip(min=0) / np.float32(axes.interocular_px**2)
    weight = np.exp(-0.5 * distance / 0.09**2) + 1e-4 * np.exp(-0.5 * distance / 0.3**2) + 1e-12
    return np.asarray((weight @ mesh[:, 2]) / weight.sum(axis=-1), dtype=np.float64)


def undo(field: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Where points (..., 2) came from under the displacement `field` (G, G, 2): two fixed-point steps."""
    first = points - sample_grid(field, points)
    return np.asarray(points - sample_grid(field, first), dtype=np.float32)
