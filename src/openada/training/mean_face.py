"""The mean face of the recordings that a model was trained on: what explanations of absolute pixels compare a clip with."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from openada.errors import UnusableInput
from openada.files import atomic_path
from openada.prepared.dataset import PreparedRecording, resized


def keep_mean_face(weights: Path, recordings: Iterable[PreparedRecording]) -> None:
    """Write the mean of the recordings' median faces, of the first one's side, beside the file `weights`."""
    total, count = np.zeros((0, 0, 3)), 0
    for count, recording in enumerate(recordings, start=1):
        picture = recording.reference()
        total = picture.astype(float) if count == 1 else total + resized(picture, len(total))
    with atomic_path(_beside(weights)) as temporary:
        cv2.imwrite(str(temporary), np.rint(total / count).astype(np.uint8)[..., ::-1])


def mean_face(weights: Path) -> np.ndarray | None:
    """What `keep_mean_face` wrote, (side, side, 3) uint8; None where nothing was. Raises UnusableInput if it cannot be read."""
    path = _beside(weights)
    if not path.is_file():
        return None
    stored = cv2.imread(str(path))
    if stored is None:
        raise UnusableInput(f"{path} cannot be read; copy it again, or remove it to explain against mid-grey")
    return np.ascontiguousarray(stored[..., ::-1])


def _beside(weights: Path) -> Path:
    return weights.with_name(f"{weights.stem}_mean_face.png")
