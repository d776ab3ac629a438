import math
import warnings
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from openada.errors import UnusableInput
from openada.video import Frame, VideoWriter, encoded_bytes_per_frame, frames
from openada.video.decode import _Damage, _timed

IRREGULAR = tuple(int(t) for t in np.cumsum(np.random.default_rng(3).integers(700, 9000, 61)))


def times(decoded: list[Frame]) -> list[float]:
    return [frame.time_s for frame in decoded]


@pytest.mark.parametrize(("name", "count", "shape"), [
    ("single_face.mp4", 72, (360, 640, 3)),
    ("face_noface.mov", 169, (540, 960, 3)),
    ("no_face.mp4", 95, (540, 960, 3)),
])  # fmt: skip
def test_real_footage_decodes_whole_and_without_warning(footage: Callable, name: str, count: int, shape: tuple) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        decoded = [(frame.index, frame.time_s, frame.rgb.shape) for frame in frames(footage(name))]
    assert len(decoded) == count
    assert [index for index, _, _ in decoded] == list(range(count))
    assert {shape for _, _, shape in decoded} == {shape}
    steps = np.diff([time_s for _, time_s, _ in decoded])
    assert (steps > 0).all()
    assert (np.ptp(steps) > 0.005) == (name == "face_noface.mov")  # the one with a variable frame rate


@pytest.mark.parametrize("name", ["single_face.mp4", "face_noface.mov", "no_face.mp4"])
def test_a_span_of_real_footage_is_the_filtered_stream(footage: Callable, name: str) -> None:
    whole = [(frame.time_s, int(frame.rgb.sum())) for frame in frames(footage(name))]
    for start_s, end_s in [(0.71, 0.93), (1.9, 2.03), (whole[-3][0], 99.0)]:
        expected = [pair for pair in whole if start_s <= pair[0] < end_s]
        assert [(f.time_s, int(f.rgb.sum())) for f in frames(footage(name), start_s, end_s)] == expected


@pytest.mark.parametrize("options", [
    {"bf": "0", "g": "16"},
    {"bf": "3", "g": "13", "x264-params": "open-gop=0"},
    {"bf": "3", "g": "13", "x264-params": "open-gop=1:b-adapt=0:scenecut=0:bframes=3"},
    {"bf": "2", "g": "300"},
], ids=["no B-frames", "closed groups", "open groups", "one group"])  # fmt: skip
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_a_seek_gives_what_filtering_gives(make_video: Callable, options: dict[str, str], suffix: str) -> None:
    path = make_video("made" + suffix, IRREGULAR, options=options)
    whole = list(frames(path))
    assert len(whole) == len(IRREGULAR)
    starts = [
        -5.0,
        0.0,
        *times(whole)[::7],
        *(time_s + 1e-4 for time_s in times(whole)[3::11]),
        times(whole)[-1],
        999.0,
    ]
    for start_s in starts:
        end_s = start_s + 0.4
        expected = [frame for frame in whole if start_s <= frame.time_s < end_s]
        found = list(frames(path, start_s, end_s))
        assert times(found) == times(expected)
        assert [frame.index for frame in found] == list(range(len(expected)))
        for frame, known in zip(found, expected, strict=True):
            np.testing.assert_array_equal(frame.rgb, known.rgb)


def test_the_offset_of_the_first_frame_is_kept(make_video: Callable) -> None:
    path = make_video("late.ts", (135_000, 138_000, 145_000))
    decoded = times(list(frames(path)))
    np.testing.assert_allclose(np.diff(decoded), [3000 / 90000, 7000 / 90000], atol=1e-9)
    assert decoded[0] >= 1.5


def test_two_passes_give_the_same_bytes(make_video: Callable) -> None:
    path = make_video(ticks=IRREGULAR)
    first, second = ([frame.rgb.tobytes() for frame in frames(path)] for _ in range(2))
    assert first == second


def test_frames_are_contiguous_and_own_their_memory(make_video: Callable) -> None:
    decoded = list(frames(make_video()))
    assert all(frame.rgb.flags.c_contiguous and frame.rgb.dtype == np.uint8 for frame in decoded)
    for frame in decoded:  # the level of the lower right corner tells the index: nothing was overwritten
        assert abs(int(frame.rgb[-5:, -5:].mean()) - 3 * frame.index) <= 3


def test_leaving_early_closes_the_file(make_video: Callable) -> None:
    path = make_video(ticks=IRREGULAR)
    stream = frames(path)
    next(stream)
    assert _is_open(path)
    stream.close()
    assert not _is_open(path)


def _is_open(path: Path) -> bool:
    links = (link for link in Path("/proc/self/fd").iterdir() if link.is_symlink())
    return any(str(link.readlink()) == str(path) for link in links)


def test_a_cut_file_with_its_index_in_front_gives_the_frames_before_the_cut(tmp_path: Path) -> None:
    path = tmp_path / "whole.mp4"
    generator = np.random.default_rng(0)
    with VideoWriter(path, 62, 46) as writer:
        for index in range(67):
            writer.write(generator.integers(0, 255, (46, 62, 3), dtype=np.uint8), index / 30)
    known = list(frames(path))
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    with pytest.warns(UserWarning, match=r"cut\.mp4: the file is damaged or cut off"):
        decoded = list(frames(cut))
    assert 30 < len(decoded) < 50
    for frame, whole in zip(decoded, known, strict=False):
        assert frame.time_s == whole.time_s
        np.testing.assert_array_equal(frame.rgb, whole.rgb)
    assert len(encoded_bytes_per_frame(cut)) >= len(decoded)


