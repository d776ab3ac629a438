"""Training ExpADA: a prepared dataset in, a run folder out. Started again it goes on where it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors.torch import load_file, save_file

from openada import models
from openada.datasets.scales import SCALES
from openada.files import atomic_path
from openada.models.expada.model import ExpADA
from openada.models.weights import Weights, origin, save_checkpoint
from openada.prepared.dataset import PreparedDataset
from openada.training.expada_modules import EncoderTraining, SelectorTraining
from openada.training.material import Source, segment_loader, unit_loader
from openada.training.mean_face import keep_mean_face
from openada.training.pretext import read_encoder, signals_of
from openada.training.recipe import ExpADARecipe
from openada.training.recordings import data_facts, parts_of
from openada.training.run_folder import RunFolder
from openada.training.stage import fit_stage, pretext_stage
from openada.training.systems import EXPADA
from openada.training.taken_over import encoder_fact, pretext_fact, take_encoder, take_pretext

if TYPE_CHECKING:
    import pandas as pd
    from torch.utils.data import DataLoader


def train_expada(
    prepared: Path,
    run: Path,
    recipe: ExpADARecipe,
    *,
    weights: Weights | None = None,
    download: bool = False,
    encoder_of: Path | None = None,
    pretext_of: Path | None = None,
    keep_epochs: Sequence[int] = (),
    progress: bool = True,
) -> RunFolder:
    """Train ExpADA on the training part of a prepared dataset; the development part is watched, never fitted.

    The weights of the last epoch are kept, so nothing is selected on the development part. Interrupted at any moment and
    called again, at most one epoch is redone and the final weights are those of an undisturbed run on the same machine.
    `weights` are pre-trained weights of the trunk; `download` allows their download. `encoder_of` is a finished run whose
    stage-1 encoder and cached feature units are taken over, so that only stage 2 is trained; `pretext_of` one whose pretext
    stage is taken over: it is the one that would be trained. Stage 2's weights after the epochs `keep_epochs` (counted from 1)
    stay in the checkpoint folder.
    Raises UnusableInput if data and recipe do not fit, `run` holds another run, or what is to be taken over was trained
    otherwise.
    """
    dataset = PreparedDataset(prepared)
    source = Source(recipe)
    table, of, dropped = parts_of(dataset, source.segments, split=recipe.split, task=recipe.task, folder=prepared)
    labels = of["training"]["score"].to_numpy(float)
    settings = replace(
        recipe.model,
        categories=len(SCALES[str(table["scale"].iloc[0])].bands),
        input_range="difference" if recipe.reference == "median" else "unit",
        score_mean=float(labels.mean()),
        score_sd=float(max(labels.std(), 1e-6)),
    )
    model = models.create(
        "expada", recipe.preset, seed=recipe.seed, weights=weights, download=download, **asdict(settings)
    )
    assert isinstance(model, ExpADA)
    model.encoder.trunk.checkpointed = recipe.checkpoint_trunk
    folder, split = RunFolder(run), dataset.split(recipe.split)
    facts = {
        "model": models.config_of(model),
        "pretrained": origin(weights),
        "encoder_of": encoder_fact(encoder_of, recipe, split.sha256) if encoder_of else None,
        "pretext_of": pretext_fact(pretext_of, recipe, split.sha256) if pretext_of else None,
        **data_facts(dataset, of, dropped, selected_on=None),
    }
    folder.begin(recipe, split, prepared, facts, system=EXPADA)
    with atomic_path(folder.recordings) as temporary:
        table.to_parquet(temporary, index=False)
    if folder.model.is_file():
        return folder
    if recipe.reference == "none":
        keep_mean_face(folder.model, (dataset.recording(name) for name in of["training"]["recording_id"]))
    if encoder_of:
        take_encoder(folder, encoder_of)
    elif pretext_of:
        take_pretext(folder, pretext_of)
    _train_encoder(folder, source, dataset, model, of, progress)
    if recipe.method == "selection":
        _train_selector(folder, source, dataset, model, of, progress, keep_epochs)
    save_checkpoint(model, folder.model, folder.checkpoint_meta(method=recipe.method))
    for done in (folder.encoder, *folder.checkpoint.glob("*.ckpt")):
        done.unlink(missing_ok=True)
    return folder


def _train_encoder(
    folder: RunFolder,
    source: Source,
    dataset: PreparedDataset,
    model: ExpADA,
    of: dict[str, pd.DataFrame],
    progress: bool,
) -> None:
    """The pretext stage, if the recipe has one, and stage 1; or their finished weights."""
    recipe = source.recipe
    if recipe.pretext.epochs and not folder.encoder.is_file():
        _train_pretext(folder, source, dataset, model, of, progress)
    if not folder.encoder.is_file():
        module = EncoderTraining(
            model.encoder,
            ordinal=recipe.method != "base",
            score_sd=model.config.score_sd,
            learning_rate=recipe.encoder.learning_rate,
            weight_decay=recipe.encoder.weight_decay,
            average_thresholds=recipe.average_thresholds,
        )
        training = segment_loader(source, dataset, of["training"], training=True)
        development = (
            segment_loader(source, dataset, of["development"], training=False) if len(of["development"]) else None
        )
        fit_stage(folder, "encoder", recipe.encoder, recipe, module, training, development, progress=progress)
        with atomic_path(folder.encoder) as temporary:
            save_file(model.encoder.state_dict(), temporary)
    # Loaded in every case, so that what follows is the same whether or not the run was interrupted here.
    model.encoder.load_state_dict(load_file(folder.encoder))


def _train_pretext(
    folder: RunFolder,
    source: Source,
    dataset: PreparedDataset,
    model: ExpADA,
    of: dict[str, pd.DataFrame],
    progress: bool,
) -> None:
    def loaders() -> tuple[DataLoader, DataLoader | None]:
        made = (
            segment_loader(source, dataset, of[part], training=part == "training", pretext=True)
            if len(of[part])
            else None
            for part in ("training", "development")
        )
        training, development = made
        assert training is not None
        return training, development

    pretext_stage(
        folder,
        source.recipe.pretext,
        source.recipe,
        model.encoder,
        read_encoder(model.encoder),
        model.encoder.input_shape,
        [signals_of(dataset.recording(name)) for name in of["training"]["recording_id"]],
        loaders,
        progress=progress,
    )


def _train_selector(
    folder: RunFolder,
    source: Source,
    dataset: PreparedDataset,
    model: ExpADA,
    of: dict[str, pd.DataFrame],
    progress: bool,
    keep_epochs: Sequence[int],
) -> None:
    """Stage 2 on cached units."""
    recipe = source.recipe
    training, development = (
        unit_loader(source, dataset, of[part], model.encoder, folder.units, training=part == "training")
        if len(of[part])
        else None
        for part in ("training", "development")
    )
    module = SelectorTraining(
        model.selector,
        score_sd=model.config.score_sd,
        learning_rate=recipe.selector.learning_rate,
        momentum=recipe.selector.momentum,
        weight_decay=recipe.selector.weight_decay,
    )
    assert training is not None
    fit_stage(
        folder,
        "selector",
        recipe.selector,
        recipe,
        module,
        training,
        development,
        keep_epochs=keep_epochs,
        progress=progress,
    )
