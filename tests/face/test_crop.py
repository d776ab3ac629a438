import numpy as np
import pytest

from openada.face.crop import Crop


@pytest.mark.parametrize("box", [(-40, 13, 101, 89), (460, 470, 97, 103), (150, 150, 307, 211), (10, 10, 480, 470)])
def test_a_crop_is_the_square_it_says_padded_with_black(box):
    rng = np.random.default_rng(7)
    rgb = rng.integers(1, 256, (503, 509, 3), dtype=np.uint8)
    crop = Crop(np.array(box, float))
    assert 2 * max(box[2:]) <= crop.side <= 2 * max(box[2:]) + crop.shrink
    padded = np.zeros((503 + 2000, 509 + 2000, 3), np.uint8)
    padded[1000:1503, 1000:1509] = rgb
    top, left = 1000 + crop.y, 1000 + crop.x
    whole = padded[top : top + crop.side, left : left + crop.side].astype(float)
    blocks = whole.reshape(crop.side // crop.shrink, crop.shrink, crop.side // crop.shrink, crop.shrink, 3)
    np.testing.assert_allclose(crop.cut(rgb), blocks.mean(axis=(1, 3)), atol=0.51)


def test_points_of_the_crop_are_put_back_into_the_frame():
    crop = Crop(np.array([200.0, 100.0, 50.0, 40.0]))  # middle (225, 120), side 100
    np.testing.assert_allclose(
        crop.to_frame(np.array([[0.0, 0.0, 0.0], [0.5, 0.25, -0.1]])), [(175, 70, 0), (225, 95, -10)]
    )


@pytest.mark.parametrize(("moved", "fits"), [
    ((209, 100, 50, 50), True),  # 9 px of a crop of 100
    ((211, 100, 50, 50), False),
    ((195, 95, 60, 60), True),  # a fifth larger
    ((192, 92, 66, 66), False),
    ((206, 106, 38, 38), False),
])  # fmt: skip
def test_a_crop_stays_while_it_serves_the_face(moved, fits):
    assert Crop(np.array([200.0, 100.0, 50.0, 50.0])).fits(np.array(moved, float)) == fits


@pytest.mark.parametrize(("box", "left"), [
    ((175, 75, 100, 100), False), ((174, 80, 20, 20), True), ((200, 74, 20, 20), True),
    ((260, 100, 16, 20), True), ((200, 160, 20, 16), True),
])  # fmt: skip
def test_a_face_that_reaches_the_edge_is_about_to_leave(box, left):
    assert Crop(np.array([200.0, 100.0, 50.0, 50.0])).nearly_left_by(np.array(box, float)) == left
