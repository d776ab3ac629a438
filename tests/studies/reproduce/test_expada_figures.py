"""ExpADA's pictures and the stability figure on twelve small recordings."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from safetensors.torch import load_file
from scipy.stats import pearsonr

from openada.evaluation.metrics import pcc
from openada.studies.reproduce.job import Job
from openada.studies.reproduce.result import write_result
from openada.studies.reproduce.targets import reproduce

MakeJob = Callable[..., Job]


def test_figure3_shows_the_runs_own_relevance_of_three_recordings(job: MakeJob) -> None:
    made = job(seeds=(0,))
    result = reproduce("expada/figure3", made)
    rows = pd.read_parquet(made.out / "runs" / "expada-selection-s0" / "predictions.parquet")
    rows = rows[(rows["split"] == "test") & (rows["method"] == "selection")].sort_values("prediction")
    shown = list(dict.fromkeys(result.table["recording_id"]))
    assert shown == rows["recording_id"].iloc[[0, len(rows) // 2, len(rows) - 1]].tolist()
    segments = pd.read_parquet(made.out / "runs" / "expada-selection-s0" / "segments.parquet")
    own = segments[segments["recording_id"] == shown[0]].reset_index(drop=True)
    drawn = result.table[result.table["recording_id"] == shown[0]].reset_index(drop=True)
    np.testing.assert_allclose(drawn["severity_relevance"], own["severity_relevance"], rtol=0, atol=1e-7)
    drawings = result.sections[0].drawings
    assert len(drawings) == 6  # both kinds, and each says which it is
    assert {"category support" in drawing.note for drawing in drawings} == {True, False}
    folder = write_result(made, result)
    assert "<image" in (folder / "figures" / f"{drawings[0].name}.svg").read_text(encoding="utf-8")


def test_figure4_takes_the_ends_of_every_recording(job: MakeJob) -> None:
    made = job(seeds=(0, 1))
    result = reproduce("expada/figure4", made)
    segments = pd.read_parquet(made.out / "runs" / "expada-selection-s0" / "segments.parquet")
    test = pd.read_parquet(made.out / "runs" / "expada-selection-s0" / "predictions.parquet").query("split == 'test'")
    counts = segments[segments["recording_id"].isin(test["recording_id"])].groupby("recording_id").size()
    wanted = int(np.maximum(1, (0.2 * counts).astype(int)).sum())
    assert set(result.table["n"]) == {wanted}
    assert set(result.table["seed"]) == {0, 1}
    assert len(result.sections[0].drawings) == 4  # top and bottom by either kind, of the first seed


def test_figure5_gives_the_agreement_of_the_runs_predictions(job: MakeJob) -> None:
    made = job(seeds=(0,))
    result = reproduce("expada/figure5", made)
    rows = pd.read_parquet(made.out / "runs" / "expada-selection-s0" / "predictions.parquet")
    rows = rows[(rows["split"] == "test") & (rows["method"] == "selection")]
    own = result.table.query("metric == 'pcc' and subset == 'all recordings'")["value"].iloc[0]
    assert own == pytest.approx(pearsonr(rows["score"], rows["prediction"])[0], abs=1e-10)


def test_stability_compares_first_epochs_and_ends(job: MakeJob) -> None:
    made = job(seeds=(0, 1))
    result = reproduce("expada/stability", made)
    table = result.table
    compared = dict.fromkeys(zip(table["compared"], table["moment"], strict=True))
    assert list(compared) == [
        ("stage 2 on one encoder", "after the first epoch"),
        ("stage 2 on one encoder", "at the end"),
        ("whole training", "at the end"),
    ]
    # The whole trainings by hand: Pearson's r of the two seeds' relevance, mean over test recordings.
    both = [
        pd.read_parquet(made.out / "runs" / f"expada-selection-s{seed}" / "segments.parquet").groupby("recording_id")
        for seed in (0, 1)
    ]
    test = pd.read_parquet(made.out / "runs" / "expada-selection-s0" / "predictions.parquet").query("split == 'test'")
    by_hand = [
        pcc(*(group.get_group(name)["severity_relevance"].to_numpy(float) for group in both))
        for name in test["recording_id"].unique()
    ]
    own = table.query("compared == 'whole training' and kind == 'severity_relevance' and metric == 'centred_cosine'")
    assert own["value"].iloc[0] == pytest.approx(np.nanmean(by_hand), abs=1e-6)
    kept = load_file(made.out / "runs" / "expada-selection-again-s1" / "checkpoint" / "selector_epoch_1.safetensors")
    assert kept
