"""D-Vlog and LMVD."""

import pytest

from datasets.corpora.trees import d_vlog, lmvd, openface, write
from openada.datasets.corpora import check, read
from openada.errors import UnusableInput


def test_labels_are_of_content_and_nobody_is_known(tmp_path):
    d_vlog(tmp_path / "d"), lmvd(tmp_path / "l")
    for name in ("d", "l"):
        found = read(tmp_path / name)
        assert set(found.table["scale"]) == {"content-label"}
        assert not found.table["subject_known"].any()
        assert found.table["subject"].tolist() == found.table["recording_id"].tolist()
        assert any("not diagnoses" in note for note in found.notes)
        assert any("subject-disjoint splits are impossible" in note for note in found.notes)
        report = check(tmp_path / name)
        assert report.content["subject_known"] is False
        assert "subjects: unknown, so that overlap between the parts cannot be told" in report.text


def test_d_vlog_columns_and_order(tmp_path):
    d_vlog(tmp_path)
    table = read(tmp_path).table
    assert table["recording_id"].tolist() == ["0", "9", "10"]
    assert table["sex"].tolist() == ["female", "male", "female"]
    assert table["duration_s"].tolist() == [31.5, 40.5, 41.5]


def test_vlogs_without_landmarks_and_labels_of_another_kind(tmp_path):
    d_vlog(tmp_path)
    write(tmp_path / "labels.csv", "index,label,duration,gender,fold\n0,1,5,f,train\n9,happy,5,m,val\n11,0,5,m,test\n")
    found = read(tmp_path)
    assert {f.item for f in found.of_kind("missing file")} == {"11"}
    assert {f.item for f in found.of_kind("missing label")} == {"9", "10"}
    assert "vlog '9': 'happy' is no number" in found.of_kind("unreadable")[0].detail
    assert found.table.set_index("recording_id").loc["0", "score"] == 1
    write(tmp_path / "labels.csv", "a,b\n1,2\n")
    assert "no columns index and label" in read(tmp_path).of_kind("unreadable")[0].detail
    assert "no recording has both" in check(tmp_path).unusable


def test_lmvd_numbers_with_and_without_zeros_are_one(tmp_path):
    lmvd(tmp_path)
    openface(tmp_path / "other" / "7.csv")
    found = read(tmp_path)
    (finding,) = found.of_kind("duplicate file")
    assert finding.item == "0007" and finding.detail == "other/7.csv is used, beside Video_feature/part/0007.csv"


def test_numbered_tables_alone_are_not_lmvd(tmp_path):
    openface(tmp_path / "1.csv")
    with pytest.raises(UnusableInput, match="no corpus recognised"):
        read(tmp_path)
