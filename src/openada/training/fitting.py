"""Lightning as it is used here: resumable at every epoch, repeatable, one line of metrics an epoch."""

from __future__ import annotations

import csv
import logging
import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import lightning
import torch
from lightning.pytorch.callbacks import Callback, Checkpoint, RichProgressBar
from safetensors.torch import save_file

from openada.errors import UnusableInput
from openada.files import atomic_path
from openada.training.schedules import Schedule, Step


def stream_seed(seed: int, epoch: int, batch: int) -> int:
    """The seed of one batch's dropout: a function of (seed, epoch, batch), so that a resumed run draws the same."""
    return (seed * 1_000_003 + epoch) * 1_000_003 + batch


class Best(NamedTuple):
    """Keep the weights of the epoch at which `metric` was lowest, the first of equals, in the safetensors file `path`."""

    metric: str
    path: Path


class _Repeatable(Callback):
    """Seeds dropout and sets the learning rate before each batch, from (seed, epoch, batch) alone."""

    def __init__(self, seed: int, epochs: int, learning_rate: float, schedule: Schedule) -> None:
        self._seed = seed
        self._epochs = epochs
        self._learning_rate = learning_rate
        self._schedule = schedule

    def on_train_batch_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        torch.manual_seed(stream_seed(self._seed, trainer.current_epoch, batch_idx))
        batches = int(trainer.num_training_batches)
        step = Step(trainer.current_epoch, batch_idx, batches, self._epochs)
        for group in trainer.optimizers[0].param_groups:
            group["lr"] = self._learning_rate * self._schedule(step)


class _EpochEnd(Checkpoint):
    """After each epoch: the metrics' rows, the weights if they are to be kept, then the resume file, each in one step.

    Whether an epoch is the best so far is read from the metrics of those before it, so that an epoch done again after an
    interruption is judged as it was the first time.
    """

    def __init__(
        self,
        stage: str,
        metrics: Path,
        resume: Path,
        keep: Mapping[int, Path],
        best: Best | None,
        flag: str,
        stop_after: int,
    ) -> None:
        self._stage = stage
        self._flag = flag
        self._metrics = metrics
        self._resume = resume
        self._keep = keep
        self._best = best
        self._stop_after = stop_after

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        self._stop_if_stalled(trainer, trainer.current_epoch)

    def _stop_if_stalled(self, trainer: lightning.Trainer, done: int) -> None:
        """End training if after `done` epochs nothing has improved for `stop_after` steps, also when gone on with there."""
        steps = -(-int(trainer.num_training_batches) // trainer.accumulate_grad_batches)
        since = epochs_since_best(self._metrics, self._stage, "training_loss", done)
        if self._stop_after and since * steps >= self._stop_after:
            trainer.should_stop = True

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        if not trainer.is_global_zero:
            return
        values = {name: float(value) for name, value in trainer.callback_metrics.items()}
        if not math.isfinite(values.get("training_loss", 0.0)):
            raise UnusableInput(
                f"the training loss of {self._stage} is {values['training_loss']} in epoch {trainer.current_epoch + 1}: lower "
                f"{self._flag}, or train with --precision 32-true; what was trained before is kept"
            )
        record_metrics(self._metrics, self._stage, trainer.current_epoch, values)
        kept = self._keep.get(trainer.current_epoch + 1)
        if kept is not None:
            _save(pl_module, kept)
        if self._best and best_epoch(self._metrics, self._stage, self._best.metric) == trainer.current_epoch:
            _save(pl_module, self._best.path)
        with atomic_path(self._resume) as temporary:
            trainer.save_checkpoint(temporary)
        self._stop_if_stalled(trainer, trainer.current_epoch + 1)


def _save(module: torch.nn.Module, path: Path) -> None:
    with atomic_path(path) as temporary:
        save_file({name: value.contiguous() for name, value in module.state_dict().items()}, temporary)


def epochs_since_best(metrics: Path, stage: str, metric: str, done: int) -> int:
    """How many of the first `done` epochs of a stage came after the one at which the metric was lowest; 0 without any."""
    best = best_epoch(metrics, stage, metric, done)
    return 0 if best is None else done - 1 - best


def best_epoch(metrics: Path, stage: str, metric: str, done: int | None = None) -> int | None:
    """The epoch (from 0) of a stage with the lowest finite value of a metric, the first of equals; None without any.

    `done`: among the first so many epochs.
    """
    if not metrics.is_file():
        return None
    with metrics.open(newline="", encoding="utf-8") as file:
        rows = [row for row in list(csv.reader(file))[1:] if row[0] == stage and row[2] == metric]
    found = [(float(row[3]), int(row[1])) for row in rows if math.isfinite(float(row[3]))]
    found = [entry for entry in found if done is None or entry[1] < done]
    return min(found)[1] if found else None


def record_metrics(path: Path, stage: str, epoch: int, values: dict[str, float]) -> None:
    """Add an epoch's values to the long table `path` (stage, epoch, metric, value).

    An epoch done again replaces its rows and those of later epochs of the stage.
    """
    rows: list[list[str]] = []
    if path.is_file():
        with path.open(newline="", encoding="utf-8") as file:
            rows = [row for row in list(csv.reader(file))[1:] if row[0] != stage or int(row[1]) < epoch]
    rows += [[stage, str(epoch), name, f"{value:.8g}"] for name, value in sorted(values.items())]
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["stage", "epoch", "metric", "value"])
        writer.writerows(rows)


