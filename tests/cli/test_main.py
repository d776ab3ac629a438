"""Exit codes, help and messages of the command line, run in this process."""

from pathlib import Path

import numpy as np
import pytest

from conftest import write_video
from openada.cli import main
from openada.cli.commands import COMMANDS
from openada.errors import SomeItemsFailed


def test_help_teaches_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    told = capsys.readouterr().out
    for name in (*COMMANDS, "train"):
        assert name in told
        assert main([name, "--help"]) == 0
        assert len(capsys.readouterr().out) > 200


def test_the_defaults_of_train_follow_the_preset(capsys: pytest.CaptureFixture[str]) -> None:
    main(["train", "expada", "--help", "--preset", "demo"])
    demo = capsys.readouterr().out
    main(["train", "expada", "--help"])
    paper = capsys.readouterr().out
    assert "(default: small)" in demo and "(default: s3d)" in paper


@pytest.mark.parametrize(
    "arguments",
    [
        ["prepare", "nowhere.csv", "--out", "x"],
        ["train", "expada", "--data", "nowhere", "--out", "x"],
        ["evaluate", "nowhere"],
        ["assess", "nowhere.mp4", "--run", "nowhere", "--out", "x"],
        ["models", "no-such-model"],
        ["synth"],
        ["synth", "x", "--subjects", "1"],
        ["synth", "x", "--variant", "unheard-of"],
        ["nonsense"],
    ],
)
def test_input_that_cannot_be_used_is_exit_code_2_and_nothing_written(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert "Traceback" not in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_faults_and_interruptions_have_their_codes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for error, code in ((ValueError("x"), 1), (KeyboardInterrupt(), 130), (SomeItemsFailed("x"), 3)):
        monkeypatch.setitem(COMMANDS, "doctor", _command(error))
        assert main(["doctor"]) == code
        assert "Traceback" not in capsys.readouterr().err


def _command(error: BaseException):  # type: ignore[no-untyped-def]
    def doctor() -> None:
        """Raise."""
        raise error

    return doctor


def test_some_bad_videos_are_exit_code_3_with_a_table(
    tmp_path: Path, scripted: None, capsys: pytest.CaptureFixture[str]
) -> None:
    write_video(tmp_path / "good.mp4", np.arange(20) / 10, np.zeros(20, bool), np.full(20, 90))
    (tmp_path / "bad.mp4").write_bytes(b"not a video")
    (tmp_path / "m.csv").write_text(
        "recording_id,video,subject,session,task,split,score,scale\n"
        "g,good.mp4,p,1,x,training,3,BDI-II\nb,bad.mp4,q,1,x,test,4,BDI-II\n"
    )
    assert main(["prepare", str(tmp_path / "m.csv"), "--out", str(tmp_path / "out"), "--workers", "1"]) == 3
    assert "bad.mp4" in capsys.readouterr().out


def test_models_lists_presets_and_settings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    assert "expada" in capsys.readouterr().out
    assert main(["models", "expada"]) == 0
    assert "segment_frames" in capsys.readouterr().out
