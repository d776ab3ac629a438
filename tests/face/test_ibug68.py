import numpy as np
import pytest

from openada.face.ibug68 import ibug68
from openada.face.pose import in_head_frame

# Published mean places of points 27 to 47 (dlib, get_face_chip_details): nose and eyes, which expressions move little.
DLIB_MEAN_X = [
    *(0.490127, 0.490127, 0.490127, 0.490127, 0.36688, 0.426036, 0.490127, 0.554217, 0.613373),
    *(0.121737, 0.187122, 0.265825, 0.334606, 0.260918, 0.182743),
    *(0.645647, 0.714428, 0.793132, 0.858516, 0.79751, 0.719335),
]
DLIB_MEAN_Y = [
    *(0.203352, 0.307009, 0.409805, 0.515625, 0.587326, 0.609345, 0.628106, 0.609345, 0.587326),
    *(0.216423, 0.178758, 0.179852, 0.231733, 0.245099, 0.244077),
    *(0.231733, 0.179852, 0.178758, 0.216423, 0.244077, 0.245099),
]
MIRRORED = [
    *range(16, -1, -1),
    *range(26, 16, -1),
    *(27, 28, 29, 30, 35, 34, 33, 32, 31),
    *(45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40),
    *(54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65),
]


@pytest.fixture(scope="module")
def frontal():
    """The 68 points (68, 3) of a public-domain portrait, its head brought upright, in inter-ocular distances."""
    from skimage.data import astronaut

    from openada.face import create_tracker
    from openada.video import Frame

    pictures = [Frame(index, index / 30, astronaut()) for index in range(2)]
    observation = [seen for _, seen in create_tracker().track(pictures)][-1]
    return ibug68(in_head_frame(observation.landmarks_px))


def test_points_come_from_the_mesh_points_that_the_table_names():
    mesh = np.random.default_rng(1).normal(0, 1, (2, 3, 478, 5))
    points = ibug68(mesh)
    assert points.shape == (2, 3, 68, 5) and points.dtype == np.float64
    for point, index in {
        8: 152,
        27: 168,
        30: 4,
        33: 2,
        36: 33,
        39: 133,
        42: 362,
        45: 263,
        48: 61,
        54: 291,
        62: 13,
    }.items():
        np.testing.assert_array_equal(points[..., point, :], mesh[..., index, :])
    for point, pair in {2: (93, 132), 14: (323, 361), 24: (334, 282), 55: (405, 321), 59: (181, 91)}.items():
        np.testing.assert_allclose(points[..., point, :], mesh[..., pair, :].mean(axis=-2))


def test_only_the_points_of_a_lost_frame_are_missing():
    mesh = np.zeros((3, 478, 2), np.float32)
    mesh[1] = np.nan
    assert np.isnan(ibug68(mesh)).all(axis=(1, 2)).tolist() == [False, True, False]
    assert ibug68(mesh[:0]).shape == (0, 68, 2)


def test_nose_and_eyes_of_a_face_lie_where_the_mark_up_has_them(frontal):
    mean = np.array(DLIB_MEAN_X) + 1j * np.array(DLIB_MEAN_Y)
    face = frontal[27:48, 0] + 1j * frontal[27:48, 1]
    fit = np.vdot(mean - mean.mean(), face - face.mean()) / np.vdot(mean - mean.mean(), mean - mean.mean())
    off = np.abs(fit * (mean - mean.mean()) - (face - face.mean()))
    assert off.max() < 0.08, dict(zip(range(27, 48), off.round(3), strict=True))


def test_every_point_mirrors_its_counterpart(frontal):
    # a wrong index on one side would be off by the distance of neighbouring points, 0.1 and more
    off = np.linalg.norm(frontal - frontal[MIRRORED] * (-1, 1, 1), axis=-1)
    assert off.max() < 0.09, off.round(3)


def test_the_order_is_that_of_the_mark_up(frontal):
    x, y = frontal[:, 0], frontal[:, 1]
    assert (np.diff(x[0:17]) > 0)[2:14].all() and y[:17].argmax() == 8  # from the image's left by the chin to the right
    gaps = np.linalg.norm(np.diff(frontal[:17], axis=0), axis=-1)
    assert gaps.max() < 1.8 * gaps.min()  # evenly along the jaw
    assert (np.diff(x[17:27]) > 0).all() and y[17:27].max() < y[36:48].min()
    assert (np.diff(y[27:31]) > 0).all() and (np.diff(x[31:36]) > 0).all() and y[30] < y[31:36].min()
    for first, upper, inner, lower in ((36, (37, 38), 39, (40, 41)), (42, (43, 44), 45, (46, 47))):
        assert x[first] < x[upper[0]] < x[upper[1]] < x[inner] and x[lower[0]] > x[lower[1]]
        assert max(y[list(upper)]) < min(y[list(lower)])
    assert (np.diff(x[48:55]) > 0).all() and (np.diff(x[54:60]) < 0).all()
    assert (np.diff(x[60:65]) > 0).all() and (np.diff(x[64:68]) < 0).all()
    assert (y[[50, 51, 52]] < y[[61, 62, 63]]).all() and (y[[61, 62, 63]] < y[[67, 66, 65]]).all()
    assert (y[[67, 66, 65]] < y[[58, 57, 56]]).all()
