"""The mean face of the people that a model was trained on: what explanations of absolute pixels compare a clip with."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from openada.prepared.dataset import PreparedRecording, resized


def mean_face(recordings: Iterable[PreparedRecording]) -> np.ndarray:
    """The mean of the recordings' median faces, (side, side, 3) uint8, of the first one's side."""
    total, count = np.zeros((0, 0, 3)), 0
    for count, recording in enumerate(recordings, start=1):
        picture = recording.reference()
        total = picture.astype(float) if count == 1 else total + resized(picture, len(total))
    return np.rint(total / count).astype(np.uint8)
