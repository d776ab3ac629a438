"""Segments of many recordings as a torch data set, with randomness that depends on (seed, epoch, item) alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch.utils.data import Dataset, Sampler

from openada.clips.augmentation import Augmentation
from openada.clips.reading import Reads
from openada.clips.segments import Segments


class Key(NamedTuple):
    """Which segment, and in which epoch it is drawn."""

    epoch: int
    item: int


class SegmentSample(NamedTuple):
    """One segment: clip (3, T, H, W) float32, score () float32, category () int64, recording () int64 (its position).

    signals (T, S) float32: per-frame measurements of the segment's frames, NaN where not tracked; S = 0 if none were given.
    """

    clip: torch.Tensor
    score: torch.Tensor
    category: torch.Tensor
    recording: torch.Tensor
    signals: torch.Tensor


@dataclass(frozen=True)
class LabelledRecording:
    """A recording's clips, its usable segments and its label; `score` and `category` of the whole recording."""

    reader: Reads
    segments: Segments
    score: float
    category: int
    signals: np.ndarray | None = None  # (frames, S)


def signals_of_clip(signals: np.ndarray | None, order: np.ndarray) -> torch.Tensor:
    """The signals (recording's frames, S) in the order in which the clip shows its frames, (T, S) float32; S = 0 without any."""
    return torch.zeros((len(order), 0)) if signals is None else torch.from_numpy(signals[order])


class SegmentDataset(Dataset[SegmentSample]):
    """Every usable segment of `recordings`, labelled with its recording's score and category.

    `label_noise`: standard deviation, in points, of Gaussian noise on the label of every segment, drawn anew in every epoch.
    """

    def __init__(
        self,
        recordings: Sequence[LabelledRecording],
        *,
        seed: int,
        augmentation: Augmentation | None = None,
        label_noise: float = 0.0,
    ) -> None:
        self._recordings = recordings
        self._seed = seed
        self._augmentation = augmentation
        self._label_noise = label_noise
        self._places = [
            (position, int(first))
            for position, recording in enumerate(recordings)
            for first in recording.segments.first_frame[recording.segments.usable]
        ]

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, key: Key) -> SegmentSample:
        position, first = self._places[key.item]
        recording = self._recordings[position]
        generator = np.random.default_rng([self._seed, key.epoch, key.item])
        order = recording.reader.order(first, recording.segments.frames)
        noise = self._label_noise * generator.standard_normal() if self._label_noise else 0.0
        clip, _ = recording.reader.read_frames(order, self._augmentation, generator)
        return SegmentSample(
            clip,
            torch.tensor(recording.score + noise, dtype=torch.float32),
            torch.tensor(recording.category),
            torch.tensor(position),
            signals_of_clip(recording.signals, order),
        )


class EpochSampler(Sampler[Key]):
    """Yields (epoch, index): the order of an epoch is a function of (seed, epoch), so a resumed run repeats it."""

    def __init__(self, length: int, *, seed: int, shuffle: bool) -> None:
        self._length = length
        self._seed = seed
        self._shuffle = shuffle
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Called by the trainer before each epoch."""
        self._epoch = epoch

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Key]:
        order = (
            np.random.default_rng([self._seed, self._epoch]).permutation(self._length)
            if self._shuffle
            else np.arange(self._length)
        )
        return (Key(self._epoch, int(index)) for index in order)
