"""Writing OpenFace's CSV: its text in full for one row, the way back, and what users' scripts do with it."""

import gc
import weakref

import numpy as np
import pandas as pd
import pytest

from openada.behaviour.openface import read_openface
from openada.behaviour.openface_writer import write_openface
from openada.errors import UnusableInput
from openada.face.ibug68 import ibug68

ANGLES = ["head_yaw_deg", "head_pitch_deg", "head_roll_deg"]
GAZE = ["gaze_yaw_deg", "gaze_pitch_deg"]


def chunk(rows, start=0, seed=7):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "frame": start + np.arange(rows),
            "time_s": (start + np.arange(rows)) / 30,
            "tracked": True,
            "confidence": rng.uniform(0.5, 1, rows),
            **{name: rng.uniform(-40, 40, rows) for name in ANGLES},
            **{name: rng.uniform(-30, 30, rows) for name in GAZE},
            **{f"head_{axis}_mm": rng.uniform(-90, 900, rows) for axis in "xyz"},
            "AU12_g": rng.uniform(-0.1, 0.3, rows),
            "eye_openness": 0.3,
            "landmark_x_px": list(rng.uniform(0, 640, (rows, 478)).astype(np.float32)),
            "landmark_y_px": list(rng.uniform(0, 360, (rows, 478)).astype(np.float32)),
        }
    )


def test_a_row_reads_as_openface_writes_it(tmp_path):
    path = tmp_path / "out.csv"
    level = pd.DataFrame(
        {
            "time_s": [0.0, 1 / 3], "tracked": [False, True], "confidence": [np.nan, 0.876],
            "AU04_g": [np.nan, 0.01234], "AU01_g": [np.nan, -0.05],
            "head_yaw_deg": [np.nan, 0.0], "head_pitch_deg": [np.nan, np.degrees(0.25)], "head_roll_deg": [np.nan, 0.0],
            "gaze_yaw_deg": [np.nan, 0.0], "gaze_pitch_deg": [np.nan, np.degrees(-0.25)],
            "head_x_mm": [np.nan, 12.34], "head_y_mm": [np.nan, 0.0], "head_z_mm": [np.nan, 600.0],
        }
    )  # fmt: skip
    write_openface(path, [level])
    header, lost, seen, end = path.read_bytes().decode().split("\n")
    assert header == (
        "frame,face_id,timestamp,confidence,success,gaze_0_x,gaze_0_y,gaze_0_z,gaze_1_x,gaze_1_y,gaze_1_z,"
        "gaze_angle_x,gaze_angle_y,pose_Tx,pose_Ty,pose_Tz,pose_Rx,pose_Ry,pose_Rz,AU04_g,AU01_g"
    )
    zeros = ["0.000000"] * 6 + ["0.000"] * 2 + ["0.0"] * 3 + ["0.000"] * 3 + ["0.0000"] * 2
    assert lost.split(",") == ["1", "0", "0.000", "0.00", "0", *zeros]
    # the head looks down by as much as the eyes look up in it: straight into the camera
    assert seen.replace("-0.000", "0.000").split(",") == [
        *("2", "0", "0.333", "0.88", "1", *["0.000000", "0.000000", "-1.000000"] * 2, "0.000", "0.000"),
        *("12.3", "0.0", "600.0", "0.250", "0.000", "0.000", "0.0123", "-0.0500"),
    ]
    assert end == ""


def test_what_was_written_is_read_back(tmp_path):
    path = tmp_path / "out.csv"
    first, second = chunk(7), chunk(5, start=7, seed=11)
    second.loc[[1, 2], "tracked"] = False
    write_openface(path, iter([first, second]))
    found = read_openface(path, landmarks=True)
    written = pd.concat([first, second], ignore_index=True)
    assert found["frame"].tolist() == list(range(12))
    assert found["tracked"].tolist() == written["tracked"].tolist()
    np.testing.assert_allclose(found["time_s"], written["time_s"], atol=0.0005)
    tracked = written["tracked"].to_numpy()
    np.testing.assert_allclose(found["confidence"][tracked], written["confidence"][tracked], atol=0.005)
    milliradian = np.degrees(0.001)  # three rounded angles, each by half of it, together turn the head by less than it
    for name in [*ANGLES, *GAZE]:
        np.testing.assert_allclose(found[name][tracked], written[name][tracked], atol=1.5 * milliradian, err_msg=name)
    for axis in "xyz":
        np.testing.assert_allclose(found[f"head_{axis}_mm"][tracked], written[f"head_{axis}_mm"][tracked], atol=0.051)
    np.testing.assert_allclose(found["AU12_g"][tracked], written["AU12_g"][tracked], atol=0.000051)
    for axis in "xy":
        points = ibug68(np.stack(list(written[f"landmark_{axis}_px"]))[..., None])[..., 0]
        back = found[[f"{axis}_{i}" for i in range(68)]].to_numpy()
        np.testing.assert_allclose(back[tracked], points[tracked], atol=0.051)
    signals = found.columns.drop(["frame", "time_s", "tracked", "confidence"])
    assert found.loc[~tracked, signals].isna().all(axis=None) and found.loc[tracked, signals].notna().all(axis=None)


