"""One recording: from the video file to its prepared folder, in one streamed pass."""

from __future__ import annotations

import hashlib
import json
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from openada.files import atomic_path, read_json, write_json
from openada.prepared import layout
from openada.prepared.reference import ReferenceAccumulator
from openada.prepared.track import TrackWriter, landmarks_of, read_track

if TYPE_CHECKING:
    from openada.face.tracker import FaceTracker


@dataclass(frozen=True)
class Parameters:
    """How recordings are prepared. `crop_size_px` is the side of the aligned crop; `encoder` any H.264 or VP9 encoder."""

    tracker: str = "mediapipe"
    crop_size_px: int = layout.CROP_SIZE_PX
    encoder: str = "libx264"
    crf: int = 18
    behaviour_reference: str = "median"


@dataclass(frozen=True)
class Job:
    """One recording to prepare into `folder`."""

    recording_id: str
    video: Path
    folder: Path
    parameters: Parameters


def signature(job: Job) -> str:
    """Changes when the source file, the parameters or the format do; a folder with another signature is made anew."""
    stat = job.video.stat()
    facts = [layout.FORMAT_VERSION, asdict(job.parameters), stat.st_size, stat.st_mtime_ns]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


@cache
def _tracker(name: str) -> FaceTracker:
    """One tracker per process: its networks take longer to start than a short recording takes to track."""
    from openada.face import create_tracker

    return create_tracker(name)


def prepare_recording(job: Job) -> dict[str, Any]:
    """Track, align and measure `job.video`; publish the folder in one step; return its `quality.json`.

    A video in which no face is found is prepared too: its rows are NaN, its crops grey, and the quality says so.
    Raises UnusableInput if the video cannot be decoded.
    """
    with atomic_path(job.folder) as folder:
        folder.mkdir(parents=True)
        with _warnings_as_text() as said:
            quality = _stream(job, folder)
        quality["warnings"] = [*said, *quality["warnings"]]
        _measure_behaviour(folder, job.parameters.behaviour_reference)
        quality["recording_id"] = job.recording_id
        quality["signature"] = signature(job)
        write_json(folder / layout.QUALITY_FILE, quality)
    return quality


def finished(job: Job) -> dict[str, Any] | None:
    """The stored quality of a recording that is already prepared from the same file with the same parameters."""
    path = job.folder / layout.QUALITY_FILE
    if not path.is_file() or not job.video.is_file():
        return None
    quality: dict[str, Any] = read_json(path)
    return quality if quality.get("signature") == signature(job) else None


def _stream(job: Job, folder: Path) -> dict[str, Any]:
    from openada.face.alignment import align, crop_from_frame
    from openada.face.pose import head_pose_deg
    from openada.face.quality import QualityAccumulator
    from openada.video import VideoWriter, frames

    size = job.parameters.crop_size_px
    quality = QualityAccumulator()
    reference = ReferenceAccumulator()
    face_file = folder / layout.FACE_FILE
    writer = VideoWriter(face_file, size, size, codec=job.parameters.encoder, crf=job.parameters.crf)
    with TrackWriter(folder / layout.TRACK_FILE) as track, writer:
        for frame, observation in _tracker(job.parameters.tracker).track(frames(job.video)):
            transform = crop_from_frame(observation.landmarks_px, size)
            crop = align(frame.rgb, transform, size)
            if not track.rows_written and not track.rows_waiting:
                shift_s = max(
                    0.0, -frame.time_s
                )  # an MP4 holds no negative times; only a stream that starts before 0 is moved
            writer.write(crop, frame.time_s + shift_s)
            track.write(frame.time_s, observation, head_pose_deg(observation.landmarks_px), transform)
            quality.add(frame.time_s, observation, crop)
            if observation.tracked:
                reference.add(crop)
    _write_reference(folder / layout.REFERENCE_FILE, reference.median(), size)
    return {**quality.result(), "frames": track.rows_written}


def _write_reference(path: Path, median: np.ndarray | None, size_px: int) -> None:
    import cv2

    picture = np.full((size_px, size_px, 3), 128, np.uint8) if median is None else median
    cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))


def _measure_behaviour(folder: Path, reference: str) -> None:
    from openada.behaviour.signals import signals
    from openada.behaviour.statistics import statistics

    track = read_track(folder / layout.TRACK_FILE, ["time_s", "tracked", *layout.LANDMARK_COLUMNS])
    table = signals(
        landmarks_of(track), track["tracked"].to_numpy(bool), track["time_s"].to_numpy(float), reference=reference
    )
    table.to_parquet(folder / layout.BEHAVIOUR_FILE, compression="zstd", index=False)
    statistics(table).to_parquet(folder / layout.STATISTICS_FILE, compression="zstd", index=False)


@contextmanager
def _warnings_as_text() -> Iterator[list[str]]:
    """Collect what the decoder warns of (a truncated file, say), so that it is stored with the recording."""
    said: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.filterwarnings("always", category=UserWarning, module=r"openada\.")
        yield said
    said.extend(str(entry.message) for entry in caught)


def remove_leftovers(prepared: Path) -> None:
    """Clear the partial folders that a killed run left."""
    for leftover in (prepared / layout.RECORDINGS_FOLDER).glob(".*.partial*"):
        shutil.rmtree(leftover, ignore_errors=True)
