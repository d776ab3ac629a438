import pytest

from datasets.corpora.trees import avec2014, daic_woz
from openada.cli import main
from openada.cli.datasets import check, manifest
from openada.datasets.corpora import read
from openada.datasets.folds import load_folds
from openada.datasets.manifest import read_manifest
from openada.datasets.splits import load
from openada.errors import UnusableInput
from openada.prepared.dataset import PreparedDataset


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


def test_split_of_a_prepared_data_set_is_written_once_and_found_by_name(tiny_prepared, capsys):
    root = str(tiny_prepared)
    assert main(["datasets", "split", root, "--folds", "3"]) == 0
    printed = capsys.readouterr().out
    assert "grouped-3-fold: 3 folds of 4 recordings, 12 recordings of 6 subjects, each tested once" in printed
    assert "--split grouped-3-fold/K" in printed and "sha256" in printed
    written = tiny_prepared / "folds" / "grouped-3-fold.json"
    before = written.read_bytes()
    assert main(["datasets", "split", root, "--folds", "3"]) == 0  # the same again changes nothing
    assert main(["datasets", "split", root, "--folds", "3", "--seed", "1"]) == 2
    assert "such files are written once" in capsys.readouterr().err and written.read_bytes() == before
    data = PreparedDataset(tiny_prepared)
    assert data.split("grouped-3-fold/2") == load_folds(written).splits[1]
    for name, told in (
        ("grouped-3-fold/4", "folds 1 to 3"),
        ("grouped-3-fold", "NAME/1: grouped-3-fold"),
        ("x/1", "no split"),
    ):
        with pytest.raises(UnusableInput, match=told):
            data.split(name)
    assert (
        main(["datasets", "split", root, "--kind", "nested", "--folds", "3", "--inner", "2", "--name", "inside"]) == 0
    )
    assert data.split("inside/1/2").fold_of.folds == 2
    shares = ["--shares", "0.5", "0.25", "0.25"]
    assert main(["datasets", "split", root, "--kind", "subject-disjoint", "--seed", "7", *shares]) == 0
    assert "no subject in two parts" in capsys.readouterr().out
    assert [len(data.split("subject-disjoint-7").subjects_in(p)) for p in ("training", "development", "test")] == [
        3,
        2,
        1,
    ]


def test_split_of_a_manifest_prints_the_overlap(tmp_path, capsys):
    avec2014(tmp_path / "a")
    manifest(tmp_path / "a", out=tmp_path / "a.csv")
    to = tmp_path / "official.json"
    assert main(["datasets", "split", str(tmp_path / "a.csv"), "--kind", "official", "--out", str(to)]) == 0
    assert "1 subjects in both training and test" in capsys.readouterr().out
    assert load(to).subjects_in("test") == {"205", "211"}
    one_out = tmp_path / "one-out.json"
    assert (
        main(["datasets", "split", str(tmp_path / "a.csv"), "--kind", "leave-one-subject-out", "--out", str(one_out)])
        == 0
    )
    assert [split.subjects_in("test") for split in load_folds(one_out).splits] == [{"203"}, {"205"}, {"207"}, {"211"}]
    assert main(["datasets", "split", str(tmp_path / "a.csv")]) == 2
    assert "name the file to write with --out" in capsys.readouterr().err
