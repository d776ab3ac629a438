from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from datasets.corpora.trees import avec2013, avec2014, planted_description, tiny_video, write
from openada.datasets.corpora import check, read
from openada.datasets.manifest import read_manifest, write_manifest
from openada.datasets.planted.avec_tree import TASKS, write_avec2014_tree
from openada.datasets.planted.generate import generate
from openada.datasets.splits import official
from openada.errors import UnusableInput


def items(found, kind):
    return {finding.item for finding in found.of_kind(kind)}


@pytest.fixture(scope="module")
def benchmark(tmp_path_factory) -> Path:
    """Six people, rendered small."""
    folder = tmp_path_factory.mktemp("planted") / "benchmark"
    generate(folder, subjects=6, seconds=4.0, fps=5.0, seed=2, size_px=96, workers=1, progress=False)
    return folder


def test_the_planted_benchmark_as_a_tree_gives_its_own_scores_splits_and_tasks(benchmark, tmp_path):
    root = write_avec2014_tree(benchmark, tmp_path / "tree")
    planted = read_manifest(benchmark / "manifest.csv")
    found = read(root)
    assert found.findings == ()
    # The tree numbers subjects from 203 in the manifest's order; the files are links to the benchmark's.
    same = {Path(row.video).stat().st_ino: row for row in found.table.itertuples()}
    numbers = {subject: str(203 + place) for place, subject in enumerate(dict.fromkeys(planted["subject"]))}
    assert len(same) == len(planted) == 12
    for row in planted.itertuples():
        mine = same[Path(row.video).stat().st_ino]
        assert (mine.score, mine.split, mine.task, mine.session) == (row.score, row.split, TASKS[row.task], row.session)
        assert mine.subject == numbers[row.subject]
        assert mine.recording_id == f"{mine.subject}_{mine.session}_{mine.task}"
    report = check(root)
    assert not report.unusable and report.content["findings"] == {} and report.content["overlap"] == []
    assert sum(part["readable"] for part in report.content["parts"]) == 12


def test_a_large_tree_of_empty_videos_is_read_and_called_unusable(tmp_path):
    rng = np.random.default_rng(5)
    rows = []
    (tmp_path / "b").mkdir()
    for number in range(53):
        part = ("training", "development", "test")[number % 3]
        for task in TASKS:
            name = f"s{number:03d}_{task}"
            (tmp_path / "b" / f"{name}.mp4").touch()
            score = int(rng.integers(0, 64)) if task == "talk" else rows[-1]["score"]
            rows.append(
                {
                    "recording_id": name, "video": f"{name}.mp4", "subject": f"s{number:03d}", "session": "1",
                    "task": task, "split": part, "score": score, "scale": "planted",
                }
            )  # fmt: skip
    write_manifest(
        pd.DataFrame(rows).assign(video=lambda t: str(tmp_path / "b") + "/" + t["video"]),
        tmp_path / "b" / "manifest.csv",
    )
    root = write_avec2014_tree(tmp_path / "b", tmp_path / "tree")
    table = read(root).table
    assert table["score"].tolist() == [row["score"] for row in rows]
    assert table["split"].tolist() == [row["split"] for row in rows]
    assert check(root).unusable.endswith("(106 unreadable); see the findings")


def test_a_tree_that_says_it_is_planted_is_called_so(tmp_path):
    avec2014(tmp_path)
    assert set(read(tmp_path).table["scale"]) == {"BDI-II"}
    planted_description(tmp_path, "hard")
    table = read(tmp_path).table
    assert set(table["scale"]) == {"planted"} and set(table["corpus"]) == {"planted-hard"}
    write(tmp_path / "benchmark.json", "[]")
    with pytest.raises(UnusableInput, match=r"benchmark\.json does not describe"):
        read(tmp_path)


def test_overlap_of_subjects_is_told_with_their_ids(tmp_path):
    avec2014(tmp_path)
    report = check(tmp_path)
    assert report.content["overlap"] == [{"parts": ["training", "test"], "subjects": ["205"]}]
    assert "subjects in both training and test: 1 (205)" in report.text
    assert official(read(tmp_path).table).overlap() == {("training", "test"): ("205",)}


def test_a_session_without_one_task_and_a_label_without_video(tmp_path):
    avec2014(tmp_path)
    (tmp_path / "AVEC2014_AudioVisual/Video/Development/Northwind/207_2_Northwind_video.mp4").unlink()
    write(tmp_path / "Final_Labels" / "Training_DepressionLabels" / "999_1_Depression.csv", "5")
    found = read(tmp_path)
    assert items(found, "missing file") == {"207_2_Northwind", "999_1"}
    assert "207_2_Freeform" in found.table["recording_id"].tolist()


def test_one_task_alone_is_said_once(tmp_path):
    avec2014(tmp_path)
    for path in tmp_path.rglob("*Northwind_video.mp4"):
        path.unlink()
    assert items(read(tmp_path), "missing file") == {"Northwind"}


def test_test_labels_that_were_not_released(tmp_path):
    expected = avec2014(tmp_path)
    for path in (tmp_path / "AVEC2014_Labels_Testset").rglob("*.csv"):
        path.unlink()
    found = read(tmp_path)
    assert items(found, "missing label") == {key for key, value in expected.items() if value[0] == "test"}
    assert (found.table.loc[found.table["split"] == "test", "score"].isna()).all()
    assert not check(tmp_path).unusable


