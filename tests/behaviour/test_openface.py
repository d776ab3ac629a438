"""Reading OpenFace: hand-made tables, and a real file of the older format where it is beside this checkout."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.transform import Rotation

from openada.behaviour.openface import openface_from_rotation, read_openface, rotation_from_openface
from openada.errors import UnusableInput
from openada.face.pose import rotation_from_angles_deg

SCHEMAS = Path(__file__).resolve().parents[3] / "shared" / "schemas"
RIGID = [27, 28, 29, 30, 31, 33, 35, 36, 39, 42, 45, 0, 16]
MIRRORED = [
    *range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1), 45, 44, 43, 42, 47, 46, 39, 38, 37, 36,
    41, 40, *range(54, 47, -1), *range(59, 54, -1), *range(64, 59, -1), 67, 66, 65,
]  # fmt: skip


@pytest.fixture
def old_sample():
    path = SCHEMAS / "openface_old_sample.csv"
    if not path.is_file():
        pytest.skip("the samples of tables are not beside this checkout")
    return path


def table(rows=5, **columns):
    """A minimal table of OpenFace 2.2; columns given replace or follow its own."""
    own = {
        "frame": np.arange(1, rows + 1),
        "face_id": 0,
        "timestamp": np.arange(rows) / 25,
        "confidence": 0.98,
        "success": 1,
    }
    return pd.DataFrame({**own, **columns})


def read(tmp_path, content, **options):
    path = tmp_path / "openface.csv"
    content.to_csv(path, index=False)
    return read_openface(path, **options)


def pose(yaw, pitch, roll, rows=5):
    """The columns of pose_R for our angles in degrees, from an independent library."""
    about = Rotation.from_matrix(rotation_from_angles_deg(np.array([yaw, pitch, roll]))).as_euler("XYZ")
    return {f"pose_R{axis}": np.full(rows, value) for axis, value in zip("xyz", about, strict=True)}


def gaze(left, right, rows=5):
    vectors = {0: left, 1: right}
    return {f"gaze_{eye}_{axis}": np.full(rows, vectors[eye][i]) for eye in vectors for i, axis in enumerate("xyz")}


def test_rotation_is_x_times_y_times_z():
    angles = np.random.default_rng(3).uniform(-1.2, 1.2, (7, 3))
    rotation = rotation_from_openface(angles)
    np.testing.assert_allclose(rotation, Rotation.from_euler("XYZ", angles).as_matrix(), atol=1e-12)
    np.testing.assert_allclose(openface_from_rotation(rotation), angles, atol=1e-12)


def test_angles_come_in_our_signs_and_order(tmp_path):
    found = read(tmp_path, table(**pose(30, 20, 10)))
    for name, expected in (("head_yaw_deg", 30), ("head_pitch_deg", 20), ("head_roll_deg", 10)):
        np.testing.assert_allclose(found[name], expected, atol=1e-9)
    # single axes: OpenFace's own signs, radians
    found = read(tmp_path, table(3, pose_Rx=[0.1, 0, 0], pose_Ry=[0, 0.1, 0], pose_Rz=[0, 0, 0.1]))
    angles = found[["head_pitch_deg", "head_yaw_deg", "head_roll_deg"]].to_numpy()
    np.testing.assert_allclose(angles, np.degrees([[0.1, 0, 0], [0, -0.1, 0], [0, 0, 0.1]]), atol=1e-9)


def misfit(rotations, points):
    """How far rotations (T, 3, 3) are from those of the real sample's 3-D points (T, 68, 3): degrees, and mm asymmetry."""
    rigid = points[:, RIGID] - points[:, RIGID].mean(axis=1, keepdims=True)
    degrees = []
    for later in range(20, 100, 7):  # the head turns most between the first frame and these
        from_points = Rotation.align_vectors(rigid[0], rigid[later])[0].as_matrix()
        off = from_points.T @ rotations[0] @ rotations[later].T
        degrees.append(np.degrees(np.arccos(np.clip((np.trace(off) - 1) / 2, -1, 1))))
    upright = (points - points.mean(axis=1, keepdims=True)) @ rotations
    asymmetry = upright - upright[:, MIRRORED] * [-1, 1, 1]
    return np.mean(degrees), np.sqrt((asymmetry**2).sum(axis=-1).mean())


