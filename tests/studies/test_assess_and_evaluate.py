"""From a small trained run to an evaluation and an assessment, with the scripted tracker."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest

from conftest import write_video
from openada.cli import main
from openada.errors import UnusableInput
from openada.files import read_json, write_json
from openada.studies.assess import assess_video
from openada.studies.evaluate import evaluate_run

pytestmark = pytest.mark.usefixtures("scripted")


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """48 frames at 20 frames per second of which 16 in the middle show no face."""
    lost = np.zeros(48, bool)
    lost[16:32] = True
    write_video(tmp_path / "someone's <b>video</b>.mp4", np.arange(48) / 20, lost, 100 + np.arange(48))
    return tmp_path / "someone's <b>video</b>.mp4"


def test_an_assessment_holds_what_scripts_rely_on(run: Path, video: Path, tmp_path: Path) -> None:
    assess_video(video, run, tmp_path / "out")
    found = json.loads((tmp_path / "out" / "assessment.json").read_text())
    assert found["scale"] == "BDI-II" and found["band"] in ("minimal", "mild", "moderate", "severe")
    assert found["interval"] is None and "run 'openada evaluate'" in found["interval_missing_reason"]
    assert {"start_s", "end_s", "scale_frames", "category_support", "severity_relevance"} <= set(found["segments"][0])
    assert found["quality"]["tracked_share"] == pytest.approx(32 / 48)
    assert any("2 of 6 segments (33%)" in text for text in found["warnings"])
    assert any("33 % of frames have no tracked face (32 of 48 tracked)" in text for text in found["warnings"])
    assert not any("planted" in text for text in found["warnings"])
    selected = [segment["segment_score"] for segment in found["segments"] if segment["selected"]]
    assert found["score"] == pytest.approx(np.mean(selected), rel=1e-5)
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert str(video.parent) not in page and "tracker_model" not in page  # figures, not how and where it was made
    assert "<b>video</b>" not in page
    assert not re.search(r"""(?:src|href)\s*=\s*["']?https?:""", page)


def test_a_model_of_the_planted_benchmark_says_so_first(run: Path, video: Path, tmp_path: Path) -> None:
    config = read_json(run / "config.json")
    write_json(run / "config.json", {**config, "planted": True, "corpus": ["planted-standard"]})
    found = assess_video(video, run, tmp_path / "out")
    assert "trained on the planted benchmark" in found["warnings"][0]
    assert "say nothing about that person" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_relevance_is_written_for_other_programs(run: Path, video: Path, tmp_path: Path) -> None:
    """The video's units of 8 frames are 0-1 and 4-5 of 0-5: no episode runs over the middle, where the face is lost."""
    found = assess_video(video, run, tmp_path / "out")
    assert found["files"] == ["relevance.csv", "episodes.csv", "relevance.eaf", "relevance.TextGrid"]
    table = pd.read_csv(tmp_path / "out" / "relevance.csv")
    assert table["scale"].tolist() == [1] * 4 + [2] * 2 and table["scale_frames"].tolist() == [8] * 4 + [16] * 2
    np.testing.assert_allclose(table["start_s"], [0, 0.4, 1.6, 2.0, 0, 1.6], atol=1e-4)
    np.testing.assert_allclose(table["end_s"], [0.4, 0.8, 2.0, 2.4, 0.8, 2.4], atol=1e-4)
    assert table["selected"].sum() == 1 and table["counts_for_severity"].sum() == 1
    kept = table[table["selected"]].iloc[0]
    assert found["score"] == pytest.approx(kept["segment_score"], rel=1e-4)
    episodes = pd.read_csv(tmp_path / "out" / "episodes.csv")
    assert episodes["kind"].tolist() == ["severity_relevance", "category_support"]
    support = episodes.iloc[1]
    assert (support["start_s"], support["end_s"]) == pytest.approx((kept["start_s"], kept["end_s"]))
    assert support["strength"] == pytest.approx(6 * kept["category_support"], rel=1e-5)
    assert [one["kind"] for one in found["episodes"]] == episodes["kind"].tolist()
    assert {one["kind"] for one in found["scale_agreement"]} == {"severity_relevance", "category_support"}
    eaf = ET.parse(tmp_path / "out" / "relevance.eaf")
    names = [tier.attrib["TIER_ID"] for tier in eaf.findall("TIER")]
    assert names == [
        f"{kind}, {what}"
        for kind in ("severity relevance", "category support")
        for what in ("episodes", "segments of 8 frames", "segments of 16 frames")
    ]
    media = eaf.find("HEADER/MEDIA_DESCRIPTOR")
    assert media is not None and (tmp_path / "out" / unquote(media.attrib["RELATIVE_MEDIA_URL"])).resolve() == video
    slots = {slot.attrib["TIME_SLOT_ID"]: int(slot.attrib["TIME_VALUE"]) for slot in eaf.iter("TIME_SLOT")}
    (annotation,) = eaf.findall("TIER[@TIER_ID='category support, episodes']/ANNOTATION/ALIGNABLE_ANNOTATION")
    span = [slots[annotation.attrib[f"TIME_SLOT_REF{k}"]] for k in (1, 2)]
    assert span == [round(1000 * support["start_s"]), round(1000 * support["end_s"])]
    assert annotation.findtext("ANNOTATION_VALUE", "").startswith(f"support for {found['predicted_category']}: ")
    grid = (tmp_path / "out" / "relevance.TextGrid").read_text(encoding="utf-8")
    assert re.findall(r'name = "(.*)"', grid) == names and "xmax = 2.4\n" in grid


