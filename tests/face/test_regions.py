import itertools

import numpy as np
import pytest

from openada.face import create_tracker, regions
from openada.face.regions import REGIONS, eye_centres_px, mouth_centre_px, region_polygons
from openada.video import Frame


@pytest.fixture(scope="module")
def mesh():
    from skimage.data import astronaut

    return next(iter(create_tracker().track([Frame(0, 0.0, astronaut())])))[1].landmarks_px


def area(polygon):
    x, y = polygon[:-1].T
    return 0.5 * abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))


def crossings(polygon):
    """How many pairs of edges properly cross each other."""

    def side(a, b, p):
        return np.sign((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]))

    edges = list(itertools.pairwise(polygon))
    return sum(
        side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0
        for i, (a, b) in enumerate(edges)
        for c, d in edges[i + 1 :]
    )


def test_every_region_is_there_with_its_parts(mesh):
    polygons = region_polygons(mesh)
    assert tuple(polygons) == REGIONS == ("eyes", "brows", "nose", "mouth", "cheeks", "forehead", "jaw")
    assert {name for name, parts in polygons.items() if len(parts) == 2} == {"eyes", "brows", "cheeks"}


@pytest.mark.parametrize("name", REGIONS)
def test_polygons_are_closed_simple_and_of_some_size(mesh, name):
    interocular = np.hypot(*(eye_centres_px(mesh)[1] - eye_centres_px(mesh)[0])[:2])
    for polygon in region_polygons(mesh)[name]:
        assert polygon.ndim == 2 and polygon.shape[1] == 2 and len(polygon) >= 9
        np.testing.assert_array_equal(polygon[0], polygon[-1])
        assert area(polygon) > 0.04 * interocular**2
        assert crossings(polygon) == 0


def test_regions_lie_where_they_belong(mesh):
    middle = {
        name: np.mean([p[:-1].mean(axis=0) for p in parts], axis=0) for name, parts in region_polygons(mesh).items()
    }
    heights = [middle[name][1] for name in ("forehead", "brows", "eyes", "cheeks", "mouth", "jaw")]
    assert heights == sorted(heights)
    for name in ("eyes", "brows", "cheeks"):
        left, right = (polygon.mean(axis=0) for polygon in region_polygons(mesh)[name])
        assert left[0] < middle["nose"][0] < right[0]  # the image's left comes first


def test_groups_of_left_and_right_are_left_and_right(mesh):
    for stem in ("EYE", "IRIS", "BROW", "BROW_INNER", "BROW_OUTER", "UPPER_LID", "LOWER_LID", "CHEEK", "EYE_CORNERS"):
        parts = stem.split("_")
        names = [f"{stem}_{side}" for side in ("LEFT", "RIGHT")]
        left, right = (getattr(regions, name) for name in names)
        assert len(left) == len(right) and not set(left) & set(right), parts
        assert mesh[list(left), 0].max() < mesh[list(right), 0].min(), parts
    for upper, lower in (("UPPER_LID_LEFT", "LOWER_LID_LEFT"), ("UPPER_LID_RIGHT", "LOWER_LID_RIGHT")):
        pairs = zip(getattr(regions, upper), getattr(regions, lower), strict=True)
        for above, below in pairs:
            assert mesh[above, 1] < mesh[below, 1] and abs(mesh[above, 0] - mesh[below, 0]) < 2.5
    assert mesh[regions.LIP_UPPER_INNER, 1] < mesh[regions.LIP_LOWER_INNER, 1] < mesh[regions.CHIN, 1]


def test_centres_are_midpoints_of_corners():
    points = np.zeros((478, 2))
    points[[33, 133, 263, 362, 61, 291]] = [(1, 2), (5, 4), (30, 7), (20, 3), (2, 40), (13, 51)]
    np.testing.assert_array_equal(eye_centres_px(points), [(3, 3), (25, 5)])
    np.testing.assert_array_equal(mouth_centre_px(points), (7.5, 45.5))


def test_a_lost_frame_has_polygons_of_nan():
    for parts in region_polygons(np.full((478, 3), np.nan)).values():
        assert all(np.isnan(polygon).all() for polygon in parts)
