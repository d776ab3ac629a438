"""What networks on absolute pixels are explained against: the mean face of the recordings that they were trained on."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest
import torch

from openada.clips.reading import ClipReader
from openada.errors import UnusableInput
from openada.explanation.recording_maps import explain_recording
from openada.inference.checkpoint import CheckpointRun
from openada.inference.recording import TrainedRun
from openada.models.registry import config_for
from openada.prepared.dataset import PreparedDataset
from openada.studies.attribution import completeness_of, completeness_sentence
from openada.studies.explainable import explainable
from openada.studies.run_attributions import run_attributions
from openada.training.clip_recipe import clip_recipe
from openada.training.clips import train_clips
from openada.training.mean_face import keep_mean_face, mean_face

SYSTEM = "expresso-ai"
RECIPE = replace(
    clip_recipe(SYSTEM), model=config_for(SYSTEM, width=2, clip_frames=8, image_size=32), frame_step=1, epochs=1
)
SAID = "the mean face of the training part"


def painted(blue: int) -> np.ndarray:
    """A face whose four corners and three colours all differ, RGB."""
    picture = np.zeros((224, 224, 3), np.uint8)
    picture[:112], picture[:, :112, 1], picture[..., 2] = (40, 0, 0), 90, blue
    return picture


@pytest.fixture(scope="module")
def data(shared_prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepared recordings whose median faces tell in which part they are."""
    copy = Path(shutil.copytree(shared_prepared, tmp_path_factory.mktemp("painted") / "prepared"))
    dataset = PreparedDataset(copy)
    for part, names in dataset.split().ids.items():
        for place, name in enumerate(names):
            blue = 100 + 2 * (place % 2) if part == "training" else 250
            cv2.imwrite(str(dataset.recording(name).folder / "reference.png"), painted(blue)[..., ::-1])
    return copy


@pytest.fixture(scope="module")
def plain_run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on absolute pixels."""
    return train_clips(SYSTEM, data, tmp_path_factory.mktemp("plain") / "run", RECIPE, progress=False).folder


@pytest.fixture
def run(plain_run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(plain_run, tmp_path / "run"))


def test_it_is_that_of_the_training_part_alone_with_colours_and_sides_as_they_are(plain_run: Path, data: Path) -> None:
    assert len(PreparedDataset(data).split().ids["training"]) % 2 == 0
    kept = TrainedRun.load(plain_run).source.mean_face  # type: ignore[attr-defined]
    np.testing.assert_array_equal(kept, painted(101))


def test_recordings_of_another_side_are_brought_to_the_first_ones(tmp_path: Path) -> None:
    of: Callable[[np.ndarray], Any] = lambda picture: SimpleNamespace(reference=lambda: picture)  # noqa: E731
    keep_mean_face(tmp_path / "model.safetensors", [of(painted(10)), of(cv2.resize(painted(30), (112, 112)))])
    kept = mean_face(tmp_path / "model.safetensors")
    assert kept is not None and np.abs(kept.astype(int) - painted(20)).max() <= 24  # blurred at the borders alone
    assert np.abs(kept.astype(int) - painted(20)).mean() < 0.3
    assert mean_face(tmp_path / "other.safetensors") is None


def test_expada_on_absolute_pixels_has_one_too(shared_run: Path, shared_prepared: Path) -> None:
    source = TrainedRun.load(shared_run).source
    reader = source.reader(PreparedDataset(shared_prepared).recording("r1"))
    assert reader.neutral_said == SAID
    level = source.mean_face[0, 0, 0] / 255  # type: ignore[attr-defined]
    torch.testing.assert_close(reader.neutral(torch.tensor([True]))[0, 0, 0, 0], torch.tensor(level).float())


def test_a_run_on_differences_has_none(clip_run: Path, shared_prepared: Path) -> None:
    source = TrainedRun.load(clip_run).source
    reader = source.reader(PreparedDataset(shared_prepared).recording("r1"))
    assert source.mean_face is None  # type: ignore[attr-defined]
    assert not reader.neutral(torch.ones(7, dtype=torch.bool)).any()
    assert reader.neutral_said == "the recording's median face"


def test_lost_frames_are_in_the_baseline_as_they_are_in_the_clip(shared_prepared: Path) -> None:
    recording = PreparedDataset(shared_prepared).recording("r1")  # frames 10 to 13 are lost
    face = np.zeros((64, 64, 3), np.uint8) + np.array([255, 51, 0], np.uint8)
    reader = ClipReader(recording, 32, cached=False, mean_face=face)
    clip, tracked = reader.read(8, 8)
    neutral = reader.neutral(tracked)
    assert neutral.shape == clip.shape and tracked.tolist() == [True] * 2 + [False] * 4 + [True] * 2
    torch.testing.assert_close(neutral[:, ~tracked], clip[:, ~tracked], rtol=0, atol=0)
    for channel, value in enumerate((1.0, 0.2, 0.0)):
        torch.testing.assert_close(neutral[channel, tracked], torch.full((4, 32, 32), value))
    grey = ClipReader(recording, 32, cached=False)
    assert (grey.neutral(tracked) == 0.5).all() and grey.neutral_said == "every pixel mid-grey"


@pytest.mark.parametrize("method", ["deeplift", "integrated-gradients"])
def test_a_run_on_absolute_pixels_is_explained_against_it(plain_run: Path, data: Path, method: str) -> None:
    """The baseline's score is the network's of the mean face, and pixels that look like it get no attribution."""
    explained = explainable(TrainedRun.load(plain_run))
    recording = PreparedDataset(data).recording("r1")
    reader, cut = explained.reader(recording), explained.segments(recording)
    maps = explain_recording(explained.model, reader, cut, method, size_px=224)
    (lost,) = (one for one in maps if one.first_frame == 8)
    clip, tracked = reader.read(8, 8)
    with torch.no_grad():
        score = explained.model(reader.neutral(tracked)[None])
    assert lost.explanation.baseline_score == pytest.approx(float(score), abs=1e-5)
    same = (clip == reader.neutral(tracked)).all(0).numpy()
    assert same.any() and not lost.explanation.values[same].any() and lost.explanation.values[~same].any()
    found = completeness_of(maps)
    assert found is not None and found["baseline"] == SAID and f"({SAID})" in completeness_sentence(found)


def test_it_stands_beside_the_weights_and_goes_with_them(run: Path, tmp_path: Path) -> None:
    weights = run / "checkpoint" / "model.safetensors"
    for path in (run, weights.parent, weights):
        assert CheckpointRun.load_or_run(path).source.mean_face is not None  # type: ignore[attr-defined]
    for name in ("model.safetensors", "model.json"):
        shutil.copy(weights.parent / name, tmp_path / name)
    shutil.copy(weights.parent / "model_mean_face.png", tmp_path / "other_mean_face.png")
    assert CheckpointRun.load_or_run(tmp_path).source.mean_face is None  # type: ignore[attr-defined]
    (weights.parent / "model_mean_face.png").write_bytes(b"no picture")
    with pytest.raises(UnusableInput, match=r"model_mean_face\.png cannot be read"):
        _ = TrainedRun.load(run).source


def test_kept_tables_are_made_anew_for_another_baseline(run: Path, data: Path) -> None:
    def baseline() -> str:
        one = pd.DataFrame({"recording_id": ["r2"], "subject": ["s"], "score": [10.0], "prediction": [12.0]})
        found = run_attributions(run, one, PreparedDataset(data), "deeplift").recordings
        return str(found["baseline"][0])

    assert baseline() == baseline() == SAID
    (run / "checkpoint" / "model_mean_face.png").unlink()
    assert baseline() == "every pixel mid-grey"
