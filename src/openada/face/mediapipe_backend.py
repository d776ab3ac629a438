"""Face tracking with MediaPipe's offline models: detection once per second of video, the face mesh in between.

Detecting faces in every frame would cost most of the speed. The full-range detector therefore looks at the whole frame
only at the start, after a loss, once per second of video time, and when the face comes near the edge of the crop.
In between, the mesh tracks inside a fixed square crop of twice the detected box, padded in black where it leaves the
frame. The crop is moved only at a detection, and only if the face has drifted enough to matter: a move makes the mesh
forget its region of interest (kept in coordinates of the crop), so it is cleared first and finds the face anew.

Rules
- Subject: the largest face; once one is followed, the face nearest to it, if any lies close enough to be the same.
- Lost: the mesh's own presence score falls below one half and searching the whole frame does not bring the face back.
- Against a mesh that goes on seeing a face where none is: if a detection finds no face at the mesh's, every further
  frame is searched, and after half a second without any confirmation the face counts as lost. A full-range
  detector can miss a turned head for a moment; half a second bridges that and bounds what is wrongly tracked to 1.5 s.
- While lost, every frame is searched for the first second, then one in each 0.1 s of video.
"""

from __future__ import annotations

import math
import os
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from openada.face.tracker import LANDMARKS, FaceObservation, lost

if TYPE_CHECKING:
    from openada.video import Frame

PARAMETERS: dict[str, Any] = {
    "backend": "mediapipe",
    "detector": "full-range",
    "refine_landmarks": True,
    "min_detection_confidence": 0.5,
    "min_presence": 0.5,
    "detect_every_s": 1.0,
    "crop_over_box": 2.0,
    "crop_side_max_px": 400,
    "move_over_side": 0.1,
    "move_over_scale": 1.25,
    "unconfirmed_max_s": 0.5,
    "search_all_s": 1.0,
    "search_every_s": 0.1,
    "landmark_step_px": 1 / 64,
}
"""What defines the tracker's output; recorded with everything prepared by it."""

_SURFACE = 468
_BLANK = np.zeros((192, 192, 3), np.uint8)


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Drop what C++ writes to stderr while a graph starts: its notes cannot be switched off by a level."""
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


def _start_graphs() -> tuple[Any, Any]:
    """MediaPipe's detector and mesh, each having seen one blank image."""
    os.environ.setdefault("GLOG_minloglevel", "2")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with _quiet_stderr():
        from mediapipe.python.solutions import face_detection, face_mesh

        detector = face_detection.FaceDetection(PARAMETERS["min_detection_confidence"], model_selection=1)
        mesh = face_mesh.FaceMesh(
            static_image_mode=False,
            max_num_faces=1,
            refine_landmarks=True,
            min_tracking_confidence=PARAMETERS["min_presence"],
        )
        detector.process(_BLANK)
        mesh.process(_BLANK)
    return detector, mesh


