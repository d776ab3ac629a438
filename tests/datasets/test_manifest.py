from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from openada.datasets.manifest import read_manifest, write_manifest
from openada.datasets.recording import recordings
from openada.errors import UnusableInput

ROW = {
    "recording_id": "203_1_Freeform",
    "video": "videos/a.mp4",
    "subject": "007",
    "session": "1",
    "task": "Freeform",
    "split": "train",
    "score": "13",
    "scale": "BDI-II",
}


def write(tmp_path: Path, rows: list[dict], name: str = "manifest.csv") -> Path:
    path = tmp_path / name
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


def test_a_good_manifest(tmp_path):
    other = {**ROW, "recording_id": "b", "split": "Testing", "score": "", "session": "", "video": "/elsewhere/b.mp4"}
    table = read_manifest(write(tmp_path, [{"sex": "f", **ROW}, {"sex": "m", **other}]))
    assert list(table.columns) == [*ROW, "sex"]
    assert table["subject"].tolist() == ["007", "007"]
    assert table["split"].tolist() == ["training", "test"]
    assert table["session"].tolist() == ["1", ""]
    assert table["score"].iloc[0] == 13 and np.isnan(table["score"].iloc[1])
    assert table["video"].tolist() == [str((tmp_path / "videos" / "a.mp4").resolve()), "/elsewhere/b.mp4"]
    first = recordings(table)[0]
    assert (first.recording_id, first.subject, first.score, first.extra) == (
        "203_1_Freeform",
        "007",
        13.0,
        {"sex": "f"},
    )
    assert first.video == (tmp_path / "videos" / "a.mp4").resolve()


@pytest.mark.parametrize(
    ("word", "split"),
    [
        ("training", "training"),
        ("train", "training"),
        ("DEV", "development"),
        ("val", "development"),
        ("validation", "development"),
        ("test", "test"),
        ("testing", "test"),
        ("", ""),
    ],
)
def test_words_for_splits(tmp_path, word, split):
    assert read_manifest(write(tmp_path, [{**ROW, "split": word}]))["split"].tolist() == [split]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"recording_id": "a/b"}, "row 1: recording_id 'a/b' cannot be a file name"),
        ({"recording_id": ".."}, "cannot be a file name"),
        ({"recording_id": ""}, "cannot be a file name"),
        ({"recording_id": "con"}, "cannot be a file name"),
        ({"recording_id": "a b"}, "cannot be a file name"),
        ({"video": ""}, "video is empty"),
        ({"subject": ""}, "subject is empty"),
        ({"split": "holdout"}, "split 'holdout' is not known"),
        ({"scale": "HAMD"}, "scale 'HAMD' is not known; use one of BDI-II"),
        ({"score": "64"}, "score 64 is outside 0–63 of BDI-II"),
        ({"score": "-1"}, "score -1 is outside"),
        ({"score": "mild"}, "score 'mild' is not a number"),
    ],
)
def test_each_error_names_the_value(tmp_path, change, message):
    with pytest.raises(UnusableInput, match=message):
        read_manifest(write(tmp_path, [{**ROW, **change}]))


def test_missing_columns_duplicates_and_unreadable_files(tmp_path):
    with pytest.raises(UnusableInput, match="column subject, scale missing"):
        read_manifest(write(tmp_path, [{k: v for k, v in ROW.items() if k not in ("subject", "scale")}]))
    with pytest.raises(UnusableInput, match="'203_1_Freeform' occurs 2 times"):
        read_manifest(write(tmp_path, [ROW, {**ROW, "recording_id": "203_1_freeform"}]))
    with pytest.raises(UnusableInput, match="does not exist"):
        read_manifest(tmp_path / "none.csv")
    with pytest.raises(UnusableInput, match="no recordings"):
        read_manifest(write(tmp_path, [ROW]).parent / write_header(tmp_path))
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff\xfe")
    with pytest.raises(UnusableInput, match=r"picture\.csv"):
        read_manifest(tmp_path / "picture.csv")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(UnusableInput, match="cannot be read"):
        read_manifest(tmp_path / "broken.parquet")


def write_header(tmp_path: Path) -> str:
    (tmp_path / "empty.csv").write_text(",".join(ROW) + "\n")
    return "empty.csv"


def test_round_trip_keeps_ids_as_text_and_videos_relative(tmp_path):
    rows = [
        {**ROW, "score": "NA", "age": ""},
        {**ROW, "age": "41", "recording_id": "0012", "session": "02", "score": "21", "task": "NA"},
    ]
    table = read_manifest(write(tmp_path, [{**row, "video": f"{row['recording_id']}.mp4"} for row in rows]))
    write_manifest(table, tmp_path / "deeper" / "manifest.csv")
    assert table["task"].tolist() == ["Freeform", "NA"]
    text = (tmp_path / "deeper" / "manifest.csv").read_text()
    assert "../0012.mp4" in text and ",21," in text and "21.0" not in text
    pd.testing.assert_frame_equal(read_manifest(tmp_path / "deeper" / "manifest.csv"), table)
    table.to_parquet(tmp_path / "manifest.parquet")
    pd.testing.assert_frame_equal(read_manifest(tmp_path / "manifest.parquet"), table)
