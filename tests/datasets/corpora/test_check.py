import json

from datasets.corpora.trees import avec2014, manifest, write
from openada.datasets.corpora import check


def test_what_is_counted(tmp_path):
    avec2014(tmp_path)
    (tmp_path / "Final_Labels" / "Training_DepressionLabels" / "203_1_Depression.csv").unlink()
    (tmp_path / "AVEC2014_AudioVisual/Video/Training/Freeform/203_1_Freeform_video.mp4").write_bytes(b"x")
    report = check(tmp_path)
    assert json.loads(json.dumps(report.content, allow_nan=False)) == report.content
    parts = {(part["split"], part["task"]): part for part in report.content["parts"]}
    assert list(parts) == [(s, t) for s in ("training", "development", "test") for t in ("Freeform", "Northwind")]
    assert parts["training", "Freeform"] == {
        "corpus": "AVEC 2014", "split": "training", "task": "Freeform", "recordings": 2, "sessions": 2, "subjects": 2,
        "labelled": 1, "readable": 1,
    }  # fmt: skip
    assert parts["training", "Northwind"]["readable"] == 2
    assert report.content["labels"] == [{"scale": "BDI-II", "lowest": 0.0, "highest": 63.0, "scale_range": [0, 63]}]
    assert "labels on BDI-II (0 to 63): 0 to 63" in report.text
    (finding,) = report.content["findings"]["unreadable"]
    assert finding["item"] == "AVEC2014_AudioVisual/Video/Training/Freeform/203_1_Freeform_video.mp4"


def test_long_lists_are_cut_in_the_text_alone(tmp_path):
    avec2014(tmp_path)
    for path in tmp_path.rglob("*_Depression.csv"):
        if "211" not in path.name:
            path.unlink()
    report = check(tmp_path)
    assert len(report.content["findings"]["missing label"]) == 8
    lines = report.text.splitlines()
    start = lines.index("missing label: 8")
    assert lines[start + 6] == "  … and 3 more" and not report.unusable


def test_a_manifest_whose_files_are_gone(tmp_path):
    manifest(tmp_path)
    for path in (tmp_path / "videos").iterdir():
        path.unlink()
    report = check(tmp_path / "manifest.csv")
    assert report.unusable.endswith(
        "no recording has both a readable file and a label (3 missing file); see the findings"
    )


def test_a_manifest_beside_a_corpus_is_not_a_second_one(tmp_path):
    avec2014(tmp_path)
    write(tmp_path / "manifest.csv", "recording_id,video\n")
    assert check(tmp_path).content["corpus"] == ["avec2014"]