class _Crop:
    """A square of the frame, possibly reaching outside it, delivered at a bounded size.

    A large crop is shrunk by area by a whole factor, which is several times faster than by a fraction.
    """

    def __init__(self, box_px: np.ndarray) -> None:
        x, y, width, height = box_px
        side = max(PARAMETERS["crop_over_box"] * max(width, height), 16)
        self.shrink = math.ceil(side / PARAMETERS["crop_side_max_px"])
        self.side = math.ceil(side / self.shrink) * self.shrink
        self.x = round(x + width / 2 - self.side / 2)
        self.y = round(y + height / 2 - self.side / 2)

    def cut(self, rgb: np.ndarray) -> np.ndarray:
        height, width = rgb.shape[:2]
        left, top = max(self.x, 0), max(self.y, 0)
        right, bottom = min(self.x + self.side, width), min(self.y + self.side, height)
        inside = rgb[top:bottom, left:right]
        if inside.shape[:2] != (self.side, self.side):
            padded = np.zeros((self.side, self.side, 3), np.uint8)
            padded[top - self.y : bottom - self.y, left - self.x : right - self.x] = inside
            inside = padded
        if self.shrink > 1:
            return cv2.resize(inside, (self.side // self.shrink,) * 2, interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(inside)

    def fits(self, box_px: np.ndarray) -> bool:
        """Whether a detected box is still served well enough by this crop for it to stay where it is."""
        other = _Crop(box_px)
        scale = other.side / self.side
        shift = np.hypot(
            other.x + other.side / 2 - self.x - self.side / 2, other.y + other.side / 2 - self.y - self.side / 2
        )
        limit = PARAMETERS["move_over_scale"]
        return bool(1 / limit <= scale <= limit and shift <= PARAMETERS["move_over_side"] * self.side)

    def nearly_left_by(self, box_px: np.ndarray) -> bool:
        """Whether a face box reaches the crop's edge."""
        x, y, width, height = box_px
        return bool(x < self.x or y < self.y or x + width > self.x + self.side or y + height > self.y + self.side)


class _Follower:
    """The state of one video: which face is followed, where it is searched, when it was last confirmed."""

    def __init__(self, detector: Any, mesh: Any) -> None:
        self._detector = detector
        self._mesh = mesh
        self._crop: _Crop | None = None
        self._mesh_has_region = True  # unknown: an earlier video may have left one
        self._box: np.ndarray | None = None  # the subject's latest box, kept through a loss
        self._confidence = float("nan")
        self._faces_seen = 0
        self._detected_s = -np.inf
        self._unconfirmed_since_s: float | None = None
        self._lost_since_s: float | None = None
        self._near_edge = False

    def observe(self, frame: Frame) -> FaceObservation:
        landmarks = None
        if self._crop is not None:
            landmarks = self._run_mesh(frame.rgb)
            if landmarks is None:
                self._crop = None
        if self._crop is None:
            landmarks = self._search(frame)
        elif self._detection_is_due(frame.time_s):
            landmarks = self._confirm(frame, landmarks)
        if landmarks is None:
            if self._lost_since_s is None:
                self._lost_since_s = frame.time_s
            self._crop = None
            return lost(self._faces_seen)
        self._lost_since_s = None
        box = _box_around(landmarks)
        self._box = box
        self._near_edge = self._crop is not None and self._crop.nearly_left_by(box)
        return FaceObservation(True, self._confidence, box, landmarks, self._faces_seen)

    def _detection_is_due(self, time_s: float) -> bool:
        overdue = time_s - self._detected_s >= PARAMETERS["detect_every_s"] or time_s < self._detected_s
        return overdue or self._near_edge or self._unconfirmed_since_s is not None

    def _search(self, frame: Frame) -> np.ndarray | None:
        """Look for the subject in the whole frame, then for its landmarks."""
        if self._lost_since_s is not None:
            lost_s = frame.time_s - self._lost_since_s
            rests = lost_s > PARAMETERS["search_all_s"] and frame.time_s >= self._detected_s
            if rests and frame.time_s - self._detected_s < PARAMETERS["search_every_s"] - 1e-6:
                return None
        boxes, scores = self._detect(frame)
        if not len(boxes):
            return None
        chosen = _nearest(boxes, self._box)
        if chosen is None:
            chosen = int(np.argmax(boxes[:, 2] * boxes[:, 3]))
        self._crop = _Crop(boxes[chosen])
        landmarks = self._run_mesh(frame.rgb, fresh=True)
        if landmarks is None or not _same_face(boxes[chosen], _box_around(landmarks)):
            return None
        self._accept(float(scores[chosen]), frame.time_s)
        return landmarks

    def _confirm(self, frame: Frame, landmarks: np.ndarray | None) -> np.ndarray | None:
        """Check the mesh's face against a detection, and move the crop after it if it has drifted."""
        assert landmarks is not None and self._crop is not None
        boxes, scores = self._detect(frame)
        chosen = _nearest(boxes, _box_around(landmarks))
        if chosen is None:
            if self._unconfirmed_since_s is None:
                self._unconfirmed_since_s = frame.time_s
            waited = frame.time_s - self._unconfirmed_since_s
            return landmarks if 0 <= waited < PARAMETERS["unconfirmed_max_s"] else None
        self._accept(float(scores[chosen]), frame.time_s)
        if not self._near_edge and self._crop.fits(boxes[chosen]):
            return landmarks
        before, self._crop = self._crop, _Crop(boxes[chosen])
        moved = self._run_mesh(frame.rgb, fresh=True)
        if moved is None or not _same_face(boxes[chosen], _box_around(moved)):
            self._crop = before  # the old crop still served; the next detection tries again
            return self._run_mesh(frame.rgb, fresh=True)
        return moved

    def _accept(self, score: float, time_s: float) -> None:
        self._confidence = min(max(score, 0.0), 1.0)
        self._unconfirmed_since_s = None

    def _detect(self, frame: Frame) -> tuple[np.ndarray, np.ndarray]:
        """All faces of the frame: boxes (N, 4) in pixels and scores (N,)."""
        height, width = frame.rgb.shape[:2]
        found = self._detector.process(frame.rgb).detections or []
        self._detected_s = frame.time_s
        self._faces_seen = len(found)
        relative = [d.location_data.relative_bounding_box for d in found]
        boxes = np.array([(b.xmin, b.ymin, b.width, b.height) for b in relative], np.float64).reshape(-1, 4)
        return boxes * (width, height, width, height), np.array([d.score[0] for d in found], np.float64)

    def _run_mesh(self, rgb: np.ndarray, fresh: bool = False) -> np.ndarray | None:
        """Landmarks (478, 3) in source pixels, rounded as they are stored; `fresh` drops the mesh's region first."""
        assert self._crop is not None
        if fresh and self._mesh_has_region and self._mesh.process(_BLANK).multi_face_landmarks:
            with _quiet_stderr():  # a mesh that sees a face in a blank image is started anew
                self._mesh.reset()
                self._mesh.process(_BLANK)
        found = self._mesh.process(self._crop.cut(rgb)).multi_face_landmarks
        self._mesh_has_region = bool(found)
        if not found:
            return None
        points = np.array([(p.x, p.y, p.z) for p in found[0].landmark], np.float64)
        if points.shape != (LANDMARKS, 3) or not np.isfinite(points).all():
            return None
        pixels = points * self._crop.side + (self._crop.x, self._crop.y, 0.0)
        step = PARAMETERS["landmark_step_px"]
        return (np.round(pixels / step) * step).astype(np.float32)


def _box_around(landmarks_px: np.ndarray) -> np.ndarray:
    """x, y, width, height of the rectangle around the surface landmarks."""
    low = landmarks_px[:_SURFACE, :2].min(axis=0).astype(np.float64)
    high = landmarks_px[:_SURFACE, :2].max(axis=0).astype(np.float64)
    return np.concatenate([low, high - low])


def _same_face(box_a: np.ndarray, box_b: np.ndarray) -> bool:
    """Centres closer than half the larger box's mean side, and sizes within a factor of 2.5."""
    distance = np.hypot(*(box_a[:2] + box_a[2:] / 2 - box_b[:2] - box_b[2:] / 2))
    size_a, size_b = np.mean(box_a[2:]), np.mean(box_b[2:])
    return bool(distance < 0.5 * max(size_a, size_b) and 0.4 < size_a / size_b < 2.5)


def _nearest(boxes_px: np.ndarray, followed_px: np.ndarray | None) -> int | None:
    """Index of the box nearest to the followed one, or None if none can be the same face."""
    if followed_px is None:
        return None
    candidates = [i for i in range(len(boxes_px)) if _same_face(boxes_px[i], followed_px)]
    centre = followed_px[:2] + followed_px[2:] / 2
    distance = np.hypot(*(boxes_px[:, :2] + boxes_px[:, 2:] / 2 - centre).T)
    return min(candidates, key=lambda i: distance[i]) if candidates else None


class MediaPipeTracker:
    """FaceTracker on MediaPipe's solutions graphs. The same frames give the same observations bit for bit."""

    name = "mediapipe"

    def __init__(self) -> None:
        self.parameters = dict(PARAMETERS)
        self._graphs: tuple[Any, Any] | None = None
        self._turn = 0

    def track(self, frames: Iterable[Frame]) -> Iterator[tuple[Frame, FaceObservation]]:
        """One observation per frame, in order. A new call ends an earlier one that was left unfinished."""
        self._turn += 1
        return self._track(frames, self._turn)

    def _track(self, frames: Iterable[Frame], turn: int) -> Iterator[tuple[Frame, FaceObservation]]:
        follower: _Follower | None = None
        warnings.filterwarnings("ignore", category=UserWarning, module=r"google\.protobuf")  # one at every frame
        for frame in frames:
            if turn != self._turn:
                raise RuntimeError("This tracker has begun another video; use one tracker per video tracked at a time.")
            if follower is None:
                if self._graphs is None:
                    self._graphs = _start_graphs()
                follower = _Follower(*self._graphs)
            yield frame, follower.observe(frame)