def fit(
    module: lightning.LightningModule,
    training: Any,
    validation: Any | None,
    *,
    stage: str,
    epochs: int,
    learning_rate: float,
    schedule: Schedule,
    clip_norm: float | None,
    seed: int,
    metrics: Path,
    resume: Path,
    accumulate: int = 1,
    accelerator: str = "auto",
    devices: str = "auto",
    precision: str = "32-true",
    keep: Mapping[int, Path] | None = None,
    best: Best | None = None,
    flag: str = "",
    stop_after: int = 0,
    progress: bool = True,
) -> None:
    """Train `module` for `epochs` epochs, from the file `resume` on if it is there.

    `schedule` multiplies `learning_rate` at every batch. `accumulate`: batches whose gradients are averaged into one step.
    `clip_norm`: limit of the gradient's norm, None for none. `best`: which epoch's weights stay, by a logged metric.
    `stop_after`: steps for which the mean training loss of an epoch may stay above its lowest before training ends; 0 for ever.
    `flag`: how the command line calls the learning rate, if not by the stage.
    `keep`: epoch (counted from 1) → safetensors file in which the module's weights after it stay.
    Raises UnusableInput naming the remedy if the resume file cannot be read, KeyboardInterrupt when interrupted (the resume
    file then holds the last whole epoch).
    """
    with _quiet():
        trainer = lightning.Trainer(
            max_epochs=epochs,
            accelerator=accelerator,
            devices=devices if not devices.isdigit() else int(devices),
            precision=precision,  # type: ignore[arg-type]  # Lightning checks the name
            gradient_clip_val=clip_norm,
            accumulate_grad_batches=accumulate,
            logger=False,
            callbacks=[
                _Repeatable(seed, epochs, learning_rate, schedule),
                _EpochEnd(stage, metrics, resume, keep or {}, best, flag or f"--{stage}.learning-rate", stop_after),
                *([RichProgressBar(leave=False)] if progress else []),
            ],
            enable_checkpointing=True,
            enable_model_summary=False,
            enable_progress_bar=progress,
            num_sanity_val_steps=0,
            deterministic=True,
            use_distributed_sampler=True,
        )
        from_file = resume if resume.is_file() else None
        try:
            trainer.fit(module, training, validation, ckpt_path=from_file, weights_only=True)
        except SystemExit as stop:
            raise KeyboardInterrupt from stop
        except (RuntimeError, KeyError, EOFError) as error:
            if from_file is None or trainer.global_step:
                raise
            raise UnusableInput(f"{resume} cannot be read ({error}); delete it to start this stage again") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Lightning's advice on workers, loggers and devices is for its developers; errors still come through."""
    logger = logging.getLogger("lightning.pytorch")
    level = logger.level
    logger.setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"lightning\..*")
        warnings.filterwarnings("ignore", message=r".*does not have many workers.*")
        try:
            yield
        finally:
            logger.setLevel(level)
