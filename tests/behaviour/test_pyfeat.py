import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.transform import Rotation

from openada.behaviour.pyfeat import read_pyfeat
from openada.errors import UnusableInput
from openada.face.pose import rotation_from_angles_deg


def fex(rows=5, **columns):
    """A small table as Py-Feat 0.6 writes it for a video; columns given replace or follow its own."""
    own = {
        "FaceRectX": 100.0, "FaceRectY": 50.0, "FaceRectWidth": 80.0, "FaceRectHeight": 120.0, "FaceScore": 0.99,
        **{f"{axis}_{i}": float(i) for axis in "xy" for i in range(68)},
        "Pitch": 0.0, "Roll": 0.0, "Yaw": 0.0, "AU01": 0.25, "AU43": 1.0, "happiness": 0.9,
        "input": "a.mp4", "frame": np.arange(rows), "approx_time": "00:00",
    }  # fmt: skip
    return pd.DataFrame({**own, **columns}, index=range(rows))


def read(tmp_path, content, **options):
    path = tmp_path / "fex.csv"
    content.to_csv(path, index=options.pop("index", False))
    return read_pyfeat(path, **options)


def test_columns_of_a_video_table(tmp_path):
    found = read(tmp_path, fex(), fps=25)
    assert list(found) == [
        *("frame", "time_s", "tracked", "confidence", "box_x_px", "box_y_px", "box_width_px", "box_height_px"),
        *("head_yaw_deg", "head_pitch_deg", "head_roll_deg", "AU01_p", "AU43_p", "happiness"),
    ]
    assert found["frame"].tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(found["time_s"], np.arange(5) / 25)
    assert found["tracked"].all() and (found["AU01_p"] == 0.25).all() and (found["box_width_px"] == 80).all()
    found = read(tmp_path, fex(), fps=25, landmarks=True, index=True)  # the index that pandas writes is no measurement
    assert (found["y_67"] == 67).all() and (found["x_0"] == 0).all()
    assert not any(name.startswith("Unnamed") for name in found)


def test_degrees_of_versions_up_to_0_6_become_our_angles(tmp_path):
    # Py-Feat's conversion, from its own formula: Euler angles about x, y, z of the transposed matrix, two of them negated
    rotation = rotation_from_angles_deg(np.array([25.0, 15.0, -10.0]))  # yaw, pitch, roll
    a, b, c = Rotation.from_matrix(rotation.T).as_euler("xyz", degrees=True)
    found = read(tmp_path, fex(Pitch=a, Roll=-c, Yaw=-b), fps=25)
    angles = found[["head_yaw_deg", "head_pitch_deg", "head_roll_deg"]].to_numpy()
    np.testing.assert_allclose(angles, [[25, 15, -10]] * 5, atol=1e-9)
    # seen in its own test file 002.csv: the nose sinks from frame 0 to 4 while Pitch falls from -3.9 to -17.1
    found = read(tmp_path, fex(2, Pitch=[-3.9, -17.1], Roll=[-2.8, -5.0], Yaw=[1.8, 1.3]), fps=25)
    assert found["head_pitch_deg"].diff()[1] == pytest.approx(13.2, abs=0.2)
    assert (found["head_roll_deg"] < 0).all()


def test_radians_of_later_versions_keep_their_names(tmp_path):
    later = fex(Pitch=0.1, Roll=0.2, Yaw=-0.3, X=0.02, Y=0.2, Z=5.0, gaze_pitch=0.05, gaze_yaw=-0.06, gaze_angle=0.078)
    found = read(tmp_path, later, fps=25)
    expected = {
        "pyfeat_pitch_deg": 0.1, "pyfeat_roll_deg": 0.2, "pyfeat_yaw_deg": -0.3,
        "pyfeat_gaze_pitch_deg": 0.05, "pyfeat_gaze_yaw_deg": -0.06, "pyfeat_gaze_angle_deg": 0.078,
    }  # fmt: skip
    for name, radians in expected.items():
        np.testing.assert_allclose(found[name], np.degrees(radians))
    assert not {"head_yaw_deg", "X", "Pitch", "gaze_yaw"} & set(found)
    with pytest.raises(UnusableInput, match=r"head angle of 12 beside X, Y, Z cannot be radians"):
        read(tmp_path, fex(Pitch=12.0, X=0.0, Y=0.0, Z=5.0), fps=25)


def test_what_version_2_adds(tmp_path):
    added = {"valence": 0.4, "arousal": 0.1, "Neutral": 0.9, "Identity_1": 0.1, "mesh_x_0": 5.0, "FrameHeight": 1080.0}
    found = read(tmp_path, fex(**added, jawOpen=0.2), fps=25)
    assert {"valence", "arousal", "Neutral", "jawOpen"} <= set(found)
    assert not {"Identity_1", "mesh_x_0", "FrameHeight", "input", "approx_time"} & set(found)


