"""What is to be prepared, and how."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from openada.prepared import layout


@dataclass(frozen=True)
class Parameters:
    """How recordings are prepared.

    tracker, tracker_model: the face tracker, and the model file of one that needs it. subject: whom to follow, one of
    `SUBJECT_RULES`. behaviour_reference: what behaviour is measured against, a kind of `behaviour.signals.reference_of`; a
    job's baseline video comes before it. focal_px: the camera's focal length in pixels of the frames as shown, if known.
    crops: whether to write the aligned crops (`face.mp4`, `reference.png`), with `crop_size_px` their side, `alignment` their
    style, `encoder` any H.264 or VP9 encoder and `crf` its quality.
    """

    tracker: str = "mediapipe"
    tracker_model: str | None = None
    subject: str = "largest"
    behaviour_reference: str = "median"
    focal_px: float | None = None
    crops: bool = True
    crop_size_px: int = layout.CROP_SIZE_PX
    alignment: str = "stable"
    encoder: str = "libx264"
    crf: int = 18


@dataclass(frozen=True)
class Job:
    """One recording to prepare into `folder`; `export` is a further format to write its tables in, or ""."""

    recording_id: str
    video: Path
    folder: Path
    parameters: Parameters
    baseline: Path | None = None
    export: str = ""
