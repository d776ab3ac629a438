"""Frames of a video file in presentation order, one at a time."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from openada.errors import UnusableInput
from openada.video import rotation
from openada.video.source import is_still, nothing_decodes, open_source
from openada.video.types import TICKS_PER_SECOND, Frame

_STEP_S = 1 / TICKS_PER_SECOND


def frames(path: str | Path, start_s: float | None = None, end_s: float | None = None) -> Iterator[Frame]:
    """The frames with start_s <= time_s < end_s, as filtering the whole stream would give; memory stays constant.

    `time_s` is the container's presentation time; a stream that starts at 0.5 s starts at 0.5 here. A variable frame
    rate stays as it is. `index` counts from 0 at the first frame yielded, also after a seek. Rotation and mirroring
    stored in the file are applied; pixels that are not square are left so. Transparency is dropped; grey becomes three
    equal channels. A still image is one frame at time 0. If the picture size changes on the way, later frames are
    scaled to the size of the first.

    Two rules keep times strictly increasing. A frame without a presentation time comes one nominal frame interval after
    the frame before it. A frame that would come less than 1/90000 s after the frame before it comes 1/90000 s after it.

    Packets that are cut off or do not decode are left out and told in one warning at the end, as is a stream that ends
    before its declared duration. Raises UnusableInput, at the first `next`, for a file that cannot be read or of which
    nothing decodes, and for a span that is empty.
    """
    from av.video.reformatter import VideoReformatter

    path = Path(path)
    _check_span(path, start_s, end_s)
    with ExitStack() as stack:
        container, stream = stack.enter_context(open_source(path))
        damage = _Damage()
        timed = None if start_s is None else _landed(container, stream, start_s, damage)
        if timed is None:
            if start_s is not None:
                # A failed seek can leave a reader at its end: from the beginning means anew.
                container, stream = stack.enter_context(open_source(path))
                damage = _Damage()
            timed = _timed(stream, _decoded(container, stream, damage), damage)
        converter = VideoReformatter()
        index, seen = 0, False
        for time_s, picture in timed:
            if not seen:
                seen, size, turn = True, (picture.width, picture.height), rotation.orientation(picture, path)
            if end_s is not None and time_s >= end_s:
                return
            if start_s is not None and time_s < start_s:
                continue
            yield Frame(index, time_s, _rgb(converter, picture, size, turn))
            index += 1
        if not seen:
            raise nothing_decodes(path, stream.codec_context.name)
        message = damage.message(container, stream)
        if message:
            warnings.warn(f"{path}: {message}", stacklevel=2)


def first_decoded(container: Any, stream: Any) -> Any | None:
    """The first frame that decodes, as PyAV gives it, or None."""
    return next(_decoded(container, stream, _Damage()), None)


@dataclass
class _Damage:
    """What went wrong while a stream was read, and where it ended."""

    lost_packets: int = 0
    stopped: str | None = None
    end_s: float = -math.inf

    def message(self, container: Any, stream: Any) -> str | None:
        if self.lost_packets or self.stopped:
            reason = f" ({self.stopped})" if self.stopped else ""
            return (
                f"the file is damaged or cut off{reason}: {self.lost_packets} packets could not be decoded, "
                f"the last frame ends at {self.end_s:.3f} s. The frames that decode are used."
            )
        if stream.duration is not None and stream.average_rate:
            declared_s = float(((stream.start_time or 0) + stream.duration) * stream.time_base)
            slack_s = 1.5 / float(stream.average_rate)
        elif container.duration:
            declared_s, slack_s = container.duration / 1e6, 1.0  # of all streams: sound may go on a little longer
        else:
            return None
        if self.end_s < declared_s - slack_s:
            return (
                f"the picture ends at {self.end_s:.3f} s, the file declares {declared_s:.3f} s; it is probably "
                "cut off. The frames that decode are used."
            )
        return None


def _check_span(path: Path, start_s: float | None, end_s: float | None) -> None:
    for name, value in (("start_s", start_s), ("end_s", end_s)):
        if value is not None and math.isnan(value):
            raise UnusableInput(f"{path}: {name} is NaN. Give seconds, or None for the whole video.")
    if start_s is not None and end_s is not None and start_s >= end_s:
        raise UnusableInput(f"{path}: the span from {start_s} s to {end_s} s is empty. Give a start before the end.")


def _decoded(container: Any, stream: Any, damage: _Damage) -> Iterator[Any]:
    """Frames in presentation order from the current position; packets that fail are counted and passed over."""
    import av

    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.FFmpegError as error:
            damage.stopped = error.strerror
            packet = None
        if packet is not None and packet.is_corrupt:
            damage.lost_packets += 1
            continue
        try:
            pictures = stream.decode(packet)
        except av.EOFError:
            return
        except av.FFmpegError:
            damage.lost_packets += 1
            pictures = []
        yield from pictures
        if packet is None:
            return


def _landed(container: Any, stream: Any, start_s: float, damage: _Damage) -> Iterator[tuple[float, Any]] | None:
    """(time_s, picture) from a key frame at or before `start_s`; None where decoding has to begin at the beginning."""
    if stream.start_time is None or is_still(container, stream):
        return None
    first_s = float(stream.start_time * stream.time_base)
    for back_s in (0.0, 1.0, 3.0, 7.0, 15.0, 31.0):
        if start_s - back_s <= first_s:
            return None
        timed = _sought(container, stream, start_s, start_s - back_s, damage)
        if timed is not None:
            return timed
    return None


def _sought(
    container: Any, stream: Any, start_s: float, target_s: float, damage: _Damage
) -> Iterator[tuple[float, Any]] | None:
    """Decoding from the key frame that a seek to `target_s` finds; None unless that is shown at or before `start_s`.

    Frames that come out before the key frame itself are dropped: they may refer to pictures before it.
    """
    if not _seek(container, stream, target_s):
        return None
    decoded = _decoded(container, stream, damage)
    for picture in decoded:
        if picture.pts is None or float(picture.pts * picture.time_base) > start_s:
            return None
        if picture.key_frame:
            return _timed(stream, _chain(picture, decoded), damage)
    return None


def _seek(container: Any, stream: Any, target_s: float) -> bool:
    import av

    try:
        container.seek(math.floor(target_s / stream.time_base), stream=stream, backward=True)
    except (av.FFmpegError, OverflowError):
        return False
    return True


def _chain(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from rest


def _timed(stream: Any, pictures: Iterator[Any], damage: _Damage) -> Iterator[tuple[float, Any]]:
    """Each picture with its time in seconds, strictly increasing by the two rules of `frames`."""
    interval_s = 1 / float(stream.average_rate) if stream.average_rate else 1 / 25
    previous_s: float | None = None
    for picture in pictures:
        base = picture.time_base or stream.time_base
        length_s = float(picture.duration * base) if picture.duration else interval_s
        nominal_s = 0.0 if previous_s is None else previous_s + interval_s
        time_s = nominal_s if picture.pts is None else float(picture.pts * base)
        if previous_s is not None and time_s < previous_s + 0.999 * _STEP_S:
            time_s = previous_s + _STEP_S
        previous_s = time_s
        damage.end_s = time_s + length_s
        yield time_s, picture


def _rgb(converter: Any, picture: Any, size: tuple[int, int], turn: rotation.Orientation) -> np.ndarray:
    width, height = size
    # One converter for the whole stream, on one thread: setting one up, and its threads, costs ten times the work itself.
    converted = converter.reformat(picture, width=width, height=height, format="rgb24", threads=1)
    return rotation.apply(converted.to_ndarray(), turn)
