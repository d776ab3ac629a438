"""Opening a file for decoding, with one clear line for each way in which it can be unusable."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from openada.errors import UnusableInput

# FFmpeg "plays" these too: text drawn as a terminal would, and lists that name other files.
_NOT_FOOTAGE = {"tty", "bin", "xbin", "adf", "idf", "hls", "concat", "concatf", "dash", "ffmetadata", "sdp", "lavfi"}
_STILL_CODECS = {
    "png",
    "mjpeg",
    "bmp",
    "tiff",
    "webp",
    "jpeg2000",
    "ppm",
    "pgm",
    "pbm",
    "pam",
    "exr",
    "jpegls",
    "dpx",
    "qoi",
}


@contextmanager
def open_source(path: str | Path) -> Iterator[tuple[Any, Any]]:
    """The PyAV container and the video stream of `path`; the container is closed when the block ends.

    Raises UnusableInput for a path that is missing, a folder, empty or unreadable, for a file that is no video or
    image, and for one that holds no picture besides cover art.
    """
    import av

    path = Path(path)
    _check_file(path)
    name = str(path.absolute())
    with ExitStack() as stack:
        try:
            # The image reader takes "%" as a numbered sequence; through a file object there is no name to take apart.
            file = stack.enter_context(path.open("rb")) if "%" in name else name
            container = av.open(file, "r", options={"protocol_whitelist": "file"}, metadata_errors="replace")
        except (av.FFmpegError, OSError, ValueError) as error:
            raise UnusableInput(
                f"{path}: cannot be read as a video or an image ({_reason(error)}); it is of another kind, damaged, or "
                "a copy that stopped too early. Copy it again, or convert it to MP4."
            ) from error
        stack.callback(container.close)
        yield container, _picture_stream(path, container)


def is_still(container: Any, stream: Any) -> bool:
    """Whether the file is a single image, whose container declares an invented frame rate."""
    name = container.format.name
    return (name == "image2" or name.endswith("_pipe")) and stream.codec_context.name in _STILL_CODECS


def nothing_decodes(path: Path, codec: str) -> UnusableInput:
    """The error for a file whose picture stream gives not one frame."""
    return UnusableInput(
        f"{path}: not one frame can be decoded (codec {codec}); the file is damaged or a copy that stopped too early. "
        "Copy it again, or convert it to MP4."
    )


def _check_file(path: Path) -> None:
    if not path.exists():
        raise UnusableInput(f"{path}: there is no such file. Check the path.")
    if path.is_dir():
        raise UnusableInput(f"{path}: this is a folder, not a video. Give a file in it.")
    if path.stat().st_size == 0:
        raise UnusableInput(f"{path}: the file is empty (0 bytes). Copy it again from its source.")


def _picture_stream(path: Path, container: Any) -> Any:
    from av.stream import Disposition

    if container.format.name in _NOT_FOOTAGE:
        raise UnusableInput(
            f"{path}: this is text or a list of other files ({container.format.name}), not a video. "
            "Give the video file itself."
        )
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            if stream.codec_context is None:
                raise UnusableInput(
                    f"{path}: its picture has a codec that is not supported. Convert it to H.264 in MP4."
                )
            stream.thread_type = "AUTO"
            return stream
    if container.streams.audio:
        raise UnusableInput(f"{path}: the file holds sound but no picture. Give the recording that has the video.")
    raise UnusableInput(f"{path}: the file holds no video stream. Give the recording that has the video.")


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
