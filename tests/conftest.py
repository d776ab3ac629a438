"""What several test folders share: real footage where it is there, a scripted tracker, a small prepared data set."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
import torch

from clip_recipe import CLIP_RECIPE, SYSTEM
from openada.face.tracker import FaceObservation
from openada.prepared import passes
from openada.prepared.prepare import prepare
from openada.training.clips import train_clips
from openada.training.expada import train_expada
from openada.video import Frame, VideoWriter
from training_recipe import RECIPE

# Networks this small run faster on one thread, and two test runs at once do not wait for each other.
torch.set_num_threads(1)

FOOTAGE = Path(__file__).resolve().parents[2] / "shared" / "videos"


@pytest.fixture
def footage() -> Path:
    """The folder of real clips; a test that needs it is skipped where it is not there."""
    if not FOOTAGE.is_dir():
        pytest.skip("the real footage is not beside this checkout")
    return FOOTAGE


def face_points(centre: tuple[float, float] = (60.0, 50.0), scale: float = 1.0) -> np.ndarray:
    """478 landmarks (478, 3) in pixels that are no face but have eyes and a mouth where alignment looks for them."""
    from openada.face import regions

    rng = np.random.default_rng(5)
    points = rng.uniform(-20, 20, (478, 3))
    for group, place in (
        (regions.EYE_CORNERS_LEFT, (-12, -8)),
        (regions.EYE_CORNERS_RIGHT, (12, -8)),
        (regions.MOUTH_CORNERS, (0, 14)),
    ):
        points[list(group), :2] = np.array(place) + np.array([[-3, 0], [3, 0]])
    points[:, :2] = scale * points[:, :2] + np.array(centre)
    return (points * 64).round().astype(np.float32) / 64


class ScriptedTracker:
    """Finds the same landmarks in every frame but those whose corner pixel is dark, where the face is lost."""

    name = "scripted"
    parameters: ClassVar[dict[str, object]] = {}

    people: ClassVar[tuple[object, ...]] = ()
    followed: ClassVar[None] = None

    def track(self, frames: Iterable[Frame], *, subject: object = "largest") -> Iterator[tuple[Frame, FaceObservation]]:
        for frame in frames:
            lost = frame.rgb[:8, :8].mean() < 64
            points = np.full((478, 3), np.nan, np.float32) if lost else face_points()
            box = np.full(4, np.nan, np.float32) if lost else np.array([20, 10, 80, 80], np.float32)
            yield frame, FaceObservation(not lost, np.nan if lost else 0.9, box, points, 0 if lost else 1)


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every recording of the test is tracked by the scripted tracker."""
    monkeypatch.setattr(passes, "tracker_of", lambda name, model: ScriptedTracker())


def write_video(path: Path, times_s: np.ndarray, lost: np.ndarray, level: np.ndarray) -> None:
    """A 120×100 video whose grey level follows `level`; the corner says whether the scripted tracker loses the face."""
    with VideoWriter(path, 120, 100, crf=4) as out:
        for time_s, gone, value in zip(times_s, lost, level, strict=True):
            rgb = np.full((100, 120, 3), int(value), np.uint8)
            rgb[:8, :8] = 0 if gone else 255
            out.write(rgb, float(time_s))


@pytest.fixture(scope="session")
def shared_prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve recordings of 40 frames whose brightness swings the wider the higher the score; prepared once, only read."""
    base = tmp_path_factory.mktemp("shared")
    folder = base / "source"
    folder.mkdir()
    rows = []
    for number in range(12):
        part = "training" if number < 6 else "development" if number < 9 else "test"
        score = float((number * 17) % 60)
        times = np.arange(40) / 20
        level = 120 + score * np.sin(times * 12)
        lost = np.zeros(40, bool)
        lost[10:14] = number == 1
        write_video(folder / f"r{number}.mp4", times, lost, level)
        rows.append(
            {
                "recording_id": f"r{number}", "video": f"r{number}.mp4", "subject": f"p{number // 2}", "session": "1",
                "task": "x", "split": part, "score": score, "scale": "BDI-II",
            }
        )  # fmt: skip
    pd.DataFrame(rows).to_csv(folder / "manifest.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passes, "tracker_of", lambda name, model: ScriptedTracker())
        prepare(folder / "manifest.csv", base / "prepared", workers=1, progress=False)
    return base / "prepared"


@pytest.fixture
def tiny_prepared(shared_prepared: Path, tmp_path: Path) -> Path:
    """The same, a copy that a test may change."""
    return Path(shutil.copytree(shared_prepared, tmp_path / "prepared"))


@pytest.fixture(scope="session")
def shared_run(shared_prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ExpADA trained on it without an interruption; only read."""
    run = tmp_path_factory.mktemp("trained") / "run"
    train_expada(shared_prepared, run, RECIPE, progress=False)
    return run


@pytest.fixture
def run(shared_run: Path, tmp_path: Path) -> Path:
    """The same, a copy that a test may change."""
    return Path(shutil.copytree(shared_run, tmp_path / "run"))


@pytest.fixture(scope="session")
def clip_run(shared_prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip model trained on the small data set without an interruption; only read."""
    run = tmp_path_factory.mktemp("trained") / "clip-run"
    train_clips(SYSTEM, shared_prepared, run, CLIP_RECIPE, progress=False)
    return run
