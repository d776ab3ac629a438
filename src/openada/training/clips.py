"""Training a clip model: a prepared dataset in, a run folder out. Started again it goes on where it was."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors.torch import load_file

from openada import models
from openada.datasets.scales import SCALES
from openada.errors import UnusableInput
from openada.files import atomic_path
from openada.models.expresso.model import Expresso
from openada.models.frame_trunk import FrameModel
from openada.models.weights import Weights, origin, save_checkpoint
from openada.prepared.dataset import PreparedDataset
from openada.training.clip_material import ClipSource, random_clip_loader, whole_recording_loader
from openada.training.clip_module import DEVELOPMENT_LOSS, ClipTraining
from openada.training.clip_recipe import ClipRecipe, model_preset, resolved
from openada.training.fitting import Best, fit
from openada.training.kept_features import KeptFeatures
from openada.training.mean_face import keep_mean_face
from openada.training.pretext import Readable, read_network, signals_of
from openada.training.recordings import data_facts, parts_of
from openada.training.run_folder import RunFolder
from openada.training.schedules import Schedule, constant, cosine_restarts, inverse_decay, warm_cosine
from openada.training.stage import pretext_stage

if TYPE_CHECKING:
    import pandas as pd
    from torch import nn
    from torch.utils.data import DataLoader

STAGE = "clips"


def train_clips(
    system: str,
    prepared: Path,
    run: Path,
    recipe: ClipRecipe[Any],
    *,
    weights: Weights | None = None,
    download: bool = False,
    progress: bool = True,
) -> RunFolder:
    """Train the registered clip model `system` on the training part of a prepared dataset.

    With `keep` = "best" the weights of the epoch with the lowest development loss stay: the development part has selected them,
    which the run's config says (`selected_on`). Interrupted at any moment and called again, at most one epoch is redone and the
    weights are those of an undisturbed run on the same machine. `weights` are pre-trained weights of the network.
    With `cached_features` the features of a frozen trunk are kept beside the recordings, and what is above it is trained on them.
    Raises UnusableInput if data and recipe do not fit, `run` holds another run, or no epoch's loss is finite.
    """
    dataset = PreparedDataset(prepared)
    source = ClipSource(recipe)
    table, of, dropped = parts_of(dataset, source.segments, split=recipe.split, task=recipe.task, folder=prepared)
    if recipe.keep == "best" and not len(of["development"]):
        raise UnusableInput(
            f"split {recipe.split!r} of {prepared} has no development recordings to choose an epoch by: train with --keep last"
        )
    labels = of["training"]["score"].to_numpy(float)
    scale = SCALES[str(table["scale"].iloc[0])]
    settings = resolved(
        recipe, scale_high=scale.high, label_mean=float(labels.mean()), label_sd=float(labels.std())
    ).model
    model = models.create(
        system,
        model_preset(system, recipe.preset),
        seed=recipe.seed,
        weights=weights,
        download=download,
        **asdict(settings),
    )
    folder = RunFolder(run)
    facts = {
        "model": models.config_of(model),
        "pretrained": origin(weights),
        **data_facts(dataset, of, dropped, selected_on="development" if recipe.keep == "best" else None),
    }
    folder.begin(recipe, dataset.split(recipe.split), prepared, facts, system=system)
    with atomic_path(folder.recordings) as temporary:
        table.to_parquet(temporary, index=False)
    if folder.model.is_file():
        return folder
    if recipe.reference == "none" and recipe.input == "face":
        keep_mean_face(folder.model, (dataset.recording(name) for name in of["training"]["recording_id"]))
    kept = KeptFeatures.of(model, source) if recipe.cached_features else None
    if recipe.pretext.epochs:
        _pretext(folder, source, dataset, model, of, progress)
    module = ClipTraining(
        model.get_submodule("aggregator") if kept else model,
        loss=recipe.loss,
        unit=settings.score_sd,
        learning_rate=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        optimiser=recipe.optimiser,
        momentum=recipe.momentum,
        parts=_parts(model) if recipe.unfreeze_epochs else (),
        unfreeze_epochs=recipe.unfreeze_epochs,
    )
    best = Best(DEVELOPMENT_LOSS, folder.best(STAGE))
    resume = folder.checkpoint / f"{STAGE}.ckpt"
    fit(
        module,
        random_clip_loader(source, dataset, of["training"], kept=kept),
        whole_recording_loader(source, dataset, of["development"], kept=kept) if len(of["development"]) else None,
        stage=STAGE,
        epochs=recipe.epochs,
        learning_rate=recipe.learning_rate,
        schedule=schedule_of(recipe),
        accumulate=recipe.accumulate,
        clip_norm=recipe.clip_norm,
        seed=recipe.seed,
        metrics=folder.metrics,
        resume=resume,
        accelerator=recipe.accelerator,
        devices=recipe.devices,
        precision=recipe.precision,
        best=best if recipe.keep == "best" else None,
        flag="--learning-rate",
        stop_after=recipe.stop_after,
        progress=progress,
    )
    module.to("cpu")
    if recipe.keep == "best":
        if not best.path.is_file():
            raise UnusableInput(f"{run}: the development loss was finite in no epoch; lower --learning-rate")
        module.load_state_dict(load_file(best.path))
    save_checkpoint(model, folder.model, folder.checkpoint_meta(method=system))
    for done in (best.path, resume):
        done.unlink(missing_ok=True)
    return folder


def _pretext(
    folder: RunFolder,
    source: ClipSource,
    dataset: PreparedDataset,
    model: nn.Module,
    of: dict[str, pd.DataFrame],
    progress: bool,
) -> None:
    epochs = source.recipe.pretext.epochs
    if not isinstance(model, Readable):
        raise UnusableInput(
            f"pretext.epochs {epochs}: {type(model).__name__} has no stage before the scores; set it to 0"
        )
    if isinstance(model, FrameModel) and model.trunk.frozen:
        raise UnusableInput(
            f"pretext.epochs {epochs}: it trains the trunk, and the trunk is frozen; set it to 0, or do not freeze it"
        )

    def loaders() -> tuple[DataLoader, DataLoader | None]:
        watched = of["development"]
        return random_clip_loader(source, dataset, of["training"], pretext=True), (
            whole_recording_loader(source, dataset, watched, pretext=True) if len(watched) else None
        )

    recipe = source.recipe
    side = recipe.model.image_size
    pretext_stage(
        folder,
        recipe.pretext,
        recipe,
        model,
        read_network(model),
        (3, recipe.model.clip_frames, side, side),
        [signals_of(dataset.recording(name)) for name in of["training"]["recording_id"]],
        loaders,
        progress=progress,
    )


def _parts(model: nn.Module) -> tuple[nn.Module, ...]:
    """All that is trained, in the order of gradual unfreezing."""
    if not isinstance(model, Expresso):
        raise UnusableInput(f"unfreeze-epochs: {type(model).__name__} is not unfrozen part by part; set it to 0")
    return model.parts()


def schedule_of(recipe: ClipRecipe[Any]) -> Schedule:
    """The recipe's learning-rate schedule, by its name."""
    if recipe.schedule == "cosine-restarts":
        return cosine_restarts(recipe.restart_epochs, recipe.restart_growth, recipe.least_rate)
    if recipe.schedule == "inverse":
        return inverse_decay(recipe.decay_gamma, recipe.decay_power, recipe.accumulate)
    return warm_cosine(recipe.warm_up) if recipe.schedule == "warm-cosine" else constant
