"""The evidence table of a small trained run, on cues that are written down here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from openada.cli import main
from openada.datasets.scales import SCALES
from openada.errors import UnusableInput
from openada.evaluation.metrics import auroc
from openada.files import read_json, write_json
from openada.inference.predict import predict
from openada.inference.recording import TrainedRun
from openada.studies import evaluate
from openada.studies.evaluate import evaluate_run
from openada.studies.evidence_content import TITLES
from openada.studies.planted_evidence import ATTENTION, CEILING, GRADIENT, OWN, SDR, SEVERITY, planted_evidence
from openada.studies.planted_localisation import planted_localisation
from openada.studies.planted_material import planted_recordings

# Recordings of five units of 0.4 s; the cues of r9 and r10 are whole units, r11 has none.
EPISODES = {"r9": [[0.4, 0.8]], "r10": [[0.0, 0.4], [1.2, 2.0]]}
CUES = {"r9": [0, 1, 0, 0, 0], "r10": [1, 0, 0, 1, 1], "r11": [0] * 5}


@pytest.fixture
def planted(run: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A run that takes itself for one on a planted benchmark, and the folder of its truth."""
    truth = tmp_path / "benchmark" / "truth"
    truth.mkdir(parents=True)
    rows = [(name, *episode) for name, episodes in EPISODES.items() for episode in episodes]
    pd.DataFrame(rows, columns=["recording_id", "start_s", "end_s"]).to_csv(truth / "episodes.csv", index=False)
    config = read_json(run / "config.json")
    write_json(
        run / "config.json",
        {**config, "planted": True, "corpus": ["planted"], "source_manifest": str(truth.parent / "manifest.csv")},
    )
    predict(run)
    return run, truth


