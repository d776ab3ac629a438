"""Corpora put together: who is shared, and that nobody is trained on in one and tested on in the other."""

from pathlib import Path

import pandas as pd
import pytest

from datasets.corpora.trees import avec2013, avec2014
from openada.cli import main
from openada.datasets.corpora.registry import read
from openada.datasets.manifest import read_manifest
from openada.datasets.splits import official, official_apart
from openada.datasets.union import across_parts, merged, require_apart, shared_subjects
from openada.errors import UnusableInput


def corpus(name: str, places: dict[str, str], prefix: str = "") -> pd.DataFrame:
    """One recording per subject (subject → part)."""
    return pd.DataFrame(
        {
            "recording_id": [f"{prefix or name}_{subject}" for subject in places], "video": "v.mp4",
            "subject": list(places), "session": "1", "task": "x", "split": list(places.values()), "score": 7.0,
            "scale": "BDI-II", "corpus": name,
        }
    )  # fmt: skip


def test_people_in_other_parts_of_another_corpus_are_refused_by_name() -> None:
    table = merged(
        {
            "one": corpus("one", {"a": "training", "b": "test", "c": "development", "d": "training"}),
            "two": corpus("two", {"a": "training", "b": "training", "c": "test", "e": "test"}),
        }
    )
    assert shared_subjects(table) == ["a", "b", "c"]
    assert across_parts(table, official(table)) == [
        ("b", "test of one", "training of two"),
        ("c", "development of one", "test of two"),
    ]
    with pytest.raises(
        UnusableInput, match=r"subject b is in test of one and in training of two, and so are 1 others \(c\)"
    ):
        require_apart(table, official(table))


def test_people_on_both_sides_of_one_corpus_are_that_corpuss_matter() -> None:
    both = pd.concat([corpus("one", {"a": "training"}), corpus("one", {"a": "test"}, "again")])
    table = merged({"one": both, "two": corpus("two", {"e": "test"})})
    require_apart(table, official(table))
    assert official(table).overlap() == {("training", "test"): ("a",)}


def test_the_test_part_stays_whole_and_nobody_is_in_two_parts() -> None:
    table = merged(
        {
            "one": corpus("one", {"a": "training", "b": "test", "c": "development", "d": "training"}),
            "two": corpus("two", {"a": "training", "b": "training", "c": "test", "d": "development"}),
        }
    )
    split = official_apart(table)
    assert split.ids == {
        "training": ("one_a", "two_a"),
        "development": ("two_d",),
        "test": ("one_b", "two_c"),
    }
    require_apart(table, split)
    assert split.overlap() == {}
    with pytest.raises(UnusableInput, match="everybody in training"):
        official_apart(table[table["subject"] == "b"])


def test_manifests_that_cannot_be_one_are_refused() -> None:
    one, two = corpus("one", {"a": "training"}), corpus("two", {"b": "test"})
    with pytest.raises(UnusableInput, match="1 manifest to merge"):
        merged({"one": one})
    with pytest.raises(UnusableInput, match=r"different scales \(one: BDI-II; two: PHQ-8\)"):
        merged({"one": one, "two": two.assign(scale="PHQ-8")})
    with pytest.raises(UnusableInput, match="both have a recording 'ONE_a'"):
        merged({"one": one, "two": two.assign(recording_id="ONE_a")})
    named = merged({"one": one.drop(columns="corpus"), "two": two})
    assert named["corpus"].tolist() == ["one", "two"]


def test_both_years_of_avec_merged_from_their_own_trees(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for year, tree in (("2013", avec2013), ("2014", avec2014)):
        tree(tmp_path / year)
        assert main(["datasets", "manifest", str(tmp_path / year), "--out", str(tmp_path / f"{year}.csv")]) == 0
    paths = [str(tmp_path / f"{year}.csv") for year in ("2013", "2014")]
    assert main(["datasets", "merge", *paths, "--out", str(tmp_path / "union.csv")]) == 0
    told = capsys.readouterr().out
    union = read_manifest(tmp_path / "union.csv")
    assert len(union) == 15 and set(union["corpus"]) == {"AVEC 2013", "AVEC 2014"}
    assert f"{len(shared_subjects(union))} of " in told
    # Subject 205 is in training and in test of both years.
    assert "warning: subject 205" in told and "official-apart" in told
    with pytest.raises(UnusableInput, match="subject 205 is in"):
        require_apart(union, official(union))
    apart = official_apart(union)
    assert apart.ids["test"] == official(union).ids["test"] and not apart.overlap()
    assert main(["datasets", "check", *paths]) == 2
    assert read(tmp_path / "2013").corpus == ("avec2013",)
