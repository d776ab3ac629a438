from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from openada.video import frames, probe


@pytest.mark.parametrize("name", ["plain.png", "100%d.png", "50%.bmp", "a b.tiff"])
def test_an_image_is_one_frame_at_time_zero(tmp_path: Path, name: str) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (13, 17, 3), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / name), rgb[:, :, ::-1])
    (frame,) = frames(tmp_path / name)
    assert (frame.index, frame.time_s) == (0, 0.0)
    np.testing.assert_array_equal(frame.rgb, rgb)
    info = probe(tmp_path / name)
    assert (info.width, info.height, info.declared_frames, info.duration_s) == (17, 13, 1, None)
    assert np.isnan(info.average_fps)
    assert len(list(frames(tmp_path / name, -1.0))) == 1
    assert list(frames(tmp_path / name, 0.5)) == []


def test_grey_becomes_three_equal_channels(tmp_path: Path) -> None:
    grey = np.random.default_rng(0).integers(0, 256, (13, 17), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / "grey.png"), grey)
    (frame,) = frames(tmp_path / "grey.png")
    np.testing.assert_array_equal(frame.rgb, np.repeat(grey[:, :, None], 3, axis=2))


def test_transparency_is_dropped(tmp_path: Path) -> None:
    rgba = np.random.default_rng(0).integers(0, 256, (13, 17, 4), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / "alpha.png"), rgba[:, :, [2, 1, 0, 3]])
    (frame,) = frames(tmp_path / "alpha.png")
    np.testing.assert_array_equal(frame.rgb, rgba[:, :, :3])


def test_a_jpeg_is_close_to_what_another_reader_gives(footage: Callable) -> None:
    path = footage("multi_face.jpg")
    (frame,) = frames(path)
    other = cv2.imread(str(path))[:, :, ::-1]
    assert np.abs(frame.rgb.astype(float) - other).mean() < 2


def test_a_photograph_with_alpha_and_exif(footage: Callable) -> None:
    (frame,) = frames(footage("image_with_alpha.png"))
    assert frame.rgb.shape == (1036, 1524, 3)
    other = cv2.imread(str(footage("image_with_alpha.png")), cv2.IMREAD_UNCHANGED)[:, :, 2::-1]
    np.testing.assert_array_equal(frame.rgb, other)
