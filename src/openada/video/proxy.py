"""A small copy of a video for a page that shows it."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import numpy as np

from openada.errors import UnusableInput
from openada.video.decode import frames
from openada.video.encode import VideoWriter


def transcode_proxy(
    source: str | Path,
    out: str | Path,
    *,
    start_s: float | None = None,
    end_s: float | None = None,
    max_height: int = 360,
    crf: int = 28,
) -> np.ndarray:
    """Write the span of `source` as a small H.264 MP4 that browsers play; returns its frame times (frames,) in seconds.

    Times in `out` are those of the source less `start_s`; without a start they are the source's own. The rotation is
    applied, the sound left out, the picture scaled to at most `max_height` pixels high and to an even size, never up.
    Raises UnusableInput for a source that cannot be read and for a span without a frame.
    """
    import cv2

    times: list[float] = []
    with ExitStack() as stack:
        writer: VideoWriter | None = None
        for frame in frames(source, start_s, end_s):
            if writer is None:
                width, height = _proxy_size(frame.rgb.shape[1], frame.rgb.shape[0], max_height)
                writer = stack.enter_context(VideoWriter(out, width, height, crf=crf, gop=48))
            rgb = frame.rgb
            if rgb.shape[:2] != (height, width):
                rgb = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)
            times.append(frame.time_s - (start_s or 0.0))
            writer.write(rgb, times[-1])
        if writer is None:
            raise UnusableInput(f"{source}: no frame lies between {start_s} s and {end_s} s. Choose a span inside it.")
    return np.array(times)


def _proxy_size(width: int, height: int, max_height: int) -> tuple[int, int]:
    scale = min(1.0, max_height / height)
    return tuple(max(2, 2 * round(length * scale / 2)) for length in (width, height))  # type: ignore[return-value]
