"""One contract for every adapter: a clean tree gives a sound manifest; a broken one, the finding that names what is broken."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from datasets.corpora.trees import TREES, Generated
from openada.datasets.corpora import check, names, read, recognised
from openada.datasets.manifest import read_manifest, validated, write_manifest
from openada.datasets.recording import REQUIRED
from openada.datasets.splits import official
from openada.errors import UnusableInput

# What the clean trees hold on purpose.
DOCUMENTED = {("known issue", "373"), ("known issue", "402"), ("known issue", "451")}

every_tree = pytest.mark.parametrize("tree", TREES.values(), ids=TREES)


def found(root: Path, kind: str) -> list[str]:
    return [one["item"] for one in check(root).content["findings"].get(kind, [])]


def of(table, tree: Generated):
    return table.set_index("recording_id").loc[tree.recording]


def test_every_corpus_has_a_tree():
    assert {tree.corpus for tree in TREES.values()} == set(names()) - {"avec2013+avec2014"}


@every_tree
def test_a_clean_tree(tree, tmp_path):
    root = tmp_path / "root"
    expected = tree.writer(root)
    assert set(recognised(root)) == {tree.corpus}
    result = read(root)
    table = result.table
    assert result.corpus == (tree.corpus,)
    assert {row.recording_id: (row.split, row.task, row.score) for row in table.itertuples()} == expected
    assert {(finding.kind, finding.item) for finding in result.findings} <= DOCUMENTED
    assert table["recording_id"].is_unique
    assert all(Path(video).is_file() for video in table["video"])
    assert set(table["kind"]) <= {"video", "behaviour"}
    again = validated(table, "again", root)
    assert list(again.columns[: len(REQUIRED)]) == list(REQUIRED)
    if tree.corpus == "lmvd":
        with pytest.raises(UnusableInput, match="no split"):
            official(table)
    else:
        split = official(table)
        assert {part: set(ids) for part, ids in split.ids.items()} == {
            part: {key for key, value in expected.items() if value[0] == part} for part in split.ids
        }
    # The manifest that the command writes reads back as the same recordings.
    write_manifest(table, tmp_path / "out" / "manifest.csv")
    written = read_manifest(tmp_path / "out" / "manifest.csv")
    for name in REQUIRED:
        assert written[name].tolist() == table[name].tolist(), name
    report = check(root)
    assert not report.unusable
    assert report.content["recordings"] == len(expected) == sum(part["readable"] for part in report.content["parts"])
    assert {(kind, one["item"]) for kind, ones in report.content["findings"].items() for one in ones} <= DOCUMENTED
    usable = "usable, with 3 findings" if tree.corpus == "daic-woz" else "usable"
    assert report.text.splitlines()[-1] == usable


@every_tree
def test_nested_deeper_and_in_upper_case(tree, tmp_path):
    root = tmp_path / "root"
    expected = tree.writer(root / "copy" / "DATA")
    for path in sorted((root / "copy").rglob("*"), key=lambda path: -len(path.parts)):
        if path.is_dir() and tree.corpus != "manifest":  # whose table names its folders
            path.rename(path.with_name(path.name.upper()))
    table = read(root).table
    assert {row.recording_id: (row.split, row.task, row.score) for row in table.itertuples()} == expected


@every_tree
def test_a_missing_label(tree, tmp_path):
    root = tmp_path / "root"
    expected = tree.writer(root)
    _edit_label(root / tree.label, tree, "")
    result = read(root)
    row = of(result.table, tree)
    assert np.isnan(row["score"])
    assert tree.recording in [finding.item for finding in result.of_kind("missing label")]
    assert len(result.table) == len(expected)


@every_tree
def test_a_label_out_of_range(tree, tmp_path):
    root = tmp_path / "root"
    tree.writer(root)
    _edit_label(root / tree.label, tree, "64")
    if tree.corpus == "manifest":
        with pytest.raises(UnusableInput, match=r"row 2: score 64 is outside 0–27 of PHQ-9"):
            read(root)
        return
    result = read(root)
    assert np.isnan(of(result.table, tree)["score"])
    (finding,) = result.of_kind("label out of range")
    assert "64" in finding.detail and "is outside 0–" in finding.detail
    assert finding.item == tree.recording.rsplit("_", 1)[0]
    assert not result.of_kind("missing label")


@pytest.mark.parametrize(
    "tree", [TREES[name] for name in TREES if name != "manifest"], ids=[name for name in TREES if name != "manifest"]
)
@pytest.mark.parametrize("other", ["the same", "another"])
def test_a_duplicate_label(tree, other, tmp_path):  # a manifest has one row per recording
    root = tmp_path / "root"
    expected = tree.writer(root)
    copy = root / "copy" / tree.label
    copy.parent.mkdir(parents=True)
    shutil.copyfile(root / tree.label, copy)
    if other == "another":
        _edit_label(copy, tree, "1" if expected[tree.recording][2] != 1 else "0")
    result = read(root)
    finding = next(f for f in result.of_kind("duplicate label") if f.item == tree.recording.rsplit("_", 1)[0])
    score = of(result.table, tree)["score"]
    if other == "another":
        assert np.isnan(score) and "different scores" in finding.detail
    else:
        assert score == expected[tree.recording][2] and "the same score" in finding.detail
    assert tree.label in finding.detail and f"copy/{tree.label}" in finding.detail


@every_tree
@pytest.mark.parametrize("damage", ["empty", "text", "header", "gone"])
def test_a_file_that_cannot_be_read(tree, damage, tmp_path):
    root = tmp_path / "root"
    expected = tree.writer(root)
    file = root / tree.data
    if damage == "gone":
        file.unlink()
    else:
        head = file.read_bytes().splitlines(keepends=True)[0][:4000]
        file.write_bytes({"empty": b"", "text": b"no such thing\n", "header": head}[damage])
    report = check(root)
    assert not report.unusable
    item = {"gone": tree.recording}.get(damage, tree.data)
    kind = "missing file" if damage == "gone" else "unreadable"
    if damage == "gone" and tree.corpus == "avec2013":
        item = "203_1"
    assert item in [one["item"] for one in report.content["findings"][kind]]
    readable = sum(part["readable"] for part in report.content["parts"])
    # DAIC-WOZ has four more files of the participant.
    assert readable == len(expected) - (not (damage == "gone" and tree.corpus == "daic-woz"))


@every_tree
def test_nothing_readable_is_unusable(tree, tmp_path):
    root = tmp_path / "root"
    tree.writer(root)
    for path in root.rglob("*"):
        if path.suffix in (".mp4", ".avi", ".npy", ".txt") or "OpenFace" in path.name or path.parent.name == "part":
            path.write_bytes(b"")
    report = check(root)
    assert "no recording has both a readable file and a label" in report.unusable
    assert f"{report.content['recordings']} unreadable" in report.unusable
    assert "same content" not in report.content["findings"]
    assert report.text.splitlines()[-1].startswith("unusable: ")


@every_tree
def test_one_file_under_two_names(tree, tmp_path):
    root = tmp_path / "root"
    expected = tree.writer(root)
    table = read(root).table
    mine = Path(of(table, tree)["video"])
    other = Path(table.loc[table["recording_id"] != tree.recording, "video"].iloc[0])
    shutil.copyfile(mine, other)
    (item,) = found(root, "same content")
    assert item in (mine.relative_to(root).as_posix(), other.relative_to(root).as_posix())
    assert len(read(root).table) == len(expected)


@every_tree
def test_an_empty_folder_and_none_at_all(tree, tmp_path):
    (tmp_path / "root").mkdir()
    with pytest.raises(UnusableInput, match=r"(?s)root.*(no recording of|0 manifests)"):
        read(tmp_path / "root", tree.corpus)
    with pytest.raises(UnusableInput, match="no corpus recognised"):
        read(tmp_path / "root")
    with pytest.raises(UnusableInput, match="nowhere is no folder"):
        read(tmp_path / "nowhere", tree.corpus)


def _edit_label(path: Path, tree: Generated, score: str) -> None:
    """Replace the recording's score by `score` where the label file is a table, else the whole file; "" takes it away."""
    lines = path.read_text().splitlines()
    if len(lines) == 1:
        if score:
            path.write_text(score)
        else:
            path.unlink()
        return
    header = lines[0].split(",")
    column = next(n for n, name in enumerate(header) if name.lower() in ("label", "score", "phq8_score", "phq_score"))
    for place, line in enumerate(lines):
        cells = line.split(",")
        if cells[0] == tree.recording:
            cells[column] = score
            lines[place] = ",".join(cells)
    path.write_text("\n".join(lines) + "\n")
