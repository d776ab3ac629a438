import json

import numpy as np
import pandas as pd
import pytest

from openada.datasets.scales import SCALES, band_index
from openada.datasets.splits import Split, assign_parts, load, official, subject_disjoint
from openada.errors import UnusableInput


def manifest(subjects: int = 101, tasks: int = 2) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    rows = []
    for s in range(subjects):
        score = float(rng.integers(0, 64))
        part = ("training", "development", "test")[s % 3]
        rows += [(f"r{s}_{t}", f"v{s}_{t}.mp4", f"p{s}", "1", f"t{t}", part, score, "BDI-II") for t in range(tasks)]
    return pd.DataFrame(
        rows, columns=["recording_id", "video", "subject", "session", "task", "split", "score", "scale"]
    )


def test_official_split_may_have_a_subject_on_both_sides_and_says_so():
    table = manifest(7)
    table.loc[table["recording_id"] == "r0_1", "split"] = "test"
    table.loc[table["recording_id"] == "r1_0", "split"] = "test"
    split = official(table)
    assert split.overlap() == {("training", "test"): ("p0",), ("development", "test"): ("p1",)}
    assert "1 subjects in both training and test" in split.describe()
    assert official(manifest(7)).overlap() == {}
    table.loc[3, "split"] = ""
    with pytest.raises(UnusableInput, match="1 recordings have no split"):
        official(table)


def test_subject_disjoint_is_disjoint_complete_stratified_and_seeded():
    table = manifest()
    split = subject_disjoint(table, seed=3)
    assert split.overlap() == {}
    assert sorted(split.part_of()) == sorted(table["recording_id"])
    assert [len(split.subjects_in(part)) for part in ("training", "development", "test")] == pytest.approx(
        [50.5, 15.15, 35.35], abs=1
    )
    band = {row.subject: band_index(row.score, SCALES["BDI-II"]) for row in table.itertuples()}
    for index in range(4):
        members = {s for s, b in band.items() if b == index}
        share = len(members & split.subjects_in("training")) / len(members)
        assert share == pytest.approx(0.5, abs=1.5 / len(members))
    assert subject_disjoint(table, seed=3).sha256 == split.sha256
    assert subject_disjoint(table.sample(frac=1, random_state=1), seed=3).sha256 == split.sha256
    assert subject_disjoint(table, seed=4).sha256 != split.sha256


def test_every_part_gets_a_subject_and_impossible_shares_are_refused():
    for count in (3, 4, 5, 6, 7, 11, 13):
        parts = assign_parts({f"p{k}": k % 4 for k in range(count)}, np.random.default_rng(count), (0.5, 0.15, 0.35))
        assert len(parts) == count and set(parts.values()) == {"training", "development", "test"}
    two = assign_parts({"a": 0, "b": 0, "c": 1}, np.random.default_rng(0), (0.6, 0.0, 0.4))
    assert set(two.values()) == {"training", "test"}
    for shares in ((0.5, 0.5, 0.5), (1.2, -0.4, 0.2), (0.0, 0.5, 0.5), (0.8, 0.2, 0.0)):
        with pytest.raises(UnusableInput, match="shares"):
            assign_parts({f"p{k}": 0 for k in range(9)}, np.random.default_rng(0), shares)
    with pytest.raises(UnusableInput, match="2 subjects cannot fill 3 parts"):
        assign_parts({"a": 0, "b": 0}, np.random.default_rng(0), (0.5, 0.2, 0.3))


def test_written_once_then_only_read(tmp_path):
    split = official(manifest(7))
    path = tmp_path / "splits" / "official.json"
    split.save(path)
    before = path.read_bytes()
    split.save(path)
    assert path.read_bytes() == before
    assert load(path) == Split("official", split.ids, dict(sorted(split.subjects.items())))
    other = subject_disjoint(manifest(7), 1, name="official")
    with pytest.raises(UnusableInput, match="written once"):
        other.save(path)
    assert path.read_bytes() == before


def test_the_hash_depends_on_content_alone():
    ids = {"training": ("b", "a"), "test": ("c",)}
    people = {"a": "1", "b": "2", "c": "3"}
    split = Split("x", ids, people)
    assert split.sha256 == Split("y", {"test": ("c",), "training": ("a", "b")}, {**people, "unused": "9"}).sha256
    assert split.sha256 != Split("x", ids, {**people, "c": "1"}).sha256
    assert split.sha256 != Split("x", {"training": ("a",), "test": ("b", "c")}, people).sha256


def test_edited_malformed_and_missing_files(tmp_path):
    path = tmp_path / "s.json"
    official(manifest(7)).save(path)
    content = json.loads(path.read_text())
    content["ids"]["test"].append(content["ids"]["training"].pop())
    path.write_text(json.dumps(content))
    with pytest.raises(UnusableInput, match="was changed after it was written"):
        load(path)
    path.write_text("[1, 2]")
    with pytest.raises(UnusableInput, match="not a split file"):
        load(path)
    with pytest.raises(UnusableInput, match="does not exist"):
        load(tmp_path / "none.json")


def test_a_split_that_contradicts_itself_is_refused():
    with pytest.raises(UnusableInput, match="'a' is in it twice"):
        Split("x", {"training": ("a",), "test": ("a",)}, {"a": "1"})
    with pytest.raises(UnusableInput, match="'a' has no subject"):
        Split("x", {"training": ("a",)}, {})
    with pytest.raises(UnusableInput, match="part 'holdout'"):
        Split("x", {"holdout": ("a",)}, {"a": "1"})


def test_where_people_are_unknown_nothing_can_keep_them_apart():
    table = pd.DataFrame({"recording_id": ["a", "b"], "subject": ["a", "b"], "score": [1.0, 2.0], "scale": "PHQ-8"})
    with pytest.raises(UnusableInput, match="does not say who"):
        subject_disjoint(table.assign(subject_known=[True, False]), seed=0)