def test_convention_of_rotations_holds_on_a_real_file(old_sample):
    raw = pd.read_csv(old_sample, skipinitialspace=True)
    points = np.stack([raw[[f"{axis}_{i}" for i in range(68)]].to_numpy() for axis in "XYZ"], axis=-1)
    written = raw[["pose_Rx", "pose_Ry", "pose_Rz"]].to_numpy()
    found = read_openface(old_sample)
    ours = rotation_from_angles_deg(found[["head_yaw_deg", "head_pitch_deg", "head_roll_deg"]].to_numpy())
    degrees, millimetres = misfit(ours, points)
    assert degrees < 0.5 and millimetres < 2.0, (degrees, millimetres)
    wrong = {
        "transposed": np.swapaxes(ours, 1, 2),
        "Z·Y·X": Rotation.from_euler("xyz", written).as_matrix(),
        "Y·X·Z": Rotation.from_euler("YXZ", written[:, [1, 0, 2]]).as_matrix(),
        **{f"-{a}": rotation_from_openface(written * (1 - 2 * np.eye(3)[i])) for i, a in enumerate("xyz")},
    }
    for name, rotations in wrong.items():
        degrees, millimetres = misfit(rotations, points)
        assert degrees > 0.5 or millimetres > 4.0, (name, degrees, millimetres)
    assert found["head_pitch_deg"].between(15, 25).all()  # the face looks down: the nose lies lower than the temples
    assert (points[:, 30, 1] - points[:, [0, 16], 1].mean(axis=1)).min() > 10


def test_the_older_format_is_read_whole(old_sample):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = read_openface(old_sample, landmarks=True)
    raw = pd.read_csv(old_sample, skipinitialspace=True)
    assert len(found) == 100 and found["tracked"].all()
    assert found["frame"].tolist() == list(range(100))
    np.testing.assert_allclose(found["time_s"], raw["timestamp"])
    np.testing.assert_allclose(found["head_z_mm"], raw["pose_Tz"])
    for name in ("AU12_r", "AU45_c", "x_0", "y_67"):
        np.testing.assert_allclose(found[name], raw[name])
    assert not {"X_0", "p_scale", "pose_Rx"} & set(found.columns)
    vector = raw[["gaze_0_x", "gaze_0_y", "gaze_0_z"]].to_numpy() + raw[["gaze_1_x", "gaze_1_y", "gaze_1_z"]].to_numpy()
    np.testing.assert_allclose(found["gaze_angle_x"], np.arctan2(vector[:, 0], -vector[:, 2]))
    np.testing.assert_allclose(found["gaze_angle_y"], np.arctan2(vector[:, 1], -vector[:, 2]))
    # the file's clock is that of a video without a frame rate; the true one can be given
    np.testing.assert_allclose(read_openface(old_sample, fps=25)["time_s"], np.arange(100) / 25)


def test_gaze_turns_from_the_camera_into_the_head(tmp_path):
    right = (np.sin(0.5), 0.0, -np.cos(0.5))
    down = (0.0, np.sin(0.3), -np.cos(0.3))
    camera = (0.0, 0.0, -1.0)
    found = read(tmp_path, table(**pose(0, 0, 0), **gaze(right, right)))
    np.testing.assert_allclose(found[["gaze_yaw_deg", "gaze_pitch_deg"]], [[np.degrees(0.5), 0]] * 5, atol=1e-9)
    np.testing.assert_allclose(found["gaze_angle_x"], 0.5)
    found = read(tmp_path, table(**pose(0, 0, 0), **gaze(down, down)))
    np.testing.assert_allclose(found[["gaze_yaw_deg", "gaze_pitch_deg"]], [[0, np.degrees(0.3)]] * 5, atol=1e-9)
    np.testing.assert_allclose(found["gaze_angle_y"], 0.3)
    # who looks into the camera with a turned head looks back by as much
    found = read(tmp_path, table(**pose(20, 0, 0), **gaze(camera, camera)))
    np.testing.assert_allclose(found[["gaze_yaw_deg", "gaze_pitch_deg"]], [[-20, 0]] * 5, atol=1e-9)
    found = read(tmp_path, table(**pose(0, 15, 0), **gaze(camera, camera)))
    np.testing.assert_allclose(found[["gaze_yaw_deg", "gaze_pitch_deg"]], [[0, -15]] * 5, atol=1e-9)
    # squinting by the same angle to either side is straight ahead; the file's own angle is kept as it is
    found = read(
        tmp_path, table(**pose(0, 0, 0), **gaze(right, (-right[0], 0, right[2])), gaze_angle_x=0.25, gaze_angle_y=0)
    )
    np.testing.assert_allclose(found["gaze_yaw_deg"], 0, atol=1e-9)
    np.testing.assert_allclose(found["gaze_angle_x"], 0.25)


