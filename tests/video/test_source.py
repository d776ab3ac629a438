from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from openada.errors import UnusableInput
from openada.video import encoded_bytes_per_frame, frames, probe

READERS = [probe, lambda path: next(frames(path)), encoded_bytes_per_frame]


def refused(path: Path, words: str) -> None:
    """Every reader refuses the file in one line that names it and holds the words."""
    for reader in READERS:
        with pytest.raises(UnusableInput) as caught:
            reader(path)
        message = str(caught.value)
        assert str(path) in message
        assert words in message
        assert "\n" not in message
        assert caught.value.exit_code == 2


def test_missing(tmp_path: Path) -> None:
    refused(tmp_path / "nowhere.mp4", "no such file. Check the path")


def test_folder(tmp_path: Path) -> None:
    refused(tmp_path, "a folder")


def test_empty(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    refused(tmp_path / "empty.mp4", "0 bytes")


@pytest.mark.parametrize("name", ["notes.txt", "notes.mp4", "table.csv", "page.html", "notes.ans"])
def test_text(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("recording,score\nmonday,7\n" * 99)
    refused(tmp_path / name, "video")


@pytest.mark.parametrize("name", ["list.m3u8", "list.ffconcat"])
def test_a_list_of_files_is_not_followed(tmp_path: Path, make_video: Callable, name: str) -> None:
    make_video("inner.mp4")
    lines = {
        "list.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\ninner.mp4\n#EXT-X-ENDLIST\n",
        "list.ffconcat": "ffconcat version 1.0\nfile inner.mp4\n",
    }
    (tmp_path / name).write_text(lines[name])
    refused(tmp_path / name, "video")


def test_noise(tmp_path: Path) -> None:
    (tmp_path / "noise.mp4").write_bytes(np.random.default_rng(0).bytes(50_021))
    refused(tmp_path / "noise.mp4", "video")


def test_sound_alone(make_sound: Callable) -> None:
    refused(make_sound("speech.m4a"), "sound but no picture")


def test_sound_with_cover_art_is_sound(make_sound: Callable, tmp_path: Path) -> None:
    import av

    cv2.imwrite(str(tmp_path / "cover.png"), np.full((12, 12, 3), 9, np.uint8))
    path = tmp_path / "song.mp4"
    with (
        av.open(str(make_sound("speech.m4a"))) as sound,
        av.open(str(tmp_path / "cover.png")) as cover,
        av.open(str(path), "w") as out,
    ):
        streams = [out.add_stream_from_template(source.streams[0]) for source in (sound, cover)]
        streams[1].disposition = av.stream.Disposition.attached_pic
        for source, stream in zip((sound, cover), streams, strict=True):
            for packet in source.demux():
                if packet.dts is not None:
                    packet.stream = stream
                    out.mux(packet)
    refused(path, "sound but no picture")


def test_index_without_pictures(make_video: Callable) -> None:
    path = make_video(container_options={"movflags": "faststart"})
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"mdat") + 12])
    with pytest.raises(UnusableInput, match="not one frame can be decoded"):
        probe(path)
    with pytest.raises(UnusableInput, match="not one frame can be decoded"):
        next(frames(path))


def test_a_name_that_looks_like_an_address_is_a_name(make_video: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_video("http:made.mp4")
    monkeypatch.chdir(path.parent)
    assert probe("http:made.mp4").width == 62
