"""The commands that turn videos into tables and crops."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tyro.conf import Positional

from openada.errors import SomeItemsFailed

if TYPE_CHECKING:
    from openada.batch import Outcome

Subject = Literal["largest", "centre", "first"]
Reference = Literal["median", "first-seconds", "none"]
Alignment = Literal["stable", "openada", "openface", "vggface2", "dlib", "imutils"]
Tracker = Literal["mediapipe", "face-landmarker"]
Format = Literal["parquet", "csv", "openface"]


def features(
    videos: Positional[tuple[str, ...]],
    /,
    *,
    out: Path,
    subject: Subject | Literal["all"] = "largest",
    reference: Reference = "median",
    baseline: Path | None = None,
    focal_px: float | None = None,
    format: Format = "parquet",
    tracker: Tracker = "mediapipe",
    tracker_model: Path | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
) -> None:
    """Measure behaviour in videos and images: action units, lids, gaze, head, their events and statistics.

    Writes OUT/NAME/track.parquet, behaviour.parquet, events.parquet, statistics.parquet and quality.json for every video (NAME is
    its file name without the suffix), OUT/recordings.csv and OUT/report.html, the quality of the batch on a page. Interrupted
    and started again it goes on where it was. A video without a face is measured too: its rows are empty. Exit code 3 if some
    videos failed. docs/behaviour_signals.md says what every column means.

    Args:
        videos: Files, folders or quoted patterns such as 'clips/**/*.mp4'.
        out: Folder to write.
        subject: Whom to follow where several people are in view. largest: whose face is large and in view for long; centre:
            who is nearest to the middle; first: who is seen first; all: everyone, each in a folder OUT/NAME/person_N.
        reference: What action units are measured against: their median over the video, over its first 3 s with a face, or
            nothing (distances as they are).
        baseline: A video of the same person at rest, whose median is the reference instead.
        focal_px: Focal length of the camera in pixels, if known; gives the head's position in mm.
        format: csv writes the tables as CSV too, openface a CSV with OpenFace's names and units.
        tracker: mediapipe works as installed; face-landmarker needs --tracker-model and adds 52 blendshapes.
        tracker_model: A MediaPipe face_landmarker.task file.
        workers: Processes; default: one per core.
        scheduler: Address of a running Dask scheduler (tcp://host:8786) to use instead of local processes.
    """
    from openada.prepared.job import Parameters
    from openada.studies.features import measure_videos

    parameters = Parameters(
        tracker=tracker,
        tracker_model=_model_file(tracker_model),
        subject=subject,
        behaviour_reference=reference,
        focal_px=focal_px,
        crops=False,
    )
    outcomes = measure_videos(
        videos,
        out,
        parameters=parameters,
        baseline=baseline,
        export="" if format == "parquet" else format,
        workers=workers,
        scheduler=scheduler,
    )
    _tell(outcomes, "videos")
    print(f"{len(outcomes)} videos in {out}; their quality: {out / 'report.html'}")


def prepare(
    manifest: Positional[Path],
    /,
    *,
    out: Path,
    subject: Subject = "largest",
    reference: Reference = "median",
    focal_px: float | None = None,
    alignment: Alignment = "stable",
    tracker: Tracker = "mediapipe",
    tracker_model: Path | None = None,
    encoder: str = "libx264",
    workers: int | None = None,
    scheduler: str | None = None,
) -> None:
    """Track, align and measure every recording of a manifest into a prepared data set.

    The manifest is a CSV or Parquet table with the columns recording_id, video, subject, session, task, split, score, scale;
    further columns are kept. Interrupted and started again it goes on where it was. Exit code 3 if some recordings failed.

    Args:
        manifest: The table of recordings; video paths are relative to it.
        out: Folder of the prepared data set.
        subject: Whom to follow where several people are in view, as in 'openada features'.
        reference: What action units are measured against, as in 'openada features'.
        focal_px: Focal length of the camera in pixels, if known; gives the head's position in mm.
        alignment: Style of the aligned crops: "stable", scaled by points that expressions hardly move; "openada", the former
            default, whose scale follows the mouth; or that of a published system.
        tracker: mediapipe works as installed; face-landmarker needs --tracker-model.
        tracker_model: A MediaPipe face_landmarker.task file.
        encoder: H.264 or VP9 encoder of the aligned crops (libx264, libvpx-vp9).
        workers: Processes; default: one per core.
        scheduler: Address of a running Dask scheduler (tcp://host:8786) to use instead of local processes.
    """
    from openada.prepared.job import Parameters
    from openada.prepared.prepare import prepare as run_prepare

    parameters = Parameters(
        tracker=tracker,
        tracker_model=_model_file(tracker_model),
        subject=subject,
        behaviour_reference=reference,
        focal_px=focal_px,
        alignment=alignment,
        encoder=encoder,
    )
    outcomes = run_prepare(manifest, out, parameters=parameters, workers=workers, scheduler=scheduler)
    _tell(outcomes, "recordings")
    print(f"{len(outcomes)} recordings in {out}; next: openada train expada --data {out} --out RUN")


def _model_file(path: Path | None) -> str | None:
    return None if path is None else str(path.absolute())


def _tell(outcomes: Sequence[Outcome], what: str) -> None:
    """Warn of items without a face; print the failures and raise SomeItemsFailed if there are any."""
    from openada.batch import failure_table

    without = [item.key for item in outcomes if item.result and item.result["tracked_share"] == 0]
    if without:
        print(f"warning: no face found in {len(without)} of {len(outcomes)} {what}: {', '.join(without[:10])}")
    failures = failure_table(outcomes)
    if failures:
        print(failures)
        raise SomeItemsFailed(f"{sum(item.status == 'failed' for item in outcomes)} of {len(outcomes)} {what} failed")
