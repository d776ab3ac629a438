"""What one run's evaluation writes, and that its figures can be made again by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

import tested_runs
from openada.files import read_json, write_json
from openada.studies.evaluate import Evaluation, evaluate_run
from openada.studies.evaluation_facts import _label_noise
from tested_runs import EXCLUDED, NO_FACE


@pytest.fixture(scope="module")
def run(shared_run: Path, many_people: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Evaluated once with the checklist; only read."""
    return tested_runs.tested_run(shared_run, many_people, tmp_path_factory.mktemp("evaluated") / "run-a")


@pytest.fixture(scope="module")
def evaluation(run: Path) -> Evaluation:
    return evaluate_run(run, tripod=True)


def by_hand(table: pd.DataFrame) -> dict[str, float]:
    """RMSE, MAE and CCC from label and prediction, in nothing but numpy."""
    y, p = table["label"].to_numpy(), table["prediction"].to_numpy()
    covariance = np.mean((y - y.mean()) * (p - p.mean()))
    return {
        "rmse": np.sqrt(np.mean((p - y) ** 2)),
        "mae": np.mean(np.abs(p - y)),
        "ccc": 2 * covariance / (y.var() + p.var() + (y.mean() - p.mean()) ** 2),
    }


def test_every_figure_can_be_made_again_from_predictions_csv(run: Path, evaluation: Evaluation) -> None:
    table = pd.read_csv(run / "predictions.csv")
    assert {"recording_id", "subject", "session", "split", "label", "prediction", "method"} <= set(table.columns)
    test = table[(table["split"] == "test") & (table["method"] == "selection")]
    sessions = test.groupby(["subject", "session"], as_index=False)[["label", "prediction"]].mean()
    printed = pd.read_csv(run / "evaluation.csv")
    text = (run / "evaluation.md").read_text(encoding="utf-8")
    for unit, rows in (("recordings", test), ("sessions", sessions)):
        for metric, value in by_hand(rows).items():
            row = printed.query(f"predictor == 'selection' and metric == '{metric}' and unit == '{unit}'").iloc[0]
            assert row["value"] == pytest.approx(value, rel=1e-9)
            assert row["n"] == len(rows) and row["n_subjects"] == rows["subject"].nunique()
            assert f"{value:.2f} [" in text
    training = pd.read_parquet(run / "recordings.parquet").query("split == 'training'")
    constant = test.assign(prediction=training["score"].mean())
    row = printed.query("predictor == 'training mean' and metric == 'rmse' and unit == 'recordings'").iloc[0]
    assert row["value"] == pytest.approx(by_hand(constant)["rmse"], rel=1e-9)
    gap = printed.query("predictor == 'selection − training mean' and metric == 'rmse' and unit == 'recordings'").iloc[
        0
    ]
    assert gap["value"] == pytest.approx(by_hand(test)["rmse"] - by_hand(constant)["rmse"], rel=1e-9)
    assert evaluation.figures["metrics"]["rmse"]["value"] == pytest.approx(by_hand(sessions)["rmse"], rel=1e-9)


def test_bands_and_the_auroc_at_the_cut_are_printed_for_every_predictor(run: Path, evaluation: Evaluation) -> None:
    text = (run / "evaluation.md").read_text(encoding="utf-8")
    assert (
        "## Severity bands of BDI-II (minimal from 0, mild from 14, moderate from 20, severe from 29), and AUROC"
        in text
    )
    table = pd.read_csv(run / "predictions.csv")
    test = table[(table["split"] == "test") & (table["method"] == "selection")]
    edges = [14, 20, 29]
    same = np.mean(np.digitize(test["label"], edges) == np.digitize(test["prediction"], edges))
    positive = test["label"].to_numpy() >= 14
    a, b = test["prediction"].to_numpy()[positive], test["prediction"].to_numpy()[~positive]
    auroc = np.mean(np.sign(a[:, None] - b[None, :])) / 2 + 0.5
    for metric, value in (("band_accuracy", same), ("auroc_at_cut", auroc)):
        rows = evaluation.table.query(f"metric == '{metric}' and unit == 'recordings'").set_index("predictor")
        assert rows.loc["selection", "value"] == pytest.approx(value, rel=1e-9)
        assert {"training mean", "identity look-up", "behaviour-statistics ridge"} <= set(rows.index)
        assert f"{value:.2f} [" in text
    assert "severity bands and AUROC at the cut" in (run / "evaluation.tex").read_text(encoding="utf-8")


def test_baselines_stand_before_the_model_and_differences_last(run: Path, evaluation: Evaluation) -> None:
    table = evaluation.table
    for unit in ("recordings", "sessions"):
        names = table.loc[table["unit"] == unit, "predictor"].unique().tolist()
        assert names[:6] == [
            "training mean", "training median", "identity look-up", "identity look-up with development",
            "behaviour-statistics ridge", "selection",
        ]  # fmt: skip
        assert all(" − " in name for name in names[6:])


def test_losses_are_counted_under_every_table(run: Path, evaluation: Evaluation) -> None:
    text = "\n".join(evaluation.figures["footer"])
    for told in (
        f"dropped: 3 (3 test, no face: {NO_FACE}, {EXCLUDED}_F, {EXCLUDED}_N)",
        "without a tracked face: 3",
        "frames tracked: 1.",
        f"1 in test ({EXCLUDED})",
        "test part that lack a recording: 1; recordings of the data set in no part of the split: 1",
        "2 subjects in training and test",
        "43 recordings, 22 sessions (mean of their recordings) of 22 subjects",
        "Label noise in training: none",
        "Seed: 0.",
    ):
        assert told in text, told
    markdown = (run / "evaluation.md").read_text(encoding="utf-8")
    tables = markdown.count("\n|-") + markdown.count("\n| -")
    assert markdown.count("dropped 3, untracked 3") + 1 == tables == 5
    assert (run / "report.html").read_text(encoding="utf-8").count("dropped 3, untracked 3") == 3


