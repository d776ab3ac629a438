import cv2
import numpy as np
import pytest
from skimage.transform import SimilarityTransform

from openada.errors import UnusableInput
from openada.face import alignment_styles
from openada.face.alignment import align, crop_from_frame
from openada.face.alignment_styles import ALIGNMENTS
from openada.face.ibug68 import ibug68
from openada.face.pose import in_head_frame

STYLES = tuple(ALIGNMENTS)
UPRIGHTING = tuple(style for style in STYLES if style != "vggface2")
SIZE = 113
# dlib's published places, of the outer and inner corners of the left and the right eye and of the base of the nose
DLIB = {36: (0.1206, 0.2137), 39: (0.3341, 0.2291), 42: (0.6461, 0.2290), 45: (0.8596, 0.2135), 33: (0.4901, 0.6278)}


def mesh_with(points68):
    """A mesh (478, 3) whose 68 points are those given (68, 2); what no point of the mark-up uses lies at their mean."""
    points68 = np.asarray(points68, np.float64)
    share_of = ibug68(np.eye(478))  # the 68 points are these shares of the mesh's
    mesh = np.linalg.pinv(share_of) @ points68
    mesh[share_of.sum(axis=0) == 0] = points68.mean(axis=0)
    return np.column_stack([mesh, np.full(478, 5.0)])


def some_face(seed=3):
    """Landmarks (478, 3) with eyes, nose, mouth and jaw where a face has them, 61 px between the eyes; the rest is random."""
    rng = np.random.default_rng(seed)
    points = rng.uniform((-1, -0.4), (1, 1.7), (68, 2))
    for index, place in alignment_styles._STABLE.items():
        points[index] = place
    points[[37, 38, 43, 44]] = [(-0.6, -0.09), (-0.4, -0.09), (0.4, -0.09), (0.6, -0.09)]
    points[[48, 54]] = [(-0.4, 1.1), (0.4, 1.1)]
    return mesh_with(61.0 * (points + rng.normal(0, 0.01, (68, 2))) + (307, 211))


def moved(landmarks, scale=1.0, angle_deg=0.0, shift=(0.0, 0.0)):
    angle = np.radians(angle_deg)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.column_stack([landmarks[:, :2] @ turn.T + shift, landmarks[:, 2]])


def apply(matrix, points):
    return np.asarray(points) @ matrix[:, :2].T + matrix[:, 2]


def test_the_helper_makes_the_points_it_is_asked_for():
    points = np.random.default_rng(7).uniform(0, 100, (68, 2))
    np.testing.assert_allclose(ibug68(mesh_with(points))[:, :2], points, atol=1e-9)


@pytest.mark.parametrize("style", UPRIGHTING)
@pytest.mark.parametrize(("angle_deg", "scale"), [(30, 1), (-30, 1), (17, 2.3), (-101, 0.41)])
def test_rotation_size_and_place_are_undone(style, angle_deg, scale):
    one = some_face()
    two = moved(one, scale, angle_deg, (13.7, -211.3))
    in_crop = [apply(crop_from_frame(mesh, SIZE, style), mesh[:, :2]) for mesh in (one, two)]
    np.testing.assert_allclose(*in_crop, atol=1e-8)


def test_vggface2_undoes_size_and_place_but_never_turns():
    one = some_face()
    two = moved(one, 2.3, 0, (13.7, -211.3))
    in_crop = [apply(crop_from_frame(mesh, SIZE, "vggface2"), mesh[:, :2]) for mesh in (one, two)]
    np.testing.assert_allclose(*in_crop, atol=1e-8)
    tilted = crop_from_frame(moved(one, 1, 30), SIZE, "vggface2")
    assert tilted[0, 0] == tilted[1, 1] > 0 and tilted[0, 1] == tilted[1, 0] == 0


@pytest.mark.parametrize("style", STYLES)
def test_every_style_is_a_similarity_that_leads_back(style):
    mesh = moved(some_face(), 1.7, 23)
    matrix = crop_from_frame(mesh, SIZE, style)
    assert matrix.shape == (2, 3) and matrix.dtype == np.float64
    (a, b), (c, d) = matrix[:, :2]
    assert a == pytest.approx(d) and b == pytest.approx(-c) and a * d - b * c > 0  # never mirrored
    back = cv2.invertAffineTransform(matrix)
    np.testing.assert_allclose(apply(back, apply(matrix, mesh[:, :2])), mesh[:, :2], atol=1e-9)
    np.testing.assert_allclose(
        crop_from_frame(mesh, 3 * SIZE, style), 3 * matrix
    )  # the content is the same in any size
    np.testing.assert_array_equal(crop_from_frame(mesh[:, :2], SIZE, style), matrix)  # depth is not used


