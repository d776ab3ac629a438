from pathlib import Path

import numpy as np
import pytest

from openada.behaviour.dictionary import DICTIONARY
from openada.behaviour.gaze import EYEBALL_RADIUS
from openada.behaviour.signals import FIRST_SECONDS, signals
from openada.behaviour.units import LID_DRAG
from openada.errors import UnusableInput
from openada.face import create_tracker, regions
from openada.face.pose import in_head_frame, rotation_from_angles_deg
from openada.video import Frame, frames

VIDEOS = Path(__file__).resolve().parents[3] / "shared" / "videos"
UNITS = [signal.name for signal in DICTIONARY if signal.name.endswith("_g")]
UP, DOWN = (0, -1, 0), (0, 1, 0)
ROUNDING = 1e-6  # signals are float32


@pytest.fixture(scope="module")
def head():
    """A neutral mesh in the head's frame, inter-ocular distances."""
    from skimage.data import astronaut

    still = (Frame(i, i / 30, astronaut()) for i in range(3))
    return in_head_frame([seen for _, seen in create_tracker().track(still)][-1].landmarks_px)


def move(head, indices, direction, amount):
    moved = head.copy()
    moved[list(indices)] += amount * np.asarray(direction, float)
    return moved


def filmed(heads, angles_deg=(0.0, 0.0, 0.0)):
    """Meshes in pixels, as a camera sees heads (T, 478, 3) turned by angles (3,) or (T, 3)."""
    rotation = np.broadcast_to(rotation_from_angles_deg(np.asarray(angles_deg)), (len(heads), 3, 3))
    return 61.0 * heads @ np.swapaxes(rotation, -1, -2) + (317.0, 211.0, 0.0)


def table(meshes, tracked=None, fps=10, **kwargs):
    tracked = np.ones(len(meshes), bool) if tracked is None else np.asarray(tracked)
    return signals(meshes, tracked, np.arange(len(meshes)) / fps, **kwargs)


# what moves, where to, and the signals that answer to a movement of 0.05 inter-ocular distances
MOVES = {
    "inner brows up": ((55, 107, 285, 336), UP, {"AU01_g": 0.05}),
    "outer brows up": (regions.BROW_OUTER_LEFT + regions.BROW_OUTER_RIGHT, UP, {"AU02_g": 0.05}),
    "mouth corners down": (regions.MOUTH_CORNERS, DOWN, {"AU15_g": 0.05}),
    "chin down": ((152, 175, 199, 200), DOWN, {"AU26_g": 0.05, "AU17_g": 0.05 / 3}),
    "upper lids down": (
        regions.UPPER_LID_LEFT + regions.UPPER_LID_RIGHT, DOWN, {"AU45_g": 0.05, "AU05_g": -0.05, "AU06_g": -0.05 * LID_DRAG}
    ),
    "lower lids up": (
        regions.LOWER_LID_LEFT + regions.LOWER_LID_RIGHT, UP, {"AU06_g": 0.05 * (1 - LID_DRAG), "AU45_g": 0.05}
    ),
    "nose wings up": ((129, 358), UP, {"AU09_g": 0.05}),
    "upper lip up": ((37, 0, 267, 13), UP, {"AU10_g": 0.05, "AU25_g": 0.05}),
    "lower lip and chin down": ((84, 17, 314, 14, 152, 175, 199, 200, 148, 377), DOWN, {"AU25_g": 0.05, "AU26_g": 0.05}),
    "lower lip up against the upper": ((84, 17, 314), UP, {"AU17_g": 0.05, "AU24_g": 0.05}),
}  # fmt: skip


@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize("angles_deg", [(0, 0, 0), (23, -11, 7)])
def test_a_planted_movement_shows_in_its_signal_only(head, name, angles_deg):
    indices, direction, expected = MOVES[name]
    measured = table(filmed(np.stack([head, head, move(head, indices, direction, 0.05)]), angles_deg))[UNITS]
    np.testing.assert_allclose(measured.iloc[:2], 0, atol=ROUNDING)
    for unit in UNITS:
        assert measured[unit][2] == pytest.approx(expected.get(unit, 0.0), abs=ROUNDING), unit


