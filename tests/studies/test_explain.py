"""Maps of one video: what is written, on which frames, and what is refused."""

from typing import get_args

import numpy as np
import pandas as pd
import pytest
import torch

from clip_networks import MeanClipNet
from conftest import write_video
from openada.cli import main
from openada.cli.commands import SaliencyMethodName
from openada.clips.reading import ClipReader
from openada.clips.segments import segments
from openada.errors import UnusableInput
from openada.explanation.clip_model import map_and_gradient
from openada.explanation.grad_cam import grad_cam_plus_plus
from openada.explanation.saliency import METHODS
from openada.files import read_json, write_json
from openada.prepared.dataset import PreparedDataset
from openada.studies import attribution_words, explainable
from openada.studies.explain import explain_prepared, explain_video
from openada.studies.explainable import ExplainableRun
from openada.video import frames, probe

FRAMES, SIZE = 8, 32


@pytest.fixture
def clip_run(monkeypatch):
    """A run of a network with every method, for clips of 8 frames of 32×32."""
    monkeypatch.setattr(explainable, "require_explanation", lambda name, method, model=None: None)
    torch.manual_seed(3)
    net = MeanClipNet()
    with torch.no_grad():
        net.score.bias += 2
    return ExplainableRun(
        name="small",
        preset="paper",
        config={"scale": "BDI-II", "planted": False},
        model=net,
        reader=lambda recording: ClipReader(recording, SIZE, cached=False),
        segments=lambda recording: segments(recording.time_s, recording.tracked, frames=FRAMES, stride=FRAMES),
        min_tracked_share=0.5,
        explained="the clip's score",
    )


def test_the_videos_have_the_sources_times_and_a_map_only_where_a_clip_was_explained(
    clip_run, shared_prepared, tmp_path
):
    recording = PreparedDataset(shared_prepared).recording("r1")  # frames 10 to 13 are lost, 40 frames in five clips
    source = shared_prepared.parent / "source" / "r1.mp4"
    facts = explain_prepared(clip_run, recording, source, tmp_path / "out", method="grad-cam++")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*facts["files"], "explanation.json", "figures"}
    assert read_json(tmp_path / "out" / "explanation.json") == facts
    original, drawn = list(frames(source)), list(frames(tmp_path / "out" / "overlay.mp4"))
    np.testing.assert_allclose([f.time_s for f in drawn], [f.time_s for f in original], atol=1 / 90_000)
    np.testing.assert_allclose(
        [f.time_s for f in frames(tmp_path / "out" / "heatmap.mp4")], recording.time_s, atol=1 / 90_000
    )
    assert probe(tmp_path / "out" / "overlay.mp4").codec == "h264"
    left = (drawn[0].rgb.shape[1] - 120) // 2
    change = np.array(
        [
            np.abs(b.rgb[:100, left : left + 120].astype(int) - a.rgb).mean()
            for a, b in zip(original, drawn, strict=True)
        ]
    )
    assert change[~recording.tracked].max() < 1.5 and change[recording.tracked].min() > 2.5
    stored = np.load(tmp_path / "out" / "explanation.npz")
    reader = clip_run.reader(recording)
    clips = torch.stack([reader.read(first, FRAMES)[0] for first in stored["first_frame"]])
    found = map_and_gradient(clip_run.model, clips)
    np.testing.assert_allclose(
        stored["values"], grad_cam_plus_plus(found.maps, found.gradient).numpy(), rtol=1e-5, atol=1e-9
    )
    np.testing.assert_allclose(stored["score"], found.score.numpy(), rtol=1e-5)
    np.testing.assert_allclose(stored["spans_s"][1, :, 0], 0.4 + 0.1 * np.arange(4), atol=1e-4)
    assert facts["grid"] == {"cells": [4, 8, 8], "crop_px": 224} and facts["largest"] == stored["values"].max()
    assert facts["guided_backpropagation_missing_reason"] is None and facts["warnings"] == []


def test_the_command_offers_every_method():
    assert get_args(SaliencyMethodName) == tuple(METHODS)


def test_deeplift_adds_up_and_its_tables_say_where(clip_run, shared_prepared, tmp_path):
    source = shared_prepared.parent / "source" / "r1.mp4"
    recording = PreparedDataset(shared_prepared).recording("r1")
    out = tmp_path / "out"
    facts = explain_prepared(clip_run, recording, source, out, method="deeplift")
    found = facts["completeness"]
    assert found["error"] < 1e-4 and found["attribution_sum"] == pytest.approx(
        found["score"] - found["baseline_score"], abs=1e-4
    )
    assert all(clip["completeness_error"] < 1e-4 for clip in facts["clips"])
    tables = {name: pd.read_csv(out / f"{name}.csv") for name in ("regions", "units", "frames")}
    assert tables["regions"]["raw"].sum() == pytest.approx(found["attribution_sum"], abs=1e-4)
    assert tables["regions"]["share"].sum() == pytest.approx(1)
    assert tables["frames"]["attribution"].isna().tolist() == (~recording.tracked).tolist()
    assert facts["outside_the_face"]["share"] == pytest.approx(tables["regions"]["share"][8])
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "Completeness: the values add up to" in page and "It does not say that the model is right" in page
    assert len(facts["top_frames_s"]) == 5 and (out / "figures" / "attribution_regions.svg").is_file()


