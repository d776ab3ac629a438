"""Feature units: what the trained encoder makes of a recording's non-overlapping segments, cached per recording."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch

from openada.clips.reading import ClipReader
from openada.clips.segments import Segments
from openada.errors import UnusableInput
from openada.files import atomic_path
from openada.models.expada.segment_encoder import SegmentEncoder


@dataclass(frozen=True)
class Units:
    """The units of one recording, N of them in order of time.

    feature (N, D) float32; score (N,) float32, the encoder's own score of each segment; ordinal_logits (N, C − 1) float32;
    usable (N,) bool, enough of the segment was tracked (the other rows are zero); first_frame (N,) int64; start_s, end_s (N,) s.
    """

    feature: np.ndarray
    score: np.ndarray
    ordinal_logits: np.ndarray
    usable: np.ndarray
    first_frame: np.ndarray
    start_s: np.ndarray
    end_s: np.ndarray

    def save(self, path: Path) -> None:
        """Write the arrays as .npz in one step."""
        with atomic_path(path) as temporary:
            np.savez(temporary, **{entry.name: getattr(self, entry.name) for entry in fields(self)})

    @staticmethod
    def load(path: Path) -> Units:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as stored:
            return Units(**{entry.name: stored[entry.name] for entry in fields(Units)})


def clip_batches(encoder: SegmentEncoder, reader: ClipReader, segments: Segments, batch: int) -> Iterator[torch.Tensor]:
    """The clips (≤ batch, 3, T, H, W) of a recording's usable segments in order of time, on the encoder's device."""
    device = next(encoder.parameters()).device
    firsts = segments.first_frame[segments.usable]
    for begin in range(0, len(firsts), batch):
        chosen = firsts[begin : begin + batch]
        yield torch.stack([reader.read(int(first), segments.frames)[0] for first in chosen]).to(device)


@torch.inference_mode()
def encode(encoder: SegmentEncoder, reader: ClipReader, segments: Segments, *, batch: int = 16) -> Units:
    """Encode the usable segments of a recording, `batch` at a time, on the encoder's device and in evaluation mode.

    Raises UnusableInput if no segment is usable.
    """
    was_training = encoder.training
    encoder.eval()
    try:
        parts = [
            [part.float().cpu().numpy() for part in encoder(clips)]
            for clips in clip_batches(encoder, reader, segments, batch)
        ]
    finally:
        encoder.train(was_training)
    count = len(segments)

    def spread(position: int) -> np.ndarray:
        if not parts:
            raise UnusableInput("no segment of the recording has enough tracked frames")
        values = np.concatenate([part[position] for part in parts])
        whole = np.zeros((count, *values.shape[1:]), np.float32)
        whole[segments.usable] = values
        return whole

    return Units(
        feature=spread(0),
        score=spread(1),
        ordinal_logits=spread(2),
        usable=segments.usable,
        first_frame=segments.first_frame,
        start_s=segments.start_s,
        end_s=segments.end_s,
    )