def test_frames_without_a_face_stay_and_hold_nothing(tmp_path):
    box = {name: [1.0, np.nan, 1.0] for name in ("FaceRectX", "FaceRectY", "FaceRectWidth", "FaceRectHeight")}
    # version 2 gives such rows a score of 0 and action units of an empty picture
    found = read(tmp_path, fex(3, **box, FaceScore=[0.9, 0.0, 0.6], AU01=[0.1, 0.7, 0.2]), fps=10)
    assert found["tracked"].tolist() == [True, False, True]
    np.testing.assert_array_equal(found["AU01_p"], [0.1, np.nan, 0.2])
    np.testing.assert_allclose(found["time_s"], [0, 0.1, 0.2])
    found = read(tmp_path, fex(3, **box, FaceScore=[0.9, 0, 0.6]), fps=10, min_confidence=0.8)
    assert found["tracked"].tolist() == [True, False, False]
    np.testing.assert_array_equal(found["happiness"], [0.9, np.nan, np.nan])
    nobody = read(tmp_path, fex(3, **dict.fromkeys([*box, "FaceScore", "AU01"], np.nan)), fps=10)
    assert len(nobody) == 3 and not nobody["tracked"].any() and nobody["AU01_p"].isna().all()


def test_skipped_frames_have_no_row(tmp_path):
    found = read(tmp_path, fex(3, frame=[60, 0, 30], AU01=[0.3, 0.1, 0.2]), fps=30)
    assert found["frame"].tolist() == [0, 30, 60]
    np.testing.assert_allclose(found["time_s"], [0, 1, 2])
    assert found["AU01_p"].tolist() == [0.1, 0.2, 0.3]


def test_times_come_from_the_file_only_where_they_are_seconds(tmp_path):
    assert read(tmp_path, fex(3, approx_time=[0.0, 0.04, 0.08]))["time_s"].tolist() == [0, 0.04, 0.08]
    with pytest.raises(UnusableInput, match="has approx_time '00:00', no times in seconds; give fps"):
        read(tmp_path, fex())
    with pytest.raises(UnusableInput, match="has no column approx_time, no times in seconds; give fps"):
        read(tmp_path, fex().drop(columns="approx_time"))
    with pytest.raises(UnusableInput, match="fps -5 is no frame rate"):
        read(tmp_path, fex(), fps=-5)


def two_people(**columns):
    """Frames 0 to 2, two faces each in changing order; the wider one's AU01 is 0.1, 0.2, 0.3."""
    own = {
        "frame": [0, 0, 1, 1, 2, 2], "FaceRectWidth": [90.0, 40, 40, 90, 90, 40],
        "AU01": [0.1, 0.9, 0.8, 0.2, 0.3, 0.7], "Identity": ["B", "A", "A", "B", "B", "A"],
    }  # fmt: skip
    return fex(6, **own | columns)


def test_people_are_never_mixed(tmp_path):
    with pytest.warns(UserWarning, match="people A, B; reading B, the largest") as caught:
        assert read(tmp_path, two_people(), fps=25)["AU01_p"].tolist() == [0.1, 0.2, 0.3]
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read(tmp_path, two_people(), fps=25, face="A")["AU01_p"].tolist() == [0.9, 0.8, 0.7]
        assert read(tmp_path, two_people(), fps=25, face=0)["AU01_p"].tolist() == [0.1, 0.8, 0.3]  # as asked: by place
    with pytest.raises(UnusableInput, match="no face 'C' in column Identity; the file has A, B"):
        read(tmp_path, two_people(), fps=25, face="C")
    for unlabelled in (two_people(Identity=np.nan), two_people().drop(columns="Identity")):
        with pytest.raises(UnusableInput, match="frame 0 has several faces and no column Identity"):
            read(tmp_path, unlabelled, fps=25)


def test_one_label_twice_in_a_frame_means_the_larger_face(tmp_path):
    found = read(tmp_path, two_people(Identity="A"), fps=25)
    assert found["AU01_p"].tolist() == [0.1, 0.2, 0.3]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (fex().drop(columns="FaceScore"), "no table of Py-Feat: it has no column FaceScore"),
        (fex(2, input=["a.mp4", "b.mp4"]), "holds 2 files"),
        (fex(2, frame=[0, np.nan]), "row 2: frame is empty"),
        (fex(2, AU01=["0.5", "much"]), "row 2: AU01 'much' is not a number"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(tmp_path, content, said):
    with pytest.raises(UnusableInput, match=said) as refused:
        read(tmp_path, content, fps=25)
    assert "\n" not in str(refused.value)
