"""`openada train`: its defaults are those of the preset that the arguments name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro
from tyro.conf import Positional

from openada.models.registry import presets
from openada.training.recipe import ExpADARecipe, recipe

if TYPE_CHECKING:
    from openada.models.weights import Weights

Recipe = Annotated[ExpADARecipe, tyro.conf.arg(name="")]


def command(arguments: Sequence[str]) -> Callable[..., None]:
    """The command with the defaults of the preset in `arguments`, so that --help shows the numbers that will be used."""
    defaults = recipe(preset_in(arguments))

    def train(
        system: Positional[Literal["expada"]],
        /,
        data: Path,
        out: Path,
        weights: Path | None = None,
        download_weights: bool = False,
        recipe: Recipe = defaults,
    ) -> None:
        """Train a system on a prepared data set; every epoch is saved, and the same command goes on after an interruption.

        Args:
            system: Which system to train.
            data: Folder of a prepared data set.
            out: Folder of the run.
            weights: A file with the trunk's pre-trained weights (torchvision's names).
            download_weights: Download torchvision's weights for the trunk: Kinetics-400, or ImageNet for encoder "frames".
            recipe: Every number of the training; defaults come with --preset.
        """
        from openada.cli.output import print_run
        from openada.training.expada import train_expada

        given = pretrained(weights, download_weights, recipe)
        print_run(train_expada(data, out, recipe, weights=given, download=download_weights))

    return train


def pretrained(file: Path | None, download: bool, recipe: ExpADARecipe) -> Weights | None:
    """The trunk's pre-trained weights that the arguments ask for: a file before a download, or none."""
    from openada.models.weights import local_weights, torchvision_weights

    if file:
        return local_weights(file)
    return torchvision_weights(recipe.model.trunk) if download else None


def preset_in(arguments: Sequence[str]) -> str:
    """The value after --preset, or the paper's; an unknown one is left to the argument parser's own message."""
    for position, argument in enumerate(arguments):
        name, _, value = argument.partition("=")
        if name == "--preset":
            chosen = value or (arguments[position + 1] if position + 1 < len(arguments) else "")
            return chosen if chosen in presets("expada") else "paper"
    return "paper"
