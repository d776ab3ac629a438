"""DAIC-WOZ and E-DAIC."""

import numpy as np
import pytest

from datasets.corpora.trees import clnf, daic_woz, e_daic, write
from openada.datasets.corpora import check, read
from openada.errors import UnusableInput


def items(found, kind):
    return {finding.item for finding in found.of_kind(kind)}


def test_columns_of_daic_woz(tmp_path):
    daic_woz(tmp_path)
    table = read(tmp_path).table.set_index("recording_id")
    assert table["sex"].to_dict() == {"300": "male", "302": "male", "373": "female", "402": "female", "451": "female"}
    assert table["phq8_binary"].to_dict() == {"300": 0, "302": 0, "373": 1, "402": 0, "451": 1}
    assert set(table["scale"]) == {"PHQ-8"} and set(table["kind"]) == {"behaviour"}
    assert table.loc["302", "transcript"] == str((tmp_path / "302_P" / "302_TRANSCRIPT.csv").resolve())
    assert table.loc["302", "video"] == str((tmp_path / "302_P" / "302_CLNF_AUs.txt").resolve())
    assert {key for key, issue in table["known_issue"].items() if issue} == {"373", "402", "451"}
    assert "interviewer's turns" in table.loc["451", "known_issue"]


def test_test_scores_come_from_the_full_table_alone(tmp_path):
    daic_woz(tmp_path)
    (tmp_path / "full_test_split.csv").unlink()
    found = read(tmp_path)
    assert items(found, "missing label") == {"300", "451"}
    table = found.table.set_index("recording_id")
    assert table.loc[["300", "451"], "split"].tolist() == ["test", "test"]
    assert table.loc["300", "sex"] == "male"


def test_archives_left_packed(tmp_path):
    daic_woz(tmp_path)
    for path in (tmp_path / "302_P").iterdir():
        path.unlink()
    write(tmp_path / "302_P.zip", "PK")
    write(tmp_path / "train_split_Depression_AVEC2017.csv", "Participant_ID,PHQ8_Score\n302,4\n373,12\n303,7\n")
    found = read(tmp_path)
    assert items(found, "packed") == {"302"} and "302_P.zip; unpack it" in found.of_kind("packed")[0].detail
    assert items(found, "missing file") == {"303"}


def test_only_archives(tmp_path):
    daic_woz(tmp_path)
    for path in sorted(tmp_path.glob("*_P/*")):
        path.unlink()
    for participant in ("300", "302"):
        write(tmp_path / f"{participant}_P.zip", "PK")
    with pytest.raises(
        UnusableInput, match=r"no recording of DAIC-WOZ.*unpack the 2 archives there \(such as 300_P.zip\)"
    ):
        check(tmp_path)


def test_participants_that_do_not_exist_and_files_without_a_table(tmp_path):
    daic_woz(tmp_path)
    clnf(tmp_path / "342_P", "342")
    clnf(tmp_path / "305_P", "305")
    found = read(tmp_path)
    assert items(found, "unexpected") == {"342"}
    assert items(found, "missing label") == items(found, "split unknown") == {"342", "305"}
    assert len(found.table) == 7


def test_parts_that_are_not_there(tmp_path):
    daic_woz(tmp_path)
    (tmp_path / "302_P" / "302_CLNF_AUs.txt").unlink()
    (tmp_path / "302_P" / "302_CLNF_features3D.txt").unlink()
    found = read(tmp_path)
    (finding,) = found.of_kind("missing file")
    assert finding.item == "302" and finding.detail.startswith("AUs, features3D not beside 302_P/302_CLNF_pose.txt")
    assert found.table.set_index("recording_id").loc["302", "video"].endswith("302_CLNF_pose.txt")


def test_a_second_copy_of_a_participant(tmp_path):
    daic_woz(tmp_path)
    clnf(tmp_path / "again" / "302_P", "302")
    found = read(tmp_path)
    (finding,) = found.of_kind("duplicate file")
    assert finding.item == "302" and "302_P is used, again/302_P" in finding.detail


def test_tables_that_contradict_themselves(tmp_path):
    daic_woz(tmp_path)
    write(
        tmp_path / "dev_split_Depression_AVEC2017.csv",
        "Participant_ID,PHQ8_Binary,PHQ8_Score,Gender\n402,1,9,0\n302,0,4,1\n300,x,2,1\n",
    )
    found = read(tmp_path)
    assert items(found, "inconsistent label") == {"402"}
    assert items(found, "split conflict") == items(found, "duplicate label") == {"302"}
    (finding,) = found.of_kind("unreadable")
    assert finding.item == "dev_split_Depression_AVEC2017.csv" and "'x' is no number" in finding.detail
    table = found.table.set_index("recording_id")
    assert table.loc["302", "split"] == "" and table.loc["302", "score"] == 4
    assert table.loc["402", "score"] == 9


def test_a_split_table_that_is_none(tmp_path):
    daic_woz(tmp_path)
    write(tmp_path / "dev_split_Depression_AVEC2017.csv", "<html>\n")
    found = read(tmp_path)
    assert items(found, "unreadable") == {"dev_split_Depression_AVEC2017.csv"}
    assert np.isnan(found.table.set_index("recording_id").loc["402", "score"])


def test_e_daic(tmp_path):
    e_daic(tmp_path)
    found = read(tmp_path)
    table = found.table.set_index("recording_id")
    assert table["sex"].to_dict() == {"300": "male", "600": "female", "601": "male", "702": "female"}
    assert table["agent"].to_dict() == {"300": "wizard", "600": "automatic", "601": "automatic", "702": "automatic"}
    assert any("not independent" in note for note in found.notes)


def test_folders_of_e_daic_do_not_tell_the_part(tmp_path):
    e_daic(tmp_path)
    name = "601_OpenFace2.1.0_Pose_Gaze_AUs.csv"
    for part in ("train", "test"):
        write(tmp_path / part / name, (tmp_path / "601_P" / "features" / name).read_text())
    found = read(tmp_path)
    assert items(found, "duplicate file") == {"601"} and not found.of_kind("split conflict")
    assert found.table.set_index("recording_id").loc["601", "split"] == "development"


def test_both_in_one_folder_have_to_be_chosen(tmp_path):
    daic_woz(tmp_path / "a"), e_daic(tmp_path / "b")
    with pytest.raises(UnusableInput, match=r"choose one by --corpus daic-woz or e-daic$"):
        read(tmp_path)
    # Each reads its own split tables.
    assert len(read(tmp_path, "daic-woz").table) == 5 and not read(tmp_path, "e-daic").of_kind("missing file")
