"""Figures of recordings made by hand, whose rates, durations and speeds are known."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from openada.behaviour.blinks import Event, events_table
from openada.behaviour.dynamics import dynamics

NONE = events_table([])


def event(kind, start_s, end_s, amplitude=0.8):
    return Event(kind, start_s, (start_s + end_s) / 2, end_s, end_s - start_s, amplitude, 9.0)


def recording(time_s, **columns):
    """Signals of someone who looks straight ahead, with the columns given replaced."""
    still = dict.fromkeys(("gaze_yaw_deg", "gaze_pitch_deg", "head_yaw_deg", "head_pitch_deg", "head_roll_deg"), 0.0)
    signals = {"time_s": time_s, "tracked": True, "eye_openness": 0.3} | still | columns
    return pd.DataFrame(signals, index=range(len(time_s)))


def test_rates_and_durations_of_events():
    time_s = np.arange(0, 61) / 2.5  # 24 s
    events = events_table(
        [
            event("blink", 1.0, 1.2, 0.9),
            event("blink", 4.0, 4.4, 0.6),
            event("blink", 13.0, 13.3, 0.6),
            event("closure", 15.0, 17.5),
            event("saccade", 2.0, 2.1, 4.0),
            event("saccade", 3.0, 3.1, 5.0),
            event("saccade", 20.0, 20.1, 9.0),
            event("fixation", 2.1, 3.0, 0.5),
            event("fixation", 5.0, 8.0, 0.5),
        ]
    )
    row = dynamics(recording(time_s), events)
    assert row["blink__rate_per_min"] == pytest.approx(3 / 24 * 60)
    assert row["blink__duration_s_mean"] == pytest.approx(0.3)
    assert row["blink__duration_s_median"] == pytest.approx(0.3)
    assert row["blink__duration_s_std"] == pytest.approx(np.std([0.2, 0.4, 0.3]))
    assert row["blink__amplitude_mean"] == pytest.approx(0.7)
    assert row["blink__interval_s_mean"] == pytest.approx(np.mean([3.1, 8.95]))
    assert row["blink__interval_s_std"] == pytest.approx(np.std([3.1, 8.95]))
    assert row["closure__rate_per_min"] == pytest.approx(1 / 24 * 60)
    assert row["closure__duration_s_mean"] == pytest.approx(2.5)
    assert row["saccade__amplitude_deg_mean"] == pytest.approx(6)
    assert row["saccade__amplitude_deg_median"] == pytest.approx(5)
    # gaze is hidden in frames within 0.1 s of lids: those at 1.2, 4.0, 4.4, 13.2 and from 15.2 to 17.6 s
    looking_s = 0.8 + 2.0 + 8.0 + 1.2 + 6.0  # 0 to 0.8, 1.6 to 3.6, 4.8 to 12.8, 13.6 to 14.8, 18 to 24
    assert row["saccade__rate_per_min"] == pytest.approx(3 / looking_s * 60)
    assert row["fixation__rate_per_min"] == pytest.approx(2 / looking_s * 60)
    assert row["fixation__duration_s_mean"] == row["fixation__duration_s_median"] == pytest.approx(1.95)


def test_lost_time_is_not_observed_time_and_no_interval_spans_it():
    time_s = np.arange(0, 301) / 10
    tracked = (time_s < 10.05) | (time_s > 19.95)  # 10 s of 30 are lost
    events = events_table([event("blink", at, at + 0.2) for at in (2, 5, 9, 21, 28)])
    row = dynamics(recording(time_s, tracked=tracked), events)
    assert row["blink__rate_per_min"] == pytest.approx(5 / 20 * 60)
    assert row["blink__interval_s_mean"] == pytest.approx(np.mean([3, 4, 7]))
    hole = dynamics(recording(time_s[tracked]), events)  # the frames are not there at all
    assert hole == pytest.approx(row, nan_ok=True)
    blind = dynamics(recording(time_s, eye_openness=np.where(tracked, 0.3, np.nan)), events)
    assert blind["blink__rate_per_min"] == row["blink__rate_per_min"]


def test_no_events_in_enough_time_is_zero_and_in_too_little_is_unknown():
    enough = dynamics(recording(np.arange(101) / 10), NONE)
    rates = [f"{kind}__rate_per_min" for kind in ("blink", "closure", "saccade", "fixation")]
    assert [enough[name] for name in rates] == [0, 0, 0, 0]
    assert np.isnan(enough["blink__duration_s_mean"]) and np.isnan(enough["blink__interval_s_mean"])
    short = dynamics(recording(np.arange(99) / 10), events_table([event("blink", 1, 1.2), event("blink", 4, 4.2)]))
    assert all(np.isnan(short[name]) for name in rates)
    assert short["blink__duration_s_mean"] == pytest.approx(0.2)
    single = dynamics(recording(np.arange(99) / 10), events_table([event("blink", 1, 1.2)]))
    assert np.isnan(single["blink__duration_s_std"])


@pytest.mark.parametrize("rows", [0, 1, 7])
def test_nothing_tracked_and_nothing_measured_is_nan_throughout(rows):
    lost = recording(np.arange(rows) / 25, tracked=False, AU01_g=0.1, iris_left_diameter=0.4)
    row = dynamics(lost, NONE)
    assert len(row) == 19 and all(np.isnan(value) for value in row.values())
    bare = dynamics(pd.DataFrame({"time_s": np.arange(rows) / 25, "tracked": True}), NONE)
    assert set(bare) == set(row) - {"AU01_g__speed_per_s_mean", "iris_left_diameter__cv"}
    assert all(np.isnan(value) for value in bare.values())


def test_speeds_of_units_are_absolute_and_do_not_cross_gaps():
    time_s = np.concatenate([np.arange(50) / 50, 5 + np.arange(50) / 50])
    triangle = 0.3 * np.abs((time_s * 1.0) % 1 - 0.5)  # 0.3 per second up and down
    values = np.where(time_s < 3, 0.0, 100.0) + 0.3 * time_s
    row = dynamics(recording(time_s, AU12_g=values, AU26_r=-values, AU45_c=values, AU01_g=triangle), NONE)
    assert row["AU12_g__speed_per_s_mean"] == pytest.approx(0.3)
    assert row["AU26_r__speed_per_s_mean"] == pytest.approx(0.3)
    assert 0.25 < row["AU01_g__speed_per_s_mean"] <= 0.3
    assert "AU45_c__speed_per_s_mean" not in row
    values[20] = np.nan
    assert dynamics(recording(time_s, AU12_g=values), NONE)["AU12_g__speed_per_s_mean"] == pytest.approx(0.3)
    sparse = np.arange(20) * 0.6  # frames too far apart to say anything
    assert np.isnan(dynamics(recording(sparse, AU12_g=sparse), NONE)["AU12_g__speed_per_s_mean"])
    uneven = np.array([0, 0.09, 0.58])  # the first frame has none between 0.1 and 0.5 s after it
    assert dynamics(recording(uneven, AU12_g=[0, 0, 49.0]), NONE)["AU12_g__speed_per_s_mean"] == pytest.approx(100)


def test_spread_of_the_gaze():
    rng = np.random.default_rng(2)
    time_s = np.arange(40_000) / 25
    gaze = rng.multivariate_normal([3, -2], [[9, 2.4], [2.4, 4]], len(time_s))
    row = dynamics(recording(time_s, gaze_yaw_deg=gaze[:, 0], gaze_pitch_deg=gaze[:, 1]), NONE)
    assert row["gaze__dispersion_deg"] == pytest.approx(np.sqrt(13), rel=0.02)
    covariance = np.cov(gaze.T)
    area = np.pi * scipy.stats.chi2(2).ppf(0.68) * np.sqrt(np.linalg.det(covariance))
    assert row["gaze__bcea_deg2"] == pytest.approx(area, rel=1e-3)
    corners = {"gaze_yaw_deg": [1.0, 1, -1, -1], "gaze_pitch_deg": [2.0, -2, 2, -2]}
    row = dynamics(recording(np.arange(4) / 25, **corners), NONE)
    assert row["gaze__bcea_deg2"] == pytest.approx(
        np.pi * scipy.stats.chi2(2).ppf(0.68) * 2
    )  # standard deviations 1 and 2
    # about the median, not the mean; under the lids nothing counts
    time_s = np.arange(5) / 5
    yaw = np.array([0, 0, 0, 10, 80.0])
    row = dynamics(recording(time_s, gaze_yaw_deg=yaw), events_table([event("blink", 0.75, 0.85)]))
    assert row["gaze__dispersion_deg"] == pytest.approx(np.sqrt(100 / 4))
    assert row["gaze__bcea_deg2"] == pytest.approx(0)


def test_iris_diameters_vary_about_their_mean():
    time_s = np.arange(5) / 25
    tracked = np.array([True, True, False, True, True])
    columns = {"iris_left_diameter": [0.4, 0.5, 9.0, np.nan, 0.6], "iris_left_x": 0.1}
    row = dynamics(recording(time_s, tracked=tracked, **columns), NONE)
    assert row["iris_left_diameter__cv"] == pytest.approx(np.std([0.4, 0.5, 0.6]) / 0.5)
    assert not any(name.startswith("iris_left_x") for name in row)