@pytest.mark.parametrize(("suffix", "container_options"), [
    (".mp4", {"movflags": "frag_keyframe+empty_moov"}),
    (".mkv", {}),
    (".ts", {}),
], ids=["fragmented", "mkv", "ts"])  # fmt: skip
def test_a_cut_streamed_file_gives_the_frames_before_the_cut(
    make_video: Callable, tmp_path: Path, suffix: str, container_options: dict[str, str]
) -> None:
    path = make_video("whole" + suffix, IRREGULAR, options={"g": "8", "bf": "0"}, container_options=container_options)
    cut = tmp_path / f"cut{suffix}"
    data = path.read_bytes()
    end = len(data) * 6 // 10
    if suffix == ".mp4":  # in the pictures of a fragment, not in its table
        end = data.rindex(b"mdat", 0, end) + 40
    cut.write_bytes(data[:end])
    whole = list(frames(path))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        decoded = list(frames(cut))
    assert 16 <= len(decoded) < len(whole)
    assert times(decoded) == times(whole)[: len(decoded)]
    assert [f.rgb.sum() for f in decoded[:-1]] == [f.rgb.sum() for f in whole[: len(decoded) - 1]]
    if suffix != ".ts":  # a transport stream declares no length and has no frame of packets to be cut
        assert any("cut" in str(warning.message) for warning in told)


def test_a_cut_file_with_its_index_at_the_end_is_unusable(make_video: Callable, tmp_path: Path) -> None:
    whole = make_video(ticks=IRREGULAR)
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[:-200])
    with pytest.raises(UnusableInput, match=r"cut\.mp4: .*stopped too early.*Copy it again"):
        next(frames(cut))


def test_damage_in_the_middle_is_told_and_survived(make_video: Callable, tmp_path: Path) -> None:
    path = make_video(ticks=IRREGULAR, options={"g": "4", "bf": "0"}, container_options={"movflags": "faststart"})
    known = times(list(frames(path)))
    data = bytearray(path.read_bytes())
    middle = len(data) * 3 // 4
    data[middle : middle + 300] = b"\xff" * 300
    path.write_bytes(bytes(data))
    with pytest.warns(UserWarning, match="packets could not be decoded"):
        decoded = list(frames(path))
    assert 40 < len(decoded) <= 61
    assert set(times(decoded)) <= set(known)


def fakes(*pts: int | None) -> list[SimpleNamespace]:
    return [SimpleNamespace(pts=value, time_base=Fraction(1, 1000), duration=None) for value in pts]


def test_the_two_rules_for_times() -> None:
    stream = SimpleNamespace(average_rate=Fraction(25), time_base=Fraction(1, 1000))
    pictures = fakes(None, 40, None, 60, 60, 60, 200)
    found = [time_s for time_s, _ in _timed(stream, iter(pictures), _Damage())]
    step = 1 / 90000
    known = [0.0, 0.04, 0.08, 0.08 + step, 0.08 + 2 * step, 0.08 + 3 * step, 0.2]
    np.testing.assert_allclose(found, known, atol=1e-12)


def test_nudged_times_can_be_written_again(tmp_path: Path) -> None:
    stream = SimpleNamespace(average_rate=Fraction(25), time_base=Fraction(1, 1000))
    found = [time_s for time_s, _ in _timed(stream, iter(fakes(7, 7, 7, 7, 8)), _Damage())]
    with VideoWriter(tmp_path / "out.mp4", 62, 46) as writer:
        for time_s in found:
            writer.write(np.zeros((46, 62, 3), np.uint8), time_s)
    np.testing.assert_allclose(times(list(frames(tmp_path / "out.mp4"))), found, atol=0.51 / 90000)


def test_a_stream_without_times_gets_nominal_ones(make_video: Callable) -> None:
    path = make_video("bare.h264", range(0, 3000 * 13, 3000), options={"bf": "0"})
    decoded = times(list(frames(path)))
    assert len(decoded) == 13
    assert np.allclose(np.diff(decoded), decoded[1] - decoded[0])
    assert times(list(frames(path, decoded[5]))) == decoded[5:]


def test_a_change_of_size_on_the_way_is_scaled_to_the_first(make_video: Callable, tmp_path: Path) -> None:
    small = make_video("small.h264", (0, 3000, 6000), pictures=[np.full((46, 62, 3), 99, np.uint8)] * 3)
    large = make_video("large.h264", (0, 3000, 6000), pictures=[np.full((118, 94, 3), 99, np.uint8)] * 3)
    both = tmp_path / "both.h264"
    both.write_bytes(small.read_bytes() + large.read_bytes())
    decoded = list(frames(both))
    assert [frame.rgb.shape for frame in decoded] == [(46, 62, 3)] * 6
    assert all(abs(int(frame.rgb.mean()) - 99) <= 2 for frame in decoded)


@pytest.mark.parametrize(("start_s", "end_s"), [(2.0, 1.0), (1.0, 1.0), (math.nan, None)])
def test_an_empty_span_is_refused(make_video: Callable, start_s: float, end_s: float | None) -> None:
    with pytest.raises(UnusableInput, match=r"span|NaN"):
        next(frames(make_video(), start_s, end_s))


def test_a_span_beyond_the_end_is_empty(make_video: Callable) -> None:
    assert list(frames(make_video(), 55.0)) == []
