"""Which runs are one recipe, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from openada.errors import UnusableInput
from openada.files import read_json, write_json
from openada.studies.seed_groups import common_name, read_tested_run, require_same_recordings, runs_table, seed_groups

Make = Callable[..., Path]


def test_runs_that_differ_only_in_the_seed_are_one_recipe(made_run: Make) -> None:
    paths = [
        made_run("sel-s5", seed=5),
        made_run("other", seed=0, recipe={"min_tracked_share": 0.25}),
        made_run("sel-s2", seed=2),
    ]
    groups = seed_groups([read_tested_run(path, "test") for path in paths])
    assert [(group.name, group.seeds) for group in groups] == [("sel (2 seeds)", [2, 5]), ("other", [0])]
    assert groups[0].foot.seeds == [2, 5] and list(groups[0].predictions) == [2, 5]
    table = runs_table(groups)
    assert table["seed"].tolist() == ["2", "5", "0"]
    assert table["differs in"].tolist() == ["min_tracked_share = 0.5"] * 2 + ["min_tracked_share = 0.25"]


def test_another_split_is_another_recipe(made_run: Make) -> None:
    a, b = made_run("a", seed=0), made_run("b", seed=1)
    write_json(b / "config.json", {**read_json(b / "config.json"), "split_sha256": "f" * 64})
    assert len(seed_groups([read_tested_run(path, "test") for path in (a, b)])) == 2


def test_one_recipe_with_one_seed_twice_is_refused(made_run: Make) -> None:
    with pytest.raises(UnusableInput, match=r"one recipe with one seed \(3\): give one of them"):
        seed_groups([read_tested_run(made_run(name, seed=3), "test") for name in ("a", "b")])


def test_other_recordings_are_refused_by_name(made_run: Make) -> None:
    a, b = made_run("a"), made_run("b", seed=1)
    table = pd.read_parquet(b / "predictions.parquet")
    table = table[~table["recording_id"].isin(["test005_F", "test006_N"])]
    renamed = table["recording_id"].replace("test007_F", "else_F")
    table.assign(recording_id=renamed).to_parquet(b / "predictions.parquet")
    runs = [read_tested_run(path, "test") for path in (a, b)]
    with pytest.raises(UnusableInput) as refusal:
        require_same_recordings(runs)
    text = str(refusal.value)
    assert f"3 only in {a} (test005_F, test006_N, test007_F) and 1 only in {b} (else_F)" in text and "\n" not in text


@pytest.mark.parametrize(("column", "value", "told"), [("score", 61.0, "label"), ("subject", "someone", "subject")])
def test_other_labels_or_subjects_are_refused_by_name(made_run: Make, column: str, value: object, told: str) -> None:
    a, b = made_run("a"), made_run("b", seed=1)
    table = pd.read_parquet(b / "predictions.parquet")
    table.loc[table["recording_id"] == "test009_F", column] = value
    table.to_parquet(b / "predictions.parquet")
    with pytest.raises(
        UnusableInput, match=f"recording test009_F has {told} .* in .*/a and {value} in .*/b \\(1 differ\\)"
    ):
        require_same_recordings([read_tested_run(path, "test") for path in (a, b)])


def test_another_scale_is_refused(made_run: Make) -> None:
    a, b = made_run("a"), made_run("b", seed=1)
    write_json(b / "config.json", {**read_json(b / "config.json"), "scale": "PHQ-8"})
    with pytest.raises(UnusableInput, match=r"predicts BDI-II and .* PHQ-8"):
        require_same_recordings([read_tested_run(path, "test") for path in (a, b)])


def test_the_part_that_selected_is_never_compared(made_run: Make) -> None:
    a = made_run("a")
    write_json(a / "config.json", {**read_json(a / "config.json"), "selected_on": "test"})
    with pytest.raises(UnusableInput, match="test recordings selected this model"):
        read_tested_run(a, "test")


@pytest.mark.parametrize(
    ("names", "common"),
    [
        (["sel-s0", "sel-s1"], "sel"),
        (["sel_seed10", "sel_seed11"], "sel"),
        (["runs1", "runs2"], "runs"),
        (["a", "b"], "a"),
        (["stage2-s0", "stage2-s1"], "stage2"),
        (["0", "1"], "0"),
        (["whole"], "whole"),
    ],
)
def test_names_of_groups(names: list[str], common: str) -> None:
    assert common_name(names) == common


def test_folds_without_a_name_of_their_own_have_none() -> None:
    assert common_name(["fold-1", "fold-2"], "fold", "") == ""
    assert common_name(["grey-fold-1", "grey-fold-10"], "fold", "") == "grey"
    assert common_name(["manifold-1", "manifold-2"], "fold", "") == "manifold"
