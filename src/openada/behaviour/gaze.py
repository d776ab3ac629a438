"""Where the eyes look, from the place of the iris in the eye.

The eyeball is a sphere of 12 mm radius (half an adult's axial length) in a face of 63 mm between the eyes, hence of
0.19 inter-ocular distances. Its centre lies behind the midpoint of the eye's corners, 0.026 distances higher up the
head: there a portrait that looks into the camera has its irises. Turned by yaw and pitch, the iris centre moves by
radius · (sin yaw · cos pitch, sin pitch) to image right and down; we solve for the angles and average both eyes.
There is no calibration: a constant offset of a few degrees per person is to be expected.
"""

from __future__ import annotations

import numpy as np

from openada.face import regions

EYEBALL_RADIUS_MM = 12.0
INTEROCULAR_MM = 63.0
EYEBALL_RADIUS = EYEBALL_RADIUS_MM / INTEROCULAR_MM
REST_ABOVE_CORNERS = 0.026


def gaze_deg(head: np.ndarray) -> np.ndarray:
    """Yaw and pitch of the gaze (T, 2) in degrees, in the head's frame, from landmarks there (T, 478, 3); NaN stays NaN.

    +yaw: to image right; +pitch: down. A displacement beyond the eyeball's radius counts as one of that radius.
    """
    offsets = [
        head[:, iris, :2].mean(axis=1) - head[:, corners, :2].mean(axis=1)
        for corners, iris in (
            (regions.EYE_CORNERS_LEFT, regions.IRIS_LEFT),
            (regions.EYE_CORNERS_RIGHT, regions.IRIS_RIGHT),
        )
    ]
    shift = (np.mean(offsets, axis=0) + np.array([0.0, REST_ABOVE_CORNERS])) / EYEBALL_RADIUS
    shift /= np.maximum(np.hypot(shift[:, 0], shift[:, 1]), 1.0)[:, None]
    across, down = shift.T
    towards = np.sqrt(np.maximum(1.0 - across**2 - down**2, 0.0))
    return np.degrees(np.column_stack([np.arctan2(across, towards), np.arcsin(np.clip(down, -1.0, 1.0))]))