def test_every_measure_has_every_kind_of_evidence(planted: tuple[Path, Path]) -> None:
    run, truth = planted
    trained = TrainedRun.load(run)
    told = []
    table = planted_evidence(trained, truth, "test", draws=3, tick=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert not table.duplicated(["measure", "metric"]).any()
    assert set(table["metric"]) == {metric for metric in TITLES if not metric.startswith("share_")}
    of = table.pivot(index="measure", columns="metric", values="value")
    for name in (SEVERITY, SDR, ATTENTION, GRADIENT, "stage-1 segment score", "stage-2 segment score"):
        assert of.loc[name].notna().all(), name
    for name in (SEVERITY, SDR, "stage-2 segment score"):
        assert of.loc[name + OWN, "map_iou_0.5"] >= 0
    # the true share of cue finds every episode, and says nothing of the recording without one until last
    assert of.loc[CEILING, ["map_iou_0.3", "map_iou_0.5", "map_iou_0.7", "map_iou_mean"]].tolist() == [1, 1, 1, 1]
    assert of.loc["uniform relevance", "auroc"] == 0.5
    assert (table.loc[table["metric"] == "map_iou_0.3", "note"].str.contains("3 episodes")).any()
    assert table.query("measure == @SEVERITY and metric == 'auroc'")["recordings_excluded"].item() == 1

    plain = planted_localisation(trained, truth, "test")
    assert plain["measure"].iloc[0] == SEVERITY and (plain["metric"] == "auroc").all()
    areas = table[table["metric"] == "auroc"]
    assert table["measure"].iloc[0] == SEVERITY
    shared = areas[~areas["measure"].isin([ATTENTION, GRADIENT])].reset_index(drop=True)
    pd.testing.assert_frame_equal(shared, plain)


def test_attention_and_gradient_are_those_of_the_model(planted: tuple[Path, Path], shared_prepared: Path) -> None:
    run, truth = planted
    trained = TrainedRun.load(run)
    table = planted_evidence(trained, truth, "test", data=shared_prepared, draws=1)
    areas = table[table["metric"] == "auroc"].set_index("measure")["value"]
    own: dict[str, list[float]] = {ATTENTION: [], GRADIENT: []}
    for one in planted_recordings(trained, truth, "test"):
        cue = np.array(CUES[one.recording_id], bool)
        np.testing.assert_array_equal(one.truth, cue)
        if not cue.any():
            continue
        units = torch.from_numpy(one.units.feature)[None].requires_grad_()
        trained.model.selector(units, torch.ones(1, 5, dtype=torch.bool)).score[0].backward()
        assert units.grad is not None
        own[GRADIENT].append(auroc(cue, (units.grad * units).sum(-1)[0].detach().numpy()))
        maps = _attention(trained, one.recording_id, shared_prepared)
        own[ATTENTION].append(auroc(cue, np.sum(maps * np.log(maps), axis=1)))
    for name, values in own.items():
        assert areas[name] == pytest.approx(np.mean(values)), name


def _attention(trained: TrainedRun, name: str, prepared: Path) -> np.ndarray:
    """(units, tokens) of the last layer, the mean over heads."""
    from openada.prepared.dataset import PreparedDataset

    reader = trained.source.reader(PreparedDataset(prepared).recording(name))
    clips = torch.stack([reader.read(first, 8)[0] for first in range(0, 40, 8)])
    with torch.no_grad():
        return trained.model.encoder.forward_features(clips, return_attention=True)[1][:, -1].mean(1).flatten(1).numpy()


def test_deletion_asks_the_selection_for_what_is_left(planted: tuple[Path, Path]) -> None:
    run, truth = planted
    trained = TrainedRun.load(run)
    table = planted_evidence(trained, truth, "test", draws=1).set_index(["measure", "metric"])["value"]

    def score(feature: np.ndarray, kept: list[int]) -> float:
        mask = torch.zeros(1, 5, dtype=torch.bool)
        mask[0, kept] = True
        with torch.no_grad():
            return float(trained.model.selector(torch.from_numpy(feature)[None], mask).score[0])

    deletion, insertion = [], []
    for one in planted_recordings(trained, truth, "test"):
        order = np.argsort(-one.on_units("severity_relevance")).tolist()
        full = score(one.units.feature, order)
        counts = [1, 1, 2, 2, 3, 3, 4, 4, 4]  # round(q · 5), halves upwards, at least 1 and at most 4
        deletion.append(np.mean([full - score(one.units.feature, order[k:]) for k in counts]))
        insertion.append(np.mean([score(one.units.feature, order[:k]) - full for k in counts]))
    assert table[SEVERITY, "deletion_points"] == pytest.approx(np.mean(deletion), rel=1e-4)
    assert table[SEVERITY, "insertion_points"] == pytest.approx(np.mean(insertion), rel=1e-4)
    gap = table[SEVERITY, "deletion_points"] - table["uniform order", "deletion_points"]
    assert table[SEVERITY, "deletion_points_over_uniform"] == pytest.approx(gap, rel=1e-4, abs=1e-6)
    categories = {name for name, _ in SCALES["BDI-II"].bands}
    by_category = [name for name, metric in table.index if metric == "deletion_points" and " is predicted" in name]
    assert {name.split(" where ")[1].removesuffix(" is predicted") for name in by_category} <= categories
    assert len(by_category) >= 2


def test_evaluate_writes_it_on_request_alone(planted: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "_references", lambda *_: None)  # needs a whole benchmark
    monkeypatch.setattr(evaluate, "planted_baselines", lambda *_: {})
    run, _ = planted
    plain = evaluate_run(run)
    before = {name: (run / name).read_bytes() for name in ("localisation.csv", "evaluation.json", "evaluation.md")}
    assert plain.evidence is None and not (run / "evidence.csv").exists() and not (run / "evidence.md").exists()
    found = evaluate_run(run, evidence=True)
    assert {name: (run / name).read_bytes() for name in before} == before
    written = pd.read_csv(run / "evidence.csv")
    assert found.evidence is not None
    np.testing.assert_allclose(written["value"], found.evidence["value"])
    row = written.query("measure == @SEVERITY and metric == 'deletion_points'")["value"].item()
    for name in ("evidence.md", "report.html"):
        text = (run / name).read_text(encoding="utf-8")
        assert "Whether the score follows it" in text and "attention concentration" in text
        assert f"{row:.2f}".replace("-", "−") in text


def test_runs_that_cannot_have_it_are_refused(
    planted: tuple[Path, Path], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run, truth = planted
    with pytest.raises(UnusableInput, match="nowhere"):
        planted_evidence(TrainedRun.load(run), truth, "test", data=tmp_path / "nowhere")
    (truth / "episodes.csv").unlink()
    assert main(["evaluate", str(run), "--evidence"]) == 2
    assert "leave out --evidence" in capsys.readouterr().err
    config = read_json(run / "config.json")
    write_json(run / "config.json", {**config, "recipe": {**config["recipe"], "method": "ordinal"}})
    with pytest.raises(UnusableInput, match="method 'ordinal': evidence needs the selection of stage 2"):
        planted_evidence(TrainedRun.load(run), truth, "test")
