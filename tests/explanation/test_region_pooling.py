"""Pooling over regions and frames with hand-made attributions and polygons; what adds up, and what is not there."""

import numpy as np
import pytest

from openada.explanation.explanation import Explanation, Pixels, Spans
from openada.explanation.frame_attribution import (
    along_recording,
    extreme_frames,
    frame_sums,
    places_of,
    shortest_span,
)
from openada.explanation.recording_maps import ClipMap
from openada.explanation.region_pooling import POOLS, enlarged, pool_labels, pool_regions, region_table
from openada.explanation.unit_correlation import SIGNALS, signal_name, unit_correlations
from openada.face import regions

SIZE = 224  # of the crop; maps have 112 pixels, two crop pixels each


def face(shift_px=0.0):
    """A mesh in which every region is a square of its own: x from left to right, in frame pixels (the crop is 10 px off)."""
    points = np.zeros((478, 3))
    points[:, :2] = 500, 500  # landmarks of no ring
    squares = {
        "FOREHEAD": (40, 24, 180, 40),
        "BROW_LEFT": (40, 44, 80, 56),
        "BROW_RIGHT": (120, 44, 160, 56),
        "EYE_LEFT": (40, 60, 80, 72),
        "EYE_RIGHT": (120, 60, 160, 72),
        "NOSE": (90, 80, 110, 110),
        "CHEEK_LEFT": (30, 80, 70, 110),
        "CHEEK_RIGHT": (130, 80, 170, 110),
        "MOUTH": (80, 120, 120, 140),
        "JAW": (40, 150, 160, 180),
        "FACE_OVAL": (20, 20, 200, 200),  # last: forehead and jaw share some of its landmarks
    }
    for name, (left, top, right, bottom) in squares.items():
        ring = getattr(regions, name)
        along = np.linspace(0, 4, len(ring), endpoint=False)
        x = np.interp(along, [0, 1, 2, 3, 4], [left, right, right, left, left])
        y = np.interp(along, [0, 1, 2, 3, 4], [top, top, bottom, bottom, top])
        points[list(ring), 0], points[list(ring), 1] = x, y
    points[:, 0] += shift_px
    return points


MATRIX = np.array([[1.0, 0, 0], [0, 1.0, 0]])


def clip_map(values, first=0, step=1):
    frames, height, width = values.shape
    spans = np.stack([np.arange(frames), np.arange(frames) + 1], axis=1) + float(first)
    axes = (Spans(spans), Pixels(height, SIZE), Pixels(width, SIZE))
    return ClipMap(first, frames * step, Explanation(values, axes, "deeplift", "", True, 0.0), step, frames)


def count(labels, name):
    return int((labels == POOLS.index(name)).sum())


def test_a_pixel_is_in_the_region_whose_polygon_holds_its_centre():
    labels = pool_labels(face(), MATRIX, SIZE, 112)
    assert count(labels, "mouth") == 20 * 10 and count(labels, "eyes") == 2 * 20 * 6
    assert count(labels, "outside the face") == 112 * 112 - 90 * 90
    assert sum(count(labels, name) for name in POOLS) == 112 * 112 and count(labels, "face not tracked") == 0


def test_polygons_are_those_of_the_frame_and_moved_to_the_crop():
    half = pool_labels(face(), 0.5 * MATRIX, SIZE, 112)
    assert count(half, "mouth") == 10 * 5
    moved = pool_labels(face(16), MATRIX, SIZE, 112)
    still = pool_labels(face(), MATRIX, SIZE, 112)
    np.testing.assert_array_equal(np.roll(still == POOLS.index("mouth"), 8, axis=1), moved == POOLS.index("mouth"))
    lost = pool_labels(np.full((478, 3), np.nan), MATRIX, SIZE, 112)
    assert count(lost, "face not tracked") == 112 * 112


def test_pooled_values_are_sums_of_what_was_put_there():
    landmarks = np.stack([face(), face(16), np.full((478, 3), np.nan), face(), face()])
    matrices = np.stack([MATRIX] * 5)
    first, second = np.zeros((3, 112, 112)), np.zeros((3, 112, 112))
    first[0, 62, 45] = 3.0  # mouth: x 90 px, y 124 px
    first[0, 62, 46] = -1.0
    first[1, 62, 42] = 5.0  # in the mouth of frame 0, but the head has moved 16 px to the right by then
    elsewhere = POOLS[pool_labels(face(16), MATRIX, SIZE, 112)[62, 42]]
    assert POOLS[pool_labels(face(), MATRIX, SIZE, 112)[62, 42]] == "mouth" != elsewhere
    first[2, 0, 0] = 7.0  # no face
    second[1, 0, 0] = -4.0  # frame 3: outside the face
    second[2, 32, 30] = 2.0  # frame 4: left eye
    pooled = pool_regions([clip_map(first), clip_map(second, 2)], landmarks, matrices, SIZE)
    table = region_table(pooled).set_index("region")
    assert table.loc["mouth", ["raw", "absolute", "raised", "lowered"]].tolist() == [1.0, 2.0, 1.5, 0.5]  # two windows
    assert table.loc[elsewhere, "raw"] == 2.5 and table.loc["face not tracked", "raw"] == 3.5
    assert table.loc["outside the face", ["raw", "raised", "lowered"]].tolist() == [-2.0, 0.0, 2.0]
    assert table["raw"].sum() == pytest.approx((first.sum() + second.sum()) / 2)
    assert table["share"].sum() == pytest.approx(1) and table["area_share"].sum() == pytest.approx(1)
    total = (4 + 5 + 7 + 4 + 2) / 2
    assert table.loc["eyes", "share"] == pytest.approx(1 / total)
    area = 4 * 240 / 6 / 112**2  # in four of six frames
    assert table.loc["eyes", "area_normalised"] == pytest.approx(1 / total / area)
    assert table.loc["eyes", "share_raised"] == pytest.approx(1 / ((3 + 5 + 7 + 2) / 2))


