"""What ExpADA's training reads: recordings with their labels, as segments or as cached feature units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from openada.clips.dataset import EpochSampler, Key, LabelledRecording, SegmentDataset
from openada.clips.reading import ClipReader
from openada.clips.segments import Segments, segments
from openada.models.expada.segment_encoder import SegmentEncoder
from openada.prepared.dataset import PreparedDataset, PreparedRecording
from openada.training.expada_modules import UnitBatch
from openada.training.pretext import signals_of
from openada.training.recipe import ExpADARecipe
from openada.training.recordings import category_of
from openada.training.units import Units, encode

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Source:
    """How a recording becomes clips for the recipe's model. mean_face: what explanations compare them with, if it is known."""

    recipe: ExpADARecipe
    mean_face: np.ndarray | None = field(default=None, compare=False)

    @property
    def segment_frames(self) -> int:
        """T, the length of a segment in frames."""
        return self.recipe.model.segment_frames

    @property
    def training_stride(self) -> int:
        """Frames from one training segment of stage 1 to the next."""
        return (self.segment_frames + 1) // 2 if self.recipe.stride is None else self.recipe.stride

    def reader(self, recording: PreparedRecording) -> ClipReader:
        """The clips of one recording as the model sees them."""
        return ClipReader(
            recording,
            self.recipe.model.image_size,
            reference=self.recipe.reference,
            cached=self.recipe.cached,
            frame_order=self.recipe.frame_order,
            seed=self.recipe.seed,
            mean_face=self.mean_face,
        )

    def segments(self, recording: PreparedRecording, stride: int | None = None) -> Segments:
        """The recording cut into segments; by default end to end."""
        return segments(
            recording.time_s,
            recording.tracked,
            frames=self.segment_frames,
            stride=self.segment_frames if stride is None else stride,
            min_tracked_share=self.recipe.min_tracked_share,
        )

    def units(self, recording: PreparedRecording, encoder: SegmentEncoder, cache: Path | None = None) -> Units:
        """Feature units of one recording: from the folder `cache`, or encoded (and put there).

        Raises UnusableInput if no segment is usable.
        """
        path = cache / f"{recording.recording_id}.npz" if cache else None
        if path and path.is_file():
            return Units.load(path)
        units = encode(encoder, self.reader(recording), self.segments(recording))
        if path:
            units.save(path)
        return units


def segment_loader(
    source: Source, dataset: PreparedDataset, table: pd.DataFrame, *, training: bool, pretext: bool = False
) -> DataLoader:
    """Stage 1's batches: by the recipe's stride and augmented for training, end to end and plain otherwise.

    For the pretext stage the behaviour signals come with them.
    """
    recipe = source.recipe
    stride = source.training_stride if training else source.segment_frames
    labelled = []
    for row in table.itertuples():
        recording = dataset.recording(row.recording_id)
        cut = source.segments(recording, stride)
        signals = signals_of(recording) if pretext else None
        labelled.append(LabelledRecording(source.reader(recording), cut, float(row.score), category_of(row), signals))
    # A mirror image would turn the lateral signals round, and the pretext's targets are not mirrored.
    augmentation = replace(recipe.augmentation, flip=0.0) if pretext else recipe.augmentation
    data = SegmentDataset(labelled, seed=recipe.seed, augmentation=augmentation if training else None)
    batch = recipe.pretext.batch if pretext else recipe.encoder.batch
    sampler = EpochSampler(len(data), seed=recipe.seed, shuffle=training)
    return DataLoader(data, batch_size=batch, sampler=sampler, drop_last=training and len(data) >= batch)


class _UnitDataset(Dataset[tuple[Units, float, int]]):
    def __init__(self, items: Sequence[tuple[Units, float, int]]) -> None:
        self._items = items

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, key: Key) -> tuple[Units, float, int]:
        return self._items[key.item]


def collate_units(items: Sequence[tuple[Units, float, int]]) -> UnitBatch:
    """Pad recordings of different lengths to one batch; padding is masked."""
    most = max(len(units.usable) for units, _, _ in items)
    features = np.zeros((len(items), most, items[0][0].feature.shape[1]), np.float32)
    mask = np.zeros((len(items), most), bool)
    for row, (units, _, _) in enumerate(items):
        features[row, : len(units.usable)] = units.feature
        mask[row, : len(units.usable)] = units.usable
    return UnitBatch(
        torch.from_numpy(features),
        torch.from_numpy(mask),
        torch.tensor([score for _, score, _ in items], dtype=torch.float32),
        torch.tensor([category for _, _, category in items]),
    )


def unit_loader(
    source: Source,
    dataset: PreparedDataset,
    table: pd.DataFrame,
    encoder: SegmentEncoder,
    cache: Path,
    *,
    training: bool,
) -> DataLoader:
    """Stage 2's batches of whole recordings as cached units."""
    items = [
        (source.units(recording, encoder, cache), float(row.score), category_of(row))
        for row, recording in ((row, dataset.recording(row.recording_id)) for row in table.itertuples())
    ]
    sampler = EpochSampler(len(items), seed=source.recipe.seed + 1, shuffle=training)
    return DataLoader(
        _UnitDataset(items), batch_size=source.recipe.selector.batch, sampler=sampler, collate_fn=collate_units
    )
