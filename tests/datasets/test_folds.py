import json

import numpy as np
import pandas as pd
import pytest

from openada.datasets.folds import Folds, grouped_folds, leave_one_subject_out, load_folds, nested_folds
from openada.datasets.scales import SCALES, band_index
from openada.datasets.splits import FoldOf, Split, load
from openada.errors import UnusableInput

PEOPLE = {"a": "1", "b": "1", "c": "2", "d": "3"}


def manifest(subjects=53, tasks=2):
    rng = np.random.default_rng(5)
    rows = []
    for s in range(subjects):
        score = float(rng.integers(0, 64))
        rows += [(f"r{s}_{t}", f"p{s:02d}", score, "BDI-II") for t in range(tasks)]
    return pd.DataFrame(rows, columns=["recording_id", "subject", "score", "scale"])


def assert_tested_once(folds, table):
    placed = [recording for members in folds.tested for recording in members]
    assert sorted(placed) == sorted(table["recording_id"])
    for split in folds.splits:
        assert split.overlap() == {}
        assert sorted(split.ids["training"] + split.ids["test"]) == sorted(placed)
        assert split.ids["development"] == ()


@pytest.mark.parametrize("k", [2, 5, 7, 53])
def test_grouped_folds_test_each_recording_once_and_share_out_every_band(k):
    table = manifest()
    folds = grouped_folds(table, k, seed=3)
    assert_tested_once(folds, table)
    assert len(folds.tested) == k
    band = {row.subject: band_index(row.score, SCALES["BDI-II"]) for row in table.itertuples()}
    people = [split.subjects_in("test") for split in folds.splits]
    for members in (set(band), *({s for s, b in band.items() if b == index} for index in range(4))):
        counts = [len(members & tested) for tested in people]
        assert max(counts) - min(counts) <= 1


def test_grouped_folds_depend_on_the_seed_alone():
    table = manifest()
    folds = grouped_folds(table, 5, seed=3)
    assert grouped_folds(table.sample(frac=1, random_state=1), 5, seed=3) == folds
    assert grouped_folds(table, 5, seed=4).sha256 != folds.sha256
    table.loc[:9, "score"] = np.nan  # people without a score are a band of their own
    assert_tested_once(grouped_folds(table, 5, seed=3), table)


def test_leave_one_subject_out():
    table = manifest(7, tasks=3)
    folds = leave_one_subject_out(table)
    assert_tested_once(folds, table)
    assert folds.tested[2] == ("r2_0", "r2_1", "r2_2")
    assert [split.subjects_in("test") for split in folds.splits] == [{f"p{s:02d}"} for s in range(7)]


def test_nested_inner_folds_hold_the_training_recordings_alone():
    table = manifest(23)
    folds = nested_folds(table, 5, 3, seed=2)
    assert folds.tested == grouped_folds(table, 5, seed=2).tested
    assert_tested_once(folds, table)
    for outer, inner in zip(folds.splits, folds.inner, strict=True):
        assert_tested_once(inner, table[table["recording_id"].isin(outer.ids["training"])])
        assert not inner.recordings() & set(outer.ids["test"])
    assert folds.sha256 != grouped_folds(table, 5, seed=2).sha256
    assert "nested (3 inner folds" in folds.describe()


def test_written_once_then_only_read(tmp_path):
    for folds in (grouped_folds(manifest(11), 3, seed=1), nested_folds(manifest(11), 3, 2, seed=1)):
        path = tmp_path / f"{folds.name}.json"
        folds.save(path)
        before = path.read_bytes()
        folds.save(path)
        assert path.read_bytes() == before
        again = load_folds(path)
        assert again == folds
        assert [split.sha256 for split in again.splits] == [split.sha256 for split in folds.splits]
        with pytest.raises(UnusableInput, match=r"another set of folds .* written once"):
            grouped_folds(manifest(11), 3, seed=2).save(path)
        assert path.read_bytes() == before