def test_an_empty_map_has_no_shares():
    pooled = pool_regions([clip_map(np.zeros((2, 112, 112)))], np.stack([face()] * 2), np.stack([MATRIX] * 2), SIZE)
    table = region_table(pooled)
    assert table["share"].isna().all() and table["area_normalised"].isna().all() and (table["raw"] == 0).all()


def test_coarse_maps_are_pooled_as_they_are_drawn_and_keep_their_sum():
    even = pool_regions([clip_map(np.full((2, 4, 4), 0.5))], np.stack([face()] * 8), np.stack([MATRIX] * 8), SIZE)
    table = region_table(even)
    assert table["raw"].sum() == pytest.approx(2 * 16 * 0.5)
    there = table["area_share"] > 0
    np.testing.assert_allclose(table.loc[there, "area_normalised"], 1)
    peak = np.zeros((1, 2, 2))
    peak[0, 0, 0] = 1.0
    drawn = enlarged(peak, 4)[0] * 16 / 4  # bilinear between centres: 1, .75, .25, 0 along either axis
    np.testing.assert_allclose(drawn[0], [1, 0.75, 0.25, 0])
    np.testing.assert_allclose(drawn[:, 1], 0.75 * drawn[:, 0])


def test_frames_are_summed_in_each_window_and_averaged_over_windows():
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(2, 5, 7, 11))
    maps = [clip_map(first, 0), clip_map(second, 3)]
    sums, places = frame_sums(maps), places_of(maps)
    np.testing.assert_allclose(sums, [first.sum((1, 2)), second.sum((1, 2))])
    tracked = np.ones(9, bool)
    tracked[1] = False
    series = along_recording(sums, places, tracked)
    assert series[3] == pytest.approx((sums[0, 3] + sums[1, 0]) / 2) and series[7] == pytest.approx(sums[1, 4])
    assert np.isnan(series[[1, 8]]).all()
    stepped = [clip_map(first, 1, 2)]
    np.testing.assert_array_equal(places_of(stepped), [[1, 3, 5, 7, 9]])
    cells = ClipMap(0, 6, clip_map(np.arange(1.0, 3)[:, None, None] * np.ones((2, 1, 1))).explanation)
    np.testing.assert_allclose(frame_sums([cells])[0] * 3, [1, 1, 4 / 3, 5 / 3, 2, 2])


def test_extreme_frames_lie_apart_and_the_shortest_span_holds_its_share():
    series = np.array([np.nan, 5, 4.9, -1, 0, 4, -3, -2.9])
    top, bottom = extreme_frames(series, np.arange(8) / 2, count=2, apart_s=0.6)
    assert top == [1, 5] and bottom == [6, 3]
    values = np.array([1.0, np.nan, 1, 6, 0, 5, 1, 1])
    assert shortest_span(values, 0.5) == (3, 5)  # 11 of 15
    assert shortest_span(values, 0.4) == (3, 3) and shortest_span(values, 1.0) == (0, 7)
    with pytest.raises(ValueError, match="add up to 0"):
        shortest_span(np.zeros(3), 0.5)


def test_movements_that_the_attribution_follows_are_found_and_others_said_to_be_undefined():
    import pandas as pd

    rng = np.random.default_rng(3)
    behaviour = pd.DataFrame({signal.name: rng.normal(size=96) for signal in SIGNALS})
    behaviour["head_x_mm"], behaviour["AU05_g"] = np.nan, 0.25
    behaviour.loc[10:12] = np.nan
    places = np.arange(96).reshape(3, 32)
    sums = 2 + 3 * behaviour["AU15_g"].to_numpy()[places] + rng.normal(0, 0.5, places.shape)
    series = along_recording(np.nan_to_num(sums), places, ~np.isin(np.arange(96), [10, 11, 12]))
    either_way = np.abs(behaviour["AU02_g"].fillna(0).to_numpy())[places]
    table = unit_correlations(behaviour, np.nan_to_num(sums), either_way, places, series).set_index("signal")
    assert (
        table["r"].abs().idxmax() == "AU15_g"
        and table.loc["AU15_g", "r"] > 0.9
        and table.loc["AU15_g", "q_value"] < 0.5
    )
    assert table.loc["AU15_g", "n_frames"] == 93
    assert (
        "constant" in table.loc["AU05_g", "undefined_reason"]
        and "not measured" in table.loc["head_x_mm", "undefined_reason"]
    )
    size = np.abs(behaviour["AU02_g"].to_numpy())
    of_size = unit_correlations(behaviour.assign(AU12_g=size), np.nan_to_num(sums), either_way, places, series)
    of_size = of_size.set_index("signal")
    assert of_size["r_size"].idxmax() == "AU12_g" and of_size.loc["AU12_g", "q_size"] < 0.5
    assert abs(of_size.loc["AU12_g", "r"]) < 0.5 and abs(of_size.loc["AU15_g", "r_size"]) < 0.5
    assert signal_name("AU01_g") == "inner brow raise (AU01)" and "looks down" in signal_name("head_pitch_deg")
