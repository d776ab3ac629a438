"""Names of the files of a prepared dataset, and the columns of a track."""

from __future__ import annotations

from pathlib import Path

FORMAT_VERSION = 2
CROP_SIZE_PX = 224
LANDMARKS = 478
BLENDSHAPES = 52

DATASET_FILE = "dataset.json"
MANIFEST_FILE = "manifest.parquet"
SPLITS_FOLDER = "splits"
FOLDS_FOLDER = "folds"
RECORDINGS_FOLDER = "recordings"

FACE_FILE = "face.mp4"
TRACK_FILE = "track.parquet"
BEHAVIOUR_FILE = "behaviour.parquet"
EVENTS_FILE = "events.parquet"
STATISTICS_FILE = "statistics.parquet"
OPENFACE_FILE = "openface.csv"
REFERENCE_FILE = "reference.png"
QUALITY_FILE = "quality.json"

TABLES = (TRACK_FILE, BEHAVIOUR_FILE, EVENTS_FILE, STATISTICS_FILE)
CROPS = (FACE_FILE, REFERENCE_FILE)

BOX_COLUMNS = ("box_x_px", "box_y_px", "box_width_px", "box_height_px")
POSE_COLUMNS = ("yaw_deg", "pitch_deg", "roll_deg")
LANDMARK_COLUMNS = ("landmark_x_px", "landmark_y_px", "landmark_z_px")


def recording_folder(prepared: Path, recording_id: str) -> Path:
    """The folder of one recording."""
    return prepared / RECORDINGS_FOLDER / recording_id


def person_folder(recording: Path, number: int) -> Path:
    """The folder of one of several people in a recording, all of whom were followed."""
    return recording / f"person_{number}"
