"""Clips drawn anew in every epoch, as clip models are trained; what is drawn depends on (seed, epoch, item) alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.utils.data import Dataset

from openada.clips.augmentation import Augmentation
from openada.clips.dataset import Key, SegmentSample, signals_of_clip
from openada.clips.reading import Reads


@dataclass(frozen=True)
class ClipRecording:
    """A recording's clips, its label, and its signals if they go along.

    `starts` (S,), S ≥ 1: the frames at which a clip may start, or for clips spread over the recording those it may have.
    """

    reader: Reads
    starts: np.ndarray
    score: float
    category: int
    signals: np.ndarray | None = None  # (frames, S)


class RandomClips(Dataset[SegmentSample]):
    """`clips_per_recording` clips of `frames` frames of every recording in every epoch, each labelled with its recording.

    `label_noise`: standard deviation, in points, of Gaussian noise on the label of every clip drawn; 0 for none.
    """

    def __init__(
        self,
        recordings: Sequence[ClipRecording],
        *,
        frames: int,
        clips_per_recording: int,
        seed: int,
        augmentation: Augmentation,
        label_noise: float = 0.0,
    ) -> None:
        self._recordings = recordings
        self._frames = frames
        self._clips = clips_per_recording
        self._seed = seed
        self._augmentation = augmentation
        self._label_noise = label_noise

    def __len__(self) -> int:
        return len(self._recordings) * self._clips

    def __getitem__(self, key: Key) -> SegmentSample:
        position = key.item // self._clips
        recording = self._recordings[position]
        generator = np.random.default_rng([self._seed, key.epoch, key.item])
        order = recording.reader.drawn(recording.starts, self._frames, generator)
        noise = self._label_noise * generator.standard_normal()
        clip, _ = recording.reader.read_frames(order, self._augmentation, generator)
        return SegmentSample(
            clip,
            torch.tensor(recording.score + noise, dtype=torch.float32),
            torch.tensor(recording.category),
            torch.tensor(position),
            signals_of_clip(recording.signals, order),
        )
