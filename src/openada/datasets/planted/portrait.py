"""The photograph that the benchmark animates, cropped around its face, with the face mesh's landmarks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from openada.errors import UnusableInput

FRAME_WIDTH_INTEROCULAR = 4.6
DEFAULT_SOURCE = "scikit-image's `astronaut`: NASA portrait of Eileen Collins, public domain"


@dataclass(frozen=True)
class Portrait:
    """A square photograph, rgb (S, S, 3) uint8, and its mesh, landmarks_px (478, 3) float64; `source` says where it is from."""

    rgb: np.ndarray
    landmarks_px: np.ndarray
    source: str


def load_portraits(path: Path | None, size_px: int) -> tuple[Portrait, Portrait]:
    """The portrait and its mirror image, `size_px` wide, about 4.6 inter-ocular distances across.

    The mirror image is tracked by itself, so that "left" stays the image's left. UnusableInput if there is
    no face, or no picture.
    """
    import cv2

    rgb, source = _photograph(path)
    landmarks = _track(rgb, source)
    left, right = landmarks[[33, 133], :2].mean(axis=0), landmarks[[263, 362], :2].mean(axis=0)
    interocular = float(np.hypot(*(right - left)))
    centre = (left + right) / 2 + (0.0, 0.15 * interocular)
    zoom = size_px / (FRAME_WIDTH_INTEROCULAR * interocular)
    offset = size_px / 2 - zoom * centre
    # Landmarks count from the picture's edge, cv2 from the first pixel's centre.
    matrix = np.column_stack([np.eye(2) * zoom, offset + 0.5 * zoom - 0.5])
    flags = cv2.INTER_CUBIC if zoom > 1 else cv2.INTER_AREA
    crop = cv2.warpAffine(rgb, matrix, (size_px, size_px), flags=flags, borderMode=cv2.BORDER_REFLECT_101)
    mirrored = np.ascontiguousarray(crop[:, ::-1])
    return Portrait(crop, _track(crop, source), source), Portrait(mirrored, _track(mirrored, source), source)


def _photograph(path: Path | None) -> tuple[np.ndarray, str]:
    if path is None:
        from skimage.data import astronaut

        return np.ascontiguousarray(astronaut()), DEFAULT_SOURCE
    from openada.video import frames

    return next(iter(frames(path))).rgb, f"{path.name}, supplied by the user"


def _track(rgb: np.ndarray, source: str) -> np.ndarray:
    from openada.face import create_tracker
    from openada.video import Frame

    # A tracker settles on a still picture within a few frames.
    still = (Frame(i, i / 30, rgb) for i in range(5))
    observation = [seen for _, seen in create_tracker().track(still)][-1]
    if not observation.tracked:
        raise UnusableInput(f"portrait {source}: no face was found; use a frontal photograph with one clear face")
    return observation.landmarks_px.astype(np.float64)
