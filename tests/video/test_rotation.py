from collections.abc import Callable
from itertools import product

import numpy as np
import pytest

from openada.video import frames, probe
from openada.video.rotation import apply, clockwise_deg

# Four corners of different brightness: each of the eight ways of laying the picture down looks different.
PICTURE = np.zeros((46, 62, 3), np.uint8)
PICTURE[:23, :31], PICTURE[:23, 31:], PICTURE[23:, :31], PICTURE[23:, 31:] = 20, 90, 160, 230


@pytest.mark.parametrize(("degrees", "hflip", "vflip"), [*product([0, 90, 180, -90], [False, True], [False, True])])
def test_the_files_orientation_is_applied(make_video: Callable, degrees: int, hflip: bool, vflip: bool) -> None:
    path = make_video(pictures=[PICTURE] * 7, rotation=(degrees, hflip, vflip))
    known = np.rot90(PICTURE, degrees // 90)
    if hflip:
        known = known[:, ::-1]
    if vflip:
        known = known[::-1]
    for frame in frames(path):
        assert frame.rgb.flags.c_contiguous
        assert frame.rgb.shape == known.shape
        assert np.abs(frame.rgb.astype(int) - known).mean() < 5
    info = probe(path)
    assert (info.height, info.width) == known.shape[:2]
    if not (hflip or vflip):
        assert info.rotation_deg == -degrees % 360


@pytest.mark.parametrize("degrees", [88, 93, 271, -181])
def test_other_angles_are_the_nearest_quarter_turn(make_video: Callable, degrees: int) -> None:
    path = make_video(rotation=(degrees, False, False))
    assert probe(path).rotation_deg == -90 * round(degrees / 90) % 360


def test_rotation_in_mkv(make_video: Callable) -> None:
    path = make_video("made.mkv", pictures=[PICTURE] * 7, rotation=(90, False, False))
    assert np.abs(next(frames(path)).rgb.astype(int) - np.rot90(PICTURE)).mean() < 5


def test_apply_follows_the_matrix_pixel_by_pixel() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    for first, second in product((-1, 1), repeat=2):
        for turn in ((first, 0, 0, second), (0, first, second, 0)):
            a, b, c, d = turn
            shown = apply(rgb, turn)
            for y, x in np.ndindex(5, 7):
                column, row = a * x + c * y, b * x + d * y
                # Negative coordinates count from the far edge, which is what shifting the picture back into view does.
                column, row = (v - 1 if negative else v for v, negative in ((column, a + c < 0), (row, b + d < 0)))
                np.testing.assert_array_equal(shown[row, column], rgb[y, x])


def test_clockwise_degrees() -> None:
    assert [clockwise_deg(t) for t in ((1, 0, 0, 1), (0, 1, -1, 0), (-1, 0, 0, -1), (0, -1, 1, 0))] == [0, 90, 180, 270]
