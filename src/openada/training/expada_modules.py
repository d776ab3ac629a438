"""The two Lightning modules of ExpADA: the segment encoder (stage 1) and the selector on cached units (stage 2)."""

from __future__ import annotations

from typing import NamedTuple

import lightning
import torch
from torch import nn

from openada.clips.dataset import SegmentSample
from openada.training.losses import segment_loss, selection_loss


class EncoderTraining(lightning.LightningModule):
    """Stage 1: mean squared error on the score, with method "ordinal" plus the three ordered logits (eq. 12). Adam.

    The squared error is taken in units of the model's `score_sd` (the training labels' standard deviation), so that it has
    the size of the ordinal term; the paper does not say how it weighs the two. Logs `training_loss`, and on the development
    split `development_rmse`: one prediction per recording, the mean over its segments, in score points.
    """

    def __init__(
        self,
        encoder: nn.Module,
        *,
        ordinal: bool,
        score_sd: float,
        learning_rate: float,
        weight_decay: float,
        average_thresholds: bool = False,
    ):
        super().__init__()
        self.encoder = encoder
        self._ordinal = ordinal
        self._average_thresholds = average_thresholds
        self._score_sd = score_sd
        self._lr = learning_rate
        self._weight_decay = weight_decay
        self._seen: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []

    def training_step(self, batch: SegmentSample, batch_idx: int) -> torch.Tensor:
        """The loss of one batch of segments."""
        out = self.encoder(batch.clip)
        loss = segment_loss(
            out,
            batch.score,
            batch.category,
            ordinal=self._ordinal,
            score_sd=self._score_sd,
            average_thresholds=self._average_thresholds,
        )
        self.log("training_loss", loss, on_step=False, on_epoch=True, prog_bar=True, batch_size=len(batch.score))
        return loss

    def validation_step(self, batch: SegmentSample, batch_idx: int) -> None:
        """Collect the segments' scores."""
        self._seen.append((batch.recording, self.encoder(batch.clip).score, batch.score))

    def on_validation_epoch_end(self) -> None:
        """One prediction per recording, then the error."""
        recording, score, label = (torch.cat(parts) for parts in zip(*self._seen, strict=True))
        self._seen.clear()
        count = torch.bincount(recording).clamp(min=1)
        error = (torch.bincount(recording, score - label) / count)[torch.bincount(recording) > 0]
        self.log("development_rmse", error.square().mean().sqrt(), prog_bar=True)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam, with decoupled weight decay (0 in the paper's recipe)."""
        return torch.optim.AdamW(self.parameters(), lr=self._lr, weight_decay=self._weight_decay)


class UnitBatch(NamedTuple):
    """Recordings as padded feature units: units (B, N, D), mask (B, N) bool, score (B,), category (B,) int64."""

    units: torch.Tensor
    mask: torch.Tensor
    score: torch.Tensor
    category: torch.Tensor


class SelectorTraining(lightning.LightningModule):
    """Stage 2 (eq. 13–15) on cached units: MTE and DFS with SGD. The squared error in units of `score_sd`, as in stage 1."""

    def __init__(
        self, selector: nn.Module, *, score_sd: float, learning_rate: float, momentum: float, weight_decay: float
    ):
        super().__init__()
        self.selector = selector
        self._score_sd = score_sd
        self._lr = learning_rate
        self._momentum = momentum
        self._weight_decay = weight_decay
        self._errors: list[torch.Tensor] = []

    def training_step(self, batch: UnitBatch, batch_idx: int) -> torch.Tensor:
        """The loss of one batch of recordings."""
        out = self.selector(batch.units, batch.mask)
        loss = selection_loss(out, batch.score, batch.category, score_sd=self._score_sd)
        self.log("training_loss", loss, on_step=False, on_epoch=True, prog_bar=True, batch_size=len(batch.score))
        return loss

    def validation_step(self, batch: UnitBatch, batch_idx: int) -> None:
        """Collect the recordings' errors."""
        self._errors.append(self.selector(batch.units, batch.mask).score - batch.score)

    def on_validation_epoch_end(self) -> None:
        """The error over the recordings of the development split."""
        self.log("development_rmse", torch.cat(self._errors).square().mean().sqrt(), prog_bar=True)
        self._errors.clear()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """SGD with momentum."""
        return torch.optim.SGD(self.parameters(), lr=self._lr, momentum=self._momentum, weight_decay=self._weight_decay)
