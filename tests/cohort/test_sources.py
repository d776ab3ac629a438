import numpy as np
import pandas as pd
import pytest

from openada.behaviour.tables import read_behaviour_table
from openada.cohort.sources import find_sources, read_source
from openada.errors import UnusableInput


def ours(rows, value=1.0):
    return pd.DataFrame({"time_s": np.arange(rows) / 10, "tracked": True, "AU12_g": np.arange(rows) * value})


def openface(rows):
    of = pd.DataFrame({"frame": np.arange(1, rows + 1), "timestamp": np.arange(rows) / 5})
    return of.assign(confidence=0.9, success=1, AU12_r=np.arange(rows) / 2)


def test_a_folder_of_files_named_by_stem_or_by_path_where_stems_repeat(tmp_path):
    for name in ("a.csv", "x/b.csv", "y/b.csv", ".hidden/c.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        ours(3).to_csv(tmp_path / name, index=False)
    (tmp_path / "notes.md").write_text("no table")
    assert [source.recording_id for source in find_sources(tmp_path)] == ["a", "x__b", "y__b"]
    assert [source.recording_id for source in find_sources(tmp_path / "a.csv")] == ["a"]


def test_a_folder_that_openada_measured_gives_its_recordings_alone(tmp_path):
    for name in ("recordings/r1", "recordings/r2/person_1"):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        for table in ("behaviour", "statistics", "events"):
            ours(3).to_parquet(folder / f"{table}.parquet")
    (tmp_path / "manifest.parquet").write_bytes(b"PAR1")
    assert [source.recording_id for source in find_sources(tmp_path)] == ["r1", "r2__person_1"]


@pytest.mark.parametrize("groups", [1, 4, 100])
def test_parquet_of_many_recordings_of_any_row_groups(tmp_path, groups):
    tables = {"q": ours(7, 2.0), "p": ours(5, 3.0), "r": ours(11)}
    together = pd.concat([table.assign(recording_id=name) for name, table in tables.items()], ignore_index=True)
    together.to_parquet(tmp_path / "set.parquet", row_group_size=groups, index=False)
    found = find_sources(tmp_path)
    assert [(source.recording_id, source.rows) for source in found] == [("q", (0, 7)), ("p", (7, 12)), ("r", (12, 23))]
    for source in found:
        pd.testing.assert_frame_equal(read_source(source), tables[source.recording_id])


def test_openface_as_parquet_alone_and_in_a_set_reads_like_its_csv(tmp_path):
    openface(6).rename(columns=lambda name: f" {name}").to_csv(tmp_path / "one.csv", index=False)
    expected = read_behaviour_table(tmp_path / "one.csv")
    (tmp_path / "alone").mkdir()
    openface(6).to_parquet(tmp_path / "alone" / "one.parquet")
    pd.testing.assert_frame_equal(read_behaviour_table(tmp_path / "alone" / "one.parquet"), expected)
    broken = openface(3).drop(columns="success").assign(recording_id="two")
    pd.concat([openface(6).assign(recording_id="one")]).to_parquet(tmp_path / "alone" / "set.parquet")
    (one,) = find_sources(tmp_path / "alone" / "set.parquet")
    pd.testing.assert_frame_equal(read_source(one), expected)
    broken.to_parquet(tmp_path / "broken.parquet")
    with pytest.raises(UnusableInput, match=r"broken\.parquet, recording two is no known behaviour table"):
        read_source(find_sources(tmp_path / "broken.parquet")[0])


def test_py_feat_tables_need_a_frame_rate(tmp_path):
    box = dict.fromkeys(("FaceRectX", "FaceRectY", "FaceRectWidth", "FaceRectHeight"), 5.0)
    table = pd.DataFrame({**box, "FaceScore": 0.9, "AU12": [0.1, 0.2, 0.6], "frame": [0, 1, 2]})
    table.to_csv(tmp_path / "a.csv", index=False)
    table.to_parquet(tmp_path / "b.parquet", index=False)
    for source in find_sources(tmp_path):
        found = read_source(source, fps=4)
        assert found["AU12_p"].tolist() == [0.1, 0.2, 0.6] and found["time_s"].tolist() == [0, 0.25, 0.5]
        with pytest.raises(UnusableInput, match="give fps"):
            read_source(source)


def test_scattered_rows_repeated_names_and_nothing_are_refused(tmp_path):
    with pytest.raises(UnusableInput, match="does not exist"):
        find_sources(tmp_path / "absent")
    with pytest.raises(UnusableInput, match=r"there is no \.csv"):
        find_sources(tmp_path)
    parts = [ours(2).assign(recording_id=name) for name in ("a", "b", "a")]
    pd.concat(parts).to_parquet(tmp_path / "set.parquet")
    with pytest.raises(UnusableInput, match="recording 'a' are scattered"):
        find_sources(tmp_path)
    pd.concat(parts[:2]).to_parquet(tmp_path / "set.parquet")
    ours(2).assign(recording_id="b").to_parquet(tmp_path / "set2.parquet")
    with pytest.raises(UnusableInput, match="recording 'b' occurs 2 times"):
        find_sources(tmp_path)