def test_brows_drawn_together_and_a_smile(head):
    together = move(move(head, (55, 107), (1, 0, 0), 0.04), (285, 336), (-1, 0, 0), 0.04)
    smile = move(move(head, (61,), (-1, -1, 0), 0.1), (291,), (1, -1, 0), 0.1)
    measured = table(filmed(np.stack([head, head, head, together, smile])))
    np.testing.assert_allclose(measured["AU04_g"], [0, 0, 0, 0.04, 0], atol=ROUNDING)
    np.testing.assert_allclose(measured["AU12_g"], [0, 0, 0, 0, 0.1], atol=ROUNDING)
    np.testing.assert_allclose(measured["AU15_g"], 0, atol=ROUNDING)  # an oblique pull is no depressor


def test_cheeks_and_lower_lids_up_raise_unit_6(head):
    indices = (117, 118, 119, 50, 346, 347, 348, 280, *regions.LOWER_LID_LEFT, *regions.LOWER_LID_RIGHT)
    measured = table(filmed(np.stack([head, head, move(head, indices, UP, 0.03)])))
    assert measured["AU06_g"][2] == pytest.approx(0.03 * (1 - LID_DRAG), abs=ROUNDING)
    assert measured["AU45_g"][2] == pytest.approx(0.03, abs=ROUNDING)  # the lower lid closes the eye's gap too


def test_head_angles_come_out_and_leave_no_trace_in_the_units(head):
    angles = np.random.default_rng(4).uniform(-25, 25, (13, 3))
    measured = table(filmed(np.repeat(head[None], 13, axis=0), angles))
    np.testing.assert_allclose(measured[UNITS], 0, atol=ROUNDING)
    found = measured[["head_yaw_deg", "head_pitch_deg", "head_roll_deg"]].to_numpy()
    np.testing.assert_allclose(found, angles, atol=1e-3 + 3)  # a real face is not the canonical one …
    np.testing.assert_allclose(found - found.mean(axis=0), angles - angles.mean(axis=0), atol=0.5)  # … by a constant


def test_a_turned_eyeball_gives_its_angles(head):
    yaw, pitch = np.radians([0, 17, -11, 5]), np.radians([0, -7, 13, 21])
    heads = np.repeat(head[None], 4, axis=0)
    for corners, iris in (
        (regions.EYE_CORNERS_LEFT, regions.IRIS_LEFT),
        (regions.EYE_CORNERS_RIGHT, regions.IRIS_RIGHT),
    ):
        rim = head[list(iris), :2] - head[list(iris), :2].mean(axis=0)
        rest = head[list(corners), :2].mean(axis=0) - (0, 0.026)
        shift = EYEBALL_RADIUS * np.stack([np.sin(yaw) * np.cos(pitch), np.sin(pitch)], axis=1)
        heads[:, list(iris), :2] = rest + rim + shift[:, None]
    measured = table(filmed(heads, (11, 5, -3)))
    np.testing.assert_allclose(measured["gaze_yaw_deg"], np.degrees(yaw), atol=1e-4)
    np.testing.assert_allclose(measured["gaze_pitch_deg"], np.degrees(pitch), atol=1e-4)


def test_eye_openness_is_the_gap_over_the_width(head):
    flat = head.copy()
    for upper, lower, (outer, inner) in (
        (regions.UPPER_LID_LEFT, regions.LOWER_LID_LEFT, regions.EYE_CORNERS_LEFT),
        (regions.UPPER_LID_RIGHT, regions.LOWER_LID_RIGHT, regions.EYE_CORNERS_RIGHT),
    ):
        width = np.linalg.norm(flat[outer] - flat[inner])
        flat[list(upper), 1] = flat[list(lower), 1] - 0.23 * width
    assert table(filmed(flat[None]))["eye_openness"][0] == pytest.approx(0.23)


