"""Runs on all folds of a cross-validation: mean and spread over folds and the pooled figure, never one fold."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tested_runs
from openada.cli import main
from openada.datasets.folds import grouped_folds
from openada.errors import UnusableInput
from openada.files import read_json, write_json
from openada.prepared.dataset import PreparedDataset
from openada.studies.compare import compare_runs
from openada.studies.cross_validated import evaluate_folds
from openada.studies.evaluate import evaluate_run
from openada.training.run_folder import RunFolder

FOLDS = 3


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared data set of statistics alone, with a set of folds."""
    data = tested_runs.data_set(tmp_path_factory.mktemp("folded") / "data")
    grouped_folds(PreparedDataset(data).manifest, FOLDS, seed=2, name="three").save(data / "folds" / "three.json")
    return data


@pytest.fixture
def folds_of(shared_run: Path, people: Path, tmp_path: Path) -> Callable[..., list[Path]]:
    """Makes the runs of all folds of a recipe, NAME/fold-1 …, with made-up predictions."""

    def make(name: str, seed: int = 0, noise: float = 5.0) -> list[Path]:
        return [
            tested_runs.fold_run(
                shared_run, people, tmp_path / name / f"fold-{k}", f"three/{k}", seed=seed, noise=noise
            )
            for k in range(1, FOLDS + 1)
        ]

    return make


def errors(rows: pd.DataFrame) -> np.ndarray:
    fused = rows.groupby(["subject", "session"])[["label", "prediction"]].mean()
    return (fused["prediction"] - fused["label"]).to_numpy()


