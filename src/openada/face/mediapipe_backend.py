"""Face tracking with the models that MediaPipe's wheel carries: no download, no file of one's own."""

from __future__ import annotations

from typing import Any

import numpy as np

from openada.face.following import FollowingTracker
from openada.face.full_range import FullRangeDetector
from openada.face.networks import BLANK, Detector, Mesh, MeshResult, quiet_stderr
from openada.face.tracker import LANDMARKS

PARAMETERS: dict[str, Any] = {"refine_landmarks": True, "min_presence": 0.5}

_ENCODING = np.frombuffer(bytes.fromhex("0a0f 0d00000000 1500000000 1d00000000"), np.uint8)
_TAGS = _ENCODING != 0


class SolutionsMesh:
    """`Mesh` on MediaPipe's solutions graph, which keeps the face's region, in coordinates of the crop, from one to the next."""

    def __init__(self) -> None:
        with quiet_stderr():
            from mediapipe.python.solutions.face_mesh import FaceMesh

            self._graph = FaceMesh(
                static_image_mode=False,
                max_num_faces=1,
                refine_landmarks=PARAMETERS["refine_landmarks"],
                min_tracking_confidence=PARAMETERS["min_presence"],
            )
            self._graph.process(BLANK)
        self._has_region = False

    def landmarks(self, crop_rgb: np.ndarray, fresh: bool) -> MeshResult | None:
        """The face in a crop (S, S, 3) uint8, or None where the presence score is below `min_presence`."""
        if fresh and self._has_region and self._graph.process(BLANK).multi_face_landmarks:
            with quiet_stderr():  # a mesh that sees a face in a blank image is started anew
                self._graph.reset()
                self._graph.process(BLANK)
        found = self._graph.process(crop_rgb).multi_face_landmarks
        self._has_region = bool(found)
        if not found:
            return None
        points = read_points(found[0])
        if points.shape != (LANDMARKS, 3) or not np.isfinite(points).all():
            return None
        return MeshResult(points)


def read_points(landmark_list: Any) -> np.ndarray:
    """Points (N, 3) float64 of a MediaPipe NormalizedLandmarkList.

    Taken from the message's encoding (a tag, a length, then x, y, z as tagged little-endian float32), where nothing else is
    in it: asking 478 landmarks for their attributes takes a twentieth of a frame's time.
    """
    encoded = np.frombuffer(landmark_list.SerializeToString(), np.uint8)
    count = len(landmark_list.landmark)
    if len(encoded) == count * len(_ENCODING):
        rows = encoded.reshape(count, len(_ENCODING))
        if (rows[:, _TAGS] == _ENCODING[_TAGS]).all():
            return rows[:, ~_TAGS].copy().view("<f4").astype(np.float64)
    return np.array([(p.x, p.y, p.z) for p in landmark_list.landmark], np.float64).reshape(-1, 3)


class MediaPipeTracker(FollowingTracker):
    """The follower on MediaPipe's solutions graphs."""

    name = "mediapipe"

    def __init__(self) -> None:
        super().__init__(PARAMETERS)

    def _start(self) -> tuple[Detector, Mesh]:
        return FullRangeDetector(), SolutionsMesh()
