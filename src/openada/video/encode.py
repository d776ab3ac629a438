"""Writing a video whose frames keep their presentation times."""

from __future__ import annotations

import math
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from openada.errors import UnusableInput
from openada.files import atomic_path
from openada.video.types import TICKS_PER_SECOND

_CODECS = ("libx264", "libvpx-vp9")
_SUFFIXES = (".mp4", ".m4v", ".mov")


class VideoWriter:
    """A context manager that writes RGB frames as an MP4; the file takes its name only when the block ends well.

    Presentation times are kept to 1/90000 s. Groups of `gop` pictures are closed and hold no B-frames, so that a seek
    lands on any frame after decoding at most `gop`. The same frames give the same bytes each time (one encoder thread).
    The index stands at the front of the file, for playback in a browser. `codec` is "libx264" or "libvpx-vp9";
    `preset` is x264's and is not used by VP9.

    Raises UnusableInput for an odd width or height with 4:2:0 pixels, an unknown codec or file suffix, no frame at all,
    a frame of another size or type, and a time that is negative or does not come after the one before it.
    """

    def __init__(
        self,
        path: str | Path,
        width: int,
        height: int,
        *,
        codec: str = "libx264",
        crf: int = 18,
        gop: int = 16,
        pixel_format: str = "yuv420p",
        preset: str = "veryfast",
    ) -> None:
        self.path = Path(path)
        if codec not in _CODECS:
            raise UnusableInput(f"video codec {codec!r} is not known. Use one of {', '.join(_CODECS)}.")
        if self.path.suffix.lower() not in _SUFFIXES:
            raise UnusableInput(f"{self.path}: videos are written as MP4. Use a name that ends in .mp4.")
        if width < 2 or height < 2 or (pixel_format == "yuv420p" and (width % 2 or height % 2)):
            raise UnusableInput(
                f"{self.path}: a picture of {width}×{height} cannot be written as {pixel_format}. "
                "Use an even width and height."
            )
        self.width, self.height = width, height
        self._codec, self._crf, self._gop = codec, crf, gop
        self._pixel_format, self._preset = pixel_format, preset
        self._last_tick = -1
        self._ticks_apart = TICKS_PER_SECOND // 30
        self._stack = ExitStack()
        self._container: Any = None
        self._stream: Any = None
        self._converter: Any = None

    def __enter__(self) -> Self:
        import av
        from av.video.reformatter import VideoReformatter

        with ExitStack() as stack:
            temporary = stack.enter_context(atomic_path(self.path))
            timescale = str(TICKS_PER_SECOND)
            # The movie's own timescale holds the offset of the first frame; its default would round that to 1 ms.
            options = {"movflags": "+faststart", "movie_timescale": timescale, "video_track_timescale": timescale}
            self._container = av.open(str(temporary), "w", format="mp4", options=options)
            stack.callback(self._container.close)
            self._stream = self._open_stream()
            self._converter = VideoReformatter()
            self._stack = stack.pop_all()
        return self

    def write(self, rgb: np.ndarray, time_s: float) -> None:
        """Add a frame: `rgb` is (height, width, 3) uint8, `time_s` its presentation time in seconds."""
        import av

        if self._stream is None:
            raise RuntimeError("VideoWriter.write is called inside `with VideoWriter(…) as writer:`")
        if rgb.shape != (self.height, self.width, 3) or rgb.dtype != np.uint8:
            raise UnusableInput(
                f"{self.path}: a frame is {rgb.dtype} {rgb.shape}, the video is uint8 {(self.height, self.width, 3)}. "
                "Give every frame the size of the video."
            )
        if not (math.isfinite(time_s) and time_s >= 0):
            raise UnusableInput(f"{self.path}: the time {time_s} s cannot be written. Use times from 0 s on.")
        tick = math.floor(time_s * TICKS_PER_SECOND + 0.5)
        if tick <= self._last_tick:
            raise UnusableInput(
                f"{self.path}: the time {time_s} s does not come after the one before it "
                f"({self._last_tick / TICKS_PER_SECOND:.6f} s). Give times that increase by 1/90000 s or more."
            )
        if self._last_tick >= 0:
            self._ticks_apart = tick - self._last_tick
        self._last_tick = tick
        frame = self._converter.reformat(
            av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24"),
            format=self._pixel_format,
            dst_colorspace="ITU601",
            dst_color_range="MPEG",
            threads=1,
        )
        frame.pts, frame.time_base = tick, Fraction(1, TICKS_PER_SECOND)
        frame.duration = self._ticks_apart
        self._container.mux(self._stream.encode(frame))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stack:
            if kind is not None:
                self._stack.__exit__(kind, error, trace)
                return
            if self._last_tick < 0:
                raise UnusableInput(f"{self.path}: no frame was written. A video needs at least one.")
            self._container.mux(self._stream.encode(None))

    def _open_stream(self) -> Any:
        options = {"crf": str(self._crf), "g": str(self._gop), "threads": "1"}
        if self._codec == "libx264":
            options |= {"preset": self._preset, "bf": "0", "x264-params": "open-gop=0"}
        else:
            # Without lag there are no hidden reference pictures: a packet is a frame.
            options |= {"b": "0", "lag-in-frames": "0", "auto-alt-ref": "0", "row-mt": "0", "cpu-used": "5"}
        stream = self._container.add_stream(self._codec, rate=30, options=options)
        stream.width, stream.height, stream.pix_fmt = self.width, self.height, self._pixel_format
        stream.time_base = stream.codec_context.time_base = Fraction(1, TICKS_PER_SECOND)
        stream.codec_context.colorspace, stream.codec_context.color_range = 6, 1  # BT.601, limited range
        return stream