def test_no_gaze_is_not_a_gaze_of_zero(tmp_path):
    vectors = gaze((0, 0, -1), (0, 0, -1))
    for values in vectors.values():
        values[2] = 0
    found = read(tmp_path, table(**pose(0, 0, 0), **vectors, gaze_angle_x=0.0, gaze_angle_y=0.0))
    missing = found[["gaze_yaw_deg", "gaze_pitch_deg", "gaze_angle_x", "gaze_angle_y"]].isna()
    assert missing.iloc[2].all() and missing.to_numpy().sum() == 4


def test_parts_that_were_not_asked_for_are_absent(tmp_path):
    assert list(read(tmp_path, table())) == ["frame", "time_s", "tracked", "confidence"]
    found = read(tmp_path, table(**gaze((0, 0, -1), (0, 0, -1))))  # gaze without pose: the head's frame is unknown
    assert list(found)[4:] == ["gaze_angle_x", "gaze_angle_y"]


def test_numbers_of_failed_frames_are_missing(tmp_path):
    content = table(
        5, success=[1, 0, 1, 1, 1], confidence=[0.98, 0.1, 0.5, 0.8, 0.98], AU12_r=[1.0, 2, 3, 4, 5], AU12_c=1.0
    )
    found = read(tmp_path, content)
    assert found["tracked"].tolist() == [True, False, True, True, True]
    np.testing.assert_array_equal(found["AU12_r"], [1, np.nan, 3, 4, 5])
    np.testing.assert_array_equal(found["confidence"], [0.98, 0.1, 0.5, 0.8, 0.98])
    found = read(tmp_path, content, min_confidence=0.8)
    assert found["tracked"].tolist() == [True, False, False, True, True]
    np.testing.assert_array_equal(found["AU12_c"], [1, np.nan, np.nan, 1, 1])