@pytest.mark.parametrize("style", STYLES)
def test_a_lost_face_has_no_transform_and_neither_have_landmarks_on_one_spot(style):
    missing = crop_from_frame(np.full((478, 3), np.nan, np.float32), SIZE, style)
    assert missing.shape == (2, 3) and np.isnan(missing).all()
    assert (align(np.zeros((31, 37, 3), np.uint8), missing, SIZE) == 128).all()
    assert np.isnan(crop_from_frame(np.full((478, 3), 7.0), SIZE, style)).all()


def test_the_default_is_stable_and_an_unknown_style_is_refused():
    mesh = some_face()
    np.testing.assert_array_equal(crop_from_frame(mesh), crop_from_frame(mesh, 224, "stable"))
    with pytest.raises(
        UnusableInput, match="'OpenFace'; choose one of: stable, openada, openface, vggface2, dlib, imutils"
    ):
        crop_from_frame(mesh, SIZE, "OpenFace")


def test_stable_scales_by_the_spread_of_points_that_expressions_hardly_move():
    points = np.random.default_rng(9).uniform(0, 100, (68, 2))
    for index, place in alignment_styles._STABLE.items():
        points[index] = 90 * np.array(place) + (41, 17)
    mesh = mesh_with(points)
    matrix = crop_from_frame(mesh, SIZE, "stable")
    known = apply(matrix, points[list(alignment_styles._STABLE)])
    spread = np.sqrt(((known - known.mean(axis=0)) ** 2).sum(axis=1).mean())
    assert spread == pytest.approx(0.29 * SIZE)
    eyes = [apply(matrix, points[[outer, inner]]).mean(axis=0) for outer, inner in ((36, 39), (42, 45))]
    np.testing.assert_allclose(np.mean(eyes, axis=0), (0.5 * SIZE, 0.35 * SIZE), atol=1e-6)
    assert eyes[0][1] == pytest.approx(eyes[1][1]) and eyes[0][0] < eyes[1][0]


def test_a_mouth_whose_corners_fall_leaves_stable_crops_alone_and_shrinks_the_former_style():
    from openada.face.regions import MOUTH_CORNERS

    still = some_face()
    fallen = still.copy()
    fallen[list(MOUTH_CORNERS), 1] += 8
    for style, changed in (("stable", False), ("openada", True)):
        before, after = (crop_from_frame(mesh, SIZE, style) for mesh in (still, fallen))
        assert (np.abs(after - before).max() > 1e-3) == changed
    assert np.linalg.det(crop_from_frame(fallen, SIZE, "openada")[:, :2]) < np.linalg.det(
        crop_from_frame(still, SIZE, "openada")[:, :2]
    )


def test_openface_shows_a_reference_face_at_seven_tenths_of_a_pixel_per_mm():
    points = np.zeros((68, 2))
    for index, place in alignment_styles._STABLE.items():
        points[index] = place
    points[9] = 68 * np.array([0.5, 0.6]) - points.sum(axis=0)  # the mean of all is (0.5, 0.6)
    matrix = crop_from_frame(moved(mesh_with(points), 130.0, 0, (400, 300)), 112, "openface")  # 130 px are 65 mm
    np.testing.assert_allclose(matrix[:, :2], [[0.35, 0], [0, 0.35]], atol=1e-9)
    np.testing.assert_allclose(apply(matrix, (400 + 0.5 * 130, 300 + 0.6 * 130)), (56, 56))
    outer_corners = apply(matrix, [(400 - 0.726 * 130, 300), (400 + 0.726 * 130, 300)])
    assert np.diff(outer_corners[:, 0])[0] == pytest.approx(1.452 * 65 * 0.7)


def test_openfaces_reference_is_an_upright_symmetric_face_one_inter_ocular_distance_wide():
    from skimage.data import astronaut

    from openada.face import create_tracker
    from openada.video import Frame

    reference = alignment_styles._STABLE
    assert len(reference) == 24
    centres = [np.mean([reference[outer], reference[inner]], axis=0) for outer, inner in ((36, 39), (45, 42))]
    np.testing.assert_allclose(centres[1] - centres[0], (1, 0), atol=1e-9)
    mirrored = {(-x, y) for x, y in reference.values()}
    assert mirrored == set(reference.values())
    pictures = [Frame(index, index / 30, astronaut()) for index in range(2)]
    seen = [observation for _, observation in create_tracker().track(pictures)][-1]
    upright = ibug68(in_head_frame(seen.landmarks_px))[list(reference), :2]
    np.testing.assert_allclose(list(reference.values()), upright, atol=0.05)


