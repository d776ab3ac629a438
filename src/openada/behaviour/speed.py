"""Speeds of what is measured frame by frame, over steps long enough for the tracker's jitter not to drown them."""

from __future__ import annotations

import numpy as np

from openada.behaviour.blinks import LARGEST_STEP_S, stretches
from openada.face.pose import rotation_from_angles_deg

HEAD_STEP_S = 0.2
"""From frame to frame the mesh's jitter doubles the head's speed."""

_STEPS_AT_ONCE = 4096  # nine numbers a rotation: an hour's would not be small


def steps(time_s: np.ndarray, usable: np.ndarray, step_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Rows (N,), (N,) of the two ends of a step: each usable row after the last one that is `step_s` or more before it.

    Only where there is one, less than 0.5 s before and with no gap between.
    """
    runs = stretches(time_s, usable)
    lengths = runs[:, 1] - runs[:, 0]
    late = np.repeat(runs[:, 0] - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
    early = np.searchsorted(time_s, time_s[late] - step_s + 1e-6, side="right") - 1  # times are sums of frame intervals
    inside = early >= np.repeat(runs[:, 0], lengths)
    early, late = early[inside], late[inside]
    near = time_s[late] - time_s[early] < LARGEST_STEP_S
    return early[near], late[near]


def rotation_speed_deg_s(time_s: np.ndarray, angles_deg: np.ndarray) -> np.ndarray:
    """Degrees per second (T,) of a head whose angles are (T, 3) yaw, pitch, roll; NaN where no step ends.

    The angle of the one rotation that leads from the step's start to its end, not the differences of the three angles.
    """
    ends = steps(time_s, np.isfinite(angles_deg).all(axis=1), HEAD_STEP_S)
    speed = np.full(len(time_s), np.nan)
    for start in range(0, len(ends[0]), _STEPS_AT_ONCE):
        early, late = (rows[start : start + _STEPS_AT_ONCE] for rows in ends)
        apart = rotation_from_angles_deg(angles_deg[late]) - rotation_from_angles_deg(angles_deg[early])
        # A turn by θ has a Frobenius distance of 2·√2·sin(θ/2); its trace would be blind to small angles.
        half_sine = np.sqrt((apart**2).sum(axis=(-2, -1)) / 8.0)
        speed[late] = np.degrees(2 * np.arcsin(np.minimum(half_sine, 1.0))) / (time_s[late] - time_s[early])
    return speed


def shift_speed(time_s: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Distance (T,) that points (T, D) cover in such steps, over the time they take; NaN where no step ends."""
    early, late = steps(time_s, np.isfinite(points).all(axis=1), HEAD_STEP_S)
    speed = np.full(len(time_s), np.nan)
    speed[late] = np.linalg.norm(points[late] - points[early], axis=1) / (time_s[late] - time_s[early])
    return speed
