"""Where the head is in front of a camera of known focal length, and how it is turned in that camera's axes.

The 17 canonical points of `face/pose.py`, seen in perspective, are fitted to their pixels by Gauss–Newton on the
reprojection error (the perspective-n-point problem), started from the similarity fit that ignores perspective. Only the
landmarks' x and y are used then, so the fit is exact whatever the mesh says of depth, and undoes two effects of
perspective: a face away from the optical axis looks turned, and the near parts of a near face look larger. On photographs
warped as if the camera had turned by 12° to 35°, tracked anew, positions turned along to 3 % and rotations to about 3°;
those of `head_rotation`, which knows no camera, were off by 10° to 33°.

What it rests on: the eye centres are `INTEROCULAR_MM` apart. A person's true distance cannot be seen in an image, so all
positions scale with it: adults have 52 to 78 mm (Dodgson, "Variation and extrema of human interpupillary distance",
SPIE 5291, 2004), and a head of 66 mm is 5 % farther away than reported. Lens distortion is not modelled.
"""

from __future__ import annotations

import numpy as np

from openada.errors import UnusableInput
from openada.face.pose import CANONICAL, RIGID, head_rotation

INTEROCULAR_MM = 63.0
"""Distance between the eye centres that is assumed of everybody: the mean of adults."""

_STEPS = 8  # six reach rounding error for heads turned up to 75°, off the axis up to 35°, from 200 to 3000 mm
_OFF_MAX = 0.25
"""A fit whose points are farther off than this (root mean square, inter-ocular distances) has failed; faces reach 0.05."""
_FRAMES_AT_ONCE = 4096


def head_position_mm(landmarks_px: np.ndarray, focal_px: float, principal_px: tuple[float, float]) -> np.ndarray:
    """Position (..., 3) float64 in mm of the point midway between the eyes, from landmarks (..., 478, 3).

    The camera is the origin; x to image right, y down, z away from the camera along the optical axis. Arguments, errors
    and missing values as for `head_in_camera`.
    """
    return head_in_camera(landmarks_px, focal_px, principal_px)[1]


def head_in_camera(
    landmarks_px: np.ndarray, focal_px: float, principal_px: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Rotation (..., 3, 3) and position (..., 3) in mm of the head in the camera's axes, float64.

    landmarks_px: (..., 478, 3). focal_px: focal length in pixels of the same frame. principal_px: where the optical axis
    meets it (x, y), counted from the picture's edge, so usually half its width and height. The rotation takes the frontal
    head to the observed one as that of `head_rotation` does, and `angles_from_rotation_deg` gives its angles; but it is
    relative to the camera's axes, where that one is relative to the line of sight: for a face on the optical axis the two
    agree. Both are NaN where the face is lost or its points cannot be those of a head in front of the camera.

    Raises UnusableInput for a focal length that is not positive and for a principal point that is not finite.
    """
    if not (np.isfinite(focal_px) and focal_px > 0):
        raise UnusableInput(f"A focal length of {focal_px!r} px is not possible; give it in pixels, above 0.")
    principal = np.asarray(principal_px, np.float64)
    if principal.shape != (2,) or not np.isfinite(principal).all():
        raise UnusableInput(f"{principal_px!r} is no principal point; give two finite numbers, x and y in pixels.")
    landmarks = np.asarray(landmarks_px)
    leading = landmarks.shape[:-2]
    frames = landmarks.reshape(-1, *landmarks.shape[-2:])
    rotation = np.full((len(frames), 3, 3), np.nan)
    position = np.full((len(frames), 3), np.nan)
    for start in range(0, len(frames), _FRAMES_AT_ONCE):
        part = slice(start, start + _FRAMES_AT_ONCE)
        rotation[part], position[part] = _fitted(frames[part], focal_px, principal)
    return rotation.reshape(*leading, 3, 3), INTEROCULAR_MM * position.reshape(*leading, 3)


def _fitted(landmarks_px: np.ndarray, focal_px: float, principal_px: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rotation (N, 3, 3) and position (N, 3) in inter-ocular distances from landmarks (N, 478, 3)."""
    rotation = head_rotation(landmarks_px)
    observed = landmarks_px[:, RIGID].astype(np.float64)
    centre = observed.mean(axis=-2)
    canonical = CANONICAL - CANONICAL.mean(axis=0)
    upright = (observed - centre[:, None]) @ rotation
    interocular_px = (upright * canonical).sum(axis=(-2, -1)) / (canonical**2).sum()
    usable = interocular_px > 0  # False where NaN

    image = (observed[usable, :, :2] - principal_px) / focal_px
    turn = rotation[usable]
    depth = focal_px / interocular_px[usable]
    shift = np.column_stack([image.mean(axis=-2) * depth[:, None], depth]) - turn @ CANONICAL.mean(axis=0)
    with np.errstate(all="ignore"):  # a fit that runs away ends as NaN
        for _ in range(_STEPS):
            turn, shift = _step(turn, shift, image)
        seen = CANONICAL @ np.swapaxes(turn, -1, -2) + shift[:, None]
        off = np.sqrt(((image - seen[..., :2] / seen[..., 2:]) ** 2).sum(axis=-1).mean(axis=-1))
        failed = ~((seen[..., 2] > 0).all(axis=-1) & (off * depth < _OFF_MAX))
    turn[failed], shift[failed] = np.nan, np.nan
    rotation[:], position = np.nan, np.full_like(centre, np.nan)
    rotation[usable], position[usable] = turn, shift
    return rotation, position


def _step(turn: np.ndarray, shift: np.ndarray, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One Gauss–Newton step of rotations (N, 3, 3) and positions (N, 3) towards image points (N, K, 2) at focal length 1."""
    arms = CANONICAL @ np.swapaxes(turn, -1, -2)
    seen = arms + shift[:, None]
    near = 1 / seen[..., 2:]
    projected = seen[..., :2] * near
    by_point = near[..., None] * np.concatenate([np.broadcast_to(np.eye(2), (*near.shape[:-1], 2, 2)),
                                                 -projected[..., None]], axis=-1)  # fmt: skip
    jacobian = np.concatenate([by_point @ -_cross(arms), by_point], axis=-1).reshape(len(turn), 2 * len(RIGID), 6)
    residual = (image - projected).reshape(len(turn), 2 * len(RIGID), 1)
    transposed = np.swapaxes(jacobian, -1, -2)
    normal = transposed @ jacobian
    normal += 1e-12 * np.trace(normal, axis1=-2, axis2=-1)[:, None, None] * np.eye(6)  # never singular
    step = np.linalg.solve(normal, transposed @ residual)[..., 0]
    return _rotation(step[:, :3]) @ turn, shift + step[:, 3:]


def _cross(vectors: np.ndarray) -> np.ndarray:
    """The matrices (..., 3, 3) whose product with a vector is the cross product with `vectors` (..., 3)."""
    x, y, z = np.moveaxis(vectors, -1, 0)
    nil = np.zeros_like(x)
    return np.stack([nil, -z, y, z, nil, -x, -y, x, nil], axis=-1).reshape(*x.shape, 3, 3)


def _rotation(vectors: np.ndarray) -> np.ndarray:
    """Rotations (N, 3, 3) about `vectors` (N, 3) by their length in radians (Rodrigues)."""
    angle = np.linalg.norm(vectors, axis=-1)[:, None, None]
    cross = _cross(vectors)
    return np.eye(3) + np.sinc(angle / np.pi) * cross + np.sinc(angle / (2 * np.pi)) ** 2 / 2 * cross @ cross
