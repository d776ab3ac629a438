"""The commands below `openada cohort`, run in this process."""

from pathlib import Path

import pandas as pd
import pytest

from openada.cli import main
from openada.cli.cohort import COHORT_COMMANDS


def test_help_of_the_group_and_of_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["cohort"], ["cohort", "--help"]):
        assert main(arguments) == 0
        told = capsys.readouterr().out
        assert all(name in told for name in COHORT_COMMANDS)
    for name in COHORT_COMMANDS:
        assert main(["cohort", name, "--help"]) == 0
        assert f"openada cohort {name}" in capsys.readouterr().out


def test_from_synthetic_tables_to_associations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["cohort", "synth", "made", "--people", "41", "--seconds", "3", "--layout", "files"]) == 0
    Path("made/tables/p00003.parquet").write_bytes(b"PAR1 and no more")
    Path("made/tables/stranger.parquet").write_bytes(b"PAR1 and no more")
    build = ["cohort", "build", "made/tables", "made/questionnaire.csv", "--out", "study", "--workers", "1"]
    assert main(build) == 3
    told = capsys.readouterr()
    assert "1 of 41 failed" in told.out and "p00003" in told.out and "stranger" in told.out
    assert "1 of 41 recordings failed" in told.err
    features = pd.read_parquet("study/features.parquet")
    assert 35 <= len(features) <= 40 and "p00003" not in set(features["person"])
    assert main(["cohort", "scales", "study"]) == 0
    assert "DASS-21-anxiety" in capsys.readouterr().out
    assert len(pd.read_csv("study/scales/correlations.csv")) == 3
    assert len(pd.read_csv("study/scales/co_occurrence.csv")) == 3 * 25
    assert main(["cohort", "discrepancy", "study", "--by", "band"]) == 0
    assert pd.read_csv("study/scales/discrepancy_band.csv")["n"].max() <= 21
    assert len(list(Path("study/splits").glob("held-out-0.5-of-*-people-seed-0.json"))) == 1
    assert main(["cohort", "associations", "study", "--held-out", "0"]) == 0
    assert "adjusted for age, sex, site" in capsys.readouterr().out
    assert len(pd.read_csv("study/associations/associations.csv")) == 3 * (features.shape[1] - 1)


@pytest.mark.parametrize(
    "arguments",
    [
        "cohort synth x --people 1",
        "cohort synth x --seconds 1",
        "cohort build nowhere q.csv --out x",
        "cohort scales nowhere",
        "cohort discrepancy nowhere",
        "cohort associations nowhere",
        "cohort subtypes nowhere",
        "cohort predict nowhere",
        "cohort scale-study nowhere",
        "cohort report nowhere",
        "cohort nonsense",
    ],
)
def test_input_that_cannot_be_used_is_exit_code_2_and_nothing_written(
    arguments: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments.split()) == 2
    assert "Traceback" not in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
