"""What the descriptor of a face tells and what it overlooks, on painted people and on a portrait under other light."""

import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from openada.face.appearance import DESCRIPTOR, describe, distances

EYES_NOSE_MOUTH = np.array([(203, 103), (248, 106), (224, 132), (223, 149), (179, 108), (271, 112)], float)
COLOURS = slice(256, 268)
TINT = slice(268, 270)


def apart(a, b):
    return float(distances(a, b[None])[0])


@pytest.fixture(scope="module")
def portrait():
    return astronaut()[:400]


def test_hair_forehead_chin_and_clothes_are_told_in_log_ratios_to_the_skin():
    levels = {
        "hair": (12, 30, 45),
        "forehead": (90, 80, 70),
        "skin": (188, 138, 118),
        "chin": (60, 60, 60),
        "clothes": (8, 3, 0),
    }
    # eyes 100 px apart about (300, 300): a tenth of that is a pixel of the canvas
    rgb = np.full((900, 600, 3), 128, np.uint8)
    for (top, bottom), level in zip(
        [(-140, -75), (-75, -20), (0, 100), (110, 170), (240, 390)], levels.values(), strict=True
    ):
        rgb[300 + top : 300 + bottom] = level
    found = describe(rgb, np.array([(250, 300), (350, 300), (300, 355), (300, 398), (0, 0), (0, 0)], float))
    logs = {name: np.log(np.array(level) + 12.0) for name, level in levels.items()}
    expected = [logs[name] - logs["skin"] for name in ("hair", "forehead", "chin", "clothes")]
    assert found.shape == (DESCRIPTOR,) and found.dtype == np.float32
    np.testing.assert_allclose(found[COLOURS], 0.5 * np.clip(np.concatenate(expected), -2, 2), atol=0.005)
    np.testing.assert_allclose(found[TINT], 1.5 * (logs["skin"][[0, 2]] - logs["skin"][1]), atol=0.005)
    assert np.linalg.norm(found[:256]) == pytest.approx(1, abs=1e-5)


def test_what_lies_outside_the_picture_is_unknown_and_left_out(portrait):
    whole, headless = describe(portrait, EYES_NOSE_MOUTH), describe(portrait[75:], EYES_NOSE_MOUTH - (0, 75))
    assert np.isfinite(whole).all() and not np.isnan(headless[259:]).any()
    assert np.isnan(headless[256:259]).all()  # the hair
    known = np.isfinite(headless)
    assert apart(whole, headless) == pytest.approx(np.linalg.norm(whole[known] - headless[known]), rel=1e-5)


@pytest.mark.parametrize("angle_deg", [-31, 17])
def test_place_size_and_tilt_of_the_face_hardly_matter(portrait, angle_deg):
    turn = cv2.getRotationMatrix2D((224, 130), angle_deg, 1.7)
    turn[:, 2] += (150, 140)
    turned = cv2.warpAffine(portrait, turn, (760, 760))
    moved = EYES_NOSE_MOUTH @ turn[:, :2].T + turn[:, 2]
    assert apart(describe(portrait, EYES_NOSE_MOUTH), describe(turned, moved)) < 0.25


@pytest.mark.parametrize(("light", "limit"), [
    (0.4, 0.3), (1.3, 0.3), ((1.15, 1.0, 0.8), 0.6), (np.linspace(1.4, 0.5, 512)[:, None], 0.3)
], ids=["dark", "bright", "warm", "from a side"])  # fmt: skip
def test_light_changes_the_descriptor_little(portrait, light, limit):
    lit = (portrait * np.asarray(light)).clip(0, 255).astype(np.uint8)
    assert apart(describe(portrait, EYES_NOSE_MOUTH), describe(lit, EYES_NOSE_MOUTH)) < limit


def test_other_hair_and_clothes_or_another_face_change_it_much(portrait):
    here = describe(portrait, EYES_NOSE_MOUTH)
    other = portrait.copy()
    other[:80] //= 6
    other[200:] = 255 - other[200:]
    assert apart(here, describe(other, EYES_NOSE_MOUTH)) > 1.3
    assert apart(here, describe(portrait, EYES_NOSE_MOUTH + np.array([170, 200]))) > 1.3  # no face at all


def test_keypoints_in_one_place_or_far_outside_give_a_finite_distance(portrait):
    here = describe(portrait, EYES_NOSE_MOUTH)
    for points in (np.full((6, 2), 100.0), EYES_NOSE_MOUTH + 5000):
        assert np.isfinite(apart(here, describe(portrait, points)))
