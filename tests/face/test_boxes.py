import numpy as np
import pytest

from openada.face.boxes import box_around, centre, differs, gap_in_widths, nearest, same_face


def box(*numbers):
    return np.array(numbers, float)


def test_the_irises_are_no_part_of_the_box():
    points = np.full((478, 3), 7.0)
    points[3], points[467], points[470] = (2, 5, 0), (13, 19, 0), (-100, 300, 0)
    np.testing.assert_array_equal(box_around(points), (2, 5, 11, 14))


def test_the_middle_of_boxes():
    np.testing.assert_array_equal(centre(np.array([[2, 3, 10, 20], [0, 0, 1, 1.0]])), [(7, 13), (0.5, 0.5)])


@pytest.mark.parametrize(("other", "same"), [
    ((49, 0, 100, 100), True), ((51, 0, 100, 100), False),  # half a side apart
    ((29, 29, 42, 42), True), ((31, 31, 38, 38), False),  # two and a half times smaller
])  # fmt: skip
def test_what_can_be_the_same_face(other, same):
    assert same_face(box(0, 0, 100, 100), box(*other)) == same == same_face(box(*other), box(0, 0, 100, 100))


def test_the_nearest_face_must_be_near_enough():
    boxes = np.array([[0, 0, 100, 100], [300, 0, 100, 100], [330, 0, 100, 100]], float)
    assert nearest(boxes, box(310, 0, 100, 100)) == 1
    assert nearest(boxes, box(180, 0, 100, 100)) is None
    assert nearest(boxes, None) is None
    assert nearest(np.empty((0, 4)), box(0, 0, 1, 1)) is None


@pytest.mark.parametrize(("other", "gap"), [
    ((150, 0, 30, 30), 0.5), ((-80, 0, 30, 30), 0.5), ((0, 170, 30, 30), 0.7), ((150, 170, 30, 30), 0.7),
    ((100, 0, 30, 30), 0.0), ((90, 10, 30, 30), -0.1),
])  # fmt: skip
def test_the_gap_is_told_in_widths_of_the_first_box(other, gap):
    assert gap_in_widths(box(0, 0, 100, 100), box(*other)) == pytest.approx(gap)


def test_pairs_differ_by_more_than_a_limit_in_either_number():
    assert not differs(box(10, 20), box(13, 15), box(3, 5))
    assert differs(box(10, 20), box(6, 20), box(3, 5)) and differs(box(10, 20), box(10, 26), box(3, 5))
