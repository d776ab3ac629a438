import numpy as np
import pytest

from openada.datasets.planted.draws import VARIANTS, draw_recording
from openada.datasets.planted.signals import profile
from openada.errors import UnusableInput

DISTRACTORS = [
    "AU02",
    "AU06",
    "AU12",
    "AU26",
    "gaze_yaw_deg",
    "head_yaw_deg",
    "head_pitch_deg",
    "head_roll_deg",
    "shift_x",
]


def test_profile_is_symmetric_smooth_and_zero_outside():
    time_s = np.linspace(0.0, 3.0, 301)
    values = profile(time_s, 0.5, 2.5, 0.25)
    np.testing.assert_allclose(values, values[::-1], atol=1e-12)
    assert values[time_s <= 0.5].max() == 0 and values[150] == 1
    assert values[np.isclose(time_s, 0.62)] == pytest.approx(0.5 - 0.5 * np.cos(np.pi * 0.12 / 0.25))
    assert np.abs(np.diff(values)).max() < 0.07


def test_flags_follow_the_schedule_and_the_cue_is_their_coincidence():
    for subject in range(13):
        schedule, truth = draw_recording(7, subject, "talk", 35.0, 12.0, 23.0, "standard")
        assert len(truth) == 276
        np.testing.assert_array_equal(truth["cue"], truth["brows"] & truth["mouth"] & truth["lids"])
        assert truth["cue"].mean() == pytest.approx(schedule.cue_share, abs=0.02)
        for flag, unit in (("brows", "AU01"), ("brows", "AU04"), ("mouth", "AU15")):
            assert truth.loc[~truth[flag], unit].max() == 0
            assert truth.loc[truth[flag], unit].mean() > 0.5


def test_everything_else_is_independent_of_the_score():
    _, low = draw_recording(7, 3, "read", 0.0, 12.0, 15.0, "standard")
    _, high = draw_recording(7, 3, "read", 63.0, 12.0, 15.0, "standard")
    assert not low["AU01"].equals(high["AU01"])
    for column in DISTRACTORS:
        np.testing.assert_array_equal(low[column], high[column])


def test_cue_and_decoy_of_dynamic_hold_the_same_frames():
    groups = ["AU01", "AU15", "AU45"]
    schedule, truth = draw_recording(5, 2, "talk", 63.0, 30.0, 20.0, "dynamic")
    for brow, mouth in zip(schedule.of("brows"), schedule.of("mouth"), strict=True):
        start, end = min(brow.start_s, mouth.start_s), max(brow.end_s, mouth.end_s)
        fine = np.linspace(start, end, 401)
        forwards = [e.amplitude * profile(fine, e.start_s, e.end_s, 0.25) for e in (brow, mouth)]
        mirrored = start + end - fine
        backwards = [e.amplitude * profile(mirrored, e.start_s, e.end_s, 0.25) for e in (brow, mouth)]
        lag = 0.3 if mouth.start_s < brow.start_s else -0.3
        np.testing.assert_allclose(
            backwards[0], brow.amplitude * profile(fine, brow.start_s - lag, brow.end_s - lag, 0.25), atol=1e-9
        )
        np.testing.assert_allclose(np.sort(forwards[1]), np.sort(backwards[1]), atol=1e-9)
    assert set(groups) <= set(truth.columns)


def test_hard_is_weaker_and_turns_further():
    _, standard = draw_recording(7, 1, "talk", 20.0, 12.0, 15.0, "standard")
    _, hard = draw_recording(7, 1, "talk", 20.0, 12.0, 15.0, "hard")
    np.testing.assert_allclose(hard["AU15"], 0.6 * standard["AU15"])
    np.testing.assert_allclose(hard["head_yaw_deg"], 1.8 * standard["head_yaw_deg"])
    np.testing.assert_array_equal(hard["cue"], standard["cue"])


def test_unknown_names_are_refused():
    with pytest.raises(UnusableInput, match="variant 'easy'"):
        draw_recording(0, 0, "talk", 1.0, 12.0, 15.0, "easy")
    assert "null" in VARIANTS
