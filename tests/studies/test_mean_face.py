"""What networks on absolute pixels are explained against: the mean face of the people that they were trained on."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from openada.clips.reading import ClipReader
from openada.explanation.recording_maps import explain_recording
from openada.inference.recording import TrainedRun
from openada.models.registry import config_for
from openada.prepared.dataset import PreparedDataset
from openada.studies.attribution import completeness_of, completeness_sentence
from openada.studies.explainable import explainable
from openada.training.clip_recipe import clip_recipe
from openada.training.clips import train_clips
from openada.training.run_folder import RunFolder

SYSTEM = "expresso-ai"
RECIPE = replace(
    clip_recipe(SYSTEM), model=config_for(SYSTEM, width=2, clip_frames=8, image_size=32), frame_step=1, epochs=1
)


@pytest.fixture(scope="module")
def plain_run(shared_prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on absolute pixels."""
    return train_clips(SYSTEM, shared_prepared, tmp_path_factory.mktemp("plain") / "run", RECIPE, progress=False).folder


def test_it_is_that_of_the_training_part_alone(plain_run: Path, shared_prepared: Path) -> None:
    table = pd.read_parquet(plain_run / "recordings.parquet")
    dataset = PreparedDataset(shared_prepared)
    of = {
        part: np.mean([dataset.recording(name).reference().astype(float) for name in rows["recording_id"]], axis=0)
        for part, rows in table.groupby("split")
    }
    kept = RunFolder(plain_run).mean_face()
    assert kept is not None and kept.shape == (224, 224, 3)
    assert np.abs(kept - of["training"]).max() <= 0.5
    assert np.abs(kept - of["test"]).min() > 0.5  # so that a mix-up would be seen


def test_a_run_on_differences_has_none(clip_run: Path, shared_prepared: Path) -> None:
    assert RunFolder(clip_run).mean_face() is None
    reader = TrainedRun.load(clip_run).source.reader(PreparedDataset(shared_prepared).recording("r1"))
    neutral = reader.neutral(torch.ones(7, dtype=torch.bool))
    assert not neutral.any() and reader.neutral_said == "the recording's median face"


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
def test_a_run_on_absolute_pixels_is_explained_against_it(plain_run: Path, shared_prepared: Path, method: str) -> None:
    """The baseline's score is the network's of the mean face, and a person who looks like it gets no attribution."""
    run = explainable(TrainedRun.load(plain_run))
    recording = PreparedDataset(shared_prepared).recording("r2")
    reader, cut = run.reader(recording), run.segments(recording)
    maps = explain_recording(run.model, reader, cut, method, size_px=224)
    first, tracked = reader.read(maps[0].first_frame, cut.frames)
    with torch.no_grad():
        score = run.model(reader.neutral(tracked)[None])
    assert maps[0].explanation.baseline_score == pytest.approx(float(score), abs=1e-5)
    found = completeness_of(maps)
    assert found is not None and found["baseline"] == "the mean face of the training part"
    assert "(the mean face of the training part)" in completeness_sentence(found)
    same = first - reader.neutral(tracked)
    assert np.abs(maps[0].explanation.values[(same == 0).all(0).numpy()]).max(initial=0) == 0
    assert np.abs(maps[0].explanation.values).max() > 0
