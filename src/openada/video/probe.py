"""The facts of a video file before any work is done on it."""

from __future__ import annotations

from pathlib import Path

from openada.video.decode import first_decoded
from openada.video.rotation import clockwise_deg, orientation
from openada.video.source import is_still, nothing_decodes, open_source
from openada.video.types import VideoInfo


def probe(path: str | Path) -> VideoInfo:
    """What `path` declares, with the size and rotation of its first decoded frame.

    Raises UnusableInput where `frames` would: a missing, empty, audio-only or otherwise unreadable file, or one
    of which not one frame decodes.
    """
    path = Path(path)
    with open_source(path) as (container, stream):
        codec = stream.codec_context.name
        frame = first_decoded(container, stream)
        if frame is None:
            raise nothing_decodes(path, codec)
        turn = orientation(frame, path)
        width, height = (frame.width, frame.height) if turn[0] else (frame.height, frame.width)
        still = is_still(container, stream)
        duration_s = None
        if not still and stream.duration is not None:
            duration_s = float(stream.duration * stream.time_base)
        elif not still and container.duration is not None:
            duration_s = container.duration / 1e6
        return VideoInfo(
            path=path,
            width=width,
            height=height,
            rotation_deg=clockwise_deg(turn),
            average_fps=float("nan") if still or not stream.average_rate else float(stream.average_rate),
            duration_s=duration_s,
            declared_frames=1 if still else stream.frames or None,
            codec=codec,
            starts_at_s=0.0 if still or container.start_time is None else container.start_time / 1e6,
        )
