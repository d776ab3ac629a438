"""Inference on a small trained run: what is written, and that nothing depends on how it was computed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from openada.errors import UnusableInput
from openada.inference.predict import predict
from openada.inference.recording import TrainedRun, infer
from openada.prepared.dataset import PreparedDataset
from openada.training.expada import train_expada
from training_recipe import RECIPE


def test_predictions_hold_a_row_per_recording_and_method(run: Path, shared_prepared: Path) -> None:
    table = predict(run)
    assert sorted(table["recording_id"].unique()) == ["r10", "r11", "r6", "r7", "r8", "r9"]
    assert table.groupby("recording_id")["method"].apply(set).map(lambda s: s == {"selection", "ordinal"}).all()
    segments = pd.read_parquet(run / "segments.parquet")
    for _, rows in segments.groupby("recording_id"):
        # 40 frames in units of 8: five of scale 1, four of scale 2, three of scale 3.
        assert rows["scale_frames"].value_counts().to_dict() == {8: 5, 16: 4, 24: 3}
        assert rows["selected"].sum() == max(1, 20 * 12 // 100)
        assert (rows["end_s"] > rows["start_s"]).all()
        assert rows["severity_relevance"].sum() < 1 and (rows["severity_relevance"] > 0).all()
    pd.testing.assert_frame_equal(predict(run), table)


def test_the_score_is_the_mean_over_the_selected_segments(run: Path, shared_prepared: Path) -> None:
    trained = TrainedRun.load(run)
    result = infer(trained, PreparedDataset(shared_prepared).recording("r7"))
    chosen = result.segments.loc[result.segments["selected"], "segment_score"]
    assert result.scores["selection"] == pytest.approx(chosen.mean(), rel=1e-5)
    assert result.scores["ordinal"] == pytest.approx(result.units.score.mean(), rel=1e-5)


def test_cached_units_change_nothing(run: Path, shared_prepared: Path, tmp_path: Path) -> None:
    trained = TrainedRun.load(run)
    recording = PreparedDataset(shared_prepared).recording("r8")
    plain = infer(trained, recording)
    for _ in range(2):
        cached = infer(trained, recording, cache=tmp_path / "units")
        pd.testing.assert_frame_equal(cached.segments, plain.segments)


def test_untracked_units_keep_their_place_in_time(run: Path, shared_prepared: Path) -> None:
    recording = PreparedDataset(shared_prepared).recording("r1")  # frames 10 to 13 lost: half of unit 1
    strict = TrainedRun.load(run)
    strict = replace(strict, recipe=replace(strict.recipe, min_tracked_share=0.6))
    result = infer(strict, recording)
    assert result.units.usable.tolist() == [True, False, True, True, True]
    spans = result.segments[["first_unit", "end_unit"]].to_numpy()
    assert not any(first <= 1 < end for first, end in spans)
    np.testing.assert_allclose(result.segments.loc[1, "start_s"], 16 / 20, atol=1e-4)


def test_a_model_of_shuffled_frames_is_trained_and_tested_on_them(
    shared_prepared: Path, shared_run: Path, tmp_path: Path
) -> None:
    recipe = replace(RECIPE, method="base", frame_order="shuffled")
    train_expada(shared_prepared, tmp_path / "run", recipe, progress=False)
    shuffled = TrainedRun.load(tmp_path / "run")
    in_time = replace(shuffled, recipe=replace(shuffled.recipe, frame_order="time"))
    recording = PreparedDataset(shared_prepared).recording("r7")
    reader, plain = shuffled.source.reader(recording), in_time.source.reader(recording)
    np.testing.assert_array_equal(reader.read(8, 8)[0], plain.read(8, 8)[0][:, reader.order(8, 8) - 8])
    result = infer(shuffled, recording)
    assert result.scores == infer(shuffled, recording).scores
    assert result.scores != infer(in_time, recording).scores
    table = predict(tmp_path / "run")
    assert table.set_index("recording_id").loc["r7", "prediction"] == pytest.approx(result.scores["base"], rel=1e-5)
    # The pretext stage is the same for all methods: only the frames' order differs from the other run's.
    losses = [
        pd.read_csv(folder / "metrics.csv").query("stage == 'pretext'")["value"]
        for folder in (tmp_path / "run", shared_run)
    ]
    assert not np.allclose(*losses)


def test_the_other_selection_rule_is_trained_and_predicts(shared_prepared: Path, tmp_path: Path) -> None:
    """Eq. 4-5 through both stages: only representations whose own category is the most frequent one are selected."""
    once = replace(RECIPE.encoder, epochs=1)
    model = replace(RECIPE.model, selection="mode", percent=50, head_layers=1)
    recipe = replace(RECIPE, pretext=replace(once, epochs=0), encoder=once, average_thresholds=True, model=model)
    train_expada(shared_prepared, tmp_path / "run", recipe, progress=False)
    trained = TrainedRun.load(tmp_path / "run")
    assert trained.model.selector.rule == "mode" and trained.recipe == recipe
    for name in ("r7", "r9"):
        result = infer(trained, PreparedDataset(shared_prepared).recording(name))
        assert result.selection is not None
        own = result.selection.P[0].argmax(-1).numpy()
        assert result.category == np.bincount(own, minlength=4).argmax()
        selected = result.segments["selected"].to_numpy()
        assert (own[selected] == result.category).all()
        assert selected.sum() == max(1, 50 * (own == result.category).sum() // 100)
        chosen = result.segments.loc[selected, "segment_score"]
        assert result.scores["selection"] == pytest.approx(chosen.mean(), rel=1e-5)


def test_an_unfinished_run_is_refused(run: Path) -> None:
    (run / "checkpoint" / "model.safetensors").unlink()
    with pytest.raises(UnusableInput, match="not trained to the end"):
        predict(run)
    with pytest.raises(UnusableInput, match="is not a run"):
        predict(run / "nowhere")
