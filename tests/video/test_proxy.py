from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from openada.errors import UnusableInput
from openada.video import frames, probe, transcode_proxy


def test_a_span_of_real_footage(footage: Callable, tmp_path: Path) -> None:
    source, out = footage("face_noface.mov"), tmp_path / "proxy.mp4"
    returned = transcode_proxy(source, out, start_s=1.0, end_s=3.0, max_height=180)
    expected = [frame.time_s - 1.0 for frame in frames(source, 1.0, 3.0)]
    found = [frame.time_s for frame in frames(out)]
    np.testing.assert_allclose(found, expected, atol=0.51 / 90000)
    np.testing.assert_array_equal(returned, expected)
    info = probe(out)
    assert (info.width, info.height, info.codec) == (320, 180, "h264")
    assert out.stat().st_size < source.stat().st_size / 5
    with av.open(str(out)) as container:
        assert container.streams.video[0].codec_context.pix_fmt == "yuv420p"


def test_a_whole_video_keeps_its_times_and_is_turned(make_video: Callable, tmp_path: Path) -> None:
    source = make_video(ticks=(0, 3000, 9000, 10000, 13000, 14000, 20000), rotation=(90, False, False))
    transcode_proxy(source, tmp_path / "proxy.mp4")
    assert [f.time_s for f in frames(tmp_path / "proxy.mp4")] == pytest.approx([f.time_s for f in frames(source)])
    info = probe(tmp_path / "proxy.mp4")
    assert (info.width, info.height, info.rotation_deg) == (46, 62, 0)


def test_odd_sizes_become_even_and_nothing_is_enlarged(make_video: Callable, tmp_path: Path) -> None:
    source = make_video(pictures=[np.full((45, 61, 3), 99, np.uint8)] * 7, pixels="yuv444p")
    transcode_proxy(source, tmp_path / "proxy.mp4")
    info = probe(tmp_path / "proxy.mp4")
    assert (info.width, info.height) == (60, 44)


def test_an_empty_span_is_refused(make_video: Callable, tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="no frame lies between"):
        transcode_proxy(make_video(), tmp_path / "proxy.mp4", start_s=99.0)
    assert not (tmp_path / "proxy.mp4").exists()