def test_lost_frames_are_nan_whatever_their_landmarks_say(head):
    meshes = filmed(np.repeat(head[None], 7, axis=0))
    meshes[2] = np.nan
    tracked = np.array([True, True, False, True, False, True, True])
    measured = table(meshes, tracked)
    names = [signal.name for signal in DICTIONARY]
    assert list(measured.columns) == ["time_s", "tracked", *names]
    np.testing.assert_array_equal(measured["tracked"], tracked)
    np.testing.assert_array_equal(measured[names].isna().all(axis=1), ~tracked)
    framewise = [name for name in names if not name.endswith(("_mm", "_s"))]
    np.testing.assert_array_equal(measured[framewise].isna().any(axis=1), ~tracked)
    assert measured[["head_x_mm", "head_y_mm", "head_z_mm"]].isna().all(axis=None)  # no focal length


@pytest.mark.parametrize("count", [0, 5])
def test_nothing_tracked_gives_nothing_but_rows(count):
    measured = table(np.full((count, 478, 3), np.nan, np.float32), np.zeros(count, bool))
    assert len(measured) == count and measured[[signal.name for signal in DICTIONARY]].isna().all(axis=None)


def test_references(head):
    raised = [0.03] * 35 + [0.0] * 66  # at 10 frames/s the first 3 s are all raised
    meshes = filmed(np.stack([move(head, (55, 107, 285, 336), UP, amount) for amount in raised]))
    tracked = np.ones(101, bool)
    tracked[:2] = False
    none = table(meshes, tracked, reference="none")
    np.testing.assert_allclose(table(meshes, tracked)["AU01_g"][2:], np.array(raised[2:]), atol=ROUNDING)
    first = table(meshes, tracked, reference="first-seconds")
    np.testing.assert_allclose(first["AU01_g"][2:], np.array(raised[2:]) - 0.03, atol=ROUNDING)
    rest = in_head_frame(meshes[50])[:, 1]
    brow_height = rest[[33, 263]].mean() - rest[[55, 107, 285, 336]].mean()
    assert none["AU01_g"][50] == pytest.approx(brow_height, abs=ROUNDING) and FIRST_SECONDS == 3
    for free in ("eye_openness", "gaze_yaw_deg", "head_pitch_deg"):
        np.testing.assert_array_equal(none[free], first[free])


def test_long_recordings_are_measured_in_parts_that_agree(head, monkeypatch):
    meshes = filmed(head + np.random.default_rng(6).normal(0, 0.01, (17, 478, 3)))
    whole = table(meshes)
    monkeypatch.setattr("openada.behaviour.signals._FRAMES_AT_ONCE", 5)
    np.testing.assert_allclose(table(meshes).to_numpy(float), whole.to_numpy(float), atol=ROUNDING)


def test_bad_arguments_are_named(head):
    with pytest.raises(UnusableInput, match=r"'mean'.*median"):
        table(head[None], reference="mean")
    with pytest.raises(UnusableInput, match=r"\(1, 478, 3\).*\(2,\)"):
        signals(head[None], np.ones(2, bool), np.arange(2.0))


@pytest.mark.skipif(not VIDEOS.is_dir(), reason="the real footage in ../shared/videos is not here")
def test_a_real_smile_shows_as_a_smile():
    # the subject is neutral in the first half second, blinks at 0.9 s and smiles broadly from then on
    seen = [observation for _, observation in create_tracker().track(frames(VIDEOS / "single_face.mp4"))]
    landmarks = np.stack([s.landmarks_px for s in seen])
    measured = table(landmarks, fps=30)
    change = measured[UNITS][27:].mean() - measured[UNITS][:15].mean()
    assert change["AU12_g"] > 0.1 and abs(change["AU15_g"]) < 0.06
    assert 0 < change["AU06_g"] < 0.1 and 0 < change["AU45_g"] < 0.1
    openness = measured["eye_openness"].to_numpy()
    assert (np.flatnonzero(openness < 0.1) == [26, 27]).all()  # a blink
    assert ((openness[:25] > 0.2) & (openness[:25] < 0.4)).all()
    assert measured[["gaze_yaw_deg", "gaze_pitch_deg", "head_yaw_deg", "head_pitch_deg"]].abs().max(axis=None) < 15
