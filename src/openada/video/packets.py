"""What a video file stores per frame, without decoding it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np

from openada.video.source import nothing_decodes, open_source


def encoded_bytes_per_frame(path: str | Path) -> np.ndarray:
    """(frames,) int64: size of each frame's packet in bytes, in presentation order.

    A measure of recording conditions and of movement that sees no pixel: a baseline that a model has to beat. Packets
    that the file's edit list hides are left out. Raises UnusableInput like `probe`, and for a file without a packet.
    """
    path = Path(path)
    import av

    sizes: list[tuple[float, int]] = []
    with open_source(path) as (container, stream):
        # In a file that is cut off, the packets before the cut are what there is; `frames` warns about it.
        with suppress(av.FFmpegError):
            for order, packet in enumerate(container.demux(stream)):
                if packet.size and not packet.is_discard:
                    sizes.append((packet.pts if packet.pts is not None else order, packet.size))
        if not sizes:
            raise nothing_decodes(path, stream.codec_context.name)
    sizes.sort(key=lambda pair: pair[0])
    return np.array([size for _, size in sizes], dtype=np.int64)
