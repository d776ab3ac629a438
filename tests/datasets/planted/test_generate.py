import json
import shutil

import numpy as np
import pandas as pd
import pytest

from openada.datasets.manifest import read_manifest
from openada.datasets.planted import generate as module
from openada.datasets.planted.avec_tree import write_avec2014_tree
from openada.datasets.planted.generate import generate
from openada.datasets.planted.plan import plan_recordings
from openada.datasets.planted.prop import COLOURS
from openada.datasets.planted.references import references_for
from openada.datasets.planted.rendered import BASELINES, describe_rendered
from openada.datasets.planted.truth_file import read_truth
from openada.datasets.splits import official
from openada.errors import UnusableInput
from openada.face.regions import REGIONS
from openada.video import frames


def contents(folder) -> dict[str, bytes]:
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != ".lock"
    }


def test_the_manifest_is_a_data_set_and_leaks_nothing(benchmark_folder):
    table = read_manifest(benchmark_folder / "manifest.csv")
    assert list(table.columns) == [
        "recording_id",
        "video",
        "subject",
        "session",
        "task",
        "split",
        "score",
        "scale",
        "corpus",
    ]
    assert len(table) == 14 and set(table["scale"]) == {"planted"} and set(table["corpus"]) == {"planted-standard"}
    assert table["recording_id"].iloc[0] == "s001_1_talk"
    assert (table.groupby("subject")["score"].nunique() == 1).all()
    split = official(table)
    assert split.overlap() == {} and all(split.ids.values())


def test_truth_fits_the_video_frame_by_frame(benchmark_folder):
    episodes = pd.read_csv(benchmark_folder / "truth" / "episodes.csv")
    recordings = pd.read_csv(benchmark_folder / "truth" / "recordings.csv").set_index("recording_id")
    for name in ("s001_1_talk", "s004_1_read"):
        truth = read_truth(benchmark_folder / "truth" / f"{name}.parquet")
        shown = list(frames(benchmark_folder / "videos" / f"{name}.mp4"))
        assert len(shown) == len(truth) == 20
        np.testing.assert_allclose([f.time_s for f in shown], truth["time_s"], atol=2e-5)
        cue = np.zeros(len(truth), dtype=bool)
        for row in episodes[episodes["recording_id"] == name].itertuples():
            cue |= (truth["time_s"] >= row.start_s - 1e-9) & (truth["time_s"] < row.end_s - 1e-9)
        np.testing.assert_array_equal(truth["cue"], cue)
        assert recordings.loc[name, "cue_share"] == pytest.approx(cue.mean(), abs=0.06)
        for region in REGIONS:
            polygons = truth[f"region_{region}"].iloc[7]
            assert all(p.shape[1] == 2 and len(p) > 4 and (p > 0).all() and (p < 128).all() for p in polygons)
        eyes, brows = truth["region_eyes"].iloc[0], truth["region_brows"].iloc[0]
        assert eyes[0][:, 0].mean() < eyes[1][:, 0].mean() and brows[0][:, 1].mean() < eyes[0][:, 1].mean()


def test_an_interrupted_run_finishes_with_identical_files(benchmark_folder, tmp_path, monkeypatch, small_parameters):
    out, rendered = tmp_path / "again", 0
    original = module.render_recording

    def stop_after_three(payload):
        nonlocal rendered
        if rendered == 3:
            raise KeyboardInterrupt
        rendered += 1
        return original(payload)

    monkeypatch.setattr(module, "render_recording", stop_after_three)
    with pytest.raises(KeyboardInterrupt):
        generate(out, seed=3, **small_parameters)
    assert len(list((out / "truth").glob("s*.parquet"))) == 3 and not (out / "manifest.csv").exists()
    (out / "truth" / "s001_1_read.parquet").unlink()
    (out / "videos" / "s001_1_talk.mp4").unlink()
    monkeypatch.setattr(module, "render_recording", original)
    generate(out, seed=3, **small_parameters)
    assert contents(out) == contents(benchmark_folder)
    before = (out / "videos" / "s001_1_talk.mp4").stat().st_mtime_ns
    generate(out, seed=3, **small_parameters)
    assert (out / "videos" / "s001_1_talk.mp4").stat().st_mtime_ns == before


def test_a_folder_of_something_else_is_left_alone(benchmark_folder, tmp_path, small_parameters):
    with pytest.raises(UnusableInput, match="holds a benchmark with seed = 3"):
        generate(benchmark_folder, seed=4, **small_parameters)
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UnusableInput, match="not empty"):
        generate(tmp_path, seed=3, **small_parameters)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"subjects": 5}, "subjects = 5"),
        ({"seconds": 3.9}, r"seconds = 3\.9"),
        ({"seconds": float("nan")}, "seconds = nan"),
        ({"fps": 4.0}, r"fps = 4\.0"),
        ({"variant": "easy"}, "variant 'easy' is unknown: use one of standard"),
        ({"size_px": 127}, "size_px = 127"),
        ({"seed": -1}, "seed = -1"),
        ({"split_shares": (0.5, 0.5, 0.5)}, "shares"),
        ({"portrait": "nobody.jpg"}, r"portrait nobody\.jpg does not exist"),
    ],
)
def test_impossible_parameters_are_refused_before_anything_is_written(tmp_path, small_parameters, change, message):
    out = tmp_path / "out"
    with pytest.raises(UnusableInput, match=message):
        generate(out, **{**small_parameters, "seed": 1, **change})
    assert not out.exists()


