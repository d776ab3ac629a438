"""`openada reproduce`: what it lists, what it asks for, and what reaches the job."""

from pathlib import Path
from typing import Any

import pytest

from openada.cli import main
from openada.studies.reproduce.targets import TARGETS


def test_without_a_target_it_lists_them_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce"]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in TARGETS)


def test_it_needs_a_data_set_that_is_one(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["reproduce", "expada/table2"]) == 2
    assert "--data" in capsys.readouterr().err
    assert main(["reproduce", "expada/table2", "--data", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "not a prepared dataset" in capsys.readouterr().err
    assert not (tmp_path / "out" / "expada-table2").exists()


def test_an_unknown_target_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["reproduce", "expada/table9", "--data", str(tmp_path)]) == 2
    assert "expada/sweep-p" in capsys.readouterr().err


def test_the_preset_sets_the_recipe_and_options_reach_the_job(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from openada.studies.reproduce import result, targets

    called: list[Any] = []

    class Found:
        @staticmethod
        def markdown() -> str:
            return "table"

    monkeypatch.setattr(targets, "reproduce", lambda name, job: called.append((name, job)) or Found)
    monkeypatch.setattr(result, "write_result", lambda job, found: tmp_path)
    arguments = [
        "reproduce",
        "expada/figure5",
        "--data",
        "d",
        "--preset",
        "demo",
        "--seeds",
        "3",
        "5",
        "--tasks",
        "apart",
    ]
    assert main([*arguments, "--encoder.epochs", "7"]) == 0
    name, job = called[0]
    assert (name, job.data, job.out, tuple(job.seeds), job.tasks) == (
        "expada/figure5", Path("d"), Path("reproduction"), (3, 5), "apart",
    )  # fmt: skip
    assert (job.recipe.preset, job.recipe.encoder.epochs, job.recipe.reference) == ("demo", 7, "median")
