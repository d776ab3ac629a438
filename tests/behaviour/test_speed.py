import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from openada.behaviour.speed import rotation_speed_deg_s, shift_speed, steps
from openada.face.pose import angles_from_rotation_deg


@pytest.mark.parametrize("fps", [60, 25, 7])
def test_head_speed_is_that_of_the_rotation_and_not_of_its_angles(fps):
    time_s = np.arange(20 * fps) / fps
    axis = np.array([0.6, 0.0, 0.8])
    start = Rotation.from_euler("x", 80, degrees=True)  # near the pole yaw and roll run fast
    turning = (Rotation.from_rotvec(np.radians(12.0) * time_s[:, None] * axis) * start).as_matrix()
    speed = rotation_speed_deg_s(time_s, angles_from_rotation_deg(turning))
    np.testing.assert_array_equal(np.isnan(speed), time_s < 0.2 - 1e-9)
    np.testing.assert_allclose(speed[np.isfinite(speed)], 12.0, rtol=1e-6)


def test_a_very_slow_turn_is_not_rounded_away():
    time_s = np.arange(31) / 10
    angles = np.column_stack([1e-5 * time_s, np.zeros(31), np.zeros(31)])
    np.testing.assert_allclose(rotation_speed_deg_s(time_s, angles)[2:], 1e-5, rtol=1e-4)


def test_no_speed_across_a_gap_and_the_path_is_a_distance():
    time_s = np.arange(201) / 10
    points = np.column_stack([3.0 * time_s, -4.0 * time_s])
    points[100] = np.nan
    points[101:] += 1000.0
    speed = shift_speed(time_s, points)
    assert np.isnan(speed[[0, 1, 100, 101, 102]]).all()
    np.testing.assert_allclose(np.delete(speed, [0, 1, 100, 101, 102]), 5.0)


def test_steps_are_as_short_as_they_may_be_and_never_half_a_second():
    time_s = np.array([0.0, 0.05, 0.21, 0.3, 0.34, 0.79, 0.81, 1.4])
    early, late = steps(time_s, np.ones(8, bool), 0.2)
    assert list(zip(early, late, strict=True)) == [(0, 2), (1, 3), (1, 4), (4, 5), (4, 6)]