def test_edited_malformed_and_missing_files(tmp_path):
    path = tmp_path / "f.json"
    nested_folds(manifest(11), 3, 2, seed=1).save(path)
    written = path.read_text()
    content = json.loads(written)
    content["tested"].reverse()
    content["inner"].reverse()
    path.write_text(json.dumps(content))
    with pytest.raises(UnusableInput, match="was changed after it was written"):
        load_folds(path)
    content = json.loads(written)
    content["inner"][0][0].append(content["tested"][0][0])  # a test recording slipped into the inner folds
    path.write_text(json.dumps(content))
    with pytest.raises(UnusableInput, match=f"{content['tested'][0][0]!r} is either in the inner folds or"):
        load_folds(path)
    path.write_text("[1, 2]")
    with pytest.raises(UnusableInput, match="not a folds file"):
        load_folds(path)
    with pytest.raises(UnusableInput, match="does not exist"):
        load_folds(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("tested", "told"),
    [
        ([("a",), ("b", "c", "d")], "subject '1' is tested in fold 1 and in fold 2"),
        ([("a", "b"), ("c", "a")], "'a' is tested twice"),
        ([("a", "b"), ("c", "x")], "'x' has no subject"),
        ([("a", "b", "c", "d")], "1 folds; cross-validation needs at least 2"),
        ([("a", "b"), ()], "fold 2 tests nothing"),
    ],
)
def test_folds_that_contradict_themselves(tested, told):
    with pytest.raises(UnusableInput, match=told):
        Folds("x", tuple(tested), PEOPLE)


def test_inner_folds_that_do_not_fit():
    tested = (("a", "b"), ("c",), ("d",))
    inner = Folds("i", (("c",), ("d",)), PEOPLE)
    with pytest.raises(UnusableInput, match="1 sets of inner folds for 3 folds"):
        Folds("x", tested, PEOPLE, (inner,))
    with pytest.raises(UnusableInput, match="training part of fold 2"):
        Folds("x", tested, PEOPLE, (inner, inner, inner))
    with pytest.raises(UnusableInput, match="fold 1 name other subjects"):
        Folds("x", tested, PEOPLE, (Folds("i", (("c",), ("d",)), {**PEOPLE, "d": "9"}), inner, inner))


def test_what_cannot_be_folded():
    table = manifest(5)
    for wrong, told in (
        (lambda: grouped_folds(table, 6, 0), "5 subjects in 6 folds"),
        (lambda: grouped_folds(table, 1, 0), "5 subjects in 1 folds"),
        (lambda: leave_one_subject_out(manifest(1)), "1 folds"),
        (lambda: nested_folds(table, 5, 5, 0), "4 subjects in 5 folds"),
        (lambda: grouped_folds(pd.concat([table, table[:1]]), 2, 0), "'r0_0' is in the manifest twice"),
    ):
        with pytest.raises(UnusableInput, match=told):
            wrong()
    for nobody in ("", None):
        lacking = table.assign(subject=[nobody, *table["subject"][1:]])
        for wrong in (lambda t: grouped_folds(t, 2, 0), leave_one_subject_out, lambda t: nested_folds(t, 2, 2, 0)):
            with pytest.raises(UnusableInput, match=r"1 recordings have no subject \(first: r0_0\)"):
                wrong(lacking)


def test_the_hash_says_what_is_tested_and_who_it_is():
    tested = (("a", "b"), ("c",), ("d",))
    folds = Folds("x", tested, PEOPLE)
    assert folds.sha256 == Folds("y", (("b", "a"), ("c",), ("d",)), {**PEOPLE, "unused": "7"}).sha256
    assert folds.sha256 != Folds("x", (("a", "b"), ("c", "d")), PEOPLE).sha256
    assert folds.sha256 != Folds("x", tested, {**PEOPLE, "d": "4"}).sha256
    assert "3 folds of 1 to 2 recordings, 4 recordings of 3 subjects" in folds.describe()


def test_a_fold_says_of_which_set_it_is_and_keeps_its_hash(tmp_path):
    folds = nested_folds(manifest(11), 3, 2, seed=1)
    second = folds.split_at("x/2", ["2"])
    assert second == folds.splits[1] and second.fold_of == FoldOf(folds.name, folds.sha256, 2, 3)
    plain = Split(second.name, second.ids, second.subjects)
    assert plain.fold_of is None and plain.sha256 == second.sha256
    second.save(tmp_path / "split.json")
    assert load(tmp_path / "split.json") == second
    within = folds.split_at("x/2/1", ["2", "1"])
    assert within == folds.inner[1].splits[0] and not set(within.ids["test"]) & set(second.ids["test"])
    assert within.fold_of.sha256 == folds.inner[1].sha256
    for name, told in (("x/4", "has folds 1 to 3"), ("x/0", "has folds 1 to 3"), ("x/b", "no fold 'x/b'")):
        with pytest.raises(UnusableInput, match=told):
            folds.split_at(name, name.split("/")[1:])
    with pytest.raises(UnusableInput, match="has no inner folds"):
        grouped_folds(manifest(11), 3, seed=1).split_at("x/1/1", ["1", "1"])
