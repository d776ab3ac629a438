import numpy as np
import pytest

from openada.behaviour.expressivity import EXPRESSIVITY_COLUMNS, POINTS, expressivity, places
from openada.face import regions


@pytest.fixture
def rest():
    return np.random.default_rng(7).normal(0, 0.5, (478, 3))


def measured(rest, moved):
    row = expressivity(places(moved[None]), places(rest[None])[0])[0]
    return dict(zip(EXPRESSIVITY_COLUMNS, row, strict=True))


def test_a_smile_is_in_the_lower_face_and_the_same_on_both_sides(rest):
    smile = rest.copy()
    smile[61, :2] += (-0.3, -0.4)
    smile[291, :2] += (0.3, -0.4)
    found = measured(rest, smile)
    assert found["expressivity"] == pytest.approx(np.sqrt(2 * 0.5**2 / len(POINTS)))
    assert found["expressivity_upper"] == 0 and found["asymmetry"] == pytest.approx(0, abs=1e-12)
    assert found["expressivity_lower"] > found["expressivity"]


def test_one_raised_brow_is_in_the_upper_face_and_one_sided(rest):
    raised = rest.copy()
    raised[regions.BROW_LEFT[2], 1] -= 0.2
    found = measured(rest, raised)
    pairs = sum(index in regions.BROW_LEFT[:5] for index in POINTS)
    assert pairs == 5 and found["expressivity_lower"] == 0
    assert found["expressivity_upper"] == pytest.approx(0.2 / np.sqrt(2 * 5 + 2 * 8))
    # half the movement belongs to what both sides share, half is one-sided: in one pair of all
    assert found["asymmetry"] == pytest.approx(0.1 / np.sqrt((len(POINTS) - 6) / 2))


def test_without_a_reference_there_is_no_expressivity(rest):
    row = expressivity(places(rest[None]), np.full(2 * len(POINTS), np.nan))
    assert np.isnan(row).all()


def test_pairs_are_mirror_images_of_each_other():
    from skimage.data import astronaut

    from openada.face import create_tracker
    from openada.face.pose import in_head_frame
    from openada.video import Frame

    still = (Frame(i, i / 30, astronaut()) for i in range(3))
    head = in_head_frame([seen for _, seen in create_tracker().track(still)][-1].landmarks_px)
    x = head[list(POINTS), 0]
    pairs = (len(POINTS) - 6) // 2
    np.testing.assert_allclose(x[:pairs], -x[pairs : 2 * pairs], atol=0.08)
    np.testing.assert_allclose(x[2 * pairs :], 0, atol=0.05)
