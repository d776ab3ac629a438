"""Before the scores, for a network without pre-trained weights: learn to read the behaviour signals that `prepare` measured.

An addition of ours, off in the papers' recipes, whose networks start from other data. A small network has no such weights, and
from severity labels alone, of some hundred people, it learns who someone is before it learns what moves. The same holds for
ExpADA's attention above the trunk, so there the signals are read twice: from the tokens, in place, and from the feature unit.
The targets are measured on the training recordings' own faces; no label is used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import lightning
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from openada.clips.dataset import SegmentSample
from openada.models.clip_network import ClipNetwork
from openada.models.expada.segment_encoder import SegmentEncoder
from openada.models.expresso.model import Expresso
from openada.models.frame_trunk import FrameModel
from openada.models.precision import at_least_float32

if TYPE_CHECKING:
    from openada.prepared.dataset import PreparedRecording

SIGNALS = (
    *("AU01_g", "AU02_g", "AU04_g", "AU06_g", "AU12_g", "AU15_g", "AU26_g", "AU45_g", "eye_openness"),
    *("gaze_yaw_deg", "gaze_pitch_deg", "head_yaw_deg", "head_pitch_deg", "head_roll_deg"),
)
LIMIT_SD = 4.0
Readable = ClipNetwork | Expresso | FrameModel
"""Networks for clips that have this stage."""


def signals_of(recording: PreparedRecording) -> np.ndarray:
    """The behaviour signals of a recording less their medians in it, (frames, S) float32; NaN where not tracked."""
    values = recording.behaviour[list(SIGNALS)].to_numpy(np.float32)
    if np.isnan(values).all():
        return values
    return values - np.nanmedian(values, axis=0)


def signal_spread(recordings: Sequence[np.ndarray]) -> np.ndarray:
    """Standard deviation of each signal over the tracked frames of the training recordings, (S,) float32."""
    spread = np.nanstd(np.concatenate(recordings), axis=0)
    return np.where(np.isfinite(spread) & (spread > 0), spread, 1).astype(np.float32)


class Read(NamedTuple):
    """What the signals are read from: a grid (B, C, t, h, w), and the feature vector (B, D) above it where it is read too."""

    grid: torch.Tensor
    vector: torch.Tensor | None


def read_encoder(encoder: SegmentEncoder) -> Callable[[torch.Tensor], Read]:
    """Of ExpADA's encoder: the located tokens, and the feature unit."""

    def read(clips: torch.Tensor) -> Read:
        tokens = encoder.tokens(clips)
        return Read(tokens, encoder.attend(tokens)[0])

    return read


def read_network(network: Readable) -> Callable[[torch.Tensor], Read]:
    """Of a network for clips: its feature map. That of a network on every frame has a time step for each."""
    return lambda clips: Read(network.feature_map(clips), None)


class PretextTraining(lightning.LightningModule):
    """Regress the signals, averaged over each time step of the grid, from the grid and from the vector above it. AdamW.

    Linear maps, dropped afterwards: from all places of the grid at a time step to the signals then, and from the vector to the
    signals at all time steps. Their losses are added. Frames that were not tracked take no part.
    `read` gives what `network` makes of clips (B, 3, T, H, W); `clip_shape` is (3, T, H, W). Without a vector above the grid
    clips may have another T at test. The parameters of `network` that `read` uses are trained, and the state of no other changes.
    """

    spread: torch.Tensor

    def __init__(
        self,
        network: nn.Module,
        read: Callable[[torch.Tensor], Read],
        spread: np.ndarray,
        *,
        clip_shape: tuple[int, int, int, int],
        learning_rate: float,
        weight_decay: float,
    ):
        super().__init__()
        self.network = network
        self._read = read
        training = network.training
        with torch.no_grad():
            network.eval()
            grid, vector = read(torch.zeros(1, *clip_shape))
        network.train(training)
        _, channels, steps, height, width = grid.shape
        self.from_grid = nn.Linear(channels * height * width, len(SIGNALS))
        self.from_vector = None if vector is None else nn.Linear(vector.shape[1], steps * len(SIGNALS))
        self.register_buffer("spread", torch.from_numpy(spread))
        self._lr = learning_rate
        self._weight_decay = weight_decay

    def _loss(self, batch: SegmentSample) -> torch.Tensor:
        grid, vector = self._read(batch.clip)
        target = torch.stack([part.nanmean(dim=1) for part in batch.signals.tensor_split(grid.shape[2], dim=1)], 1)
        target = (target / self.spread).clamp(-LIMIT_SD, LIMIT_SD)
        seen = target.isfinite()
        readings = [self.from_grid(grid.permute(0, 2, 1, 3, 4).flatten(2))]
        if self.from_vector is not None:
            readings.append(self.from_vector(vector).view_as(target))
        return torch.stack([F.mse_loss(at_least_float32(read)[seen], target[seen]) for read in readings]).sum()

    def training_step(self, batch: SegmentSample, batch_idx: int) -> torch.Tensor:
        """The mean squared errors of the readings, in standard deviations, added."""
        loss = self._loss(batch)
        self.log("training_loss", loss, on_step=False, on_epoch=True, prog_bar=True, batch_size=len(batch.score))
        return loss

    def validation_step(self, batch: SegmentSample, batch_idx: int) -> None:
        """The same on the development recordings."""
        self.log("development_loss", self._loss(batch), prog_bar=True, batch_size=len(batch.score))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """AdamW."""
        return torch.optim.AdamW(self.parameters(), lr=self._lr, weight_decay=self._weight_decay)
