"""The Lightning module of clip models."""

from __future__ import annotations

from collections.abc import Sequence

import lightning
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from openada.clips.dataset import SegmentSample
from openada.errors import UnusableInput
from openada.models.precision import at_least_float32
from openada.training.clip_recipe import LossName, OptimiserName

DEVELOPMENT_LOSS = "development_loss"


def score_loss(predicted: Tensor, score: Tensor, *, loss: LossName, unit: float) -> Tensor:
    """The loss of scores (B,), both counted in `unit` points.

    The mean squared error; half of it ("half-mse": the Euclidean loss, He et al. 2022, eq. 5); or the whole and the smooth L1
    loss (β = 1).
    """
    predicted = at_least_float32(predicted) / unit
    score = score.to(predicted.dtype) / unit
    found = F.mse_loss(predicted, score)
    if loss == "mse+smooth-l1":
        return found + F.smooth_l1_loss(predicted, score)
    return found / 2 if loss == "half-mse" else found


class ClipTraining(lightning.LightningModule):
    """A clip model learns the score of the recording from each clip.

    "adam" decouples the weight decay from the gradient; "sgd" adds it to the gradient, with `momentum`, as caffe does. Parameters
    that are frozen are left alone.

    `parts`: all that is trained, the last layer first, if it is unfrozen one by one: in epoch e (from 0) the first
    1 + ⌊e / unfreeze_epochs⌋ of them are. What is frozen has no gradient, is not moved by weight decay or momentum, and keeps its
    BatchNorm statistics. Which parts are frozen follows from the epoch alone, so that a resumed run does the same.

    Logs `training_loss`, and for the development part, a prediction per recording (the mean over its clips): `development_loss`
    and `development_rmse`, in score points. `unit`: points that the loss counts in.
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        loss: LossName,
        unit: float,
        learning_rate: float,
        weight_decay: float,
        optimiser: OptimiserName = "adam",
        momentum: float = 0.9,
        parts: Sequence[nn.Module] = (),
        unfreeze_epochs: int = 0,
    ) -> None:
        super().__init__()
        self._frozen: tuple[nn.Module, ...] = ()
        self._parts = tuple(parts) if unfreeze_epochs else ()
        self._unfreeze_epochs = unfreeze_epochs
        self.network = network
        self._loss: LossName = loss
        self._unit = unit
        self._lr = learning_rate
        self._weight_decay = weight_decay
        self._optimiser = optimiser
        self._momentum = momentum
        self._seen: list[tuple[Tensor, Tensor, Tensor]] = []

    def on_fit_start(self) -> None:
        """Refuse several devices with gradual unfreezing: what they exchange is fixed at the start."""
        if self._parts and self.trainer.world_size > 1:
            raise UnusableInput(
                f"unfreeze-epochs {self._unfreeze_epochs} on {self.trainer.world_size} devices: gradual unfreezing runs on one; "
                "train with --devices 1, or --unfreeze-epochs 0"
            )

    def on_train_epoch_start(self) -> None:
        """Freeze what this epoch does not train."""
        if not self._parts:
            return
        trained = 1 + self.current_epoch // self._unfreeze_epochs
        self._frozen = self._parts[trained:]
        for place, part in enumerate(self._parts):
            part.requires_grad_(place < trained)
        self.train(self.training)

    def train(self, mode: bool = True) -> ClipTraining:
        """As of any module; frozen parts stay in evaluation mode."""
        super().train(mode)
        for part in self._frozen:
            part.eval()
        return self

    def training_step(self, batch: SegmentSample, batch_idx: int) -> Tensor:
        """The loss of one batch of clips."""
        loss = score_loss(self.network(batch.clip), batch.score, loss=self._loss, unit=self._unit)
        self.log("training_loss", loss, on_step=False, on_epoch=True, prog_bar=True, batch_size=len(batch.score))
        return loss

    def validation_step(self, batch: SegmentSample, batch_idx: int) -> None:
        """Collect the clips' scores."""
        self._seen.append((batch.recording, self.network(batch.clip), batch.score))

    def on_validation_epoch_end(self) -> None:
        """One prediction per recording, then loss and error."""
        recording, predicted, score = (torch.cat(parts) for parts in zip(*self._seen, strict=True))
        self._seen.clear()
        count = torch.bincount(recording)
        there = count > 0
        means, labels = (
            (torch.bincount(recording, at_least_float32(values)) / count.clamp(min=1))[there]
            for values in (predicted, score)
        )
        self.log(DEVELOPMENT_LOSS, score_loss(means, labels, loss=self._loss, unit=self._unit))
        self.log("development_rmse", (means - labels).square().mean().sqrt(), prog_bar=True)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam, or stochastic gradient descent."""
        trained = [parameter for parameter in self.parameters() if parameter.requires_grad]
        if self._optimiser == "sgd":
            # On a processor DepNet's 51 M weights are as slow to update as all the rest is to compute, unless in one pass. That
            # way cannot take up parameters later, as gradual unfreezing does.
            return torch.optim.SGD(
                trained,
                self._lr,
                momentum=self._momentum,
                weight_decay=self._weight_decay,
                fused=not self._parts and all(parameter.device.type == "cpu" for parameter in trained),
            )
        return torch.optim.AdamW(trained, lr=self._lr, weight_decay=self._weight_decay)
