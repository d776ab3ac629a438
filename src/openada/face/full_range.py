"""MediaPipe's full-range face detector, whose model is in the wheel: it finds small and distant faces too."""

from __future__ import annotations

import numpy as np

from openada.face.networks import BLANK, Detections, quiet_stderr

PARAMETERS = {"detector": "full-range", "min_detection_confidence": 0.5}


class FullRangeDetector:
    """`Detector` on MediaPipe's solutions graph. Starting takes a moment; it holds no state between pictures."""

    def __init__(self) -> None:
        with quiet_stderr():
            from mediapipe.python.solutions.face_detection import FaceDetection

            self._graph = FaceDetection(PARAMETERS["min_detection_confidence"], model_selection=1)
            self._graph.process(BLANK)

    def detect(self, rgb: np.ndarray) -> Detections:
        """The faces of a picture (H, W, 3) uint8."""
        found = self._graph.process(rgb).detections or []
        height, width = rgb.shape[:2]
        places = [d.location_data for d in found]
        boxes = [(b.xmin, b.ymin, b.width, b.height) for b in (p.relative_bounding_box for p in places)]
        points = [(k.x, k.y) for p in places for k in p.relative_keypoints]
        return Detections(
            np.array(boxes, np.float64).reshape(-1, 4) * (width, height, width, height),
            np.array([d.score[0] for d in found], np.float64),
            np.array(points, np.float64).reshape(-1, 6, 2) * (width, height),
        )
