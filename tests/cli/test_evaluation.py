"""`openada evaluate` and `openada compare` as the command line reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tyro

from openada.cli import evaluation
from openada.errors import UnusableInput


def call(*arguments: str) -> None:
    commands: Any = {"evaluate": evaluation.evaluate, "compare": evaluation.compare}
    tyro.extras.subcommand_cli_from_dict(
        commands, args=arguments, config=(tyro.conf.OmitSubcommandPrefixes, tyro.conf.FlagCreatePairsOff)
    )


def test_one_run_goes_to_its_own_folder_and_several_to_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from openada.studies import evaluate, fold_sets, many_runs

    called: list[Any] = []

    class Found:
        markdown = "table"

    monkeypatch.setattr(fold_sets, "only_folds", lambda runs: False)
    monkeypatch.setattr(evaluate, "evaluate_run", lambda run, **how: called.append((run, how)) or Found)
    monkeypatch.setattr(many_runs, "evaluate_runs", lambda runs, out, **how: called.append((runs, out, how)) or Found)
    call("evaluate", "a", "--tripod")
    call("evaluate", "a", "b", "--out", "o", "--split", "development", "--data", "d", "--published", "--evidence")
    plain = {"part": "test", "data": None, "tripod": True, "published": False, "evidence": False}
    assert called[0] == (Path("a"), plain)
    how = {"part": "development", "data": Path("d"), "tripod": False, "published": True, "evidence": True}
    assert called[1] == ((Path("a"), Path("b")), Path("o"), how)


def test_compare_takes_two_runs_or_more(monkeypatch: pytest.MonkeyPatch) -> None:
    from openada.studies import compare

    called: list[Any] = []

    class Found:
        markdown = "table"

    monkeypatch.setattr(compare, "compare_runs", lambda runs, out, **how: called.append((runs, out, how)) or Found)
    call("compare", "a", "b", "c")
    assert called == [((Path("a"), Path("b"), Path("c")), Path("comparison"), {"part": "test", "data": None})]
    with pytest.raises(UnusableInput, match="two runs or more, not 1"):
        call("compare", "a")
    with pytest.raises(UnusableInput, match="needs a run"):
        call("evaluate")
