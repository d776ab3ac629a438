"""Saccades and fixations of gaze curves whose steps are known."""

import numpy as np
import pandas as pd
import pytest

from openada.behaviour.blinks import Event, events_table
from openada.behaviour.eye_movements import fixations, saccades
from openada.errors import UnusableInput


def even(seconds, fps):
    return np.arange(round(seconds * fps)) / fps


def uneven(seconds, fps, seed=3):
    return np.cumsum(np.random.default_rng(seed).uniform(0.5, 1.5, round(seconds * fps)) / fps)


def steps(time_s, *moves):
    """Gaze (T, 2) that jumps by (yaw, pitch) at each (time, yaw, pitch)."""
    gaze = np.zeros((len(time_s), 2))
    for at, yaw, pitch in moves:
        gaze[time_s >= at] += (yaw, pitch)
    return gaze


def moved(time_s, gaze, events=None, tracked=None):
    return saccades(time_s, np.ones(len(time_s), bool) if tracked is None else tracked, *gaze.T, events)


def rested(time_s, gaze, events, tracked=None):
    return fixations(time_s, np.ones(len(time_s), bool) if tracked is None else tracked, *gaze.T, events)


def blink(start_s, end_s, kind="blink"):
    return Event(kind, start_s, (start_s + end_s) / 2, end_s, end_s - start_s, 0.8, 8.0)


@pytest.mark.parametrize("times", [even(19, 60), even(19, 25), even(19, 12.5), uneven(19, 30)])
def test_steps_are_found_with_their_size_between_the_two_frames_where_they_lie(times):
    moves = ((3.01, 6, 0), (7.03, -3, 4), (11.05, 0, -5), (15.07, -3.2, 1))
    table = moved(times, steps(times, *moves))
    assert (table["kind"] == "saccade").all()
    np.testing.assert_allclose(table["amplitude"], [6, 5, 5, np.hypot(3.2, 1)], rtol=1e-9)
    for event, (at, *_) in zip(table.itertuples(), moves, strict=True):
        after = np.searchsorted(times, at)
        before_s, after_s = times[after - 1], times[after]
        assert before_s < event.start_s < event.apex_s < event.end_s < after_s
        assert event.duration_s == pytest.approx(0.6 * (after_s - before_s))  # from 20 to 80 % of one straight line
        assert event.apex_s == pytest.approx((before_s + after_s) / 2)


def test_peak_velocity_is_that_of_engbert_and_kliegl_at_25_frames_a_second():
    rng = np.random.default_rng(5)
    times = even(11, 25)
    gaze = steps(times, (5.0, 9, 3)) + rng.normal(0, 0.3, (len(times), 2))
    velocity = np.full(gaze.shape, np.nan)
    for n in range(2, len(times) - 2):
        velocity[n] = (gaze[n + 2] + gaze[n + 1] - gaze[n - 1] - gaze[n - 2]) / (6 / 25)
    (event,) = moved(times, gaze).itertuples()
    assert event.peak_velocity == pytest.approx(np.nanmax(np.linalg.norm(velocity, axis=1)))


def test_small_steps_slow_drift_and_rest_are_no_saccades():
    times = even(19, 30)
    assert moved(times, steps(times, (5, 2.9, 0))).empty
    assert len(moved(times, steps(times, (5, 3.1, 0)))) == 1
    drift = np.column_stack([15 * np.sin(times), 8 * times / 19])  # up to 15 degrees per second
    assert moved(times, drift).empty
    once = np.interp(times, [9, 10], [0, 10])  # ten degrees in a second, rest before and after
    assert moved(times, np.column_stack([once, -once])).empty
    assert moved(times, np.full((len(times), 2), 7.0)).empty


def test_a_slower_movement_is_timed_between_a_fifth_and_four_fifths_of_its_way():
    times = even(9, 60)
    yaw = np.interp(times, [4.0, 4.1], [-5, 7])
    (event,) = moved(times, np.column_stack([yaw, 0 * yaw])).itertuples()
    assert event.amplitude == pytest.approx(12, rel=0.02)
    assert event.start_s == pytest.approx(4.02, abs=0.003) and event.end_s == pytest.approx(4.08, abs=0.003)


def test_the_threshold_rises_with_the_jitter():
    rng = np.random.default_rng(7)
    times = uneven(301, 30)
    at = np.arange(3.0, 297, 3.1)
    gaze = steps(times, *((start, size, 0) for start, size in zip(at, np.resize([7, -7], len(at)), strict=True)))
    jitter = rng.normal(0, 1, gaze.shape)
    calm = moved(times, gaze + 0.6 * jitter)
    nearest = np.abs(calm["apex_s"].to_numpy()[:, None] - at).min(axis=1)
    assert len(calm) == pytest.approx(len(at), abs=3) and (nearest < 0.1).mean() > 0.97
    assert calm["amplitude"].median() == pytest.approx(7, abs=0.5)
    assert len(moved(times, 0.6 * jitter)) <= 2
    assert len(moved(times, 4 * jitter)) <= 20  # a fixed threshold would find hundreds


