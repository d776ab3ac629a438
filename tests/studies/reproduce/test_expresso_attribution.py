"""Regions and movements of all test recordings: what is kept, what is averaged, and what is said of planted ones."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from openada.errors import UnusableInput
from openada.explanation.region_pooling import POOLS
from openada.explanation.unit_correlation import SIGNALS
from openada.files import read_json
from openada.models.registry import config_for
from openada.studies import run_attributions
from openada.studies.explain import explain_prepared
from openada.studies.explainable import load_explainable
from openada.studies.reproduce import expresso_attribution, expresso_units
from openada.studies.reproduce.job import Job
from openada.studies.reproduce.result import write_result
from openada.studies.reproduce.targets import reproduce, system_of
from openada.training.clip_recipe import clip_recipe

METHOD = "deeplift"


@pytest.fixture(scope="module")
def job(shared_prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Job:
    recipe = clip_recipe("expresso-ai", "planted")
    model = config_for("expresso-ai", "planted", width=2, image_size=32, clip_frames=8, backbone="r3d_18")
    small = replace(
        recipe, model=model, epochs=1, pretext=replace(recipe.pretext, epochs=0), batch=4, unfreeze_epochs=0
    )
    return Job(shared_prepared, tmp_path_factory.mktemp("expresso"), small, (0,), "expresso-ai", progress=False)


def test_regions_and_movements_are_of_every_test_recording_and_computed_once(job, monkeypatch):
    assert system_of("expresso/regions") == "expresso-ai"
    result = reproduce("expresso/regions", job)
    rows = result.files["recordings"]
    ids = job.dataset.split("official").ids["test"]
    assert set(rows["recording_id"]) <= set(ids) and set(rows["region"]) == set(POOLS)
    whole = result.table[(result.table["group"] == "all recordings") & (result.table["measure"] == "share")]
    for row in whole.itertuples():
        assert row.value == pytest.approx(rows.loc[rows["region"] == row.region, "share"].mean(), nan_ok=True)
    complete = result.files["completeness"]
    assert (complete["error"] < 1e-3).all()
    by_recording = rows.groupby("recording_id")["raw"].sum()
    np.testing.assert_allclose(
        by_recording, complete.set_index("recording_id")["attribution_sum"], rtol=1e-3, atol=1e-3
    )
    assert sum("Outside the face" in text for text in result.sections[0].sentences) == 1
    assert any("compared with the recording's median face." in text for text in result.sections[0].sentences)
    kept = sorted((result.runs[0] / "attribution" / METHOD).iterdir())
    assert [path.stem for path in kept] == sorted(set(rows["recording_id"]))
    assert len(read_json(kept[0])["units"]) == len(SIGNALS)

    def never(*_, **__):
        raise AssertionError("explained twice")

    monkeypatch.setattr(run_attributions, "explain_recording", never)
    again = reproduce("expresso/units", job)
    table = again.table[again.table["group"] == "all recordings"]
    assert set(table["signal"]) == {signal.name for signal in SIGNALS} and set(table["measure"]) == {"r", "r_size"}
    assert (table.set_index("signal").loc["head_x_mm", "note"] == "undefined in every recording").all()
    assert table["value"].isna().all() and not again.sections[0].drawings  # nothing moves in this fixture
    assert (write_result(job, again) / "recordings.csv").is_file()
    assert (write_result(job, result) / "figures" / "region_by_all.svg").is_file()


def test_a_video_is_explained_with_the_trained_network_as_its_recording_was(job, shared_prepared, tmp_path):
    run = reproduce("expresso/regions", job).runs[0]
    video = shared_prepared.parent / "source" / "r10.mp4"
    facts = explain_prepared(load_explainable(run), job.dataset.recording("r10"), video, tmp_path, method=METHOD)
    regions = pd.read_csv(tmp_path / "regions.csv")
    assert regions["raw"].sum() == pytest.approx(facts["completeness"]["attribution_sum"], rel=1e-3, abs=1e-3)
    assert facts["completeness"]["error"] < 1e-3 and len(facts["clips"]) > 0
    for name in ("overlay.mp4", "heatmap.mp4", "top_and_bottom.png", "report.html", "units.csv"):
        assert (tmp_path / name).stat().st_size > 0
    kept = read_json(run / "attribution" / METHOD / "r10.json")
    of_kept = {row["region"]: row["raw"] for row in kept["regions"]}
    for row in regions.itertuples():
        assert row.raw == pytest.approx(of_kept[row.region], rel=1e-3, abs=1e-4)


@pytest.mark.parametrize(
    ("changes", "attribution", "reason"),
    [
        ({}, "attention", "attention"),
        ({"input": "mosaic"}, METHOD, "--input mosaic"),
        ({"sampling": "still"}, METHOD, "stand still"),
        ({"frame_order": "shuffled"}, METHOD, "shuffled order"),
    ],
)
def test_what_cannot_be_explained_is_refused_before_anything_is_trained(job, tmp_path, changes, attribution, reason):
    other = replace(job, out=tmp_path / "out", recipe=replace(job.clips, **changes), attribution=attribution)
    with pytest.raises(UnusableInput, match=reason):
        reproduce("expresso/regions", other)
    assert not other.out.exists()


def test_the_part_that_selects_the_epoch_is_not_reported(job, tmp_path):
    other = replace(job, out=tmp_path / "out", recipe=replace(job.clips, keep="best"), part="development")
    with pytest.raises(UnusableInput, match="the development recordings selected this model"):
        reproduce("expresso/regions", other)
    assert not other.out.exists()


def test_places_of_planted_regions_are_told_from_the_area_normalised_ranking():
    def table(**values):
        rows = [{"region": name, "value": value} for name, value in values.items()]
        return pd.DataFrame(rows).assign(group="all recordings", measure="area_normalised")

    first = expresso_attribution._ranking(table(brows=3.0, eyes=2.0, mouth=2.5, nose=1.0), True)
    assert first[0].endswith("brows, mouth, eyes, nose.")
    assert first[1].endswith("of 4: brows 1, mouth 2, eyes 3. They come first.")
    later = expresso_attribution._ranking(table(brows=3.0, eyes=0.2, mouth=2.5, nose=1.0), True)
    assert later[1].endswith("eyes 4. They do not take the first places.")
    assert len(expresso_attribution._ranking(table(brows=3.0), False)) == 1
    assert expresso_attribution._ranking(table(brows=np.nan), True)[1].endswith("They do not take the first places.")


def test_places_of_planted_movements_are_told_beside_those_of_distractors():
    def told(group="all recordings", **r):
        rows = [{"signal": name, "value": value, "group": group} for name, value in r.items()]
        return expresso_units.places(pd.DataFrame(rows)).to_dict("records")

    cue = {"AU01_g": 0.3, "AU04_g": 0.2, "AU15_g": 0.4, "AU45_g": 0.15, "gaze_pitch_deg": 0.12}
    (first,) = told(**cue, AU05_g=0.5, AU12_g=0.1, AU02_g=-0.2)
    assert [first[name] for name in ("AU01", "AU04", "AU15", "AU45", "gaze_pitch_deg", "of")] == [3, 4, 2, 5, 6, 8]
    assert (first["first distractor"], first["before every distractor"]) == ("AU12 7", "all planted")
    (severe,) = told("band severe", **{**cue, "AU45_g": 0.0}, AU12_g=0.1)
    assert (severe["group"], severe["before every distractor"]) == ("band severe", "units 1, 4, 15")
    assert told(**cue, AU12_g=0.25)[0]["before every distractor"] == "not all of units 1, 4, 15"
    (missing,) = told(AU01_g=0.3, AU04_g=0.2, AU15_g=np.nan)
    assert (missing["AU15"], missing["first distractor"]) == ("undefined", "none")
    assert missing["before every distractor"] == "not all of units 1, 4, 15"
    assert told("correct", **cue) == []


def test_networks_that_are_compared_with_different_baselines_are_not_averaged():
    require = expresso_attribution._require_one_baseline
    require(pd.DataFrame({"baseline": ["every pixel mid-grey"] * 2}))
    require(pd.DataFrame({"recording_id": ["a"]}))
    with pytest.raises(UnusableInput, match=r"every pixel mid-grey; the mean face.*no common mean"):
        require(pd.DataFrame({"baseline": ["the mean face of the training part", "every pixel mid-grey"]}))


def test_the_share_outside_the_face_is_told_with_the_limit():
    rows = [
        {"measure": "share", "value": 0.5, "low": 0.4, "high": 0.6},
        {"measure": "area_normalised", "value": 1.25, "low": np.nan, "high": np.nan},
    ]
    table = pd.DataFrame(rows).assign(group="all recordings", region="outside the face")
    each = pd.DataFrame({"region": ["outside the face"] * 3 + ["nose"], "area_normalised": [1.5, 0.9, np.nan, 2.0]})
    said = expresso_attribution._outside(table, each)
    assert "1 of 3 rows are above it, and an assessment of them says so" in said
    assert "0.50 [0.40, 0.60] of the attribution, 1.25 times" in said and "; above the limit of 1" in said
    within = each.assign(area_normalised=0.5)
    assert expresso_attribution._outside(table.assign(value=0.5), within).endswith(
        "; not above the limit of 1. None of 3 rows is."
    )