def test_label_noise_and_selection_are_told(made_run: Callable[..., Path]) -> None:
    run = made_run("run-b")
    config = read_json(run / "config.json")
    config["dropped"][0]["reason"] = "no label"
    write_json(run / "config.json", {**config, "selected_on": "development"})
    assert _label_noise({"a": 1, "encoder": {"label_noise_sd": 2.0}, "label_noise": 0.0}) == [
        "encoder.label_noise_sd = 2.0"
    ]
    figures = evaluate_run(run).figures
    text = "\n".join(figures["footer"])
    assert "Model selected on: development" in text
    assert "1 test, no label" in text and "2 test, no face" in text and "tracked face: 2 (" in text
    assert figures["conformal"]["half_width"] is None


def test_the_conformal_table_says_how_far_it_can_be_trusted(run: Path, evaluation: Evaluation) -> None:
    found = evaluation.figures["conformal"]
    table = pd.read_parquet(run / "predictions.parquet")
    rows = table[table["split"] == "development"]
    largest = (rows["prediction"] - rows["score"]).abs().groupby(rows["subject"]).max().sort_values()
    assert found["half_width"] == pytest.approx(largest.iloc[-1])  # ⌈12 · 0.9⌉ = 11 of 11 subjects
    test = table[table["split"] == "test"]
    inside = (test["prediction"] - test["score"]).abs() <= found["half_width"]
    assert found["measured_coverage_of_subjects"] == pytest.approx(inside.groupby(test["subject"]).all().mean())
    for name in ("evaluation.md", "report.html"):
        text = (run / name).read_text(encoding="utf-8")
        assert "never across corpora" in text and "11 subjects" in text
        low, high = found["expected_coverage_range"]
        assert f"{low:.0%} to {high:.0%}" in text


def test_figures_and_latex_lie_beside_the_tables(run: Path, evaluation: Evaluation) -> None:
    names = {path.name for path in (run / "figures").iterdir()}
    assert names == {
        *(f"{kind}_{unit}.svg" for kind in ("scatter", "bland_altman", "calibration") for unit in ("sessions", "recordings")),
        *(f"intervals_{metric}.svg" for metric in ("rmse", "mae", "ccc")),
    }  # fmt: skip
    for path in (run / "figures").iterdir():
        ElementTree.parse(path)
    bias = "".join(ElementTree.parse(run / "figures" / "bland_altman_sessions.svg").getroot().itertext())
    table = pd.read_csv(run / "predictions.csv").query("split == 'test'")
    sessions = table.groupby(["subject", "session"])[["label", "prediction"]].mean()
    gap = sessions["prediction"] - sessions["label"]
    assert f"bias {gap.mean():.1f}".replace("-", "−") in bias
    assert f"upper limit {gap.mean() + 1.96 * gap.std():.1f}" in bias
    tex = (run / "evaluation.tex").read_text(encoding="utf-8")
    assert tex.count("\\begin{tabular}") == tex.count("\\end{tabular}") == 3
    assert "selection $-$ training mean" in tex and "test000\\_F" in tex


def test_published_figures_only_where_asked_and_marked(
    run: Path, evaluation: Evaluation, made_run: Callable[..., Path]
) -> None:
    assert "published" not in (run / "evaluation.md").read_text(encoding="utf-8").lower()
    assert "not measured here" not in (run / "report.html").read_text(encoding="utf-8")
    asked = made_run("run-c")
    evaluate_run(asked, published=True)
    assert not (asked / "tripod.md").exists()
    for name in ("evaluation.md", "report.html", "evaluation.tex"):
        text = (asked / name).read_text(encoding="utf-8").lower()
        assert "published, not measured here" in text and "sta-drn" in text and "avec 2013" not in text


def test_the_checklist_takes_its_facts_from_the_run(run: Path, evaluation: Evaluation) -> None:
    rows = {row.item.number: row for row in evaluation.checklist}
    assert len(rows) == 52
    figures = json.loads((run / "evaluation.json").read_text())
    rmse = figures["metrics"]["rmse"]
    assert f"RMSE {rmse['value']:.2f} [{rmse['low']:.2f}, {rmse['high']:.2f}]" in rows["23a"].answer
    assert "BDI-II, 0 to 63" in rows["8a"].answer
    assert "AVEC2014" in rows["5a"].answer
    assert "training 34 recordings of 17 subjects" in rows["10"].answer
    assert figures["split_sha256"] in rows["18e"].answer and "torch" in rows["18f"].answer
    assert "3 test, no face" in rows["11"].answer
    known = pd.read_parquet(run / "recordings.parquet")
    scores = known.loc[known["split"] == "test", "score"]
    told = f"test mean {scores.mean():.2f}, sd {scores.std(ddof=0):.2f}, {(scores >= 14).sum()} of {len(scores)} recordings"
    assert told in rows["20c"].answer and told in rows["21"].answer and "AUROC for label ≥ 14" in rows["12e"].answer
    for number in ("1", "3b", "14", "17", "18a", "18b", "19", "25"):
        assert rows[number].state == "open", number
    assert rows["18a"].answer == "to be filled in by the authors"
    assert "| 23a |" in (run / "tripod.md").read_text(encoding="utf-8")
    assert "TRIPOD+AI checklist" in (run / "report.html").read_text(encoding="utf-8")
