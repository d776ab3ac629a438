"""What a trained clip model says of one recording: the mean of the scores of its clips."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from openada.clips.reading import ClipReader
from openada.clips.segments import Segments
from openada.errors import UnusableInput
from openada.inference.recording import RecordingResult, TrainedRun
from openada.models.clip_network import ClipNetwork
from openada.models.fast import fast_inference
from openada.models.precision import at_least_float32
from openada.prepared.dataset import PreparedRecording
from openada.training.clip_material import ClipSource
from openada.training.clip_recipe import ClipRecipe
from openada.training.mean_face import mean_face

CLIPS_AT_ONCE = 4


@dataclass(frozen=True)
class ClipRun(TrainedRun):
    """A finished run of a clip model."""

    recipe: ClipRecipe[Any]

    @cached_property
    def source(self) -> ClipSource:
        """How a recording becomes clips."""
        return ClipSource(self.recipe, mean_face(self.weights))

    @cached_property
    def scoring(self) -> nn.Module:
        """The network as it scores: on the processor arranged for speed, with the same numbers to about 1e-5 of themselves."""
        on_processor = next(self.model.parameters()).device.type == "cpu"
        return fast_inference(self.model) if on_processor and isinstance(self.model, ClipNetwork) else self.model

    def infer(self, recording: PreparedRecording, cache: Path | None = None) -> RecordingResult:
        """Scores of one recording, from its clips.

        `segments` has a row per usable clip: first_frame, start_s, end_s, scale_frames, tracked_share, stage1_score and
        segment_score (both the clip's own score); `scores` has their mean, under the system's name.
        """
        cut = self.source.segments(recording)
        scores = clip_scores(self.scoring, self.source.reader(recording), cut)
        rows = pd.DataFrame(
            {
                "first_frame": cut.first_frame,
                "start_s": cut.start_s,
                "end_s": cut.end_s,
                "scale_frames": cut.frames,
                "tracked_share": cut.tracked_share,
            }
        )
        rows = rows[cut.usable].assign(stage1_score=scores, segment_score=scores).reset_index(drop=True)
        return RecordingResult({self.kind.method: float(scores.mean())}, None, rows, cut.usable)


@torch.inference_mode()
def clip_scores(network: nn.Module, reader: ClipReader, cut: Segments, *, batch: int = CLIPS_AT_ONCE) -> np.ndarray:
    """The scores (N,) float64 of a recording's usable clips in order of time; the network in evaluation mode, on its device.

    Raises UnusableInput if no clip is usable.
    """
    firsts = cut.first_frame[cut.usable]
    if not len(firsts):
        raise UnusableInput("no clip of the recording has enough tracked frames")
    device = next(iter(network.state_dict().values())).device
    was_training = network.training
    network.eval()
    try:
        found = []
        for begin in range(0, len(firsts), batch):
            clips = torch.stack([reader.read(int(first), cut.frames)[0] for first in firsts[begin : begin + batch]])
            found.append(at_least_float32(network(clips.to(device))).double().cpu().numpy())
    finally:
        network.train(was_training)
    return np.concatenate(found)
