"""What a trained ExpADA says of one recording."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from openada.inference.recording import RecordingResult, TrainedRun
from openada.models.expada.model import ExpADA
from openada.models.outputs import SelectionOutput
from openada.prepared.dataset import PreparedRecording
from openada.training.material import Source
from openada.training.mean_face import mean_face
from openada.training.recipe import ExpADARecipe
from openada.training.units import Units

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ExpADARun(TrainedRun):
    """A finished run of ExpADA."""

    model: ExpADA
    recipe: ExpADARecipe

    @cached_property
    def source(self) -> Source:
        """How a recording becomes segments."""
        return Source(self.recipe, mean_face(self.weights))

    def infer(self, recording: PreparedRecording, cache: Path | None = None) -> ExpADAResult:
        """Scores and relevance of one recording; feature units are read from, or put into, the folder `cache`."""
        units = self.source.units(recording, self.model.encoder, cache)
        frames, percent = self.model.config.segment_frames, self.model.selector.percent
        stage1 = "base" if self.recipe.method == "base" else "ordinal"
        scores = {stage1: float(units.score[units.usable].mean())}
        if self.recipe.method != "selection":
            return ExpADAResult(scores, None, _stage1_segments(units, frames), units.usable, units, None, percent)
        with torch.inference_mode():
            out = self.model.selector(torch.from_numpy(units.feature)[None], torch.from_numpy(units.usable)[None])
        scores["selection"] = float(out.score[0])
        return ExpADAResult(
            scores, int(out.category[0]), _segments(out, units, frames), units.usable, units, out, percent
        )


@dataclass(frozen=True)
class ExpADAResult(RecordingResult):
    """Predictions and relevance of one recording.

    scores: "ordinal" or "base" is the mean of the encoder's segment scores, "selection" the mean over the selected
    representations. category: the selecting model's I, or None without stage 2. segments: a row per valid representation with
    first_unit, end_unit, start_s, end_s, scale_frames, category_support (the paper's SDR), severity_relevance, selected,
    segment_score, and stage1_score (the mean of the units' own scores).
    units: scale-1 units with start_s, end_s, usable. selection: the network's own output for a batch of one, or None;
    percent: p, the share that it selects.
    """

    units: Units
    selection: SelectionOutput | None
    percent: int


def _segments(out: SelectionOutput, units: Units, frames: int) -> pd.DataFrame:
    import pandas as pd

    valid = out.mask[0].numpy()
    spans = out.spans.numpy()[valid]
    running = np.concatenate([[0.0], np.cumsum(units.score, dtype=float)])
    columns = {
        "first_unit": spans[:, 0],
        "end_unit": spans[:, 1],
        "start_s": units.start_s[spans[:, 0]],
        "end_s": units.end_s[spans[:, 1] - 1],
        "scale_frames": (spans[:, 1] - spans[:, 0]) * frames,
        "stage1_score": (running[spans[:, 1]] - running[spans[:, 0]]) / (spans[:, 1] - spans[:, 0]),
    }
    for name in ("category_support", "severity_relevance", "selected", "segment_score"):
        columns[name] = getattr(out, name)[0].numpy()[valid]
    return pd.DataFrame(columns)


def _stage1_segments(units: Units, frames: int) -> pd.DataFrame:
    import pandas as pd

    usable = np.flatnonzero(units.usable)
    return pd.DataFrame(
        {
            "first_unit": usable,
            "end_unit": usable + 1,
            "start_s": units.start_s[usable],
            "end_s": units.end_s[usable],
            "scale_frames": frames,
            "stage1_score": units.score[usable],
            "category_support": np.nan,
            "severity_relevance": np.nan,
            "selected": False,
            "segment_score": units.score[usable],
        }
    )
