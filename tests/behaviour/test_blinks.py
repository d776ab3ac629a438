"""Blinks and closures of curves whose events are known, and of real footage."""

import numpy as np
import pandas as pd
import pytest

from openada.behaviour.blinks import Event, blinks, stretches
from openada.errors import UnusableInput

OPEN = 0.32


def even(seconds, fps):
    return np.arange(round(seconds * fps)) / fps


def uneven(seconds, fps, seed=3):
    """Times whose intervals vary between half and one and a half of the nominal one."""
    steps = np.random.default_rng(seed).uniform(0.5, 1.5, round(seconds * fps)) / fps
    return np.cumsum(steps)


def lids(time_s, *dips, level=OPEN):
    """Openness of lids that close by `share` from start to end, with raised-cosine ramps of `ramp` seconds."""
    closed = np.zeros(len(time_s))
    for start, end, share, ramp in dips:
        inside = np.clip(np.minimum(time_s - start, end - time_s) / ramp, 0, 1)
        closed = np.maximum(closed, share * (0.5 - 0.5 * np.cos(np.pi * inside)))
    return level * (1 - closed)


def found(time_s, openness, tracked=None):
    return blinks(time_s, np.ones(len(time_s), bool) if tracked is None else tracked, openness)


def test_every_figure_of_a_blink_drawn_with_straight_lines():
    time_s = np.arange(101) / 50
    # closes by 0.8 in 0.1 s from 1.0 s on, stays for 0.04 s and opens in 0.2 s
    openness = OPEN * (1 - 0.8 * np.interp(time_s, [1.0, 1.1, 1.14, 1.34], [0, 1, 1, 0]))
    (event,) = found(time_s, openness).itertuples(index=False)
    assert event.kind == "blink"
    assert event.start_s == pytest.approx(1.02)  # 20 % of the way down
    assert event.end_s == pytest.approx(1.30)  # and of the way up
    assert event.duration_s == pytest.approx(0.28)
    assert 1.1 - 1e-9 <= event.apex_s <= 1.14 + 1e-9
    assert event.amplitude == pytest.approx(0.8)
    assert event.peak_velocity == pytest.approx(8.0)  # open levels per second


@pytest.mark.parametrize("times", [even(31, 60), even(31, 25), even(31, 12.5), uneven(31, 30), uneven(31, 17)])
def test_blinks_are_found_at_any_rate_and_to_a_fraction_of_a_frame(times):
    starts = np.arange(1.0, 29.0, 2.37)
    table = found(times, lids(times, *((start, start + 0.3, 0.9, 0.12) for start in starts)))
    edge = 0.12 * np.arccos(1 - 2 * 0.2) / np.pi  # where the raised cosine has gone 20 %
    frame = np.median(np.diff(times))
    assert list(table["kind"]) == ["blink"] * len(starts)
    np.testing.assert_allclose(table["start_s"], starts + edge, atol=0.75 * frame)
    np.testing.assert_allclose(table["end_s"], starts + 0.3 - edge, atol=0.75 * frame)
    assert abs((table["start_s"] - starts - edge).mean()) < 0.3 * frame
    assert (table["amplitude"] > 0.7).all() and (table["amplitude"] <= 0.9 + 1e-9).all()
    assert (table["peak_velocity"] <= 0.9 * np.pi / 2 / 0.12 + 1e-9).all()


def test_five_frames_a_second_find_the_blinks_that_last_longer_than_two_frames():
    times = even(31, 5)
    starts = np.arange(1.0, 29.0, 2.37)
    assert len(found(times, lids(times, *((start, start + 0.6, 0.9, 0.12) for start in starts)))) == len(starts)