def test_the_card_says_what_was_made(benchmark_folder):
    card = json.loads((benchmark_folder / "card.json").read_text())
    assert card["variant"] == "standard" and card["recordings"] == 14 and card["portrait"]["public_domain"] is True
    assert any("shorter than the standard 30 s" in note for note in card["notes"])
    assert any("nothing about depression in people" in note for note in card["notes"])
    assert card["versions"]["mediapipe"] != "unknown"


def test_references_and_rendered_baselines_on_a_folder(benchmark_folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(benchmark_folder, copy)
    manifest = read_manifest(copy / "manifest.csv")
    table, predictions = references_for(copy, dict.fromkeys(manifest["recording_id"], 0.1), recordings=500)
    assert set(table["reference"]) >= {
        "training mean",
        "isotonic on true cue share",
        "isotonic on measured coincidence share",
    }
    assert sorted(predictions["recording_id"]) == sorted(manifest.loc[manifest["split"] == "test", "recording_id"])
    ratio = table.set_index(["reference", "level"])["ratio"]
    assert ratio["isotonic on measured coincidence share", "session"] == pytest.approx(1.0)
    with pytest.raises(UnusableInput, match="no measured coincidence share"):
        references_for(copy, {}, recordings=100)
    baselines = describe_rendered(copy)
    assert tuple(baselines["baseline"]) == BASELINES
    assert json.loads((copy / "card.json").read_text())["baselines_on_rendered_data"][0]["baseline"] == BASELINES[0]
    with pytest.raises(UnusableInput, match=r"card\.json is missing"):
        describe_rendered(tmp_path)


def test_as_an_avec_2014_tree(benchmark_folder, tmp_path):
    out = write_avec2014_tree(benchmark_folder, tmp_path / "avec")
    videos = sorted(out.rglob("*_video.mp4"))
    assert len(videos) == 14
    assert {v.parent.name for v in videos} == {"Freeform", "Northwind"}
    labels = {p.name.split("_D")[0]: float(p.read_text()) for p in out.rglob("*_Depression.csv")}
    manifest = read_manifest(benchmark_folder / "manifest.csv")
    expected = {
        f"{203 + int(s[1:]) - 1}_1": score for s, score in zip(manifest["subject"], manifest["score"], strict=True)
    }
    assert labels == expected
    with pytest.raises(UnusableInput, match="not empty"):
        write_avec2014_tree(benchmark_folder, out)


def test_objects_follow_the_label_where_the_variant_says_so():
    shares = (0.5, 0.15, 0.35)
    shortcut = plan_recordings(200, 1, "shortcut", shares)
    for part, follows in (("training", True), ("development", True), ("test", False)):
        rows = shortcut[shortcut["split"] == part]
        correlation = np.corrcoef(rows["object_value"], rows["score"])[0, 1]
        assert (correlation > 0.999) if follows else (abs(correlation) < 0.3)
    control = plan_recordings(200, 1, "shortcut-control", shares)
    assert abs(np.corrcoef(control["object_value"], control["score"])[0, 1]) < 0.2
    assert control["object_value"].mean() == pytest.approx(shortcut["object_value"].mean(), abs=0.03)
    assert plan_recordings(20, 1, "standard", shares)["object_value"].isna().all()


def test_null_permutes_labels_over_subjects_before_splitting():
    shares = (0.5, 0.15, 0.35)
    null, standard = (plan_recordings(200, 1, variant, shares) for variant in ("null", "standard"))
    assert sorted(null["score"]) == sorted(standard["score"])
    np.testing.assert_array_equal(null["severity"], standard["severity"])
    assert abs(np.corrcoef(null["score"], null["severity"])[0, 1]) < 0.2
    assert np.corrcoef(standard["score"], standard["severity"])[0, 1] > 0.97
    means = null.groupby("split")["score"].mean()
    assert means.max() - means.min() < 3


def test_the_lamp_is_drawn_and_recorded(tmp_path, small_parameters):
    out = tmp_path / "shortcut"
    generate(out, seed=2, variant="shortcut", **{**small_parameters, "subjects": 6})
    truth = pd.read_csv(out / "truth" / "recordings.csv")
    low, high = truth.loc[truth["object_value"].idxmin()], truth.loc[truth["object_value"].idxmax()]
    assert high["object_radius_px"] > 1.2 * low["object_radius_px"]
    for row in (low, high):
        rgb = next(iter(frames(out / "videos" / f"{row['recording_id']}.mp4"))).rgb
        colour = np.array(COLOURS[0]) * (1 - row["object_value"]) + np.array(COLOURS[1]) * row["object_value"]
        np.testing.assert_allclose(rgb[int(row["object_y_px"]), int(row["object_x_px"])], 1.05 * colour, atol=20)
