"""What following a face needs of its two networks, whichever library runs them, and how they are started quietly."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import numpy as np

BLANK = np.zeros((192, 192, 3), np.uint8)
"""A picture without a face, for a network's first run and for making a mesh forget."""


@dataclass(frozen=True)
class Detections:
    """The N faces found in one picture.

    boxes_px: (N, 4) float64 x, y, width, height; they may reach outside the picture. scores: (N,) float64, 0 to 1.
    keypoints_px: (N, 6, 2) float64: the eye at the image's left, the other eye, nose tip, mouth, the ear at the image's left,
    the other ear (of a face that looks at the camera, not mirrored).
    """

    boxes_px: np.ndarray
    scores: np.ndarray
    keypoints_px: np.ndarray

    def __len__(self) -> int:
        return len(self.boxes_px)


@dataclass(frozen=True)
class MeshResult:
    """The face in one crop.

    points: (478, 3) float64 in shares of the crop's width, depth likewise. blendshapes: (52,) float32, 0 to 1, or None.
    """

    points: np.ndarray
    blendshapes: np.ndarray | None = None


class Detector(Protocol):
    """Finds every face of a picture."""

    def detect(self, rgb: np.ndarray) -> Detections:
        """The faces of a picture (H, W, 3) uint8; equal pictures give equal answers."""
        ...


class Mesh(Protocol):
    """Finds the landmarks of the face in a crop, and may use where it saw it in the crop before."""

    def landmarks(self, crop_rgb: np.ndarray, fresh: bool) -> MeshResult | None:
        """The face in a crop (S, S, 3) uint8, or None; with `fresh` the answer depends on this crop alone."""
        ...


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Drop what C++ writes to stderr while a network starts: its notes cannot be switched off by a level."""
    os.environ.setdefault("GLOG_minloglevel", "2")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        sys.stderr.flush()
        saved = os.dup(2)
    except (OSError, ValueError, AttributeError):
        yield  # no stderr to guard
        return
    try:
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, 2)
        os.close(sink)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
