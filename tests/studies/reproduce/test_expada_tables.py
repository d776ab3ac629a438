"""ExpADA's tables and sweeps on twelve small recordings: what is trained, what is shared, and where the figures come from."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from openada.errors import UnusableInput
from openada.evaluation.fusion import by_session
from openada.studies.reproduce.job import Job
from openada.studies.reproduce.result import write_result
from openada.studies.reproduce.subset_figures import with_published
from openada.studies.reproduce.targets import TARGETS, reproduce
from training_recipe import RECIPE

MakeJob = Callable[..., Job]


def test_table2_is_made_of_the_runs_predictions(job: MakeJob) -> None:
    result = reproduce("expada/table2", job(seeds=(0, 1)))
    table = result.table
    own = table[(table["predictor"] == "selection") & (table["metric"] == "rmse")].set_index("subset")
    runs = {run.name: pd.read_parquet(run / "predictions.parquet") for run in result.runs}
    assert set(runs) == {f"expada-{kind}-s{seed}" for kind in ("selection", "base") for seed in (0, 1)}
    by_seed = []
    for seed in (0, 1):
        rows = runs[f"expada-selection-s{seed}"]
        rows = rows[(rows["split"] == "test") & (rows["method"] == "selection")]
        fused = by_session(rows)
        by_seed.append([np.sqrt(np.mean((part["prediction"] - part["score"]) ** 2)) for part in (rows, fused)])
    for subset, values in zip(("all recordings", "sessions, tasks fused"), np.transpose(by_seed), strict=True):
        assert own.loc[subset, "value"] == pytest.approx(values.mean(), rel=1e-12)
        assert own.loc[subset, "sd_over_seeds"] == pytest.approx(values.std(ddof=1), rel=1e-9)
    assert list(dict.fromkeys(table["predictor"]))[:2] == ["training mean", "training median"]
    assert {"base", "ordinal", "selection", "behaviour-statistics ridge"} <= set(table["predictor"])
    assert set(result.files["pairs"]["a"] + result.files["pairs"]["b"]) == {
        "baseordinal", "baseselection", "ordinalselection",
    }  # fmt: skip


def test_a_second_target_trains_nothing_anew(job: MakeJob) -> None:
    made = job(seeds=(0,))
    first = reproduce("expada/table1", made)
    before = {path: path.stat().st_mtime_ns for path in (made.out / "runs").rglob("model.safetensors")}
    again = reproduce("expada/table1", made)
    assert {path: path.stat().st_mtime_ns for path in (made.out / "runs").rglob("model.safetensors")} == before
    pd.testing.assert_frame_equal(first.table, again.table)


def test_sweep_p_keeps_the_encoder_and_changes_the_selection(job: MakeJob) -> None:
    made = job(seeds=(0,))
    result = reproduce("expada/sweep-p", made)
    percents = [int(name.split()[2]) for name in dict.fromkeys(result.table["predictor"]) if name.startswith("p = ")]
    assert percents[:2] == [5, 10] and 20 in percents and percents[-1] == 100
    for percent in (5, 100):
        run = made.out / "runs" / f"expada-selection-p{percent}-s0"
        assert set(pd.read_csv(run / "metrics.csv")["stage"]) == {"selector"}
        segments = pd.read_parquet(run / "segments.parquet")
        for _, rows in segments.groupby("recording_id"):
            assert rows["selected"].sum() == max(1, percent * len(rows) // 100)


def test_one_model_per_task_uses_that_task_alone(job: MakeJob, two_tasks: Path) -> None:
    made = job(seeds=(0,), data=two_tasks, tasks="apart")
    result = reproduce("expada/table1", made)
    assert [run.name for run in result.runs] == ["expada-selection-read-s0", "expada-selection-talk-s0"]
    for run, task in zip(result.runs, ("read", "talk"), strict=True):
        assert set(pd.read_parquet(run / "recordings.parquet")["task"]) == {task}
    assert list(dict.fromkeys(result.table["subset"])) == ["read", "talk", "sessions, tasks fused"]


def test_what_is_written_can_be_read_again(job: MakeJob) -> None:
    made = job(seeds=(0,))
    result = reproduce("expada/table2", made)
    folder = write_result(made, result)
    assert folder == made.out / "expada-table2"
    read = pd.read_csv(
        folder / "table.csv", keep_default_na=False, na_values={"value": [""], "low": [""], "high": [""]}
    )
    columns = ["subset", "predictor", "metric", "value", "low", "high", "n", "seeds", "note"]
    pd.testing.assert_frame_equal(read[columns], result.table[columns].astype(read[columns].dtypes))
    text = (folder / "table.md").read_text(encoding="utf-8")
    assert "No published figure of a corpus that is not named" in text
    assert sorted(path.suffix for path in folder.iterdir() if path.is_file()) == [
        ".csv",
        ".csv",
        ".html",
        ".json",
        ".md",
        ".tex",
    ]
    assert list((folder / "figures").glob("*.svg"))


def test_published_figures_are_labelled_and_stand_beside_their_own_corpus_alone(job: MakeJob) -> None:
    made = job(seeds=(0,))
    text = reproduce("expada/table1", made).markdown()
    assert "published, not measured here" in text
    assert "Liao et al. 2026 (ExpADA)" in text
    printed = pd.DataFrame(
        {"subset": ["Freeform", "Freeform", "sessions, tasks fused"], "predictor": ["selection", "base", "selection"]}
    )
    beside = with_published(printed, ["AVEC2014"])
    assert beside["RMSE (published)"].tolist() == [7.64, 9.26, 6.89]
    assert beside["MAE (published)"].tolist() == [5.83, 7.40, 5.11]
    assert "RMSE (published)" not in with_published(printed, ["planted-standard"])
    assert "RMSE (published)" not in with_published(printed, ["AVEC2013", "AVEC2014"])


def test_a_run_with_another_recipe_is_refused_not_mixed_up(job: MakeJob) -> None:
    reproduce("expada/table1", job(seeds=(0,)))
    other = replace(RECIPE, selector=replace(RECIPE.selector, epochs=2))
    with pytest.raises(UnusableInput, match="holds a run with recipe"):
        reproduce("expada/table1", job(seeds=(0,), recipe=other))


@pytest.mark.parametrize("seeds", [(), (1, 1)])
def test_seeds_must_be_there_and_differ(job: MakeJob, seeds: tuple[int, ...]) -> None:
    with pytest.raises(UnusableInput, match="seeds"):
        job(seeds=seeds)


def test_an_unknown_name_is_told_what_there_is(job: MakeJob) -> None:
    with pytest.raises(UnusableInput, match="expada/table2"):
        reproduce("expada/table9", job(seeds=(0,)))


def test_every_target_has_its_function() -> None:
    from importlib import import_module

    for entry in TARGETS.values():
        module, _, function = entry.function.partition(":")
        assert callable(getattr(import_module(module), function))
