"""Turning a decoded picture the way its file says it is to be shown."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

Orientation = tuple[int, int, int, int]
"""(a, b, c, d) of a display matrix, each -1, 0 or 1: x' = a·x + c·y and y' = b·x + d·y."""

_COUNTERCLOCKWISE: tuple[Orientation, ...] = ((1, 0, 0, 1), (0, -1, 1, 0), (-1, 0, 0, -1), (0, 1, -1, 0))


def orientation(frame: Any, path: Path) -> Orientation:
    """How a PyAV frame of the file `path` is to be turned and mirrored.

    The angle is taken to the nearest quarter turn. Mirroring is known from MP4 and MOV files alone: PyAV gives the
    angle, and reading the matrix behind it ends the process where a frame carries data that PyAV 18.1 has no name for
    (EXIF blocks do).
    """
    a, b, c, d = _track_matrix(path) or (0, 0, 0, 0)
    if a * d - b * c < 0:
        return (_sign(a), 0, 0, _sign(d)) if abs(a) >= abs(b) else (0, _sign(b), _sign(c), 0)
    return _COUNTERCLOCKWISE[round(frame.rotation / 90) % 4]


def apply(rgb: np.ndarray, turn: Orientation) -> np.ndarray:
    """`rgb` (H, W, 3) as it is to be shown; (W, H, 3) after a quarter turn. Contiguous."""
    a, b, c, d = turn
    if a:
        flip_x, flip_y = a < 0, d < 0
    else:
        rgb, flip_x, flip_y = rgb.transpose(1, 0, 2), c < 0, b < 0
    return np.ascontiguousarray(rgb[:: -1 if flip_y else 1, :: -1 if flip_x else 1])


def clockwise_deg(turn: Orientation) -> int:
    """The clockwise quarter turn of an orientation in degrees (0, 90, 180 or 270), a mirror image set aside."""
    a, b, _, d = turn
    if a:
        return 0 if d > 0 else 180
    return 90 if b > 0 else 270


def _sign(value: int) -> int:
    return 1 if value >= 0 else -1


def _track_matrix(path: Path) -> Orientation | None:
    """(a, b, c, d) in 1/65536 of the first picture track of an MP4 or MOV file; None for any other file.

    ISO/IEC 14496-12: the matrix stands in moov/trak/tkhd, the track's kind in moov/trak/mdia/hdlr.
    """
    with path.open("rb") as file:
        for moov_start, moov_end in _boxes(file, 0, path.stat().st_size, b"moov"):
            for trak_start, trak_end in _boxes(file, moov_start, moov_end, b"trak"):
                for mdia_start, mdia_end in _boxes(file, trak_start, trak_end, b"mdia"):
                    for hdlr_start, _ in _boxes(file, mdia_start, mdia_end, b"hdlr"):
                        if _read(file, hdlr_start + 8, 4) != b"vide":
                            continue
                        for start, _ in _boxes(file, trak_start, trak_end, b"tkhd"):
                            matrix_at = start + (52 if _read(file, start, 1) == b"\x01" else 40)
                            a, b, _, c, d = struct.unpack(">5i", _read(file, matrix_at, 20))
                            return a, b, c, d
    return None


def _boxes(file: BinaryIO, start: int, end: int, kind: bytes) -> Iterator[tuple[int, int]]:
    """Where the contents of each box of a kind begin and end, among those that lie side by side from start to end."""
    while start + 8 <= end:
        size, name = struct.unpack(">I4s", _read(file, start, 8))
        header = 8
        if size == 1:
            size, header = struct.unpack(">Q", _read(file, start + 8, 8))[0], 16
        elif size == 0:
            size = end - start
        if size < header or start + size > end:
            return
        if name == kind:
            yield start + header, start + size
        start += size


def _read(file: BinaryIO, offset: int, count: int) -> bytes:
    file.seek(offset)
    data = file.read(count)
    return data + bytes(count - len(data))
