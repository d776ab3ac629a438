"""A person's resting look in one recording: the median of evenly spaced tracked crops, in one pass."""

from __future__ import annotations

import numpy as np

MOST_CROPS = 200


class ReferenceAccumulator:
    """Keeps at most `most` evenly spaced crops of a stream of unknown length.

    Every `stride`-th tracked crop is kept; when the store is full, every second one is dropped and the stride doubles,
    so the crops kept are always evenly spaced from the first tracked one on, and memory is bounded.
    """

    def __init__(self, most: int = MOST_CROPS) -> None:
        self._most = most
        self._stride = 1
        self._seen = 0
        self._kept: list[np.ndarray] = []

    def add(self, crop: np.ndarray) -> None:
        """Offer the next tracked crop, (size, size, 3) uint8."""
        if self._seen % self._stride == 0:
            if len(self._kept) == self._most:
                self._kept = self._kept[::2]
                self._stride *= 2
            if self._seen % self._stride == 0:
                self._kept.append(crop.copy())
        self._seen += 1

    def median(self) -> np.ndarray | None:
        """The pixel-wise median, (size, size, 3) uint8, or None if no crop was offered."""
        if not self._kept:
            return None
        # Sorting 16-bit rows, one per pixel, is several times as fast as a median of bytes along the first axis.
        rows = np.stack(self._kept).reshape(len(self._kept), -1).T.astype(np.uint16, order="C")
        rows.sort(axis=1)
        count = rows.shape[1]
        middle = rows[:, [(count - 1) // 2, count // 2]].mean(axis=1)
        return middle.round().astype(np.uint8).reshape(self._kept[0].shape)
