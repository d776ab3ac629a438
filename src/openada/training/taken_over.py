"""What a run takes over from a finished one: its stage-1 encoder, or what its encoder learnt in the pretext stage."""

from __future__ import annotations

import shutil
from dataclasses import fields
from pathlib import Path

from safetensors.torch import load_file, save_file

from openada.errors import UnusableInput
from openada.files import atomic_path
from openada.models.weights import sha256_of
from openada.training.recipe import ExpADARecipe
from openada.training.run_folder import RunFolder

# The model's settings that stage 1 depends on; the others belong to stage 2.
ENCODER_SETTINGS = (
    "encoder", "trunk", "segment_frames", "image_size", "width", "query_channels", "layers", "heads", "dropout", "feature_size",
    "categories",
)  # fmt: skip
_NOT_STAGE_1 = ("method", "selector", "model", "accelerator", "devices", "precision", "checkpoint_trunk")


def encoder_fact(source_run: Path, recipe: ExpADARecipe, split_sha256: str) -> dict[str, str]:
    """Which encoder is taken over; UnusableInput unless it was trained as `recipe` says, on the split, seed and stage 2 apart."""
    held = _recipe_of(source_run)
    differing = _differing(held, recipe, (*_NOT_STAGE_1, "seed"))
    if (held.method == "base") != (recipe.method == "base"):
        differing.append("method")
    return _fact(source_run, differing, split_sha256, "encoder")


def pretext_fact(source_run: Path, recipe: ExpADARecipe, split_sha256: str) -> dict[str, str]:
    """Which pretext stage is taken over; UnusableInput unless it was trained as `recipe` says, on the split and with the seed."""
    held = _recipe_of(source_run)
    if not RunFolder(source_run).pretext.is_file():
        raise UnusableInput(f"{source_run} holds no pretext stage; train from the start")
    differing = _differing(held, recipe, (*_NOT_STAGE_1, "encoder", "stride", "average_thresholds"))
    return _fact(source_run, differing, split_sha256, "pretext stage")


def take_encoder(folder: RunFolder, source_run: Path) -> None:
    """Put the other run's encoder where stage 1 leaves its own, and its cached units beside."""
    other = RunFolder(source_run)
    if not folder.encoder.is_file():
        held = load_file(other.model)
        prefix = "encoder."
        own = {name.removeprefix(prefix): value for name, value in held.items() if name.startswith(prefix)}
        if other.units.is_dir() and not folder.units.is_dir():
            with atomic_path(folder.units) as temporary:
                shutil.copytree(other.units, temporary)
        with atomic_path(folder.encoder) as temporary:
            save_file(own, temporary)


def take_pretext(folder: RunFolder, source_run: Path) -> None:
    """Put the other run's encoder after the pretext stage where that stage leaves its own."""
    if not folder.pretext.is_file():
        with atomic_path(folder.pretext) as temporary:
            shutil.copyfile(RunFolder(source_run).pretext, temporary)


def _recipe_of(source_run: Path) -> ExpADARecipe:
    other = RunFolder(source_run)
    other.require_complete()
    held = other.recipe()
    if not isinstance(held, ExpADARecipe):
        raise UnusableInput(f"{source_run} is a run of {other.kind().title}: it has no encoder for ExpADA")
    return held


def _differing(held: ExpADARecipe, recipe: ExpADARecipe, free: tuple[str, ...]) -> list[str]:
    names = [entry.name for entry in fields(ExpADARecipe) if entry.name not in free]
    return [
        *(name for name in names if getattr(held, name) != getattr(recipe, name)),
        *(name for name in ENCODER_SETTINGS if getattr(held.model, name) != getattr(recipe.model, name)),
    ]


def _fact(source_run: Path, differing: list[str], split_sha256: str, what: str) -> dict[str, str]:
    other = RunFolder(source_run)
    if other.config()["split_sha256"] != split_sha256:
        differing = [*differing, "split"]
    if differing:
        raise UnusableInput(
            f"the {what} of {source_run} was trained with another {', '.join(differing)}; use the same, or train from the start"
        )
    return {"run": source_run.name, "sha256": sha256_of(other.pretext if what == "pretext stage" else other.model)}
