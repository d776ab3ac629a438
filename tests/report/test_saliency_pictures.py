"""Colours that keep their meaning over a recording: known colours of known values, and scales that say their unit."""

import numpy as np
import pytest

from openada.errors import UnusableInput
from openada.report.saliency_pictures import (
    OPACITY,
    ColourScale,
    SaliencyRow,
    legend,
    overlay,
    three_columns,
    with_legend,
)

SIGNED, PLAIN = ColourScale(2.0, True, "score points per cell"), ColourScale(2.0, False, "arbitrary")


def test_signed_values_are_centred_at_zero_and_values_beyond_the_scale_look_like_its_end():
    rgb = SIGNED.rgb(np.array([-2.0, -1.0, 0.0, 1.0, 2.0, 99.0, np.nan]))
    assert rgb[0][2] > rgb[0][0] and rgb[4][0] > rgb[4][2]  # blue lowers, red raises
    assert rgb[2].min() > 240  # white in the middle
    assert rgb[5].tolist() == rgb[4].tolist() and rgb[6].tolist() == [128, 128, 128]
    dark = PLAIN.rgb(np.array([0.0, 1.0, 2.0])).astype(int).sum(axis=-1)
    assert dark[0] < 20 and np.all(np.diff(dark) > 0)


def test_an_overlay_leaves_the_face_where_the_map_says_nothing():
    face = np.full((3, 5, 3), 90, np.uint8)
    values = np.zeros((3, 5))
    values[0, 0], values[1, 1], values[2, 2], values[2, 4] = 2.0, -1.0, np.nan, 50.0
    found = overlay(face, values, SIGNED)
    expected = np.rint((1 - OPACITY) * 90 + OPACITY * SIGNED.rgb(np.array(2.0)).astype(float))
    assert found[0, 0].tolist() == found[2, 4].tolist() == expected.tolist()
    half = np.rint((1 - OPACITY / 2) * 90 + OPACITY / 2 * SIGNED.rgb(np.array(-1.0)).astype(float))
    assert found[1, 1].tolist() == half.tolist()
    assert (found[values == 0] == 90).all() and (found[2, 2] == 90).all()
    assert (overlay(face, np.full((3, 5), -1.0), PLAIN) == 90).all()


def test_a_scale_must_end_somewhere():
    for limit in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(UnusableInput, match="must end above 0"):
            ColourScale(limit, False, "")


def test_a_frame_above_its_legend_is_even_and_the_frame_unchanged():
    face = np.random.default_rng(1).integers(0, 255, (101, 333, 3), np.uint8)
    below = legend(SIGNED, "grad-cam", face.shape[1])
    whole = with_legend(face, below)
    assert whole.shape[0] % 2 == whole.shape[1] % 2 == 0
    np.testing.assert_array_equal(whole[:101, :333], face)
    assert np.ptp(below[:20]) > 100  # the title is written
    assert legend(PLAIN, "x", 64).shape[1] == 320


def test_columns_hold_overlay_map_and_guided_in_rows_of_one_scale():
    face = np.full((224, 224, 3), 90, np.uint8)
    weak, strong = np.full((224, 224), 0.5), np.full((224, 224), 2.0)
    rows = [SaliencyRow("at 1.0 s", face, weak, -strong), SaliencyRow("at 2.0 s", face, strong, None)]
    two, three = three_columns(rows, PLAIN), three_columns(rows, PLAIN, SIGNED)
    assert three.shape[0] == two.shape[0] and three.shape[1] > two.shape[1]
    middles = [(30 + 112, 150 + 112 + k * 232) for k in range(3)]
    near = [three[y, x].astype(int) for y, x in middles]
    wanted = [overlay(face, weak, PLAIN)[0, 0], PLAIN.rgb(weak)[0, 0], SIGNED.rgb(-strong)[0, 0]]
    assert all(np.abs(a - b).max() <= 2 for a, b in zip(near, wanted, strict=True))
    second = three[30 + 232 + 112]
    assert np.abs(second[middles[1][1]].astype(int) - PLAIN.rgb(strong)[0, 0]).max() <= 2
    assert np.abs(second[middles[2][1]].astype(int) - 128).max() <= 2
    with pytest.raises(UnusableInput, match="at least one row"):
        three_columns([], PLAIN)
