"""One function per command; its docstring is the command's help."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tyro.conf import Positional

from openada.errors import SomeItemsFailed, UnusableInput

if TYPE_CHECKING:
    from openada.batch import Outcome

STANDARD_SECONDS = 30.0
Variant = Literal["standard", "hard", "dynamic", "shortcut", "shortcut-control", "null"]
Subject = Literal["largest", "centre", "first"]
Reference = Literal["median", "first-seconds", "none"]
Alignment = Literal["openada", "openface", "vggface2", "dlib", "imutils"]
Tracker = Literal["mediapipe", "face-landmarker"]
Format = Literal["parquet", "csv", "openface"]


def demo(
    out: Path = Path("openada-demo"), subjects: int = 200, seconds: float = 12.0, fps: float = 5.0, seed: int = 1
) -> None:
    """The whole path once, on rendered faces: render, prepare, train, evaluate, assess, report.

    Everything printed is measured in this run. Started again it goes on where it was.

    Args:
        out: Folder for everything the demo makes.
        subjects: People in the planted benchmark; each records two tasks.
        seconds: Length of each recording. Standard recordings have at least 30 s; shorter ones say so.
        fps: Frames per second.
        seed: Seed of benchmark and training.
    """
    from openada.studies.demo import run_demo

    run_demo(out, subjects=subjects, seconds=seconds, fps=fps, seed=seed)


def synth(
    out: Positional[Path | None] = None,
    /,
    *,
    subjects: int = 80,
    seconds: float = 30.0,
    fps: float = 15.0,
    seed: int = 0,
    variant: Variant = "standard",
    portrait: Path | None = None,
    workers: int | None = None,
    check: bool = False,
) -> None:
    """Render a planted benchmark: face videos in which the cue, its place and its time are known.

    Writes OUT/videos, OUT/manifest.csv, OUT/truth/<recording_id>.parquet and OUT/truth/episodes.csv. With --check nothing is
    rendered: recordings are drawn, and the command fails (exit 1) if any single movement, or all of them in a ridge
    regression, tells the score.

    Args:
        out: Folder to write.
        subjects: People; each records two tasks in one session.
        seconds: Length of each recording in s.
        fps: Frames per second.
        seed: Seed of everything drawn.
        variant: Which benchmark: docs/planted_benchmark.md tells them apart.
        portrait: A photograph of a face to animate instead of the public-domain one.
        workers: Processes; default: one per core.
        check: Draw and test the design instead of rendering.
    """
    from openada.cli.output import print_table

    if check:
        from openada.datasets.planted.check import check as run_check

        table = run_check(seconds=seconds, fps=min(fps, 15.0), seed=seed, variant=variant)
        print_table(table, "What simple features say about the score (out-of-sample RMSE / constant predictor's)")
        if not table["passed"].all():
            failed = ", ".join(table.loc[~table["passed"], "baseline"])
            raise UnusableInput(f"variant {variant!r} at {seconds:g} s fails the check: {failed}")
        return
    if out is None:
        raise UnusableInput("synth needs a folder to write: openada synth OUT")
    from openada.datasets.planted.generate import generate
    from openada.datasets.planted.rendered import describe_rendered

    generate(
        out,
        subjects=subjects,
        seconds=seconds,
        fps=fps,
        seed=seed,
        variant=variant,
        portrait=portrait,
        workers=workers,
    )
    if seconds < STANDARD_SECONDS:
        print(
            f"note: standard recordings have at least {STANDARD_SECONDS:g} s; here every figure must say {seconds:g} s"
        )
    print_table(
        describe_rendered(out), "What simple measurements of the rendered videos say (test RMSE / constant predictor's)"
    )
    print(f"{2 * subjects} recordings in {out}; next: openada prepare {out / 'manifest.csv'} --out PREPARED")


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
    alignment: Alignment = "openada",
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
        alignment: Style of the aligned crops.
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


def evaluate(run: Positional[Path], /, split: str = "test", data: Path | None = None) -> None:
    """Evaluate a run on held-out recordings: errors and agreement with intervals over subjects, beside the baselines.

    Writes evaluation.json, evaluation.csv, evaluation.md and report.html into the run folder.

    Args:
        run: Folder of a trained run.
        split: Part to report; the part that selected the model is refused.
        data: Where the prepared data set lies now, if it was moved.
    """
    from openada.cli.output import print_markdown
    from openada.studies.evaluate import evaluate_run

    print_markdown(evaluate_run(run, part=split, data=data).markdown)
    print(f"report: {run / 'report.html'}")


def assess(
    video: Positional[Path], /, run: Path, out: Path, tracker_model: Path | None = None, keep_prepared: bool = False
) -> None:
    """Assess one video with a trained run: OUT/assessment.json and a self-contained OUT/report.html.

    Args:
        video: The recording.
        run: Folder of a trained run.
        out: Folder to write.
        tracker_model: Where the model file of the run's tracker lies now, if it was moved.
        keep_prepared: Keep the tracked and aligned recording under OUT/prepared.
    """
    from openada.cli.output import print_assessment
    from openada.studies.assess import assess_video

    print_assessment(assess_video(video, run, out, tracker_model=tracker_model, keep_prepared=keep_prepared))
    print(f"report: {out / 'report.html'}")


def models(name: Positional[str | None] = None, /) -> None:
    """List the models with their presets, or show one model's settings in every preset.

    Args:
        name: A model to show.
    """
    from openada.cli.output import print_model, print_models

    if name is None:
        print_models()
    else:
        print_model(name)


def doctor() -> None:
    """Say what is installed, what is missing, and how to get it; then track one frame to see that it works."""
    from openada.cli.doctor import report

    if not report():
        raise UnusableInput("something needed is missing: see the lines marked 'missing'")


COMMANDS: dict[str, Callable[..., None]] = {
    "demo": demo,
    "synth": synth,
    "features": features,
    "prepare": prepare,
    "evaluate": evaluate,
    "assess": assess,
    "models": models,
    "doctor": doctor,
}
