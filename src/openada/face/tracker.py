"""The interface that every face tracker fulfils, and the registry of trackers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from openada.errors import UnusableInput

if TYPE_CHECKING:
    from pathlib import Path

    from openada.face.people import Person
    from openada.video import Frame

LANDMARKS = 478  # MediaPipe's face mesh: 468 points of the surface, then 5 of each iris


@dataclass(frozen=True)
class FaceObservation:
    """What a tracker says about one frame. Where the face is lost every measurement is NaN, never zero.

    tracked: the subject's landmarks were found in this frame.
    confidence: score in [0, 1] of the latest detection of the subject, carried until the next; NaN if lost.
    box_px: (4,) float64 x, y, width, height of the rectangle around this frame's 468 surface landmarks; NaN if lost.
    landmarks_px: (478, 3) float32 in source-frame pixels, multiples of 1/64 px; all NaN if lost. x right and y down from
        the picture's edge (pixel i reaches from i to i + 1), z away from the camera in the same unit, relative to the head.
    faces_seen: number of faces in the latest frame that was searched for faces.
    blendshapes: (52,) float32 expression coefficients, 0 to 1, of a tracker that measures them; else None.
    """

    tracked: bool
    confidence: float
    box_px: np.ndarray
    landmarks_px: np.ndarray
    faces_seen: int
    blendshapes: np.ndarray | None = None


SUBJECT_RULES = ("largest", "centre", "first", "all")
"""Whom to follow. "all" is resolved by the caller, which tracks once for each of `people`."""


class FaceTracker(Protocol):
    """Follows one subject through a video."""

    name: str
    parameters: dict[str, Any]

    def track(
        self, frames: Iterable[Frame], *, subject: str | Person = "largest"
    ) -> Iterator[tuple[Frame, FaceObservation]]:
        """One observation per frame, in order; nothing is carried over from an earlier video.

        subject: a rule ("largest", "centre", "first") for the best guess at the first frame with a face, or one of `people`
        of an earlier pass over the same video.
        """
        ...

    @property
    def people(self) -> tuple[Person, ...]:
        """Everyone seen in the video tracked last, in order of first appearance."""
        ...

    @property
    def followed(self) -> Person | None:
        """Who of `people` was followed; None where nobody was."""
        ...


def lost(faces_seen: int) -> FaceObservation:
    """The observation of a frame without the subject."""
    return FaceObservation(
        False, float("nan"), np.full(4, np.nan), np.full((LANDMARKS, 3), np.nan, np.float32), faces_seen
    )


def names() -> tuple[str, ...]:
    """The trackers that `create_tracker` knows."""
    return ("mediapipe", "face-landmarker")


def create_tracker(name: str = "mediapipe", *, model_file: Path | None = None) -> FaceTracker:
    """A tracker by name. Create one per process; it holds no model until its first frame.

    model_file: the `face_landmarker.task` file that "face-landmarker" needs; "mediapipe" carries its models.
    Raises UnusableInput for an unknown name and for a model file that is missing, unusable or not asked for.
    """
    if name == "mediapipe":
        if model_file is not None:
            raise UnusableInput(
                f"The face tracker 'mediapipe' takes no model file ({str(model_file)!r}); use 'face-landmarker' with it."
            )
        from openada.face.mediapipe_backend import MediaPipeTracker

        return MediaPipeTracker()
    if name == "face-landmarker":
        if model_file is None:
            raise UnusableInput(
                "The face tracker 'face-landmarker' needs a model: give a face_landmarker.task file, which MediaPipe's model "
                "page offers for download, as --tracker-model FILE, or use 'mediapipe'."
            )
        from openada.face.landmarker_backend import FaceLandmarkerTracker

        return FaceLandmarkerTracker(model_file)
    raise UnusableInput(f"Unknown face tracker {name!r}; choose one of: {', '.join(names())}.")