def test_an_empty_map_is_said_to_be_empty(clip_run, shared_prepared, tmp_path):
    with torch.no_grad():
        clip_run.model.score.bias -= 50
    facts = explain_prepared(
        clip_run,
        PreparedDataset(shared_prepared).recording("r2"),
        shared_prepared.parent / "source" / "r2.mp4",
        tmp_path / "out",
        method="modified-grad-cam++",
        rows=1,
    )
    said = f"map is empty for {len(facts['clips'])} of {len(facts['clips'])} clips"  # all in one pass
    assert facts["largest"] == 0 and any(said in text for text in facts["warnings"])


@pytest.mark.usefixtures("scripted")
def test_a_run_of_expada_is_explained_by_what_applies_to_it(run, tmp_path, capsys, monkeypatch):
    write_video(tmp_path / "v.mp4", np.arange(20) / 20, np.zeros(20, bool), 100 + np.arange(20))
    arguments = ["explain", str(tmp_path / "v.mp4"), "--run", str(run), "--out", str(tmp_path / "out"), "--method"]
    for method, reason in (("grad-cam++", "tokens can be negative"), ("guided-backpropagation", "passes no ReLU")):
        assert main([*arguments, method]) == 2
        assert reason in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert main([*arguments, "grad-cam"]) == 0
    told = capsys.readouterr().out
    assert "score points per cell" in told and "stage 1" in told and "4 of 20 frames have no map" in told
    facts = read_json(tmp_path / "out" / "explanation.json")
    assert facts["signed"] and "passes no ReLU" in facts["guided_backpropagation_missing_reason"]
    assert [clip["start_s"] for clip in facts["clips"]] == pytest.approx([0, 0.4])
    assessed = [
        "assess",
        str(tmp_path / "v.mp4"),
        "--run",
        str(run),
        "--out",
        str(tmp_path / "assessed"),
        "--attribution",
    ]
    assert main([*assessed, "deeplift"]) == 2 and "attention multiplies" in capsys.readouterr().err
    assert main([*assessed, "grad-cam"]) == 0
    printed = capsys.readouterr().out
    page = (tmp_path / "assessed" / "report.html").read_text(encoding="utf-8")
    assert "Attribution: grad-cam" in page and "By region of the face" in page
    said = read_json(tmp_path / "assessed" / "assessment.json")
    assert said["attribution"]["method"] == "grad-cam" and said["attribution"]["sentences"][0] in page
    for name in ("attribution_units.csv", "attribution_overlay.mp4"):
        assert (tmp_path / "assessed" / name).is_file() and name in said["files"] and name in page
    assert f"- {said['attribution']['sentences'][0]}" in printed
    outside = said["attribution"]["sentences"][-1]
    assert "outside the face" in outside
    assert said["attribution"]["outside_the_face"]["flagged"] == (outside in said["warnings"])
    # Whatever the untrained network looks at, a limit below its share has to be told: on the page, in the file, when printed.
    share = said["attribution"]["outside_the_face"]["area_normalised"]
    monkeypatch.setattr(attribution_words, "OUTSIDE_LIMIT", share / 2)
    assert main([*assessed, "grad-cam"]) == 0 and "warning: " + outside.split(" of the")[0] in capsys.readouterr().out
    flagged = read_json(tmp_path / "assessed" / "assessment.json")
    (warned,) = (text for text in flagged["warnings"] if "before using this score" in text)
    assert flagged["attribution"]["outside_the_face"]["flagged"]
    page = (tmp_path / "assessed" / "report.html").read_text(encoding="utf-8")
    assert page.count(warned) == 2  # among the sentences of the attribution, and among the warnings
    with pytest.raises(UnusableInput, match=r"'openada assess' shows.*grad-cam"):
        explain_video(tmp_path / "v.mp4", run, tmp_path / "out", method="relevance")
    config = read_json(run / "config.json")
    write_json(run / "config.json", {**config, "recipe": {**config["recipe"], "frame_order": "shuffled"}})
    with pytest.raises(UnusableInput, match="shuffled order"):
        explain_video(tmp_path / "v.mp4", run, tmp_path / "out", method="grad-cam")
