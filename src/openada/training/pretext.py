"""Before stage 1, for a trunk without pre-trained weights: learn to read the behaviour signals that `prepare` measured.

An addition of ours, off in the paper's recipes, whose trunks start from Kinetics-400. A small trunk has no such weights, and from
severity labels alone, of some hundred people, it learns who someone is before it learns what moves. The same holds for the
attention above it, so the signals are read twice: from the tokens, in place, and from the feature unit. The targets are measured
on the training recordings' own faces; no label is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lightning
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from openada.clips.dataset import SegmentSample
from openada.models.expada.segment_encoder import SegmentEncoder

if TYPE_CHECKING:
    from openada.prepared.dataset import PreparedRecording

SIGNALS = (
    *("AU01_g", "AU02_g", "AU04_g", "AU06_g", "AU12_g", "AU15_g", "AU26_g", "AU45_g", "eye_openness"),
    *("gaze_yaw_deg", "gaze_pitch_deg", "head_yaw_deg", "head_pitch_deg", "head_roll_deg"),
)
LIMIT_SD = 4.0


def signals_of(recording: PreparedRecording) -> np.ndarray:
    """The behaviour signals of a recording less their medians in it, (frames, S) float32; NaN where not tracked."""
    values = recording.behaviour[list(SIGNALS)].to_numpy(np.float32)
    if np.isnan(values).all():
        return values
    return values - np.nanmedian(values, axis=0)


def signal_spread(recordings: list[np.ndarray]) -> np.ndarray:
    """Standard deviation of each signal over the tracked frames of the training recordings, (S,) float32."""
    spread = np.nanstd(np.concatenate(recordings), axis=0)
    return np.where(np.isfinite(spread) & (spread > 0), spread, 1).astype(np.float32)


class PretextTraining(lightning.LightningModule):
    """Regress the signals, averaged over each of the trunk's time steps, from its located tokens and from the unit. AdamW.

    Two linear maps, dropped afterwards: from all places of the token grid at a time step to the signals then, and from the unit
    to the signals at all time steps. Their losses are added. Frames that were not tracked take no part.
    """

    spread: torch.Tensor

    def __init__(self, encoder: SegmentEncoder, spread: np.ndarray, *, learning_rate: float, weight_decay: float):
        super().__init__()
        self.encoder = encoder
        steps, height, width = encoder.grid
        self.from_tokens = nn.Linear(encoder.location.shape[1] * height * width, len(SIGNALS))
        self.from_unit = nn.Linear(encoder.score.in_features, steps * len(SIGNALS))
        self.register_buffer("spread", torch.from_numpy(spread))
        self._lr = learning_rate
        self._weight_decay = weight_decay

    def _loss(self, batch: SegmentSample) -> torch.Tensor:
        tokens = self.encoder.tokens(batch.clip)
        unit, _ = self.encoder.attend(tokens)
        steps = self.encoder.grid[0]
        target = torch.stack([part.nanmean(dim=1) for part in batch.signals.tensor_split(steps, dim=1)], 1)
        target = (target / self.spread).clamp(-LIMIT_SD, LIMIT_SD)
        seen = target.isfinite()
        readings = self.from_tokens(tokens.permute(0, 2, 1, 3, 4).flatten(2)), self.from_unit(unit).view_as(target)
        return torch.stack([F.mse_loss(read[seen], target[seen]) for read in readings]).sum()

    def training_step(self, batch: SegmentSample, batch_idx: int) -> torch.Tensor:
        """The two mean squared errors of the signals, in standard deviations, added."""
        loss = self._loss(batch)
        self.log("training_loss", loss, on_step=False, on_epoch=True, prog_bar=True, batch_size=len(batch.score))
        return loss

    def validation_step(self, batch: SegmentSample, batch_idx: int) -> None:
        """The same on the development recordings."""
        self.log("development_loss", self._loss(batch), prog_bar=True, batch_size=len(batch.score))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """AdamW."""
        return torch.optim.AdamW(self.parameters(), lr=self._lr, weight_decay=self._weight_decay)
