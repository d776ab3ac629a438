"""What the README shows, run."""

import re
import shlex
from pathlib import Path

import pytest

from openada.cli import main
from openada.cli.commands import COMMANDS

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def _shown() -> list[list[str]]:
    blocks = "\n".join(re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL))
    lines = re.findall(r"^openada (.*?)(?:\s+#.*)?$", blocks, flags=re.MULTILINE)
    return [shlex.split(line) for line in lines]


def test_every_command_is_shown_and_exists() -> None:
    table = set(re.findall(r"^\| `(\w+)` \|", README, flags=re.MULTILINE))
    assert table == {*COMMANDS, "train", "reproduce"}


def test_the_python_example_runs() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    exec(compile(example, "README.md", "exec"), {})


@pytest.mark.slow
def test_the_commands_run_one_after_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The block of commands as it stands, on a smaller benchmark and with fewer epochs."""
    monkeypatch.chdir(tmp_path)
    smaller = {
        "synth": ["--subjects", "8", "--seconds", "8"],
        "train": ["--encoder.epochs", "2", "--selector.epochs", "2"],
    }
    for shown in _shown():
        if shown[0] == "doctor":
            continue
        words = [str(tmp_path / "BENCH" / "videos" / "s001_1_talk.mp4") if word == "VIDEO" else word for word in shown]
        for option in smaller.get(words[0], [])[::2]:
            if option in words:
                at = words.index(option)
                del words[at : at + 2]
        assert main([*words, *smaller.get(words[0], [])]) == 0, (words, capsys.readouterr().err)
    assert (tmp_path / "ASSESSMENT" / "report.html").is_file()
    assert (tmp_path / "RUN" / "evaluation.json").is_file()
