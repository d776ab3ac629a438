"""`openada train`: its settings and their defaults are those of the system and preset that the arguments name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro
from tyro.conf import Positional

from openada.errors import UnusableInput
from openada.models.registry import presets
from openada.training.clip_recipe import RECIPES, ClipRecipe, clip_recipe, recipe_names
from openada.training.recipe import ExpADARecipe, recipe
from openada.training.systems import EXPADA

if TYPE_CHECKING:
    from openada.models.weights import Weights
    from openada.training.systems import Recipe

SYSTEMS = (EXPADA, *RECIPES)
System = Literal["expada", "sta-drn", "resnet3d", "frame-network", "depnet", "expresso-ai"]


def command(arguments: Sequence[str]) -> Callable[..., None]:
    """The command with the settings of the system, and the defaults of the preset, in `arguments`: --help shows what is used."""
    defaults = recipe_in(arguments, system_in(arguments))

    def train(
        system: Positional[System],
        /,
        data: Path,
        out: Path,
        weights: Path | None = None,
        download_weights: bool = False,
        recipe: Any = defaults,
    ) -> None:
        """Train a system on a prepared data set; every epoch is saved, and the same command goes on after an interruption.

        Each system has settings of its own: openada train SYSTEM --help shows them, with --preset NAME those of a named recipe.
        docs/training.md says what the named recipes are.

        Args:
            system: Which system to train.
            data: Folder of a prepared data set.
            out: Folder of the run.
            weights: A file with pre-trained weights: of ExpADA's trunk or Expresso-AI's backbone (torchvision's names; of
                r2plus1d_50 those of its Kinetics-700 checkpoint), of a frame network or DepNet's trunk (timm's names, or
                VGGFace2's public formats), or of the whole network.
            download_weights: Download torchvision's weights for ExpADA's trunk or Expresso-AI's backbone (Kinetics-400, or
                ImageNet for encoder "frames"), or timm's for a frame network or DepNet's trunk.
            recipe: Every number of the training; defaults come with --preset.
        """
        from openada.cli.output import print_run
        from openada.training.clips import train_clips
        from openada.training.expada import train_expada

        given = pretrained(weights, download_weights, recipe)
        if isinstance(recipe, ExpADARecipe):
            print_run(train_expada(data, out, recipe, weights=given, download=download_weights))
        else:
            print_run(train_clips(system, data, out, recipe, weights=given, download=download_weights))

    train.__annotations__["recipe"] = annotated(defaults)
    return train


def annotated(defaults: Recipe) -> Any:
    """The type of a recipe for the argument parser, its settings without a prefix."""
    kind = ClipRecipe[type(defaults.model)] if isinstance(defaults, ClipRecipe) else ExpADARecipe  # type: ignore[misc]
    return Annotated[kind, tyro.conf.arg(name="")]


def recipe_in(arguments: Sequence[str], system: str) -> Recipe:
    """The system's recipe by the value after --preset; without one, or with an unknown one, its first."""
    chosen = _preset_in(arguments)
    if system == EXPADA:
        return recipe(chosen if chosen in presets(EXPADA) else "paper")
    return clip_recipe(system, chosen if chosen in recipe_names(system) else None)


def system_in(arguments: Sequence[str]) -> str:
    """The system that the arguments begin with, ExpADA if none."""
    return next((argument for argument in arguments[:2] if argument in SYSTEMS), EXPADA)


def pretrained(file: Path | None, download: bool, recipe: Recipe) -> Weights | None:
    """The pre-trained weights that the arguments ask for: a file before a download, or none."""
    from openada.models.weights import local_weights, timm_weights, torchvision_weights

    if file:
        return local_weights(file)
    if not download:
        return None
    if isinstance(recipe, ExpADARecipe):
        return torchvision_weights(recipe.model.trunk)
    backbone = getattr(recipe.model, "backbone", None)
    if backbone == "r2plus1d_50":
        raise UnusableInput(
            "the Kinetics-700 weights of r2plus1d_50 are for you to get; give their file with --weights"
        )
    if backbone:
        return torchvision_weights(backbone)
    name = getattr(recipe.model, "network", getattr(recipe.model, "trunk", None))
    if name is None:
        raise UnusableInput("there are no weights to download for this system; give a file with --weights")
    return timm_weights(name)


def _preset_in(arguments: Sequence[str]) -> str:
    """The value after --preset; whether it is known is not asked here."""
    for position, argument in enumerate(arguments):
        name, _, value = argument.partition("=")
        if name == "--preset":
            return value or (arguments[position + 1] if position + 1 < len(arguments) else "")
    return ""
