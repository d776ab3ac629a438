import numpy as np
import pytest

from openada.face.alignment import align, crop_corners_px, crop_from_frame, unalign
from openada.face.alignment_styles import EYES_AT
from openada.face.regions import EYE_CORNERS_LEFT, EYE_CORNERS_RIGHT, MOUTH_CORNERS

SIZE = 113


def landmarks(left_eye, right_eye, mouth):
    """A mesh that is zero but for the corners of eyes and mouth, 7 px either side of the given centres."""
    points = np.zeros((478, 3), np.float32)
    for corners, centre in ((EYE_CORNERS_LEFT, left_eye), (EYE_CORNERS_RIGHT, right_eye), (MOUTH_CORNERS, mouth)):
        points[list(corners), :2] = [np.subtract(centre, (7, 0)), np.add(centre, (7, 0))]
    return points


def apply(matrix, points):
    return np.asarray(points) @ matrix[:, :2].T + matrix[:, 2]


def test_the_matrix_of_an_upright_face_is_known():
    matrix = crop_from_frame(landmarks((100, 50), (140, 50), (120, 100)), 150, "openada")
    # eyes to mouth: 50 px become 150 / 3 = 50 px, so the scale is 1; (120, 50) goes to (75, 0.35 * 150)
    np.testing.assert_allclose(matrix, [[1, 0, 75 - 120], [0, 1, 0.35 * 150 - 50]], atol=1e-12)


def test_the_matrix_of_a_face_on_its_side_is_known():
    # turned a quarter clockwise: its image-left eye is on top, its mouth to the left; 100 px become 50
    matrix = crop_from_frame(landmarks((200, 60), (200, 140), (100, 100)), 150, "openada")
    np.testing.assert_allclose(matrix[:, :2], [[0, 0.5], [-0.5, 0]], atol=1e-12)
    np.testing.assert_allclose(apply(matrix, (200, 100)), (75, 0.35 * 150))


@pytest.mark.parametrize(("angle_deg", "scale"), [(0, 1), (17, 2.3), (-31, 0.41), (90, 1), (171, 5)])
def test_any_similarity_of_a_face_gives_the_same_crop(angle_deg, scale):
    rng = np.random.default_rng(5)
    mesh = landmarks((101, 52), (143, 47), (119, 103))
    mesh[:, :2] += rng.normal(0, 1, (478, 2))
    angle = np.radians(angle_deg)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = mesh.astype(np.float64)
    moved[:, :2] = mesh[:, :2] @ turn.T + (13.7, -211.3)
    one = apply(crop_from_frame(mesh, SIZE, "openada"), mesh[:, :2])
    two = apply(crop_from_frame(moved, SIZE, "openada"), moved[:, :2])
    np.testing.assert_allclose(one, two, atol=1e-6)


def test_the_geometry_is_what_is_promised():
    mesh = landmarks((101, 52), (143, 47), (119, 103))
    matrix = crop_from_frame(mesh, SIZE, "openada")
    left, right, mouth = (apply(matrix, p) for p in ((101, 52), (143, 47), (119, 103)))
    assert left[1] == pytest.approx(right[1]) and left[0] < right[0]
    middle = (left + right) / 2
    np.testing.assert_allclose(middle, np.array(EYES_AT) * SIZE)
    assert np.hypot(*(mouth - middle)) == pytest.approx(SIZE / 3)
    assert np.linalg.det(matrix[:, :2]) > 0  # never mirrored


def test_a_lost_frame_has_no_matrix_and_a_grey_crop():
    matrix = crop_from_frame(np.full((478, 3), np.nan, np.float32))
    assert matrix.shape == (2, 3) and np.isnan(matrix).all()
    crop = align(np.zeros((31, 37, 3), np.uint8), matrix, SIZE)
    assert crop.shape == (SIZE, SIZE, 3) and crop.dtype == np.uint8 and (crop == 128).all()


def test_landmarks_on_one_spot_have_no_matrix():
    assert np.isnan(crop_from_frame(np.zeros((478, 3)))).all()


