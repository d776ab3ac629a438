import numpy as np
import pandas as pd
import pytest

from openada.behaviour.statistics import statistics
from openada.cohort.measures import eye_openness, measure_recording


def table(frames=300, fps=10.0):
    rng = np.random.default_rng(4)
    openness = np.full(frames, 0.3)
    openness[40::50] = 0.02
    openness[41::50] = 0.1
    openness[39::50] = 0.12
    return pd.DataFrame(
        {
            "time_s": np.arange(frames) / fps,
            "tracked": True,
            "confidence": 0.95,
            "AU12_g": rng.standard_normal(frames),
            "eye_openness": openness,
            "gaze_yaw_deg": np.where(np.arange(frames) // 60 % 2, 10.0, 0.0) + 0.1 * rng.standard_normal(frames),
            "gaze_pitch_deg": 0.1 * rng.standard_normal(frames),
        }
    )


def test_doubtful_frames_count_as_lost_ones():
    doubtful, lost = table(), table()
    doubtful.loc[100:130, "confidence"] = 0.7
    doubtful.loc[100:130, ["AU12_g", "gaze_yaw_deg"]] = 1e6
    lost.loc[100:130, "tracked"] = False
    lost.loc[100:130, "AU12_g"] = np.nan
    one, two = measure_recording(doubtful), measure_recording(lost)
    pd.testing.assert_series_equal(pd.Series(one.features), pd.Series(two.features))
    assert one.tracked_share == two.tracked_share == pytest.approx(269 / 300)
    assert measure_recording(doubtful, min_confidence=0.7).features["AU12_g__max"] == 1e6


def test_statistics_and_events_of_one_recording():
    given = table()
    found = measure_recording(given)
    for name, value in statistics(given).iloc[0].drop("tracked_share").items():
        assert found.features[name] == value, name
    assert found.features["blink__rate_per_min"] == pytest.approx(6 / (29.9 / 60))
    assert 3 <= found.features["saccade__rate_per_min"] * 29.9 / 60 <= 4.5
    assert (found.frames, found.duration_s) == (300, pytest.approx(29.9))


def test_events_that_were_found_before_are_taken():
    none = pd.DataFrame(
        {name: [] for name in ("start_s", "apex_s", "end_s", "duration_s", "amplitude", "peak_velocity")}
    )
    found = measure_recording(table(), none.assign(kind=pd.Series([], dtype=object)))
    assert found.features["blink__rate_per_min"] == 0


def test_openness_of_landmarks_is_lids_over_width_whatever_the_heads_roll():
    points = np.zeros((68, 2))
    for first, shift, gap in ((36, 0.0, 2.0), (42, 40.0, 4.0)):
        eye = np.array([[0, 0], [3, -gap / 2], [7, -gap / 2], [10, 0], [7, gap / 2], [3, gap / 2]])
        eye[:, 0] += shift
        points[first : first + 6] = eye
    turn = np.array([[np.cos(0.4), -np.sin(0.4)], [np.sin(0.4), np.cos(0.4)]])
    both = np.stack([points, points @ turn.T])
    columns = {f"{axis}_{k}": both[:, k, place] for place, axis in enumerate("xy") for k in range(68)}
    landmarks = pd.DataFrame(columns)
    np.testing.assert_allclose(eye_openness(landmarks), (0.2 + 0.4) / 2)
    found = measure_recording(landmarks.assign(time_s=[0.0, 0.1], tracked=True))
    assert found.features["eye_openness__mean"] == pytest.approx(0.3)
    assert not any(name.startswith("x_") for name in found.features)


def test_a_recording_without_a_face_has_features_that_are_all_undefined():
    found = measure_recording(table().assign(tracked=False))
    assert found.tracked_share == 0 and np.isnan(list(found.features.values())).all()
