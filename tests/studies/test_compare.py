"""What a comparison says, and that it never says more than its figures do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from openada.errors import UnusableInput
from openada.evaluation.fusion import by_session
from openada.evaluation.intervals import paired_difference
from openada.studies.compare import compare_runs, pair_sentence

Make = Callable[..., Path]

ROW: dict[str, Any] = {
    "a": "one", "b": "two", "metric": "rmse", "unit": "sessions", "value": -1.2, "low": -2.1, "high": -0.3, "p_value": 0.004,
    "p_holm": 0.012, "a_ranks_first": 0.97, "n": 50, "n_subjects": 42, "note": "",
}  # fmt: skip


def test_a_difference_beyond_noise_is_said_with_its_interval() -> None:
    assert pair_sentence(ROW, 3) == (
        "one − two: RMSE −1.20 (95 % interval −2.10 to −0.30; p = 0.012 after Holm's correction over 3 pairs; one ranks first "
        "of the two in 97% of the resamples). Beyond resampling noise: on these 50 sessions of 42 subjects, one has the lower "
        "RMSE."
    )
    assert "two has the lower RMSE" in pair_sentence({**ROW, "value": 1.2, "low": 0.3, "high": 2.1}, 1)
    assert "two has the higher CCC" in pair_sentence({**ROW, "metric": "ccc"}, 1)


def test_a_difference_within_noise_names_no_winner() -> None:
    within = pair_sentence({**ROW, "low": -3.0, "high": 0.6, "p_holm": 0.2}, 1)
    assert "Not beyond resampling noise" in within and "cannot tell the two apart" in within and "Holm" not in within
    corrected = pair_sentence({**ROW, "p_value": 0.03, "p_holm": 0.09}, 3)
    assert "Not beyond resampling noise" in corrected and "leaves out zero" in corrected


def test_without_an_interval_nothing_is_said() -> None:
    nan = float("nan")
    text = pair_sentence({**ROW, "low": nan, "high": nan, "p_holm": nan, "note": "2 subjects: too few"}, 1)
    assert "nothing can be said" in text and "2 subjects: too few" in text and "Beyond" not in text
    assert "not defined" in pair_sentence({**ROW, "value": nan}, 1)


@pytest.mark.parametrize("p", [0.012, 0.2])
def test_no_model_is_called_better(p: float) -> None:
    assert "better" not in pair_sentence({**ROW, "p_holm": p}, 3)


def test_pairs_are_the_paired_differences_on_the_same_subjects(made_run: Make, tmp_path: Path) -> None:
    paths = [made_run(name, draw=k, noise=noise, recipe={"min_tracked_share": 0.1 * (k + 1)})
             for k, (name, noise) in enumerate([("near", 1.0), ("alike", 1.2), ("far", 14.0)])]  # fmt: skip
    found = compare_runs(paths, tmp_path / "out", resamples=997)
    rows = [by_session(pd.read_parquet(path / "predictions.parquet").query("split == 'test'")) for path in paths]
    expected = paired_difference(
        "rmse", rows[0]["score"], rows[0]["prediction"], rows[2]["prediction"], rows[0]["subject"], resamples=997
    )
    row = found.pairs.query("metric == 'rmse' and unit == 'sessions' and a == 'near' and b == 'far'").iloc[0]
    assert (row["value"], row["low"], row["high"]) == pytest.approx(
        (expected.value, expected.low, expected.high), rel=1e-9
    )
    assert row["p_value"] == pytest.approx(expected.p_value, rel=1e-9) and row["p_holm"] >= row["p_value"]
    by_pair = {tuple(text.split(":")[0].split(" − ")): text for text in found.sentences if ": RMSE" in text}
    assert set(by_pair) == {("near", "alike"), ("near", "far"), ("alike", "far")}
    assert "near has the lower RMSE" in by_pair["near", "far"] and "over 3 pairs" in by_pair["near", "far"]
    assert "Not beyond resampling noise" in by_pair["near", "alike"]
    ranks = found.ranks.query("metric == 'rmse' and unit == 'sessions'").set_index("predictor")
    assert ranks.loc["far", "rank"] == 3 and ranks["ranks_first"].sum() == pytest.approx(1.0)
    assert 0 < ranks["same_order"].iloc[0] <= 1
    out = tmp_path / "out"
    stored = json.loads((out / "comparison.json").read_text())
    assert stored["sentences"] == found.sentences and len(stored["pairs"]) == 3 * 3 * 2
    for name in ("comparison.md", "report.html"):
        text = (out / name).read_text(encoding="utf-8")
        assert "Not beyond resampling noise" in text and "dropped: 3" in text and "single seed" in text
    assert len(pd.read_csv(out / "pairs.csv")) == 18 and (out / "figures" / "differences_rmse.svg").is_file()


def test_seeds_of_one_recipe_are_not_compared_with_each_other(made_run: Make, tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match=r"2 runs of one recipe: .* mean and spread of its seeds"):
        compare_runs([made_run("a", seed=0), made_run("b", seed=1)], tmp_path / "out")
    assert not (tmp_path / "out").exists()
