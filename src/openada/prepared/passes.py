"""One pass over a video following one subject: track, behaviour tables and, if asked for, aligned crops."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from openada.errors import UnusableInput
from openada.prepared import layout
from openada.prepared.crops import CropFiles
from openada.prepared.job import Job, Parameters
from openada.prepared.track import Group, TrackWriter

if TYPE_CHECKING:
    from openada.behaviour.recorder import BehaviourRecorder
    from openada.behaviour.signals import Camera
    from openada.face.people import Person
    from openada.face.tracker import FaceTracker


@cache
def tracker_of(name: str, model: str | None) -> FaceTracker:
    """One tracker per process: its networks take longer to start than a short recording takes to track."""
    from openada.face import create_tracker

    return create_tracker(name, model_file=None if model is None else Path(model))


class Pass(NamedTuple):
    """What one pass found: the recording's quality, everyone seen, who of them was followed, what behaviour was set against."""

    quality: dict[str, Any]
    people: tuple[Person, ...]
    followed: Person | None
    reference: np.ndarray


def follow_subject(job: Job, folder: Path) -> Pass:
    """Follow who the job's rule says: a stream tells only at its end who that is, so a second pass may be needed."""
    from openada.face.people import choose

    made = follow(job, folder, job.parameters.subject)
    wanted = choose(made.people, job.parameters.subject)
    if wanted is None or (made.followed is not None and made.followed.number == wanted.number):
        return made
    return follow(job, folder, wanted)


def follow(job: Job, folder: Path, subject: str | Person) -> Pass:
    """Write every file of `folder` but the quality.

    subject: a rule for the best guess at the start, or a person whom an earlier pass has seen. Raises UnusableInput if the
    video cannot be decoded.
    """
    from openada.behaviour.recorder import BehaviourRecorder

    parameters = job.parameters
    baseline = None if job.baseline is None else _baseline(job.baseline, parameters)
    tracker = tracker_of(parameters.tracker, parameters.tracker_model)
    with (
        _warnings_as_text() as said,
        BehaviourRecorder(folder / "behaviour.raw", _camera(job.video, parameters.focal_px)) as recorder,
    ):
        quality = _stream(job, folder, tracker, subject, recorder)
        kind = parameters.behaviour_reference if job.baseline is None else f"baseline {job.baseline.name}"
        reference = recorder.reference(parameters.behaviour_reference) if baseline is None else baseline
        tables = (folder / name for name in (layout.BEHAVIOUR_FILE, layout.EVENTS_FILE, layout.STATISTICS_FILE))
        recorder.write(*tables, reference=reference, kind=kind)
    quality["reference"] = kind
    quality["warnings"] = [*said, *quality["warnings"]]
    return Pass(quality, tracker.people, tracker.followed, reference)


def _stream(
    job: Job, folder: Path, tracker: FaceTracker, subject: str | Person, recorder: BehaviourRecorder
) -> dict[str, Any]:
    from openada.face.alignment import align, crop_from_frame
    from openada.face.quality import QualityAccumulator
    from openada.video import frames

    parameters = job.parameters
    size = parameters.crop_size_px
    quality = QualityAccumulator()
    with ExitStack() as stack:
        crops = (
            stack.enter_context(CropFiles(folder, size, parameters.encoder, parameters.crf))
            if parameters.crops
            else None
        )
        track = stack.enter_context(_track_writer(folder, tracker, recorder))
        for frame, observation in tracker.track(frames(job.video), subject=subject):
            transform = crop_from_frame(observation.landmarks_px, size, parameters.alignment)
            looked_at = observation.tracked and quality.wants_crop(frame.time_s)
            crop = align(frame.rgb, transform, size) if crops or looked_at else None
            if crops and crop is not None:
                crops.write(frame.time_s, crop, observation.tracked)
            track.write(frame.time_s, observation, transform)
            quality.add(frame.time_s, observation, crop if looked_at else None)
    return {**quality.result(), "frames": track.rows_written}


def _track_writer(folder: Path, tracker: FaceTracker, recorder: BehaviourRecorder) -> TrackWriter:
    """Writes the track and hands every group on to the recorder."""

    def measure(group: Group) -> None:
        recorder.add(group.time_s, group.tracked, group.landmarks_px, group.blendshapes)

    return TrackWriter(folder / layout.TRACK_FILE, bool(tracker.parameters.get("blendshapes")), measure)


def _camera(video: Path, focal_px: float | None) -> Camera | None:
    """The camera of a known focal length, its axis through the middle of the picture."""
    from openada.behaviour.signals import Camera
    from openada.video import probe

    if focal_px is None:
        return None
    facts = probe(video)
    return Camera(focal_px, (facts.width / 2, facts.height / 2))


def _baseline(video: Path, parameters: Parameters) -> np.ndarray:
    """The median of another video's behaviour, as the reference for this one's."""
    stat = video.stat()
    return _measured_baseline(video, replace(parameters, crops=False), stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=8)
def _measured_baseline(video: Path, parameters: Parameters, size: int, changed_ns: int) -> np.ndarray:
    """`size` and `changed_ns` tell one state of the file from another."""
    with TemporaryDirectory() as folder:
        reference = follow_subject(Job("baseline", video, Path(folder), parameters), Path(folder)).reference
    if np.isnan(reference).any():
        raise UnusableInput(
            f"{video}: no face was tracked in this baseline video. Give one that shows the face at rest."
        )
    return reference


@contextmanager
def _warnings_as_text() -> Iterator[list[str]]:
    """Collect what the decoder warns of (a truncated file, say), so that it is stored with the recording."""
    said: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.filterwarnings("always", category=UserWarning, module=r"openada\.")
        yield said
    said.extend(str(entry.message) for entry in caught)
