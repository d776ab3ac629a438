"""The command's arguments reach the study."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import tyro

from openada.cli.robustness import robustness
from openada.clips.corruptions import KINDS
from openada.studies import robustness as study


def called(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> tuple[Path, dict[str, Any]]:
    seen: list[Any] = []

    def recorded(run: Path, **given: Any) -> SimpleNamespace:
        seen.extend((run, given))
        return SimpleNamespace(folder=run / "robustness", markdown="# found")

    monkeypatch.setattr(study, "study_robustness", recorded)
    tyro.extras.subcommand_cli_from_dict({"robustness": robustness, "other": lambda: None}, args=arguments)
    return seen[0], seen[1]


def test_by_default_all_kinds_on_the_test_part(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run, given = called(["robustness", "RUN"], monkeypatch)
    assert run == Path("RUN")
    assert given == {"kinds": tuple(KINDS), "part": "test", "recordings": None, "data": None, "seed": 0}
    assert "# found" in capsys.readouterr().out


def test_kinds_and_a_quick_look(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["robustness", "RUN", "--kinds", "gain", "frame-rate", "--recordings", "2", "--split", "development"]
    _, given = called(arguments, monkeypatch)
    assert given["kinds"] == ("gain", "frame-rate") and given["recordings"] == 2 and given["part"] == "development"


def test_an_unknown_kind_is_an_error_of_the_arguments(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        called(["robustness", "RUN", "--kinds", "fog"], monkeypatch)
    assert "fog" in capsys.readouterr().err