def test_skipped_frames_become_rows(tmp_path):
    content = table(3, frame=[2, 7, 4], timestamp=[0.1, 0.6, 0.3], AU01_r=[1.0, 3, 2])
    found = read(tmp_path, content)
    assert found["frame"].tolist() == [1, 2, 3, 4, 5, 6]
    np.testing.assert_allclose(found["time_s"], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    assert found["tracked"].tolist() == [True, False, True, False, False, True]
    np.testing.assert_array_equal(found["AU01_r"], [1, np.nan, 2, np.nan, np.nan, 3])
    assert read(tmp_path, table(3, frame=[0, 1, 2]))["frame"].tolist() == [0, 1, 2]  # forks that count from 0


def several_faces(**columns):
    """Frames 1 to 5 of face 0 (small), 2 to 6 of face 3 (large, once not tracked)."""
    frames = np.r_[1:6, 2:7]
    rows = {"frame": frames, "face_id": np.repeat([0, 3], 5), "timestamp": frames / 10, "AU06_r": np.arange(10.0)}
    return table(10, **rows, success=[1] * 9 + [0], **columns)


def test_several_faces_are_never_mixed(tmp_path):
    content = several_faces(pose_Tz=np.repeat([800.0, 600.0], 5)).sort_values("frame")
    with pytest.warns(UserWarning, match=r"faces 0, 3; reading 3, the largest") as caught:
        found = read(tmp_path, content)
    assert len(caught) == 1
    assert found["frame"].tolist() == [0, 1, 2, 3, 4, 5]
    np.testing.assert_array_equal(found["AU06_r"], [np.nan, 5, 6, 7, 8, np.nan])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(read(tmp_path, content, face=0)["AU06_r"], [0, 1, 2, 3, 4, np.nan])
    with pytest.raises(UnusableInput, match=r"no face_id 1; the file has 0, 3"):
        read(tmp_path, content, face=1)


def test_the_largest_face_is_that_of_the_landmarks_then_that_seen_most(tmp_path):
    corners = {"x_0": (0, 0), "y_0": (5, 5), "x_16": (90, 60), "y_16": (5, 5), "x_27": (45, 30), "y_27": (0, 0)}
    corners |= {"x_8": (45, 30), "y_8": (100, 70)}
    points = {name: np.repeat(np.array(values, float), 5) for name, values in corners.items()}
    for extra, chosen in (({**points, "pose_Tz": np.repeat([800.0, 600.0], 5)}, 0.0), ({}, 0.0)):
        with pytest.warns(UserWarning, match=f"reading {chosen:g}"):
            found = read(tmp_path, several_faces(**extra))
        assert found["AU06_r"][0] == 0
        assert "x_0" not in found


def test_size_counts_as_area_and_only_where_tracking_succeeded(tmp_path):
    ids = np.repeat([0, 1], [3, 5])
    rows = {"frame": np.r_[1:4, 1:6], "face_id": ids, "timestamp": 0.1 * np.r_[1:4, 1:6], "success": 1}
    near = table(8, **rows, pose_Tz=np.where(ids == 0, 500.0, 700.0))  # 3 / 500² > 5 / 700², though 3 / 500 < 5 / 700
    with pytest.warns(UserWarning, match="reading 0"):
        read(tmp_path, near)
    near.loc[[0, 1], "success"] = 0
    with pytest.warns(UserWarning, match="reading 1"):
        read(tmp_path, near)


def test_columns_of_forks_are_kept(tmp_path):
    found = read(tmp_path, table(3, FE1=[0.1, 0.2, 0.3], label=["a", "b", "c"], time_s=9, success=[1, 1, 0]))
    np.testing.assert_array_equal(found["FE1"], [0.1, 0.2, np.nan])
    assert found["label"].tolist()[:2] == ["a", "b"] and found["label"].isna()[2]
    assert found["time_s"].tolist() == [0, 0.04, 0.08]


def test_all_columns_of_2_2_are_known(tmp_path, old_sample):
    names = (SCHEMAS / "openface_2.2_columns.txt").read_text().split()
    assert len(names) == 714
    content = pd.DataFrame(np.random.default_rng(5).uniform(0.1, 1, (3, 714)), columns=names)
    content[["frame", "face_id", "success"]] = [[1, 0, 1], [2, 0, 1], [3, 0, 1]]
    content["timestamp"] = [0.0, 0.1, 0.2]
    found = read(tmp_path, content)
    assert list(found) == [
        *("frame", "time_s", "tracked", "confidence", "gaze_yaw_deg", "gaze_pitch_deg"),
        *("head_yaw_deg", "head_pitch_deg", "head_roll_deg", "head_x_mm", "head_y_mm", "head_z_mm"),
        *("gaze_angle_x", "gaze_angle_y", *names[-35:]),
    ]
    assert list(read(tmp_path, content, landmarks=True))[-136:] == [f"{axis}_{i}" for axis in "xy" for i in range(68)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (table().drop(columns="success"), "no per-frame table of OpenFace: it has no column success"),
        (table(3, frame=[1, 2, 2]), "frame 2 occurs twice"),
        (table(3, frame=[1, 2.5, 3]), r"row 2: frame 2\.5 is no whole number"),
        (table(3, frame=[1, np.nan, 3]), "row 2: frame nan"),
        (table(3, timestamp=0), "stand still"),
        (table(3, timestamp=[0, 0.2, 0.1]), "run backwards"),
        (table(3, confidence=["0.9", "high", "0.8"]), "row 2: confidence 'high' is not a number"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(tmp_path, content, said):
    with pytest.raises(UnusableInput, match=said) as refused:
        read(tmp_path, content)
    assert "\n" not in str(refused.value)


def test_a_frame_rate_stands_in_for_missing_times(tmp_path):
    found = read(tmp_path, table(3, timestamp=0, frame=[1, 3, 4]), fps=10)
    np.testing.assert_allclose(found["time_s"], [0, 0.1, 0.2, 0.3])
    with pytest.raises(UnusableInput, match="fps 0 is no frame rate"):
        read(tmp_path, table(), fps=0)


def test_a_file_cut_while_it_was_copied_keeps_its_whole_rows(tmp_path):
    path = tmp_path / "cut.csv"
    text = table(5, AU01_r=[0.1, 0.2, 0.3, 0.4, 0.5]).to_csv(index=False, lineterminator="\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.replace(",", ", ").encode()[:-20])
    with pytest.warns(UserWarning, match="breaks off") as caught:
        found = read_openface(path)
    assert len(caught) == 1
    np.testing.assert_array_equal(found["AU01_r"], [0.1, 0.2, 0.3, 0.4])