def test_a_run_without_a_second_stage_has_scores_and_no_relevance(run: Path, video: Path, tmp_path: Path) -> None:
    assess_video(video, run, tmp_path / "out")
    config = read_json(run / "config.json")
    write_json(run / "config.json", {**config, "recipe": {**config["recipe"], "method": "ordinal"}})
    found = assess_video(video, run, tmp_path / "out")
    assert found["files"] == ["segment_scores.csv"] and found["episodes"] == []
    assert found["method"] == "ordinal" and 'method "ordinal" has no second stage' in found["relevance_missing_reason"]
    left = {path.name for path in (tmp_path / "out").iterdir()}
    assert left == {"assessment.json", "report.html", "segment_scores.csv"}, "what another run left there would mislead"
    scores = pd.read_csv(tmp_path / "out" / "segment_scores.csv")
    assert found["score"] == pytest.approx(scores["stage1_score"].mean(), rel=1e-5) and len(scores) == 4
    assert "has no second stage" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("frames", "lost", "message"), [(30, True, "no face found"), (5, False, "no 8 frames in a row")]
)
def test_a_video_without_enough_face_is_refused_and_nothing_written(
    run: Path, tmp_path: Path, frames: int, lost: bool, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_video(tmp_path / "v.mp4", np.arange(frames) / 20, np.full(frames, lost), np.full(frames, 100))
    assert main(["assess", str(tmp_path / "v.mp4"), "--run", str(run), "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err
    assert message in told and told.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_an_evaluation_is_written_with_baselines_and_intervals(run: Path, tmp_path: Path) -> None:
    evaluation = evaluate_run(run)
    figures = json.loads((run / "evaluation.json").read_text())
    rmse = figures["metrics_per_recording"]["rmse"]
    assert {"value", "low", "high", "n", "unit"} <= set(rmse) and rmse["n"] == 3 and rmse["unit"] == "recordings"
    predictions = pd.read_parquet(run / "predictions.parquet")
    own = predictions[(predictions["split"] == "test") & (predictions["method"] == "selection")]
    assert rmse["value"] == pytest.approx(np.sqrt(((own["score"] - own["prediction"]) ** 2).mean()), rel=1e-9)
    assert list(evaluation.table["predictor"].unique()[:2]) == ["training mean", "training median"]
    assert "behaviour-statistics ridge" in set(evaluation.table["predictor"])
    recordings = pd.read_parquet(run / "recordings.parquet")
    constant = recordings.loc[recordings["split"] == "training", "score"].mean()
    row = evaluation.table.query("predictor == 'training mean' and metric == 'rmse' and unit == 'recordings'").iloc[0]
    assert row["value"] == pytest.approx(np.sqrt(((own["score"] - constant) ** 2).mean()), rel=1e-9)
    for name in ("evaluation.csv", "evaluation.md", "report.html"):
        assert (run / name).stat().st_size > 500


def test_the_part_that_trained_or_selected_is_never_reported(run: Path) -> None:
    with pytest.raises(UnusableInput, match="training recordings trained this model"):
        evaluate_run(run, part="training")
    write_json(run / "config.json", {**read_json(run / "config.json"), "selected_on": "development"})
    with pytest.raises(UnusableInput, match="development recordings selected this model"):
        evaluate_run(run, part="development")


def test_an_interval_needs_nine_subjects_that_neither_trained_nor_selected(
    run: Path, video: Path, tmp_path: Path
) -> None:
    evaluate_run(run)
    assert "at least 9" in assess_video(video, run, tmp_path / "a")["interval_missing_reason"]
    table = pd.read_parquet(run / "predictions.parquet")
    rows = table[(table["split"] == "development") & (table["method"] == "selection")].iloc[[0] * 9]
    rows = rows.assign(subject=[f"q{i}" for i in range(9)], prediction=rows["score"] + np.arange(1.0, 10.0))
    pd.concat([table, rows]).to_parquet(run / "predictions.parquet")
    found = assess_video(video, run, tmp_path / "b")
    interval = found["interval"]
    assert interval["calibration_subjects"] >= 9 and 0 <= interval["low"] <= interval["high"] <= 63
    write_json(run / "config.json", {**read_json(run / "config.json"), "selected_on": "development"})
    assert "selected the model" in assess_video(video, run, tmp_path / "c")["interval_missing_reason"]