def test_openface_turns_as_kabsch_and_scales_by_spread():
    mesh = moved(some_face(), 1.3, -41)
    source = ibug68(mesh)[list(alignment_styles._STABLE), :2]
    target = 65 * 0.7 * np.array(list(alignment_styles._STABLE.values()))
    source, target = source - source.mean(axis=0), target - target.mean(axis=0)
    u, _, vt = np.linalg.svd(target.T @ source)
    expected = u @ np.diag([1, np.linalg.det(u @ vt)]) @ vt * np.sqrt((target**2).sum() / (source**2).sum())
    np.testing.assert_allclose(crop_from_frame(mesh, 112, "openface")[:, :2], expected, atol=1e-12)


def test_vggface2_takes_a_share_of_the_boxs_shorter_side():
    mesh = np.full((478, 3), (100.0, 80.0, 0.0))
    mesh[[10, 152, 234, 454], :2] = [(95, 50), (103, 110), (80, 77), (120, 81)]  # a box of 40 × 60 px around (100, 80)
    mesh[470] = (400, 400, 0)  # irises are no part of it
    matrix = crop_from_frame(mesh, 224, "vggface2")
    side = 40 * 1.3 * 224 / 256
    np.testing.assert_allclose(
        apply(matrix, [(100 - side / 2, 80 - side / 2), (100, 80)]), [(0, 0), (112, 112)], atol=1e-9
    )


def test_dlib_lands_its_five_points_where_its_chip_has_them():
    points = np.random.default_rng(2).uniform(0, 100, (68, 2))
    for index, place in DLIB.items():
        points[index] = 300 * np.array(place) + (41, 17)
    matrix = crop_from_frame(mesh_with(points), 150, "dlib")
    for index, place in DLIB.items():  # a quarter of padding on either side
        np.testing.assert_allclose(apply(matrix, points[index]), 150 * (np.array(place) + 0.25) / 1.5, atol=0.02)


def test_dlib_fits_from_the_chip_to_the_frame_by_least_squares():
    mesh = moved(some_face(), 1.3, -41)
    observed = ibug68(mesh)[list(DLIB), :2]
    chip = SIZE * (np.array(list(DLIB.values())) + 0.25) / 1.5
    fit = SimilarityTransform.from_estimate(chip, observed)
    np.testing.assert_allclose(crop_from_frame(mesh, SIZE, "dlib"), fit.inverse.params[:2], atol=0.02)


def test_imutils_lands_the_eyes_where_it_says():
    points = np.random.default_rng(2).uniform(0, 100, (68, 2))
    points[36:42] += (50, 300) - points[36:42].mean(axis=0)
    points[42:48] += (50, 220) - points[42:48].mean(axis=0)  # lying on its side, 80 px between the eyes
    matrix = crop_from_frame(mesh_with(points), 256, "imutils")
    np.testing.assert_allclose(
        apply(matrix, [(50, 300), (50, 220)]), [(0.35 * 256, 0.35 * 256), (0.65 * 256, 0.35 * 256)]
    )


@pytest.mark.parametrize("style", STYLES)
def test_what_is_drawn_in_the_frame_lands_where_the_transform_says(style):
    mesh = moved(some_face(), 1.9, 11, (-180, -240))
    spot = ibug68(mesh)[30, :2]
    y, x = np.mgrid[:509, :613] + 0.5
    blob = 255 * np.exp(-((x - spot[0]) ** 2 + (y - spot[1]) ** 2) / (2 * 9.0**2))
    matrix = crop_from_frame(mesh, SIZE, style)
    crop = align(np.repeat(np.round(blob)[..., None], 3, axis=-1).astype(np.uint8), matrix, SIZE)[..., 0].astype(
        np.float64
    )
    v, u = np.mgrid[:SIZE, :SIZE] + 0.5
    expected = apply(matrix, spot)
    crop[np.hypot(u - expected[0], v - expected[1]) > 25] = 0
    found = np.array([(u * crop).sum(), (v * crop).sum()]) / crop.sum()
    np.testing.assert_allclose(found, expected, atol=0.05)
