import pytest

from datasets.corpora.trees import avec2014, daic_woz
from openada.cli.datasets import check, manifest
from openada.datasets.corpora import read
from openada.datasets.manifest import read_manifest
from openada.errors import UnusableInput


def test_check_prints_the_report(tmp_path, capsys):
    avec2014(tmp_path)
    check(tmp_path)
    printed = capsys.readouterr().out
    assert "avec2014 in" in printed and printed.rstrip().endswith("usable")


def test_an_unusable_corpus_is_exit_code_2_after_the_report(tmp_path, capsys):
    avec2014(tmp_path)
    for path in tmp_path.rglob("*_Depression.csv"):
        path.unlink()
    with pytest.raises(UnusableInput, match="no recording has both") as error:
        check(tmp_path)
    assert error.value.exit_code == 2
    assert "missing label: 10" in capsys.readouterr().out


def test_manifest_of_videos_and_of_behaviour(tmp_path, capsys):
    avec2014(tmp_path / "a"), daic_woz(tmp_path / "d")
    manifest(tmp_path / "a", out=tmp_path / "a.csv")
    printed = capsys.readouterr().out
    assert f"openada prepare {tmp_path / 'a.csv'}" in printed and "warning" not in printed
    assert read_manifest(tmp_path / "a.csv")["video"].tolist() == read(tmp_path / "a").table["video"].tolist()
    manifest(tmp_path / "d", out=tmp_path / "d.csv", corpus="daic-woz")
    printed = capsys.readouterr().out
    assert "warning: 3 × known issue" in printed and "prepare" not in printed
