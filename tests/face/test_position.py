import itertools

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from openada.errors import UnusableInput
from openada.face import position
from openada.face.pose import CANONICAL, RIGID, angles_from_rotation_deg, head_pose_deg, rotation_from_angles_deg
from openada.face.position import head_in_camera, head_position_mm

FOCAL_PX, PRINCIPAL_PX = 911.0, (643.0, 357.0)


def photographed(angles_deg, position_mm, interocular_mm=63.0, focal_px=FOCAL_PX, principal_px=PRINCIPAL_PX):
    """Landmarks (478, 3) of the canonical head, turned by yaw, pitch, roll in the camera's axes, projected by OpenCV."""
    rotation = rotation_from_angles_deg(np.asarray(angles_deg, np.float64))
    place = np.asarray(position_mm, np.float64)
    camera = np.array([[focal_px, 0, principal_px[0]], [0, focal_px, principal_px[1]], [0, 0, 1]])
    image, _ = cv2.projectPoints(interocular_mm * CANONICAL, cv2.Rodrigues(rotation)[0], place, camera, None)
    line_of_sight = place / np.linalg.norm(place)
    mesh = np.zeros((478, 3))
    mesh[RIGID, :2] = image[:, 0]
    mesh[RIGID, 2] = interocular_mm * CANONICAL @ rotation.T @ line_of_sight * focal_px / place[2]
    return mesh


@pytest.mark.parametrize("depth_mm", [300, 700, 1500])
@pytest.mark.parametrize("angles", list(itertools.product((-40, 0, 40), (-40, 13), (-40, 7))))
def test_position_and_rotation_are_recovered_exactly(depth_mm, angles):
    for aside, down in itertools.product((-0.55, 0.0, 0.4), (-0.3, 0.1)):  # off the optical axis by up to 29°
        place = depth_mm * np.array([aside, down, 1.0])
        rotation, found = head_in_camera(photographed(angles, place), FOCAL_PX, PRINCIPAL_PX)
        assert np.linalg.norm(found - place) < 1e-6 * depth_mm
        np.testing.assert_allclose(angles_from_rotation_deg(rotation), angles, atol=1e-5)


def test_the_axes_are_right_down_and_away():
    for place in ([90.0, 0, 600], [0, 90.0, 600], [0, 0, 900.0]):
        np.testing.assert_allclose(
            head_position_mm(photographed((0, 0, 0), place), FOCAL_PX, PRINCIPAL_PX), place, atol=1e-6
        )
    right = photographed((0, 0, 0), (90, 0, 600))
    assert right[RIGID, 0].mean() > PRINCIPAL_PX[0]


def test_a_face_off_the_axis_that_looks_frontal_is_turned_towards_the_camera():
    aside_deg = 25.0
    place = 800 * np.array([np.sin(np.radians(aside_deg)), 0, np.cos(np.radians(aside_deg))])
    mesh = photographed((-aside_deg, 0, 0), place)  # at image right, turned to image left: it looks into the camera
    assert np.abs(head_pose_deg(mesh)).max() < 2.5  # which is what the image shows
    rotation, _ = head_in_camera(mesh, FOCAL_PX, PRINCIPAL_PX)
    np.testing.assert_allclose(angles_from_rotation_deg(rotation), (-aside_deg, 0, 0), atol=1e-5)


def test_a_camera_that_turns_about_its_centre_turns_everything_with_it():
    # such a turn moves pixels by a homography, whatever the depth: the same scene, known without any model of the head
    mesh = photographed((11, -7, 5), (-60, 40, 500))
    rotation, place = head_in_camera(mesh, FOCAL_PX, PRINCIPAL_PX)
    turn = Rotation.from_euler("yx", (17, -9), degrees=True).as_matrix()
    rays = np.column_stack([(mesh[:, :2] - PRINCIPAL_PX) / FOCAL_PX, np.ones(478)]) @ turn.T
    turned = mesh.copy()
    turned[:, :2] = FOCAL_PX * rays[:, :2] / rays[:, 2:] + PRINCIPAL_PX
    seen_rotation, seen_place = head_in_camera(turned, FOCAL_PX, PRINCIPAL_PX)
    np.testing.assert_allclose(seen_rotation, turn @ rotation, atol=1e-7)
    np.testing.assert_allclose(seen_place, turn @ place, atol=1e-4)