def test_lowered_lids_are_no_blink_and_a_blink_is_measured_from_them():
    times = even(23, 30)
    lowered = (5.0, 11.0, 0.5, 0.4)
    assert found(times, lids(times, lowered)).empty
    table = found(times, lids(times, lowered, (8.0, 8.3, 0.9, 0.1), (14.0, 14.3, 0.9, 0.1)))
    np.testing.assert_allclose(table["amplitude"], [0.4, 0.9], atol=0.01)
    assert (table["duration_s"] < 0.3).all()
    # a blink with which the lids go down to stay there ends when they are back at that level
    falling = np.minimum(lids(times, (7.9, 8.3, 0.9, 0.1)), np.where(times > 8.1, OPEN / 2, OPEN))
    (event,) = found(times, falling).itertuples(index=False)
    assert event.amplitude == pytest.approx(0.4, abs=0.01) and event.duration_s < 0.45


def test_long_closures_are_their_own_kind():
    times = even(61, 30)
    table = found(times, lids(times, (10.0, 13.0, 0.8, 0.1), (20.0, 20.9, 0.8, 0.1), (30.0, 33.0, 0.55, 0.1)))
    assert list(table["kind"]) == ["closure", "blink"]
    closure = table.iloc[0]
    edge = 0.1 * np.arccos(1 - 2 * 0.5) / np.pi  # 0.4 of the open level is half of 0.8
    assert closure["start_s"] == pytest.approx(10 + edge, abs=0.01)
    assert closure["end_s"] == pytest.approx(13 - edge, abs=0.01)
    assert closure["amplitude"] == pytest.approx(0.8, abs=1e-6)


def test_lids_that_twitch_while_shut_stay_one_closure():
    times = even(61, 30)
    openness = lids(times, (10.0, 13.0, 0.95, 0.1))
    openness[(times > 12.5) & (times < 12.6)] = OPEN * 0.5
    assert list(found(times, openness)["kind"]) == ["closure"]


def test_half_closed_for_more_than_a_second_is_nothing():
    times = even(61, 30)
    assert len(found(times, lids(times, (40.0, 41.0, 0.5, 0.1)))) == 1
    assert found(times, lids(times, (40.0, 41.2, 0.5, 0.1))).empty


@pytest.mark.parametrize(
    "hide", [lambda t: t < 8.1, lambda t: t > 8.15, lambda t: (t > 8.1) & (t < 8.12), lambda t: (t > 7) & (t < 8.05)]
)
def test_a_blink_that_touches_a_gap_is_left_out_and_the_others_stay(hide):
    times = even(13, 60)
    openness = lids(times, (3.0, 3.3, 0.9, 0.1), (8.0, 8.3, 0.9, 0.1), (11.0, 11.3, 0.9, 0.1))
    hidden = hide(times)
    assert hidden.any()
    expected = found(times, openness).drop(index=1)
    expected = expected[[not np.interp(apex, times, hidden) for apex in expected["apex_s"]]]
    for value in (np.nan, 0.0, 9.0):  # what an untracked frame holds does not matter
        table = found(times, np.where(hidden, value, openness), ~hidden)
        pd.testing.assert_frame_equal(table, expected.reset_index(drop=True), rtol=1e-9)
    measured = np.where(hidden, np.nan, openness)  # tracked, yet not measurable
    pd.testing.assert_frame_equal(found(times, measured), expected.reset_index(drop=True), rtol=1e-9)
    kept = times[~hidden]  # frames that are not there at all: a hole in time
    if np.diff(kept).max() > 0.5:
        pd.testing.assert_frame_equal(found(kept, openness[~hidden]), expected.reset_index(drop=True), rtol=1e-9)


def test_two_blinks_are_two_where_the_lids_open_between_them():
    times = even(13, 60)
    twice = ((4.0, 4.3, 0.9, 0.1), (4.4, 4.7, 0.9, 0.1))
    assert len(found(times, lids(times, *twice))) == 2
    half = np.minimum(lids(times, *twice), lids(times, (4.0, 4.7, 0.5, 0.1)))  # up to half way between
    table = found(times, half)
    assert len(table) == 2 and table["end_s"][0] <= table["start_s"][1]
    np.testing.assert_allclose(table["amplitude"], 0.4, atol=0.02)
    barely = np.minimum(lids(times, *twice), lids(times, (4.0, 4.7, 0.7, 0.1)))
    assert len(found(times, barely)) == 1


