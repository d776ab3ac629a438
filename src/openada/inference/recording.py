"""A trained run of any kind, and what it says of one recording."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from torch import nn

from openada.clips.reading import ClipReader
from openada.clips.segments import Segments
from openada.models.weights import load_checkpoint
from openada.prepared.dataset import PreparedRecording
from openada.training.run_folder import RunFolder
from openada.training.systems import Recipe, RunKind

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class RecordingResult:
    """What a run says of one recording.

    scores: method → score on the label's scale. category: one that the network names by itself, or None. segments: a row per
    segment or clip with start_s, end_s, scale_frames, stage1_score (its own score) and what else the kind of run gives.
    usable: (N,) bool, which pieces of the recording had enough tracked frames to be read.
    """

    scores: dict[str, float]
    category: int | None
    segments: pd.DataFrame
    usable: np.ndarray


class Cutting(Protocol):
    """How a recording becomes what a model reads."""

    def reader(self, recording: PreparedRecording) -> ClipReader:
        """Its clips as tensors."""
        ...

    def segments(self, recording: PreparedRecording) -> Segments:
        """Where they lie, at test."""
        ...


@dataclass(frozen=True)
class TrainedRun(ABC):
    """A finished run: its folder, its model in evaluation mode, and its recipe."""

    folder: RunFolder
    model: nn.Module
    recipe: Recipe

    @staticmethod
    def load(run: Path) -> TrainedRun:
        """Read a run. Raises UnusableInput if there is none, or it is not trained to the end."""
        from openada.inference.clips import ClipRun
        from openada.inference.expada import ExpADARun
        from openada.models.expada.model import ExpADA
        from openada.training.clip_recipe import ClipRecipe

        folder = RunFolder(run)
        folder.require_complete()
        model, _ = load_checkpoint(folder.model)
        recipe = folder.recipe()
        if isinstance(recipe, ClipRecipe):
            return ClipRun(folder, model.eval(), recipe)
        assert isinstance(model, ExpADA)
        return ExpADARun(folder, model.eval(), recipe)

    @property
    def config(self) -> Mapping[str, Any]:
        """What config.json says."""
        return self.folder.config()

    @property
    def weights(self) -> Path:
        """The file of the model's weights."""
        return self.folder.model

    @property
    def kind(self) -> RunKind:
        """What kind of run it is."""
        return RunKind(self.config)

    @property
    @abstractmethod
    def source(self) -> Cutting:
        """How a recording becomes what the model reads."""

    @abstractmethod
    def infer(self, recording: PreparedRecording, cache: Path | None = None) -> RecordingResult:
        """What the run says of one prepared recording; `cache` is a folder for what is worth computing once.

        Raises UnusableInput if no piece of it has enough tracked frames.
        """


def infer(run: TrainedRun, recording: PreparedRecording, *, cache: Path | None = None) -> RecordingResult:
    """Apply a run to one prepared recording. Raises UnusableInput if no segment has enough tracked frames."""
    return run.infer(recording, cache)
