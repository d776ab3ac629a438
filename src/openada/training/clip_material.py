"""What the training of a clip model reads: clips drawn anew in every epoch, and the clips of a recording end to end."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from torch.utils.data import DataLoader

from openada.clips.dataset import EpochSampler, LabelledRecording, SegmentDataset
from openada.clips.mosaic import MosaicRecording
from openada.clips.random_clips import ClipRecording, RandomClips
from openada.clips.reading import ClipReader, Reads
from openada.clips.sampling import clip_starts, end_to_end, spread_over
from openada.clips.segments import Segments
from openada.clips.strengths import Augmentation
from openada.prepared.dataset import PreparedDataset, PreparedRecording
from openada.training.clip_recipe import ClipRecipe
from openada.training.pretext import signals_of
from openada.training.recordings import category_of

if TYPE_CHECKING:
    import pandas as pd

    from openada.training.kept_features import KeptFeatures


@dataclass(frozen=True)
class ClipSource:
    """How a recording becomes clips for the recipe's model. mean_face: what explanations compare them with, if it is known."""

    recipe: ClipRecipe[Any]
    mean_face: np.ndarray | None = field(default=None, compare=False)

    @property
    def segment_frames(self) -> int:
        """T, the length of a training clip in (sampled) frames."""
        return int(self.recipe.model.clip_frames)

    @property
    def test_frames(self) -> int:
        """Frames of a clip at test."""
        return self.recipe.test_frames or self.segment_frames

    def reader(self, recording: PreparedRecording) -> ClipReader:
        """The clips of one recording as the model sees them."""
        return ClipReader(
            MosaicRecording.of(recording) if self.recipe.input == "mosaic" else recording,
            self.recipe.model.image_size,
            reference=self.recipe.reference,
            cached=self.recipe.cached,
            frame_order=self.recipe.frame_order,
            seed=self.recipe.seed,
            frame_step=self.recipe.frame_step,
            sampling=self.recipe.sampling,
            mean_face=self.mean_face,
        )

    def segments(self, recording: PreparedRecording) -> Segments:
        """The recording's clips at test: one after the other, or the one that is spread over it."""
        if self.recipe.sampling == "spread":
            return spread_over(recording.time_s, recording.tracked, frames=self.test_frames)
        return end_to_end(
            recording.time_s,
            recording.tracked,
            frames=self.segment_frames,
            step=self.recipe.frame_step,
            overlap=self.recipe.overlap,
            min_tracked_share=self.recipe.min_tracked_share,
        )

    def starts(self, recording: PreparedRecording) -> Any:
        """The frames at which a training clip may start, or which one that is spread may have, (S,) int64."""
        if self.recipe.sampling == "spread":
            return np.flatnonzero(recording.tracked)
        return clip_starts(
            recording.tracked,
            frames=self.segment_frames,
            step=self.recipe.frame_step,
            min_tracked_share=self.recipe.min_tracked_share,
        )


def random_clip_loader(
    source: ClipSource,
    dataset: PreparedDataset,
    table: pd.DataFrame,
    *,
    pretext: bool = False,
    kept: KeptFeatures | None = None,
) -> DataLoader:
    """Training's batches; for the pretext stage the behaviour signals come with them. `kept`: features in place of frames."""
    recipe = source.recipe
    # A mirror image would turn the lateral signals round, and the pretext's targets are not mirrored.
    augmentation = replace(recipe.augmentation, flip=0.0) if pretext else recipe.augmentation
    batch = recipe.pretext.batch if pretext else recipe.batch
    if recipe.windows == "all":
        return _every_clip_loader(source, dataset, table, augmentation, batch, signals=pretext)
    recordings = []
    for row in table.itertuples():
        recording = dataset.recording(row.recording_id)
        recordings.append(
            ClipRecording(
                kept.candidates(recording) if kept else source.reader(recording),
                np.arange(recipe.cached_features) if kept else source.starts(recording),
                float(row.score),
                category_of(row),
                signals_of(recording) if pretext else None,
            )
        )
    data = RandomClips(
        recordings,
        frames=source.segment_frames,
        clips_per_recording=recipe.clips_per_recording,
        seed=recipe.seed,
        augmentation=augmentation,
        label_noise=recipe.label_noise,
    )
    return _shuffled(data, batch, recipe.seed)


def _shuffled(data: RandomClips | SegmentDataset, batch: int, seed: int) -> DataLoader:
    sampler = EpochSampler(len(data), seed=seed, shuffle=True)
    return DataLoader(data, batch_size=batch, sampler=sampler, drop_last=len(data) >= batch)


def _every_clip_loader(
    source: ClipSource,
    dataset: PreparedDataset,
    table: pd.DataFrame,
    augmentation: Augmentation,
    batch: int,
    *,
    signals: bool,
) -> DataLoader:
    """Training's batches where every clip that there is at test is one of them in every epoch."""
    recipe = source.recipe
    data = SegmentDataset(
        _labelled(source, dataset, table, signals=signals),
        seed=recipe.seed,
        augmentation=augmentation,
        label_noise=recipe.label_noise,
    )
    return _shuffled(data, batch, recipe.seed)


def whole_recording_loader(
    source: ClipSource,
    dataset: PreparedDataset,
    table: pd.DataFrame,
    *,
    pretext: bool = False,
    kept: KeptFeatures | None = None,
) -> DataLoader:
    """The development part's batches: every clip of every recording, as at test."""
    data = SegmentDataset(_labelled(source, dataset, table, signals=pretext, kept=kept), seed=source.recipe.seed)
    sampler = EpochSampler(len(data), seed=source.recipe.seed, shuffle=False)
    return DataLoader(data, batch_size=source.recipe.batch, sampler=sampler)


def _labelled(
    source: ClipSource,
    dataset: PreparedDataset,
    table: pd.DataFrame,
    *,
    signals: bool,
    kept: KeptFeatures | None = None,
) -> list[LabelledRecording]:
    """The recordings of `table` with their clips at test."""
    recordings = []
    for row in table.itertuples():
        recording = dataset.recording(row.recording_id)
        reader: Reads = kept.at_test(recording) if kept else source.reader(recording)
        beside = signals_of(recording) if signals else None
        recordings.append(
            LabelledRecording(reader, source.segments(recording), float(row.score), category_of(row), beside)
        )
    return recordings