def test_nothing_is_seen_under_the_lids_and_next_to_them():
    times = even(19, 30)
    gaze = steps(times, (5, 8, 0), (9, -8, 0), (13, 8, 0))
    gaze[(times > 8.9) & (times < 9.2)] += 30  # what the mesh makes of shut eyes
    lids = events_table([blink(8.9, 9.2), blink(12.7, 12.93, "closure"), blink(3, 5.5, "saccade")])
    np.testing.assert_allclose(moved(times, gaze, lids)["apex_s"], [5], atol=0.04)
    assert len(moved(times, gaze)) > 3


@pytest.mark.parametrize("value", [np.nan, 0.0, 50.0, np.inf])
def test_gaps_cut_and_what_they_hold_does_not_matter(value):
    times = even(19, 30)
    gaze = steps(times, (5, 8, 0), (9, -8, 0), (13, 8, 0))
    tracked = np.ones(len(times), bool)
    tracked[np.searchsorted(times, 9)] = tracked[200:203] = False  # the first frame after the step, and some at rest
    gaze[~tracked] = value
    np.testing.assert_allclose(moved(times, gaze, tracked=tracked)["apex_s"], [5, 13], atol=0.04)
    hole = (times < 8.8) | (times > 9.4)
    gaze = steps(times, (5, 8, 0), (9, -8, 0), (13, 8, 0))
    np.testing.assert_allclose(moved(times[hole], gaze[hole])["apex_s"], [5, 13], atol=0.04)


def test_a_step_close_to_gaps_is_measured_from_the_frames_that_are_there():
    times = even(9, 60)
    tracked = np.ones(len(times), bool)
    step = np.searchsorted(times, 4.0)
    tracked[[step - 4, step + 3]] = False
    gaze = np.where(tracked[:, None], steps(times, (4.0, 6, 0)), np.nan)
    (event,) = moved(times, gaze, tracked=tracked).itertuples()
    assert event.amplitude == pytest.approx(6) and event.apex_s == pytest.approx(4 - 1 / 120)


def test_fixations_lie_between_saccades_with_the_place_and_spread_of_their_gaze():
    times = even(6, 50)
    gaze = steps(times, (2.0, 10, -4), (4.0, -6, 0))
    gaze[:, 0] += np.where(np.arange(len(times)) % 2, 0.3, -0.3)
    gaze[:, 1] += np.where(np.arange(len(times)) % 2, 0.4, -0.4)
    table = rested(times, gaze, moved(times, gaze))
    assert list(table["kind"]) == ["fixation"] * 3
    np.testing.assert_allclose(table[["gaze_yaw_deg", "gaze_pitch_deg"]], [[0, 0], [10, -4], [4, -4]], atol=1e-9)
    np.testing.assert_allclose(table["amplitude"], 0.5)
    np.testing.assert_allclose(table["start_s"], [0, 2, 4])
    np.testing.assert_allclose(table["end_s"], [1.98, 3.98, 5.98])
    np.testing.assert_allclose(table["duration_s"], 1.98)
    assert table[["apex_s", "peak_velocity"]].isna().all(axis=None)


def test_blinks_gaps_and_slow_saccades_end_fixations_and_short_ones_do_not_count():
    times = even(10, 20)
    gaze = np.zeros((len(times), 2))
    tracked = np.ones(len(times), bool)
    tracked[np.abs(times - 8) < 0.01] = False
    events = events_table([blink(2.0, 2.3), blink(4.01, 4.19, "saccade"), blink(4.26, 4.29, "saccade")])
    table = rested(times, gaze, events, tracked)
    np.testing.assert_allclose(table["start_s"], [0, 2.45, 4.3, 8.05], atol=1e-9)
    np.testing.assert_allclose(table["end_s"], [1.85, 4.0, 7.95, 9.95], atol=1e-9)


@pytest.mark.parametrize("rows", [0, 1, 2, 3])
def test_too_little_to_see_gives_empty_tables(rows):
    times, gaze = np.arange(rows) / 25, np.zeros((rows, 2))
    table = moved(times, gaze)
    assert table.empty and tuple(table.columns) == Event._fields
    table = rested(times, gaze, table)
    assert table.empty and tuple(table.columns) == (*Event._fields, "gaze_yaw_deg", "gaze_pitch_deg")
    assert (table.dtypes.iloc[1:] == np.float64).all()
    never = np.full((31, 2), np.nan)
    assert moved(np.arange(31) / 25, never).empty


def test_tables_of_events_join():
    times = even(6, 50)
    gaze = steps(times, (2.0, 10, -4))
    moves = moved(times, gaze)
    table = pd.concat([moves, rested(times, gaze, moves)], ignore_index=True)
    assert list(table["kind"]) == ["saccade", "fixation", "fixation"] and table["gaze_yaw_deg"].isna().sum() == 1


def test_arrays_that_do_not_fit_are_refused():
    with pytest.raises(UnusableInput, match=r"gaze_pitch_deg \(2,\).*expected \(T,\)"):
        saccades(np.arange(3.0), np.ones(3, bool), np.zeros(3), np.zeros(2))
