"""Head angles from the mesh's three-dimensional points.

The rotation is the orthogonal Procrustes solution (Kabsch 1976; with one scale, Umeyama 1991) between the observed points and
our own canonical set of points that expressions hardly move. Observed depth is the mesh's own estimate: perspective is
not modelled, so angles of a face near the image's edge include the direction in which the camera sees it.
"""

from __future__ import annotations

import numpy as np

_MIDLINE: dict[int, tuple[float, float, float]] = {
    168: (0.0, -0.081, -0.321),
    6: (0.0, 0.049, -0.381),
    197: (0.0, 0.170, -0.452),
    195: (0.0, 0.279, -0.530),
    4: (0.0, 0.544, -0.639),
}
_PAIRS: dict[tuple[int, int], tuple[float, float, float]] = {
    (33, 263): (-0.725, -0.020, 0.041),
    (133, 362): (-0.275, 0.020, -0.041),
    (122, 351): (-0.093, 0.073, -0.339),
    (54, 284): (-0.957, -0.562, 0.201),
    (103, 332): (-0.810, -0.701, -0.009),
    (127, 356): (-1.105, 0.026, 0.821),
}

RIGID: tuple[int, ...] = (*_MIDLINE, *(index for pair in _PAIRS for index in pair))
"""Landmarks of the canonical set: bridge and tip of the nose, corners of the eyes, sides of the forehead, temples.

The wings of the nose move with the mouth and the middle of the forehead with the brows: they are left out."""

CANONICAL = np.array(
    [
        *_MIDLINE.values(),
        *(side for x, y, z in _PAIRS.values() for side in ((x, y, z), (-x, y, z))),
    ]
)
"""(17, 3) coordinates of `RIGID` in inter-ocular distances, frontal head: x to image right, y down, z away from the camera,
origin between the eyes. Ours: the mesh of a public-domain portrait, averaged over 40 scaled, rotated and mirrored copies and made
symmetric. The head counts as level when the line from below the nose (2) to the top of the forehead (10) is upright."""


def head_rotation(landmarks_px: np.ndarray) -> np.ndarray:
    """Rotation matrices (..., 3, 3) float64 taking the frontal head to the observed one; NaN where the face is lost.

    landmarks_px: (..., 478, 3).
    """
    observed = np.asarray(landmarks_px, np.float64)[..., RIGID, :]
    rotation = np.full((*observed.shape[:-2], 3, 3), np.nan)
    usable = np.isfinite(observed).all(axis=(-2, -1))
    points = observed[usable]
    if not len(points):
        return rotation
    points = points - points.mean(axis=-2, keepdims=True)
    canonical = CANONICAL - CANONICAL.mean(axis=0)
    u, _, vt = np.linalg.svd(np.swapaxes(points, -1, -2) @ canonical)
    proper = np.ones((len(points), 3))
    proper[:, 2] = np.sign(np.linalg.det(u @ vt))
    rotation[usable] = (u * proper[:, None, :]) @ vt
    return rotation


def in_head_frame(landmarks_px: np.ndarray, rotation: np.ndarray | None = None) -> np.ndarray:
    """Landmarks (..., 478, 3) freed of the head's position, size and rotation: what is left is shape and expression.

    Float64 in inter-ocular distances of the canonical head, axes as in `CANONICAL`. NaN where the face is lost.
    `rotation`: of `head_rotation`, where it is known already.
    """
    rotation = head_rotation(landmarks_px) if rotation is None else rotation
    points = np.asarray(landmarks_px, np.float64)
    origin = points[..., RIGID, :].mean(axis=-2, keepdims=True)
    upright = (points - origin) @ rotation  # row vectors: multiplying by R from the right applies its inverse
    centre = CANONICAL.mean(axis=0)
    canonical = CANONICAL - centre
    scale = (upright[..., RIGID, :] * canonical).sum(axis=(-2, -1)) / (canonical**2).sum()
    return upright / scale[..., None, None] + centre


def angles_from_rotation_deg(rotation: np.ndarray) -> np.ndarray:
    """Yaw, pitch, roll (..., 3) in degrees of rotations (..., 3, 3), where rotation = Y(yaw) · X(pitch) · Z(roll)."""
    yaw = np.arctan2(-rotation[..., 0, 2], rotation[..., 2, 2])
    pitch = np.arcsin(np.clip(-rotation[..., 1, 2], -1.0, 1.0))
    roll = np.arctan2(rotation[..., 1, 0], rotation[..., 1, 1])
    return np.degrees(np.stack([yaw, pitch, roll], axis=-1))


def rotation_from_angles_deg(angles_deg: np.ndarray) -> np.ndarray:
    """Rotations (..., 3, 3) from yaw, pitch, roll (..., 3) in degrees: the inverse of `angles_from_rotation_deg`."""
    yaw, pitch, roll = np.moveaxis(np.radians(np.asarray(angles_deg, np.float64)), -1, 0)
    one, nil = np.ones_like(yaw), np.zeros_like(yaw)

    def matrix(*entries: np.ndarray) -> np.ndarray:
        return np.stack(entries, axis=-1).reshape(*yaw.shape, 3, 3)

    about_y = matrix(np.cos(yaw), nil, -np.sin(yaw), nil, one, nil, np.sin(yaw), nil, np.cos(yaw))
    about_x = matrix(one, nil, nil, nil, np.cos(pitch), -np.sin(pitch), nil, np.sin(pitch), np.cos(pitch))
    about_z = matrix(np.cos(roll), -np.sin(roll), nil, np.sin(roll), np.cos(roll), nil, nil, nil, one)
    return about_y @ about_x @ about_z


def head_pose_deg(landmarks_px: np.ndarray) -> np.ndarray:
    """Yaw, pitch, roll (..., 3) float64 in degrees from landmarks (..., 478, 3); NaN where the face is lost.

    +yaw: the subject turns to image right; +pitch: looks down; +roll: tilts clockwise in the image. Range ±180, ±90, ±180.
    """
    return angles_from_rotation_deg(head_rotation(landmarks_px))
