import hashlib
import math
from pathlib import Path

import av
import numpy as np
import pytest

from openada.errors import UnusableInput
from openada.video import VideoWriter, frames

TIMES = 0.7000123 + np.cumsum(np.random.default_rng(5).uniform(0.001, 0.1, 53))
MOVING = [np.roll(np.arange(46 * 62 * 3, dtype=np.uint32).reshape(46, 62, 3) // 40 % 256, k, 1).astype(np.uint8)
          for k in range(53)]  # fmt: skip


def write(path: Path, times=TIMES, **options) -> Path:
    with VideoWriter(path, 62, 46, **options) as writer:
        for rgb, time_s in zip(MOVING, times, strict=True):
            writer.write(rgb, time_s)
    return path


@pytest.mark.parametrize("codec", ["libx264", "libvpx-vp9"])
def test_what_was_written_comes_back(tmp_path: Path, codec: str) -> None:
    decoded = list(frames(write(tmp_path / "out.mp4", codec=codec)))
    assert len(decoded) == 53
    ticks = np.array([frame.time_s for frame in decoded]) * 90000
    np.testing.assert_allclose(ticks, np.floor(TIMES * 90000 + 0.5), atol=1e-6)
    for frame, rgb in zip(decoded, MOVING, strict=True):
        assert np.abs(frame.rgb.mean(axis=(0, 1)) - rgb.mean(axis=(0, 1))).max() < 2


def test_colours_survive(tmp_path: Path) -> None:
    for rgb in ((200, 30, 40), (20, 180, 60), (40, 50, 210), (128, 128, 128), (255, 255, 255), (0, 0, 0)):
        with VideoWriter(tmp_path / "colour.mp4", 62, 46, crf=1) as writer:
            writer.write(np.full((46, 62, 3), rgb, np.uint8), 0.0)
        (frame,) = frames(tmp_path / "colour.mp4")
        assert np.abs(frame.rgb.astype(int) - rgb).max() <= 4


@pytest.mark.parametrize("codec", ["libx264", "libvpx-vp9"])
def test_groups_are_closed_and_without_b_frames(tmp_path: Path, codec: str) -> None:
    with av.open(str(write(tmp_path / "out.mp4", codec=codec, gop=11))) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    assert all(packet.pts == packet.dts for packet in packets)
    keys = [index for index, packet in enumerate(packets) if packet.is_keyframe]
    assert keys[0] == 0
    assert max(np.diff([*keys, 53])) <= 11


@pytest.mark.parametrize("codec", ["libx264", "libvpx-vp9"])
def test_the_same_frames_give_the_same_bytes(tmp_path: Path, codec: str) -> None:
    first, second = (
        hashlib.sha256(write(tmp_path / f"{name}.mp4", codec=codec).read_bytes()).hexdigest() for name in "ab"
    )
    assert first == second


def test_the_index_is_in_front(tmp_path: Path) -> None:
    data = write(tmp_path / "out.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_one_frame_at_zero(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "one.mp4", 2, 2) as writer:
        writer.write(np.zeros((2, 2, 3), np.uint8), 0.0)
    assert [frame.time_s for frame in frames(tmp_path / "one.mp4")] == [0.0]


def test_an_exception_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(KeyError), VideoWriter(tmp_path / "out.mp4", 62, 46) as writer:
        writer.write(MOVING[0], 0.0)
        raise KeyError("stop")
    assert list(tmp_path.iterdir()) == []


def test_an_exception_keeps_the_earlier_file(tmp_path: Path) -> None:
    before = write(tmp_path / "out.mp4").read_bytes()
    with pytest.raises(UnusableInput), VideoWriter(tmp_path / "out.mp4", 62, 46) as writer:
        writer.write(MOVING[0], -1.0)
    assert (tmp_path / "out.mp4").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_no_frame_is_an_error_and_no_file(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="no frame"), VideoWriter(tmp_path / "out.mp4", 62, 46):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("options", "words"), [
    ({"width": 61}, "61×46.*even"),
    ({"height": 45}, "62×45.*even"),
    ({"width": 0}, "0×46"),
    ({"codec": "h265"}, "'h265'.*libx264"),
    ({"path": "out.webm"}, r"\.mp4"),
    ({"path": "out"}, r"\.mp4"),
])  # fmt: skip
def test_refusals_before_writing(tmp_path: Path, options: dict, words: str) -> None:
    settings = {"path": "out.mp4", "width": 62, "height": 46} | options
    with pytest.raises(UnusableInput, match=words):
        VideoWriter(tmp_path / settings.pop("path"), **settings)


@pytest.mark.parametrize(("rgb", "time_s", "words"), [
    (MOVING[0][:44], 1.0, r"\(44, 62, 3\).*\(46, 62, 3\)"),
    (MOVING[0].astype(np.float32), 1.0, "float32"),
    (MOVING[0], 0.5, "0.5 s does not come after"),
    (MOVING[0], 0.500003, "does not come after"),
    (MOVING[0], math.nan, "nan s cannot"),
    (MOVING[0], -0.1, "-0.1 s cannot"),
])  # fmt: skip
def test_refusals_while_writing(tmp_path: Path, rgb: np.ndarray, time_s: float, words: str) -> None:
    with pytest.raises(UnusableInput, match=words), VideoWriter(tmp_path / "out.mp4", 62, 46) as writer:
        writer.write(MOVING[0], 0.5)
        writer.write(rgb, time_s)


def test_odd_sizes_are_fine_without_chroma_subsampling(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "odd.mp4", 61, 45, pixel_format="yuv444p") as writer:
        writer.write(MOVING[0][:45, :61], 0.0)
    assert next(frames(tmp_path / "odd.mp4")).rgb.shape == (45, 61, 3)
