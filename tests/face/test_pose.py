import itertools

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from openada.face.pose import (
    CANONICAL,
    RIGID,
    angles_from_rotation_deg,
    head_pose_deg,
    in_head_frame,
    rotation_from_angles_deg,
)


def mesh_of(points):
    mesh = np.zeros((*points.shape[:-2], 478, 3))
    mesh[..., RIGID, :] = points
    return mesh


@pytest.mark.parametrize("angles", list(itertools.product((-67, 0, 23), (-31, 0, 41), (-110, 0, 7))))
def test_a_known_rotation_is_recovered(angles):
    # scipy's intrinsic y, x, z; about y a positive angle turns z to x, so the nose (at −z) goes to image left: our yaw is −y
    yaw, pitch, roll = angles
    rotation = Rotation.from_euler("YXZ", [-yaw, pitch, roll], degrees=True).as_matrix()
    points = 53.0 * CANONICAL @ rotation.T + (311.0, 207.0, -5.0)
    np.testing.assert_allclose(head_pose_deg(mesh_of(points)), angles, atol=0.1)


def test_signs_are_those_of_the_image():
    def turned(yaw=0.0, pitch=0.0, roll=0.0):
        return CANONICAL @ rotation_from_angles_deg(np.array([yaw, pitch, roll])).T

    tip, left_eye, right_eye = RIGID.index(4), RIGID.index(33), RIGID.index(263)
    assert turned(yaw=20)[tip, 0] > CANONICAL[tip, 0]  # the nose goes to image right
    assert turned(pitch=20)[tip, 1] > CANONICAL[tip, 1]  # the nose goes down
    clockwise = turned(roll=20)
    assert clockwise[left_eye, 1] < clockwise[right_eye, 1]  # the image-left eye rises


def test_frames_together_give_what_they_give_alone_and_lost_ones_nothing():
    rng = np.random.default_rng(1)
    angles = rng.uniform(-40, 40, (5, 3))
    points = CANONICAL @ np.swapaxes(rotation_from_angles_deg(angles), -1, -2) + rng.normal(0, 0.02, (5, len(RIGID), 3))
    meshes = mesh_of(points)
    meshes[2] = np.nan
    together = head_pose_deg(meshes)
    assert np.isnan(together[2]).all() and np.isfinite(together[[0, 1, 3, 4]]).all()
    np.testing.assert_allclose(together, np.stack([head_pose_deg(mesh) for mesh in meshes]), atol=1e-9)


def test_angles_and_rotations_are_inverse():
    angles = np.random.default_rng(2).uniform((-170, -80, -170), (170, 80, 170), (11, 3))
    np.testing.assert_allclose(angles_from_rotation_deg(rotation_from_angles_deg(angles)), angles, atol=1e-9)


def test_the_head_frame_undoes_place_size_and_rotation():
    rng = np.random.default_rng(3)
    shape = rng.normal(0, 0.5, (478, 3))
    shape[list(RIGID)] = CANONICAL
    rotation = rotation_from_angles_deg(np.array([23.0, -11.0, 7.0]))
    seen = 61.0 * shape @ rotation.T + (411.0, 173.0, 29.0)
    np.testing.assert_allclose(in_head_frame(seen), shape, atol=1e-9)
    assert np.isnan(in_head_frame(np.full((478, 3), np.nan))).all()


def test_the_canonical_head_is_symmetric_and_one_interocular_distance_wide():
    place = dict(zip(RIGID, CANONICAL, strict=True))
    eyes = (place[33] + place[133]) / 2, (place[263] + place[362]) / 2
    assert np.linalg.norm(eyes[1] - eyes[0]) == pytest.approx(1, abs=0.01)
    mirrored = CANONICAL * (-1, 1, 1)
    assert {tuple(point) for point in mirrored.round(6) + 0.0} == {tuple(point) for point in CANONICAL.round(6) + 0.0}


def test_no_frames_give_no_angles():
    assert head_pose_deg(np.empty((0, 478, 3))).shape == (0, 3)
