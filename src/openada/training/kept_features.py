"""Features of a frozen trunk, computed once for each recording and kept beside it, so that training reads them, not frames."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import torch
from torch import Tensor, nn

from openada.clips.augmentation import Augmentation
from openada.clips.sampling import drawn_frames, spread_frames
from openada.errors import UnusableInput
from openada.files import atomic_path
from openada.models.frame_trunk import FrameTrunk
from openada.prepared.dataset import PreparedRecording
from openada.training.clip_material import ClipSource

FRAMES_AT_ONCE = 8


class FrozenBelow(Protocol):
    """A model with a frozen trunk: `aggregator(frozen_features(clips))` are its scores."""

    trunk: FrameTrunk
    aggregator: nn.Module

    def frozen_features(self, clips: Tensor) -> Tensor:
        """Features (B, T, C, h, w) of clips (B, 3, T, H, W), which no training changes."""
        ...


class FeatureReader:
    """Kept features (N, C, h, w) float16 in the place of a `ClipReader`: of N candidate frames, or of the N frames at test."""

    def __init__(self, kept: np.ndarray) -> None:
        self._kept = kept

    def order(self, first: int, frames: int) -> np.ndarray:
        """All that is kept, in time."""
        return np.arange(len(self._kept))

    def drawn(self, among: np.ndarray, frames: int, generator: np.random.Generator) -> np.ndarray:
        """Candidates drawn at random, in time."""
        return drawn_frames(among, frames, generator)

    def read_frames(
        self,
        order: np.ndarray,
        augmentation: Augmentation | None = None,
        generator: np.random.Generator | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Features (T, C, h, w) float32, all of tracked frames. They are never augmented; the recipe has seen to that."""
        return torch.from_numpy(self._kept[order].astype(np.float32)), torch.ones(len(order), dtype=torch.bool)


@dataclass(frozen=True)
class KeptFeatures:
    """The features of the frozen trunk below `model`, as files features_<key>_<frames>.npy in the recordings' folders.

    float16, (frames, C, h, w), of frames evenly spaced over the tracked ones. `key` is a digest of the trunk's weights, of what
    is made of its map, and of how crops become its input: another trunk has other files. They can be deleted and are made again.
    """

    model: nn.Module
    source: ClipSource
    key: str
    device: str

    @staticmethod
    def of(model: nn.Module, source: ClipSource) -> KeptFeatures:
        """Raises UnusableInput for a model without a frozen trunk."""
        if not hasattr(model, "frozen_features"):
            raise UnusableInput(
                f"cached-features {source.recipe.cached_features}: {type(model).__name__} has no frozen trunk; set it to 0"
            )
        frozen = cast(Any, model)
        settings = frozen.config
        if not settings.frozen:
            raise UnusableInput(
                f"cached-features {source.recipe.cached_features}: the trunk learns, so its features cannot be kept; set it to 0"
            )
        digest = hashlib.sha256()
        for name, value in frozen.trunk.state_dict().items():
            digest.update(name.encode() + value.cpu().contiguous().numpy().tobytes())
        facts = (settings.trunk, settings.normalisation, settings.input_range, settings.reduction, settings.image_size)
        digest.update(repr((*facts, source.recipe.reference)).encode())
        gpu = torch.cuda.is_available() and source.recipe.accelerator in ("auto", "gpu", "cuda")
        return KeptFeatures(model, source, digest.hexdigest()[:12], "cuda" if gpu else "cpu")

    def candidates(self, recording: PreparedRecording) -> FeatureReader:
        """What training draws from."""
        return FeatureReader(self._features(recording, self.source.recipe.cached_features))

    def at_test(self, recording: PreparedRecording) -> FeatureReader:
        """The frames of the recording at test."""
        return FeatureReader(self._features(recording, self.source.test_frames))

    def path(self, recording: PreparedRecording, frames: int) -> Path:
        """Where the features of so many frames are kept."""
        return recording.folder / f"features_{self.key}_{frames}.npy"

    def _features(self, recording: PreparedRecording, frames: int) -> np.ndarray:
        path = self.path(recording, frames)
        if not path.is_file():
            found = self._computed(recording, frames)
            with atomic_path(path) as temporary, temporary.open("wb") as file:
                np.save(file, found)
        return np.asarray(np.load(path))

    @torch.no_grad()
    def _computed(self, recording: PreparedRecording, frames: int) -> np.ndarray:
        frozen = cast(FrozenBelow, self.model.to(self.device))
        reader = self.source.reader(recording)
        order = spread_frames(recording.tracked, frames)
        found = []
        for begin in range(0, frames, FRAMES_AT_ONCE):
            clip, _ = reader.read_frames(order[begin : begin + FRAMES_AT_ONCE])
            found.append(frozen.frozen_features(clip[None].to(self.device))[0].half().cpu().numpy())
        features = np.concatenate(found)
        if not np.isfinite(features).all():
            raise UnusableInput(
                f"{recording.recording_id}: features of the trunk are too large for float16; give --cached-features 0"
            )
        return features
