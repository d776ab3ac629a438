"""Finding and following a face: tracking, pose, alignment to crops, regions and quality."""

from openada.face.tracker import FaceObservation, FaceTracker, create_tracker

__all__ = ["FaceObservation", "FaceTracker", "create_tracker"]
