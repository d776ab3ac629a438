"""One stage of a training: its numbers, on the run's folder and machine; and the pretext stage, which systems share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from openada.files import atomic_path
from openada.training.fitting import fit
from openada.training.pretext import PretextTraining, Read, signal_spread
from openada.training.recipe import StageRecipe
from openada.training.run_folder import RunFolder
from openada.training.schedules import warm_cosine

if TYPE_CHECKING:
    import lightning
    from torch.utils.data import DataLoader


class Machine(Protocol):
    """What a recipe says of every stage: the seed, and what it is computed on."""

    @property
    def seed(self) -> int: ...  # noqa: D102
    @property
    def accelerator(self) -> str: ...  # noqa: D102
    @property
    def devices(self) -> str: ...  # noqa: D102
    @property
    def precision(self) -> str: ...  # noqa: D102


def fit_stage(
    folder: RunFolder,
    name: str,
    stage: StageRecipe,
    machine: Machine,
    module: lightning.LightningModule,
    training: DataLoader,
    development: DataLoader | None,
    *,
    keep_epochs: Sequence[int] = (),
    progress: bool,
) -> None:
    """Train `module` as `stage` says; the stage `name` goes on from its resume file in the run's folder."""
    fit(
        module,
        training,
        development,
        stage=name,
        epochs=stage.epochs,
        learning_rate=stage.learning_rate,
        schedule=warm_cosine(stage.warm_up),
        clip_norm=stage.clip_norm,
        seed=machine.seed,
        metrics=folder.metrics,
        resume=folder.checkpoint / f"{name}.ckpt",
        accelerator=machine.accelerator,
        devices=machine.devices,
        precision=machine.precision,
        keep={epoch: folder.kept(name, epoch) for epoch in keep_epochs},
        progress=progress,
    )
    module.to("cpu")


def pretext_stage(
    folder: RunFolder,
    stage: StageRecipe,
    machine: Machine,
    network: nn.Module,
    read: Callable[[torch.Tensor], Read],
    clip_shape: tuple[int, int, int, int],
    signals: Sequence[np.ndarray],
    loaders: Callable[[], tuple[DataLoader, DataLoader | None]],
    *,
    progress: bool,
) -> None:
    """Train `network` to read the signals, or load what was trained: afterwards it holds the weights of `folder.pretext`.

    `signals` are those of every training recording, (frames, S) each; `loaders` makes the batches of the training and the
    development part, which carry them too.
    """
    if not folder.pretext.is_file():
        with torch.random.fork_rng():
            torch.manual_seed(machine.seed)  # the maps that read the signals are drawn here
            module = PretextTraining(
                network,
                read,
                signal_spread(signals),
                clip_shape=clip_shape,
                learning_rate=stage.learning_rate,
                weight_decay=stage.weight_decay,
            )
        fit_stage(folder, "pretext", stage, machine, module, *loaders(), progress=progress)
        with atomic_path(folder.pretext) as temporary:
            save_file(network.state_dict(), temporary)
    network.load_state_dict(load_file(folder.pretext))