def test_scripts_made_for_openface_run(tmp_path):
    path = tmp_path / "out.csv"
    rows = chunk(11)
    rows.loc[3, "tracked"] = False
    write_openface(path, [rows])
    df = pd.read_csv(path)
    df.columns = df.columns.str.strip()
    df = df[df.success == 1]
    assert df.frame.tolist() == [1, 2, 3, 5, 6, 7, 8, 9, 10, 11]
    assert (df.confidence > 0).all() and (df.face_id == 0).all()
    assert df.filter(regex=r"^x_\d+$").shape == df.filter(regex=r"^y_\d+$").shape == (10, 68)
    for eye in "01":
        vectors = df[[f"gaze_{eye}_x", f"gaze_{eye}_y", f"gaze_{eye}_z"]].to_numpy()
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=2e-6)
    np.testing.assert_allclose(df.gaze_angle_x, np.arctan2(df.gaze_0_x, -df.gaze_0_z), atol=0.00051)
    np.testing.assert_allclose(df.gaze_angle_y, np.arctan2(df.gaze_0_y, -df.gaze_0_z), atol=0.00051)
    assert not df.filter(regex=r"^AU\d\d_[rc]$").columns.size  # its intensities are not measured here


def test_parts_that_are_not_there_are_left_out(tmp_path):
    path = tmp_path / "out.csv"
    bare = ["time_s", "tracked"]
    base = "frame,face_id,timestamp,confidence,success"
    for columns, added in (([], ""), (GAZE, ""), (ANGLES, ",pose_Rx,pose_Ry,pose_Rz"), (ANGLES[:2], "")):
        write_openface(path, [chunk(3)[[*bare, *columns]]])
        header, row, *_ = path.read_text().split("\n")
        assert header == base + added
        assert row.startswith("1,0,0.000,1.00,1")
    write_openface(path, [])
    assert path.read_text() == base + "\n"
    write_openface(path, [chunk(0), chunk(2), chunk(0), chunk(1)])
    assert len(pd.read_csv(path)) == 3


def test_a_value_missing_in_a_tracked_row_is_no_zero(tmp_path):
    path = tmp_path / "out.csv"
    rows = chunk(3)
    rows.loc[1, "gaze_yaw_deg"] = np.nan
    write_openface(path, [rows])
    found = read_openface(path)
    assert found["tracked"].all()
    assert found["gaze_yaw_deg"].isna().tolist() == [False, True, False]
    assert found["head_yaw_deg"].notna().all()


def test_memory_holds_one_chunk_at_a_time(tmp_path):
    alive = []

    def chunks():
        references = []
        for number in range(6):
            rows = chunk(2, start=2 * number)
            references.append(weakref.ref(rows))
            yield rows
            del rows
            gc.collect()
            alive.append(sum(reference() is not None for reference in references))

    write_openface(tmp_path / "out.csv", chunks())
    assert max(alive) == 1


def test_a_run_that_stops_leaves_no_file(tmp_path):
    def chunks():
        yield chunk(3)
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        write_openface(tmp_path / "out.csv", chunks())
    assert not list(tmp_path.iterdir())


def test_tables_that_do_not_fit_are_refused(tmp_path):
    with pytest.raises(UnusableInput, match="without time_s and tracked"):
        write_openface(tmp_path / "out.csv", [chunk(3).drop(columns="tracked")])
    with pytest.raises(UnusableInput, match="other columns than the first"):
        write_openface(tmp_path / "out.csv", [chunk(3), chunk(2).drop(columns="AU12_g")])
    assert not list(tmp_path.iterdir())