def test_every_fold_counts_in_the_mean_and_every_recording_once_in_the_pooled_figure(
    folds_of: Callable[..., list[Path]], people: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    found = evaluate_folds(folds_of("grey")[::-1], out)
    rows = pd.read_csv(out / "predictions.csv")
    used = PreparedDataset(people).manifest.query("status == 'prepared'")
    assert sorted(rows["recording_id"]) == sorted(used["recording_id"])  # each once, "spare" of no official part too
    by_fold = [np.sqrt(np.mean(errors(part) ** 2)) for _, part in rows.groupby("fold")]
    over = (
        pd.read_csv(out / "over_folds.csv")
        .query("predictor == 'grey' and unit == 'sessions' and metric == 'rmse'")
        .iloc[0]
    )
    assert over["mean"] == pytest.approx(np.mean(by_fold), rel=1e-9) and over["n_folds"] == FOLDS
    assert over["sd"] == pytest.approx(np.std(by_fold, ddof=1), rel=1e-9)
    pooled = found.table.query("predictor == 'grey' and unit == 'sessions' and metric == 'rmse'").iloc[0]
    assert pooled["value"] == pytest.approx(np.sqrt(np.mean(errors(rows) ** 2)), rel=1e-9)
    assert pooled["low"] < pooled["value"] < pooled["high"]
    assert f"{np.mean(by_fold):.2f} ± {np.std(by_fold, ddof=1):.2f}" in found.markdown
    assert "never" not in found.title and "the sd over folds is no standard error" in found.markdown
    assert found.markdown.index("training mean") < found.markdown.index("grey")
    assert (out / "report.html").is_file() and (out / "evaluation.tex").is_file()
    told = "\n".join(found.foot)
    assert "Split: 3 folds of three, sha256" in told and "Recordings dropped: 3 (3 no face" in told


def test_constants_are_those_of_each_folds_own_training(folds_of: Callable[..., list[Path]], tmp_path: Path) -> None:
    runs = folds_of("a")
    found = evaluate_folds(runs, tmp_path / "out")
    squares = []
    for run in runs:
        known = pd.read_parquet(run / "recordings.parquet")
        mean = known.loc[known["split"] == "training", "score"].mean()
        squares += list((known.loc[known["split"] == "test", "score"] - mean) ** 2)
    row = found.table.query("predictor == 'training mean' and unit == 'recordings' and metric == 'rmse'").iloc[0]
    assert row["value"] == pytest.approx(np.sqrt(np.mean(squares)), rel=1e-9)
    own = found.table.query("predictor == 'a' and unit == 'recordings' and metric == 'rmse'").iloc[0]
    gap = found.table.query("predictor == 'a − training mean' and unit == 'recordings' and metric == 'rmse'").iloc[0]
    assert gap["value"] == pytest.approx(own["value"] - row["value"], rel=1e-9)


def test_a_fold_without_the_others_is_refused(folds_of: Callable[..., list[Path]], made_run: Callable[..., Path],
                                              tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    runs = folds_of("a")
    with pytest.raises(UnusableInput, match=r"fold 1, 3 of 3 of three without fold 2: a fold's figure is no result"):
        evaluate_folds([runs[0], runs[2]], tmp_path / "out")
    assert main(["evaluate", str(runs[1]), "--out", str(tmp_path / "out")]) == 2
    assert "without fold 1, 3" in capsys.readouterr().err
    with pytest.raises(UnusableInput, match="is fold 2 of 3 of three: a fold's figure is no result"):
        evaluate_run(runs[1])
    again = Path(shutil.copytree(runs[0], tmp_path / "again"))
    with pytest.raises(UnusableInput, match="fold 1 of three is there 2 times"):
        evaluate_folds([*runs, again], tmp_path / "out")
    assert main(["evaluate", *map(str, runs), str(made_run("whole"))]) == 2
    assert "was not trained on a fold and others were" in capsys.readouterr().err
    # A fold trained otherwise is not a fold of the same system.
    config = read_json(runs[1] / "config.json")
    write_json(runs[1] / "config.json", {**config, "recipe": {**config["recipe"], "min_tracked_share": 0.1}})
    with pytest.raises(UnusableInput, match="without fold 2"):
        evaluate_folds(runs, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_seeds_are_averaged_within_folds_and_recipes_compare_on_out_of_fold_predictions(
    folds_of: Callable[..., list[Path]], tmp_path: Path
) -> None:
    runs = [*folds_of("a-s0"), *folds_of("a-s1", seed=1)]
    found = evaluate_folds(runs, tmp_path / "out")
    per_fold = found.per_fold.query("predictor == 'a (2 seeds)' and unit == 'sessions' and metric == 'mae'")
    assert per_fold.groupby("seed")["fold"].apply(list).to_dict() == {0: [1, 2, 3], 1: [1, 2, 3]}
    over = found.over_folds.query("predictor == 'a (2 seeds)' and unit == 'sessions' and metric == 'mae'").iloc[0]
    assert over["mean"] == pytest.approx(per_fold["value"].mean(), rel=1e-9)
    assert over["sd"] == pytest.approx(per_fold.groupby("fold")["value"].mean().std(ddof=1), rel=1e-9)
    noisy = folds_of("noisy", noise=25.0)
    for run in noisy:
        config = read_json(run / "config.json")
        write_json(run / "config.json", {**config, "recipe": {**config["recipe"], "method": "ordinal"}})
    compared = compare_runs([*runs, *noisy], tmp_path / "compared", resamples=199)
    assert [group.name for group in compared.groups] == ["a (2 seeds)", "noisy"]
    row = compared.pairs.query("metric == 'rmse' and unit == 'recordings'").iloc[0]
    assert row["value"] < 0 and row["p_holm"] < 0.05
    with pytest.raises(UnusableInput, match="without fold 3"):
        compare_runs([*runs, *noisy[:2]], tmp_path / "compared")


def test_a_run_trains_and_predicts_on_a_fold(tiny_prepared: Path, tmp_path: Path) -> None:
    from dataclasses import replace

    from openada.inference.predict import predict
    from openada.training.expada import train_expada
    from training_recipe import RECIPE

    assert main(["datasets", "split", str(tiny_prepared), "--folds", "2", "--name", "halves"]) == 0
    runs = [tmp_path / "cv" / f"fold-{k}" for k in (1, 2)]
    for k, run in enumerate(runs, start=1):
        train_expada(tiny_prepared, run, replace(RECIPE, split=f"halves/{k}"), progress=False)
        assert RunFolder(run).split().fold_of.fold == k
        assert RunFolder(run).config()["recordings"]["development"] == 0
        assert set(predict(run)["split"]) == {"test"}
    found = evaluate_folds(runs, tmp_path / "out")
    assert found.table["n"].max() == 12 and set(found.per_fold["predictor"]) >= {"cv", "training mean"}