def test_distance_scales_with_the_distance_between_the_eyes():
    place = np.array([120.0, -35, 640])
    found = head_position_mm(photographed((21, 4, -8), place, interocular_mm=66.0), FOCAL_PX, PRINCIPAL_PX)
    np.testing.assert_allclose(found, place * 63 / 66, rtol=1e-6)


def test_depth_from_the_mesh_may_be_wrong():
    place = np.array([-150.0, 40, 450])
    mesh = photographed((31, -12, 9), place)
    mesh[:, 2] = 0.7 * mesh[:, 2] + 11
    np.testing.assert_allclose(head_position_mm(mesh, FOCAL_PX, PRINCIPAL_PX), place, rtol=1e-6)


def test_half_a_pixel_of_noise_costs_less_than_two_per_cent():
    rng = np.random.default_rng(4)
    errors = []
    for _ in range(53):
        place = rng.uniform((-0.4, -0.2, 1), (0.4, 0.2, 1)) * rng.uniform(300, 1500)
        mesh = photographed(rng.uniform(-40, 40, 3), place)
        mesh[:, :2] += rng.normal(0, 0.5, (478, 2))
        found = head_position_mm(mesh.astype(np.float32), FOCAL_PX, PRINCIPAL_PX)
        errors.append(np.linalg.norm(found - place) / np.linalg.norm(place))
    assert np.median(errors) < 0.004 and max(errors) < 0.02


def test_frames_together_give_what_they_give_alone_and_lost_ones_nothing(monkeypatch):
    monkeypatch.setattr(position, "_FRAMES_AT_ONCE", 3)
    rng = np.random.default_rng(1)
    places = rng.uniform((-200, -100, 400), (200, 100, 900), (7, 3))
    meshes = np.stack([photographed(rng.uniform(-30, 30, 3), place) for place in places])
    meshes[1] = np.nan
    meshes[3] = 0.0  # on one spot
    meshes[4] = rng.normal(300, 100, (478, 3))  # no face
    rotation, found = head_in_camera(meshes, FOCAL_PX, PRINCIPAL_PX)
    assert rotation.shape == (7, 3, 3) and found.shape == (7, 3) and found.dtype == np.float64
    assert np.isnan(found).all(axis=-1).tolist() == [False, True, False, True, True, False, False]
    assert np.isnan(rotation).all(axis=(-2, -1)).tolist() == [False, True, False, True, True, False, False]
    alone = np.stack([head_position_mm(mesh, FOCAL_PX, PRINCIPAL_PX) for mesh in meshes])
    np.testing.assert_allclose(found, alone, atol=1e-6)
    np.testing.assert_allclose(found[[0, 2, 5, 6]], places[[0, 2, 5, 6]], atol=1e-6)
    assert head_position_mm(meshes[:6].reshape(2, 3, 478, 3), FOCAL_PX, PRINCIPAL_PX).shape == (2, 3, 3)


def test_no_frames_give_no_positions():
    assert head_position_mm(np.empty((0, 478, 3)), FOCAL_PX, PRINCIPAL_PX).shape == (0, 3)


@pytest.mark.parametrize("focal_px", [0.0, -900.0, np.nan, np.inf])
def test_an_impossible_focal_length_is_refused(focal_px):
    with pytest.raises(UnusableInput, match=f"focal length of {focal_px} px"):
        head_position_mm(np.zeros((478, 3)), focal_px, PRINCIPAL_PX)


@pytest.mark.parametrize("principal_px", [(np.nan, 3.0), (1.0, 2.0, 3.0)])
def test_an_impossible_principal_point_is_refused(principal_px):
    with pytest.raises(UnusableInput, match="no principal point"):
        head_position_mm(np.zeros((478, 3)), FOCAL_PX, principal_px)