def test_a_whole_shift_copies_pixels_and_the_outside_is_grey():
    rgb = np.random.default_rng(3).integers(0, 256, (31, 37, 3), dtype=np.uint8)
    crop = align(rgb, np.array([[1.0, 0, -11], [0, 1, 5]]), 29)
    np.testing.assert_array_equal(crop[5:, :26], rgb[:24, 11:37])
    assert (crop[:5] == 128).all() and (crop[:, 26:] == 128).all()


@pytest.mark.parametrize("factor", [2, 3, 7])
def test_shrinking_by_a_whole_factor_averages(factor):
    rgb = np.random.default_rng(3).integers(0, 256, (29 * factor, 29 * factor, 3), dtype=np.uint8)
    crop = align(rgb, np.array([[1 / factor, 0, 0], [0, 1 / factor, 0]]), 29)
    mean = rgb.reshape(29, factor, 29, factor, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(crop, mean, atol=0.51)


@pytest.mark.parametrize("scale", [0.9, 0.43, 0.21, 0.11])
def test_what_is_drawn_at_a_landmark_lands_where_the_matrix_says(scale):
    # a smooth blob, placed off-centre in a large frame: its centre of mass in the crop is the transformed centre
    height, width, centre = 521, 607, np.array([311.3, 270.8])
    y, x = np.mgrid[:height, :width] + 0.5
    blob = 255 * np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / (2 * (4 / scale) ** 2))
    rgb = np.repeat(np.round(blob)[..., None], 3, axis=-1).astype(np.uint8)
    angle = 0.3
    turn = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    matrix = np.column_stack([turn, (27.2, 24.6) - turn @ centre])
    crop = align(rgb, matrix, 53)[..., 0].astype(np.float64)
    v, u = np.mgrid[:53, :53] + 0.5
    crop[np.hypot(u - 27.2, v - 24.6) > 16] = 0  # the frame's grey outside
    found = (np.array([(u * crop).sum(), (v * crop).sum()])) / crop.sum()
    np.testing.assert_allclose(found, (27.2, 24.6), atol=0.05)


@pytest.mark.parametrize("scale", [1.7, 0.43])
def test_what_is_drawn_on_the_crop_lands_on_the_frame_where_the_matrix_says(scale):
    # a smooth blob on the crop, at half the crop's resolution: its centre of mass in the frame is where the matrix came from
    turn = scale * np.array([[np.cos(0.3), np.sin(0.3)], [-np.sin(0.3), np.cos(0.3)]])
    matrix = np.column_stack([turn, (40.0, 30.0) - turn @ (231.0, 197.0)])
    v, u = 2 * (np.mgrid[:40, :40] + 0.5)
    blob = np.exp(-((u - 40) ** 2 + (v - 30) ** 2) / (2 * 6**2))
    rows, columns, part = unalign(blob, matrix, 411, 423, 80)
    y, x = np.mgrid[rows, columns] + 0.5
    known = np.nan_to_num(part)
    found = np.array([(x * known).sum(), (y * known).sum()]) / known.sum()
    np.testing.assert_allclose(found, (231.0, 197.0), atol=0.05)
    inside = np.isfinite(part)
    assert inside.sum() == pytest.approx((80 / scale) ** 2, rel=0.02)  # all of the crop, and nothing beside it
    corners = crop_corners_px(matrix, 80)
    np.testing.assert_allclose(corners @ turn.T + matrix[:, 2], [(0, 0), (80, 0), (80, 80), (0, 80)], atol=1e-9)


def test_a_crop_that_leaves_the_frame_is_drawn_as_far_as_it_is_in_it_and_a_lost_one_not_at_all():
    beyond = np.array([[1.0, 0, 30], [0, 1.0, -90]])  # the crop's left edge lies at x = −30, its top at y = 90
    rows, columns, part = unalign(np.ones((50, 50)), beyond, 100, 70, 50)
    assert (rows, columns) == (slice(90, 100), slice(0, 20)) and (part == 1).all()
    assert unalign(np.ones((50, 50)), beyond, 80, 70, 50) is None
    assert unalign(np.ones((50, 50)), np.full((2, 3), np.nan), 100, 70, 50) is None
