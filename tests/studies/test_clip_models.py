"""From a small trained clip model to an evaluation, a comparison, a robustness study and an assessment."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch.nn.functional import interpolate

from clip_recipe import CLIP_RECIPE, SYSTEM
from conftest import face_points, write_video
from openada.cli import main
from openada.clips import corruptions
from openada.datasets.planted.truth_file import write_truth
from openada.datasets.splits import official
from openada.errors import UnusableInput
from openada.explanation.clip_model import map_and_gradient
from openada.explanation.grad_cam import grad_cam_plus_plus
from openada.files import read_json, write_json
from openada.inference.recording import TrainedRun
from openada.models.weights import save_checkpoint
from openada.prepared.dataset import PreparedDataset
from openada.studies.assess import assess_video
from openada.studies.clip_evidence import clip_evidence
from openada.studies.compare import compare_runs
from openada.studies.evaluate import Evaluation, evaluate_run
from openada.studies.evaluation_page import _chosen_epoch
from openada.studies.evidence_content import evidence_markdown
from openada.studies.explain import explain_video
from openada.studies.robustness import study_robustness
from openada.training.clips import train_clips

pytestmark = pytest.mark.usefixtures("scripted")


@pytest.fixture
def run(clip_run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(clip_run, tmp_path / "run"))


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """35 frames at 20 per second, those of the third of five clips without a face."""
    lost = np.zeros(35, bool)
    lost[14:21] = True
    write_video(tmp_path / "v.mp4", np.arange(35) / 20, lost, 100 + np.arange(35))
    return tmp_path / "v.mp4"


@pytest.fixture(scope="module")
def evaluated(clip_run: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Evaluation]:
    """A run that was evaluated, and what was found; only read."""
    run = Path(shutil.copytree(clip_run, tmp_path_factory.mktemp("evaluated") / "run"))
    return run, evaluate_run(run, tripod=True)


def test_a_run_is_evaluated_on_test(evaluated: tuple[Path, Evaluation]) -> None:
    run, found = evaluated
    rows = found.table[(found.table["predictor"] == SYSTEM) & (found.table["unit"] == "recordings")]
    error = found.predictions["prediction"] - found.predictions["score"]
    assert rows.set_index("metric").loc["rmse", "value"] == pytest.approx(np.sqrt((error**2).mean()))
    assert found.localisation is None and found.figures["conformal"]["half_width"] is None
    assert "STA-DRN, preset planted" in found.markdown and "ExpADA" not in found.markdown
    assert "Model selected on: development" in found.markdown
    assert "label_noise = 1.0" in found.markdown
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "STA-DRN" in page and "ExpADA" not in page and "relevance" not in page.lower()
    losses = pd.read_csv(run / "metrics.csv").query("metric == 'development_loss'")
    assert _chosen_epoch(TrainedRun.load(run)) == losses.loc[losses["value"].idxmin(), "epoch"]


def test_it_is_refused_on_the_part_that_chose_the_epoch_and_for_what_it_has_not(clip_run: Path) -> None:
    with pytest.raises(UnusableInput, match="the development recordings selected this model"):
        evaluate_run(clip_run, part="development")
    with pytest.raises(UnusableInput, match="no run on a planted benchmark"):
        evaluate_run(clip_run, evidence=True)


def test_its_checklist_says_what_it_is(evaluated: tuple[Path, Evaluation]) -> None:
    text = (evaluated[0] / "tripod.md").read_text(encoding="utf-8")
    assert "in clips of 7 frames" in text and "3 epochs" in text and "Mean over the clips" in text
    assert "epoch with the lowest loss on development recordings kept" in text
    assert "segments" not in text.lower()


def test_it_stands_beside_expada_in_one_comparison(run: Path, tmp_path: Path, shared_run: Path) -> None:
    expada = Path(shutil.copytree(shared_run, tmp_path / "expada"))
    found = compare_runs([run, expada], tmp_path / "comparison")
    assert "STA-DRN, preset planted" in found.markdown and "ExpADA selection, preset demo" in found.markdown


def test_corruptions_change_its_predictions(
    run: Path, evaluated: tuple[Path, Evaluation], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(corruptions.KINDS, "noise", replace(corruptions.KINDS["noise"], strengths=(1,)))
    found = study_robustness(run, kinds=["noise"], progress=False)
    clean, strong = found.predictions["noise", 0], found.predictions["noise", 1]
    assert (clean["recording_id"] == strong["recording_id"]).all()
    assert not np.allclose(clean["prediction"], strong["prediction"])
    plain = evaluated[1].predictions
    np.testing.assert_allclose(clean["prediction"], plain["prediction"], atol=1e-4)


def test_an_assessment_shows_clip_scores_along_time(run: Path, video: Path, tmp_path: Path) -> None:
    found = assess_video(video, run, tmp_path / "out")
    assert [clip["start_s"] for clip in found["segments"]] == pytest.approx([0, 0.35, 1.05, 1.4], abs=1e-4)
    assert found["score"] == pytest.approx(np.mean([clip["segment_score"] for clip in found["segments"]]), rel=1e-6)
    assert "severity_relevance" not in found["segments"][0] and found["files"] == ["segment_scores.csv"]
    assert "every clip weighs the same" in found["relevance_missing_reason"]
    assert any("1 of 5 clips (20%) were left out" in text for text in found["warnings"])
    assert "development subjects selected the model" in found["interval_missing_reason"]
    table = pd.read_csv(tmp_path / "out" / "segment_scores.csv")
    assert table["stage1_score"].tolist() == pytest.approx([clip["segment_score"] for clip in found["segments"]])
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Scores of single clips" in page and "STA-DRN" in page
    shown = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL).lower()
    assert "expada" not in shown and "severity relevance" not in shown and "category support" not in shown


def test_a_checkpoint_without_a_run_is_assessed_and_said_to_be_one(run: Path, video: Path, tmp_path: Path) -> None:
    model = TrainedRun.load(run).model
    save_checkpoint(
        model,
        tmp_path / "weights" / "model.safetensors",
        {"training_set": "AVEC 2014, as released", "label_scale": "BDI-II", "preprocessing": {"frame_step": 1}},
    )
    file = tmp_path / "weights" / "model.safetensors"
    assert main(["assess", str(video), "--checkpoint", str(file), "--out", str(tmp_path / "out")]) == 0
    found = json.loads((tmp_path / "out" / "assessment.json").read_text(encoding="utf-8"))
    of_run = assess_video(video, run, tmp_path / "of-run")
    assert found["score"] == pytest.approx(of_run["score"], rel=1e-5)
    assert found["interval"] is None and "came without a run" in found["interval_missing_reason"]
    assert found["trained_on"]["recordings"] == {"training": None}
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "how large its error on others is and how well its scores are calibrated are not known here" in page
    assert "how good it is, is unknown" in page and "AVEC 2014, as released" in page
    assert main(["assess", str(video), "--out", str(tmp_path / "out")]) == 2
    both = ["--run", str(run), "--checkpoint", str(file), "--out", str(tmp_path / "out")]
    assert main(["assess", str(video), *both]) == 2


def test_people_whom_two_corpora_have_in_different_parts_stop_training(tiny_prepared: Path, tmp_path: Path) -> None:
    """Person p2 (r4 and r5 of corpus one, in training) is also seen in r9 of corpus two, in test."""
    manifest = pd.read_parquet(tiny_prepared / "manifest.parquet")
    manifest["corpus"] = ["one" if number < 6 else "two" for number in range(len(manifest))]
    manifest.loc[manifest["recording_id"] == "r9", "subject"] = "p2"
    manifest.to_parquet(tiny_prepared / "manifest.parquet", index=False)
    path = tiny_prepared / "splits" / "official.json"
    split = read_json(path)
    path.unlink()
    official(manifest).save(path)
    assert split["ids"] == read_json(path)["ids"]
    with pytest.raises(UnusableInput, match=r"subject p2 is in training of one and in test of two: .*official-apart"):
        train_clips(SYSTEM, tiny_prepared, tmp_path / "run", replace(CLIP_RECIPE, epochs=1), progress=False)
    assert not (tmp_path / "run").exists()


def test_a_run_of_the_planted_benchmark_says_so(run: Path, video: Path, tmp_path: Path) -> None:
    config = read_json(run / "config.json")
    write_json(run / "config.json", {**config, "planted": True, "corpus": ["planted-standard"]})
    found = assess_video(video, run, tmp_path / "out")
    assert "trained on the planted benchmark" in found["warnings"][0]


def test_a_run_is_explained_by_the_map_of_every_clip(run: Path, video: Path, tmp_path: Path) -> None:
    facts = explain_video(video, run, tmp_path / "out", method="grad-cam++")
    stored = np.load(tmp_path / "out" / "explanation.npz")
    trained = TrainedRun.load(run)
    assert facts["model"] == {"name": SYSTEM, "preset": "planted"}
    assert "score of each clip" in facts["explained"]
    # The scores that the maps explain are those that `assess` shows.
    assessed = assess_video(video, run, tmp_path / "assessment")["segments"]
    np.testing.assert_allclose(stored["score"], [clip["segment_score"] for clip in assessed], rtol=1e-4)
    assert stored["values"].shape[0] == len(assessed) and (stored["values"] >= 0).all()
    assert not trained.model.training


def test_a_checkpoint_without_a_run_is_explained_too(run: Path, video: Path, tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint"
    shutil.copytree(run / "checkpoint", folder)
    explain_video(video, folder, tmp_path / "out", method="guided-backpropagation")
    assert (tmp_path / "out" / "overlay.mp4").is_file()


def test_evidence_of_a_clip_model_is_the_share_of_its_maps_in_the_planted_cue(
    run: Path, shared_prepared: Path, tmp_path: Path
) -> None:
    config = read_json(run / "config.json")
    write_json(
        run / "config.json",
        {**config, "planted": True, "corpus": ["planted-standard"], "source_manifest": str(tmp_path / "manifest.csv")},
    )
    (tmp_path / "truth").mkdir()
    landmarks = np.repeat(face_points()[None, :, :2].astype(float), 40, axis=0)
    of_test = read_json(run / "split.json")["ids"]["test"]
    for name in of_test:
        write_truth(tmp_path / "truth" / f"{name}.parquet", pd.DataFrame({"time_s": np.arange(40) / 20}), landmarks, {})
    episodes = pd.DataFrame([{"recording_id": name, "start_s": 0.4, "end_s": 0.8} for name in of_test])
    episodes.to_csv(tmp_path / "truth" / "episodes.csv", index=False)
    table = clip_evidence(TrainedRun.load(run), tmp_path / "truth", "test")
    methods = {"grad-cam++", "grad-cam", "guided-backpropagation", "gradient_x_input"}
    assert methods <= set(table["measure"]) and "modified-grad-cam++" not in set(table["measure"])
    shares = table.set_index(["measure", "metric"])
    # By hand: the map of every clip, its cells' share of the frames 8 to 15, whatever the place.
    trained, dataset = TrainedRun.load(run), PreparedDataset(shared_prepared)
    by_hand = []
    for name in of_test:
        recording = dataset.recording(name)
        cut = trained.source.segments(recording)
        mass, inside = 0.0, 0.0
        for first in cut.first_frame[cut.usable]:
            clip = trained.source.reader(recording).read(int(first), cut.frames)[0]
            found = grad_cam_plus_plus(*map_and_gradient(trained.model, clip[None])[:2])
            drawn = interpolate(found[None], (cut.frames, 112, 112), mode="trilinear")[0, 0].double()
            shown = torch.arange(first, first + cut.frames)
            mass, inside = mass + drawn.sum(), inside + drawn[(shown >= 8) & (shown < 16)].sum()
        by_hand.append(inside / mass)
    assert shares.loc[("grad-cam++", "share_time"), "value"] == pytest.approx(np.mean(by_hand), rel=1e-3)
    markdown = evidence_markdown("run", "test", table, "")
    assert "share of their mass in the planted cue" in markdown and "deletion" not in markdown


def test_maps_are_refused_where_clips_stand_still(run: Path, video: Path, tmp_path: Path) -> None:
    config = read_json(run / "config.json")
    write_json(run / "config.json", {**config, "recipe": {**config["recipe"], "sampling": "still"}})
    with pytest.raises(UnusableInput, match="--sampling still"):
        explain_video(video, run, tmp_path / "out", method="grad-cam")
    assert not (tmp_path / "out").exists()