def test_a_label_that_is_no_number(tmp_path):
    avec2014(tmp_path)
    name = "Final_Labels/Training_DepressionLabels/203_1_Depression.csv"
    write(tmp_path / name, "score\n3\n")
    found = read(tmp_path)
    (finding,) = found.of_kind("unreadable")
    assert finding.item == name and "is no number" in finding.detail
    assert items(found, "missing label") == {"203_1_Freeform", "203_1_Northwind"}


def test_a_video_in_two_parts_and_a_label_in_another_have_no_split(tmp_path):
    avec2014(tmp_path)
    video = tmp_path / "AVEC2014_AudioVisual" / "Video"
    tiny_video(video / "Testing" / "Freeform" / "203_1_Freeform_video.mp4", 30)
    labels = tmp_path / "Final_Labels"
    (labels / "Development_DepressionLabels/207_2_Depression.csv").rename(
        labels / "Training_DepressionLabels/207_2_Depression.csv"
    )
    found = read(tmp_path)
    assert items(found, "split conflict") == {"203_1_Freeform", "207_2_Freeform", "207_2_Northwind"}
    assert items(found, "duplicate file") == {"203_1_Freeform"}
    assert not found.of_kind("split unknown")
    splits = found.table.set_index("recording_id")["split"]
    assert splits[["203_1_Freeform", "207_2_Freeform", "207_2_Northwind"]].tolist() == ["", "", ""]
    assert splits["203_1_Northwind"] == "training"
    with pytest.raises(UnusableInput, match="3 recordings have no split"):
        official(found.table)


def test_a_label_in_two_parts_leaves_its_session_without_one(tmp_path):
    avec2014(tmp_path)
    write(tmp_path / "Final_Labels" / "Development_DepressionLabels" / "203_1_Depression.csv", "3")
    found = read(tmp_path)
    assert items(found, "split conflict") == items(found, "duplicate label") == {"203_1"}
    rows = found.table[found.table["session"] == "1"].query("subject == '203'")
    assert rows["split"].tolist() == ["", ""] and rows["score"].tolist() == [3, 3]


def test_hidden_copies_and_other_files_play_no_part(tmp_path):
    expected = avec2014(tmp_path)
    write(tmp_path / "Final_Labels" / "Training_DepressionLabels" / "._203_1_Depression.csv", "\x00")
    write(tmp_path / ".cache" / "203_1_Freeform_video.mp4", "x")
    write(tmp_path / "Final_Labels" / "Training_AffectLabels" / "203_1_Freeform_Arousal.csv", "0.1")
    found = read(tmp_path)
    assert found.findings == () and len(found.table) == len(expected)


def test_archives_beside_videos_are_named(tmp_path):
    avec2014(tmp_path)
    write(tmp_path / "AVEC2014_Testing.zip", "PK")
    assert items(read(tmp_path), "packed") == {"AVEC2014_Testing.zip"}


class TestBothYears:
    def test_have_to_be_chosen(self, tmp_path):
        avec2013(tmp_path), avec2014(tmp_path)
        names = r"avec2013 or avec2014 or avec2013\+avec2014$"
        with pytest.raises(UnusableInput, match=r"avec2013 \(5 files\), avec2014 \(10 files\); .*--corpus " + names):
            read(tmp_path)

    def test_together(self, tmp_path):
        both = {**avec2013(tmp_path), **avec2014(tmp_path)}
        found = read(tmp_path, "avec2013+avec2014")
        assert {row.recording_id: (row.split, row.task, row.score) for row in found.table.itertuples()} == both
        assert found.corpus == ("avec2013", "avec2014") and not found.findings
        assert "5 sessions and 4 subjects are in both years" in found.notes[-1]
        assert official(found.table).overlap() == {("training", "test"): ("205",)}

    def test_that_disagree_on_a_session(self, tmp_path):
        avec2013(tmp_path), avec2014(tmp_path)
        top = tmp_path / "AVEC2013"
        for kind, name in (
            ("AudioVisual/Video", "211_1_cut_combined.mp4"),
            ("DepressionLabels", "211_1_Depression.csv"),
        ):
            (top / f"Testing_{kind}" / name).rename(top / f"Training_{kind}" / name)
        write(top / "Development_DepressionLabels" / "207_2_Depression.csv", "9")
        found = read(tmp_path, "avec2013+avec2014")
        # The labels of AVEC 2013 lie in a folder of that name: they are not AVEC 2014's.
        assert items(found, "duplicate label") == items(found, "split conflict") == set()
        details = {finding.item: finding.detail for finding in found.of_kind("across years")}
        assert details == {
            "207_2": "different scores in AVEC 2013 and AVEC 2014; both are kept",
            "211_1": "training and test in AVEC 2013 and AVEC 2014: use the subject-disjoint split",
        }
        scores = found.table.set_index("recording_id")["score"]
        assert scores["207_2_combined"] == 9 and scores["207_2_Freeform"] == 0

    def test_share_labels_whose_folders_name_no_year(self, tmp_path):
        avec2013(tmp_path), avec2014(tmp_path)
        for path in sorted((tmp_path / "AVEC2013").rglob("*_Depression.csv")):
            path.unlink()
        scores = read(tmp_path, "avec2013").table.set_index("recording_id")["score"]
        # Test labels lie below AVEC2014_Labels_Testset.
        assert scores["205_1_combined"] == 45 and np.isnan(scores["211_1_combined"])
