"""`face.mp4` and `reference.png`: the aligned crops of one recording."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import numpy as np

from openada.prepared import layout
from openada.prepared.reference import ReferenceAccumulator
from openada.video import VideoWriter


class CropFiles:
    """Takes in every frame's crop; a context manager, whose end completes both files."""

    def __init__(self, folder: Path, size_px: int, encoder: str, crf: int) -> None:
        self._folder = folder
        self._size_px = size_px
        self._video = VideoWriter(folder / layout.FACE_FILE, size_px, size_px, codec=encoder, crf=crf)
        self._reference = ReferenceAccumulator()
        self._shift_s: float | None = None

    def __enter__(self) -> CropFiles:
        self._video.__enter__()
        return self

    def write(self, time_s: float, crop: np.ndarray, tracked: bool) -> None:
        """The next frame's crop, (size, size, 3) uint8, grey where the face is lost."""
        if self._shift_s is None:
            self._shift_s = max(
                0.0, -time_s
            )  # an MP4 holds no negative times; only a stream that starts before 0 is moved
        self._video.write(crop, time_s + self._shift_s)
        if tracked:
            self._reference.add(crop)

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        import cv2

        self._video.__exit__(kind, value, trace)
        if kind is None:
            median = self._reference.median()
            picture = np.full((self._size_px, self._size_px, 3), 128, np.uint8) if median is None else median
            cv2.imwrite(str(self._folder / layout.REFERENCE_FILE), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
