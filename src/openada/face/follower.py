"""Following one subject through one video: which face it is, where it is searched, when it was last confirmed.

Detecting faces in every frame would cost most of the speed. The detector therefore looks at the whole frame only at the
start, after a loss, once per second of video time, when the face comes near the edge of the crop, and while somebody else
is close. In between, the mesh tracks inside a fixed square crop of twice the detected box, padded in black where it
leaves the frame. The crop is moved only at a detection, and only if the face has drifted enough to matter.

Rules
- Subject: the best guess by a rule at the first frame in which a face has landmarks, or a person known from an earlier
  pass. Who each detected face is, `people` says.
- Lost: the mesh's own presence score falls below one half and searching the whole frame does not bring the subject back;
  or the mesh's face turns out to be somebody else (who moved in front of the subject, say) and the subject is seen nowhere.
- Company: with another face within half a face's width (as expected from its motion), a detection every 0.1 s; while they
  overlap, in every frame; likewise in a frame in which the face jumps. The mesh can slide from one face onto another.
- Against a mesh that goes on seeing a face where none is: if a detection finds no face at the mesh's, every further
  frame is searched, and after half a second without any confirmation the face counts as lost. A full-range
  detector can miss a turned head for a moment; half a second bridges that and bounds what is wrongly tracked to 1.5 s.
- While lost, every frame is searched for the first second, then one in each 0.1 s of video.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from openada.face.appearance import describe
from openada.face.boxes import box_around, differs, nearest
from openada.face.crop import Crop
from openada.face.networks import Detections, Detector, Mesh
from openada.face.people import People, Person, by_rule
from openada.face.tracker import FaceObservation, lost

if TYPE_CHECKING:
    from openada.video import Frame

PARAMETERS: dict[str, Any] = {
    "detect_every_s": 1.0,
    "unconfirmed_max_s": 0.5,
    "search_all_s": 1.0,
    "search_every_s": 0.1,
    "company_widths": 0.5,
    "company_detect_every_s": 0.1,
    "jump_over_box": 0.25,
    "landmark_step_px": 1 / 64,
}

_Face = tuple[np.ndarray, np.ndarray | None]  # landmarks (478, 3) float32 in source pixels, blendshapes (52,)


class Follower:
    """The state of one video. `subject` is one of `people.RULES`, or a person of an earlier pass over the same video."""

    def __init__(self, detector: Detector, mesh: Mesh, subject: str | Person = "largest") -> None:
        self._detector = detector
        self._mesh = mesh
        self._rule = subject if isinstance(subject, str) else None
        self.census = People(None if isinstance(subject, str) else subject)
        self._crop: Crop | None = None
        self._box: np.ndarray | None = None  # of the subject in the frame before; None if it was lost there
        self._searched_box: np.ndarray | None = None  # of the subject in the latest searched frame
        self._confidence = float("nan")
        self._faces_seen = 0
        self._detected_s = -np.inf
        self._unconfirmed_since_s: float | None = None
        self._lost_since_s: float | None = None

    def observe(self, frame: Frame) -> FaceObservation:
        """What is seen of the subject in the next frame."""
        face = self._look(frame.rgb) if self._crop is not None else None
        if face is None:
            face = self._search(frame)
        else:
            box = box_around(face[0])
            if self._detection_is_due(frame.time_s, box):
                face = self._confirm(frame, face, box)
        if face is None:
            self._crop = self._box = None
            if self._lost_since_s is None:
                self._lost_since_s = frame.time_s
            return lost(self._faces_seen)
        self._lost_since_s = None
        self._box = box_around(face[0])
        if self._detected_s == frame.time_s:
            self._searched_box = self._box
        self.census.follow(frame.time_s, self._box)
        return FaceObservation(True, self._confidence, self._box, face[0], self._faces_seen, face[1])

    def _detection_is_due(self, time_s: float, box_px: np.ndarray) -> bool:
        assert self._crop is not None
        if self._unconfirmed_since_s is not None or self._crop.nearly_left_by(box_px) or self._jumped(box_px):
            return True
        since_s = time_s - self._detected_s
        if since_s >= PARAMETERS["detect_every_s"] or since_s < 0:
            return True
        gap = self.census.gap_to_others(time_s, box_px, self.census.subject)
        if gap < 0:
            return True
        return gap < PARAMETERS["company_widths"] and since_s >= PARAMETERS["company_detect_every_s"] - 1e-6

    def _jumped(self, box_px: np.ndarray) -> bool:
        """Whether the face has leapt since the frame before, or changed its size since the latest search."""
        assert self._box is not None and self._searched_box is not None
        limit = PARAMETERS["jump_over_box"]
        return differs(self._box[:2], box_px[:2], limit * self._box[2:]) or differs(
            self._searched_box[2:], box_px[2:], limit * self._searched_box[2:]
        )

    def _search(self, frame: Frame) -> _Face | None:
        """Look for the subject in the whole frame, then for its landmarks."""
        if self._lost_since_s is not None:
            lost_s = frame.time_s - self._lost_since_s
            rests = lost_s > PARAMETERS["search_all_s"] and frame.time_s >= self._detected_s
            if rests and frame.time_s - self._detected_s < PARAMETERS["search_every_s"] - 1e-6:
                return None
        detections, numbers = self._detect(frame)
        if self.census.subject is None:
            picture_px = frame.rgb.shape[1], frame.rgb.shape[0]
            candidates = by_rule(detections, picture_px, self._rule or "largest")
        else:
            candidates = [index for index, number in enumerate(numbers) if number == self.census.subject]
        for index in candidates:
            face = self._settle(frame.rgb, detections, index)
            if face is not None:
                self._accept(detections, numbers, index)
                return face
        return None

    def _confirm(self, frame: Frame, face: _Face, box_px: np.ndarray) -> _Face | None:
        """Check the mesh's face against a detection: whose it is, and whether the crop must move after it."""
        assert self._crop is not None
        detections, numbers = self._detect(frame)
        here = nearest(detections.boxes_px, box_px)
        mine = numbers.index(self.census.subject) if self.census.subject in numbers else None
        if mine is None:
            return face if here is None and self._may_wait(frame.time_s) else None
        if mine == here and not self._crop.nearly_left_by(box_px) and self._crop.fits(detections.boxes_px[mine]):
            self._accept(detections, numbers, mine)
            return face
        before = self._crop
        moved = self._settle(frame.rgb, detections, mine)
        if moved is None and mine != here:
            return None
        self._accept(detections, numbers, mine)
        if moved is None:  # the old crop still served; the next detection tries again
            self._crop = before
            return self._look(frame.rgb, fresh=True)
        return moved

    def _may_wait(self, time_s: float) -> bool:
        """Whether the mesh is believed although no detection shows its face."""
        if self._unconfirmed_since_s is None:
            self._unconfirmed_since_s = time_s
        return bool(0 <= time_s - self._unconfirmed_since_s < PARAMETERS["unconfirmed_max_s"])

    def _accept(self, detections: Detections, numbers: list[int], index: int) -> None:
        self.census.confirm(numbers[index])
        self._confidence = min(max(float(detections.scores[index]), 0.0), 1.0)
        self._unconfirmed_since_s = None

    def _detect(self, frame: Frame) -> tuple[Detections, list[int]]:
        """All faces of the frame, and the number of each one's person in the census."""
        detections = self._detector.detect(frame.rgb)
        self._detected_s = frame.time_s
        self._faces_seen = len(detections)
        descriptors = [describe(frame.rgb, points) for points in detections.keypoints_px]
        picture_px = frame.rgb.shape[1], frame.rgb.shape[0]
        return detections, self.census.add(frame.time_s, detections, descriptors, picture_px)

    def _settle(self, rgb: np.ndarray, detections: Detections, index: int) -> _Face | None:
        """Place the crop about a detected face and find that face's landmarks in it."""
        self._crop = Crop(detections.boxes_px[index])
        face = self._look(rgb, fresh=True)
        return face if face is not None and nearest(detections.boxes_px, box_around(face[0])) == index else None

    def _look(self, rgb: np.ndarray, fresh: bool = False) -> _Face | None:
        """Landmarks in source pixels, rounded as they are stored; `fresh` drops what the mesh remembers of the crop first."""
        assert self._crop is not None
        found = self._mesh.landmarks(self._crop.cut(rgb), fresh)
        if found is None:
            return None
        step = PARAMETERS["landmark_step_px"]
        return (np.round(self._crop.to_frame(found.points) / step) * step).astype(np.float32), found.blendshapes
