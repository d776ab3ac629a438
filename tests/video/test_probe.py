from collections.abc import Callable

import pytest

from openada.video import probe


@pytest.mark.parametrize(("name", "size", "codec", "frames", "duration_s"), [
    ("single_face.mp4", (640, 360), "h264", 72, 2.4),
    ("face_noface.mov", (960, 540), "hevc", 169, 6.402),
    ("no_face.mp4", (960, 540), "h264", 98, 3.945),
])  # fmt: skip
def test_real_footage(
    footage: Callable, name: str, size: tuple[int, int], codec: str, frames: int, duration_s: float
) -> None:
    info = probe(footage(name))
    assert (info.width, info.height, info.rotation_deg) == (*size, 0)
    assert (info.codec, info.declared_frames) == (codec, frames)
    assert info.duration_s == pytest.approx(duration_s, abs=1e-3)
    assert info.path == footage(name)


def test_made(make_video: Callable) -> None:
    info = probe(make_video(ticks=range(0, 3000 * 31, 3000)))
    assert (info.width, info.height, info.codec, info.declared_frames) == (62, 46, "h264", 31)
    assert info.average_fps == pytest.approx(30)
    assert info.duration_s == pytest.approx(31 / 30)


def test_what_a_container_does_not_declare_is_none(make_video: Callable) -> None:
    info = probe(make_video("made.mkv"))
    assert info.declared_frames is None
    assert info.duration_s == pytest.approx(7 / 30, abs=2e-3)


@pytest.mark.parametrize(("name", "first_tick", "starts_at_s"), [("made.mp4", 0, 0.0), ("made.mkv", 45000, 0.5)])
def test_where_a_player_starts_its_clock(make_video: Callable, name: str, first_tick: int, starts_at_s: float) -> None:
    info = probe(make_video(name, ticks=range(first_tick, first_tick + 3000 * 7, 3000)))
    assert info.starts_at_s == pytest.approx(starts_at_s, abs=1e-3)
