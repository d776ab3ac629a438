"""Several runs in one table: seeds averaged, recipes as rows, other splits apart."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tested_runs
from openada.errors import UnusableInput
from openada.studies.many_runs import evaluate_runs

Make = Callable[..., Path]


def test_seeds_become_mean_and_sd_and_recipes_rows(made_run: Make, tmp_path: Path) -> None:
    paths = [
        made_run("sel-s0", seed=0),
        made_run("sel-s1", seed=1),
        made_run("big", recipe={"min_tracked_share": 0.25}, noise=9),
    ]
    out = tmp_path / "evaluation"
    evaluate_runs(paths, out, published=True)
    table = pd.read_csv(out / "evaluation.csv")
    rows = table[(table["unit"] == "sessions") & ~table["predictor"].str.contains(" − ")]
    assert rows["predictor"].unique().tolist() == [
        "training mean", "training median", "identity look-up", "identity look-up with development",
        "behaviour-statistics ridge", "sel (2 seeds)", "big",
    ]  # fmt: skip
    singles = []
    for path in paths[:2]:
        test = pd.read_csv(path / "predictions.csv").query("split == 'test'")
        fused = test.groupby(["subject", "session"])[["label", "prediction"]].mean()
        singles.append(np.sqrt(((fused["prediction"] - fused["label"]) ** 2).mean()))
    row = rows.query("predictor == 'sel (2 seeds)' and metric == 'rmse'").iloc[0]
    assert row["value"] == pytest.approx(np.mean(singles), rel=1e-9)
    assert row["sd_over_seeds"] == pytest.approx(np.std(singles, ddof=1), rel=1e-9)
    assert row["seeds"] == "0, 1" and row["low"] < row["value"] < row["high"]
    text = (out / "evaluation.md").read_text(encoding="utf-8")
    assert f"{np.mean(singles):.2f} ± {np.std(singles, ddof=1):.2f} [" in text
    assert "No ensemble is formed" in text and "sel (2 seeds): Seeds: 0, 1." in text and "big: Seed: 0." in text
    assert "Published, not measured here" in text
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "dropped: 3 (3 test, no face" in page and "Rings: single seeds" in page and "STA-DRN" in page
    stored = json.loads((out / "evaluation.json").read_text())["blocks"][0]["per_seed_by_session"]
    (found,) = [entry for entry in stored if entry["predictor"] == "sel (2 seeds)" and entry["metric"] == "rmse"]
    assert found["seeds"] == [0, 1] and found["values"] == pytest.approx(singles, rel=1e-9)
    assert (out / "evaluation.tex").read_text().count("\\begin{tabular}") == 4
    assert {path.name for path in (out / "figures").iterdir()} == {
        f"block1_intervals_{m}.svg" for m in ("rmse", "mae", "ccc")
    }
    assert all((path / "evaluation.json").is_file() for path in paths)


def test_other_test_recordings_stand_in_a_table_of_their_own(made_run: Make, tmp_path: Path) -> None:
    data = tested_runs.data_set(tmp_path / "elsewhere", seed=8)
    found = evaluate_runs([made_run("a"), made_run("b", data=data, seed=1)], tmp_path / "out")
    assert [[group.name for group in block.groups] for block in found.blocks] == [["a"], ["b"]]
    for block in found.blocks:
        own = block.table[~block.table["predictor"].str.contains(" − ")]
        assert own["predictor"].iloc[0] == "training mean" and own["predictor"].nunique() == 6
    with pytest.raises(UnusableInput, match=r"--data .* for runs on 2 data sets"):
        evaluate_runs([tmp_path / "a", tmp_path / "b"], tmp_path / "out", data=data)
