"""Clip models on a small trained run: the mean over clips end to end, whatever the batch, at times that are checked by hand."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from openada.errors import UnusableInput
from openada.inference.checkpoint import CheckpointRun
from openada.inference.clips import ClipRun, clip_scores
from openada.inference.predict import predict
from openada.inference.recording import TrainedRun, infer
from openada.models.weights import save_checkpoint
from openada.prepared.dataset import PreparedDataset


@pytest.fixture
def trained(clip_run: Path) -> ClipRun:
    run = TrainedRun.load(clip_run)
    assert isinstance(run, ClipRun)
    return run


def test_the_score_is_the_mean_of_clips_read_one_by_one(trained: ClipRun, shared_prepared: Path) -> None:
    """40 frames at 20 per second, clips of 7: five, and 5 frames left out."""
    recording = PreparedDataset(shared_prepared).recording("r7")
    result = infer(trained, recording)
    reader = trained.source.reader(recording)
    with torch.no_grad():
        alone = [float(trained.model(reader.read(first, 7)[0][None])[0]) for first in (0, 7, 14, 21, 28)]
    np.testing.assert_allclose(result.segments["segment_score"], alone, rtol=1e-5)
    assert result.scores == {"sta-drn": pytest.approx(np.mean(alone), rel=1e-5)}
    np.testing.assert_allclose(result.segments["start_s"], np.arange(5) * 0.35, atol=1e-4)
    np.testing.assert_allclose(result.segments["end_s"], np.arange(1, 6) * 0.35, atol=1e-4)
    assert result.category is None and np.ptp(alone) > 0
    batches = [clip_scores(trained.model, reader, trained.source.segments(recording), batch=n) for n in (1, 2, 5)]
    np.testing.assert_allclose(batches[1:], [batches[0]] * 2, rtol=1e-5)


def test_a_frame_step_spreads_clips_and_a_short_recording_is_one(trained: ClipRun, shared_prepared: Path) -> None:
    recording = PreparedDataset(shared_prepared).recording("r7")
    stepped = replace(trained, recipe=replace(trained.recipe, frame_step=2))
    rows = infer(stepped, recording).segments
    assert rows["first_frame"].tolist() == [0, 14]
    np.testing.assert_allclose(rows["end_s"], [0.7, 1.4], atol=1e-4)
    short = replace(
        trained, recipe=replace(trained.recipe, frame_step=11)
    )  # frames 0, 11, 22, 33: four for a clip of 7
    rows = infer(short, recording).segments
    assert len(rows) == 1 and rows["end_s"][0] == pytest.approx(2.0, abs=1e-4)
    clip, _ = stepped.source.reader(recording).read(0, 7)
    plain, _ = trained.source.reader(recording).read(0, 14)
    torch.testing.assert_close(clip, plain[:, ::2])
    repeated, _ = short.source.reader(recording).read(0, 7)
    own, _ = trained.source.reader(recording).read(0, 40)
    torch.testing.assert_close(repeated, own[:, [0, 0, 11, 11, 22, 22, 33]])


def test_clips_with_a_lost_face_take_no_part(trained: ClipRun, shared_prepared: Path) -> None:
    recording = PreparedDataset(shared_prepared).recording(
        "r1"
    )  # frames 10 to 13 lost: of the second clip four of seven
    result = infer(trained, recording)
    assert result.usable.tolist() == [True, False, True, True, True]
    assert result.segments["first_frame"].tolist() == [0, 14, 21, 28]
    assert result.scores["sta-drn"] == pytest.approx(result.segments["segment_score"].mean(), rel=1e-6)
    nothing = replace(trained.source.segments(recording), usable=np.zeros(5, bool))
    with pytest.raises(UnusableInput, match="no clip of the recording"):
        clip_scores(trained.model, trained.source.reader(recording), nothing)


def test_predictions_and_clips_are_tables(clip_run: Path, tmp_path: Path) -> None:
    clip_run = Path(shutil.copytree(clip_run, tmp_path / "run"))
    table = predict(clip_run)
    assert sorted(table["recording_id"]) == ["r10", "r11", "r6", "r7", "r8", "r9"]
    assert set(table["method"]) == {"sta-drn"} and set(table["category"]) == {-1}
    clips = pd.read_parquet(clip_run / "segments.parquet")
    means = clips.groupby("recording_id")["segment_score"].mean()
    np.testing.assert_allclose(table.set_index("recording_id")["prediction"].loc[means.index], means, rtol=1e-6)
    assert {"start_s", "end_s", "scale_frames"} <= set(clips)


def test_a_checkpoint_without_a_run_scores_as_its_network_does(
    trained: ClipRun, shared_prepared: Path, tmp_path: Path
) -> None:
    save_checkpoint(
        trained.model, tmp_path / "model.safetensors", {"label_scale": "BDI-II", "training_set": "a corpus"}
    )
    recording = PreparedDataset(shared_prepared).recording("r7")
    for path in (tmp_path, tmp_path / "model.safetensors"):
        bare = CheckpointRun.load_or_run(path)
        assert isinstance(bare, CheckpointRun) and bare.config["corpus"] == ["a corpus"]
        assert infer(bare, recording).scores == pytest.approx(infer(trained, recording).scores, rel=1e-6)
    assert type(CheckpointRun.load_or_run(trained.folder.folder)) is ClipRun
    # A run's own checkpoint taken away from it still says that it was trained on rendered faces.
    save_checkpoint(trained.model, tmp_path / "model.safetensors", {"planted": True, "corpus": ["planted-standard"]})
    assert CheckpointRun.load_or_run(tmp_path).config["planted"]
    (tmp_path / "model.pth").touch()
    with pytest.raises(UnusableInput, match="openada convert"):
        CheckpointRun.load_or_run(tmp_path / "model.pth")


def test_what_needs_its_run_is_no_bare_checkpoint(shared_run: Path) -> None:
    with pytest.raises(UnusableInput, match="needs its whole run"):
        CheckpointRun.load_or_run(shared_run / "checkpoint" / "model.safetensors")