def test_the_open_level_follows_the_person():
    times = even(307, 20)
    starts = np.arange(2.0, 305.0, 4.7)
    openness = lids(times, *((start, start + 0.3, 0.8, 0.1) for start in starts))
    drifting = openness * np.interp(times, [0, 307], [1.0, 0.5])
    table = found(times, drifting)
    assert len(table) == len(starts)
    np.testing.assert_allclose(table["amplitude"][3:-3], 0.8, atol=0.08)
    pd.testing.assert_frame_equal(found(times, 137 * drifting), table, rtol=1e-9)  # any unit of openness


def test_jitter_and_single_odd_frames_are_no_blinks():
    rng = np.random.default_rng(11)
    times = even(307, 30)
    for share in (0.01, 0.04, 0.08, 0.2):
        assert found(times, OPEN * (1 + rng.normal(0, share, len(times)))).empty, share
    openness = lids(times, (100.0, 100.3, 0.9, 0.1))
    openness[[500, 1511, 7001]] = 0.05
    assert len(found(times, openness)) == 1
    assert found(times, np.full(len(times), OPEN)).empty


def test_shallow_movements_do_not_count():
    times = even(31, 30)
    assert found(times, lids(times, (10.0, 10.3, 0.25, 0.1))).empty
    assert len(found(times, lids(times, (10.0, 10.3, 0.35, 0.1)))) == 1


@pytest.mark.parametrize("rows", [0, 1, 2, 5])
def test_nothing_to_see_gives_an_empty_table_with_the_columns(rows):
    for tracked in (True, False):
        table = blinks(np.arange(rows) / 25, np.full(rows, tracked), np.zeros(rows))
        assert tuple(table.columns) == Event._fields and table.empty
        assert (table.dtypes.iloc[1:] == np.float64).all()


def test_arrays_that_do_not_fit_are_refused():
    with pytest.raises(UnusableInput, match=r"tracked \(3,\).*expected \(T,\)"):
        blinks(np.arange(2.0), np.ones(3, bool), np.ones(2))
    with pytest.raises(UnusableInput, match=r"0\.5 in row 2"):
        blinks(np.array([0.0, 1.0, 0.5]), np.ones(3, bool), np.ones(3))


def test_stretches_end_at_lost_frames_and_at_holes_in_time():
    time_s = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.9, 1.0, 1.1])
    usable = np.array([1, 1, 0, 1, 1, 1, 1, 0], bool)
    assert stretches(time_s, usable).tolist() == [[0, 2], [3, 5], [5, 7]]
    assert stretches(time_s[:0], usable[:0]).tolist() == []
    assert stretches(time_s, np.zeros(8, bool)).tolist() == []


@pytest.mark.parametrize("every", [1, 2, 3])
def test_the_one_blink_of_the_real_clip(footage, every):
    from openada.behaviour.signals import signals
    from openada.face import create_tracker
    from openada.video import frames

    seen = list(create_tracker().track(frames(footage / "single_face.mp4")))[::every]
    measured = signals(
        np.stack([observation.landmarks_px for _, observation in seen]),
        np.array([observation.tracked for _, observation in seen]),
        np.array([frame.time_s for frame, _ in seen]),
    )
    (event,) = blinks(measured["time_s"], measured["tracked"], measured["eye_openness"]).itertuples(index=False)
    # the lids are lowered from 0.6 s on, shut at 0.87 and 0.9 s and back at the lowered level at 1.0 s
    assert event.kind == "blink" and event.apex_s == pytest.approx(0.885, abs=0.02)
    assert event.start_s == pytest.approx(0.815, abs=0.03) and event.end_s == pytest.approx(1.0, abs=0.03)
    assert 0.55 < event.amplitude < 0.8
