"""`openada train`: its defaults are those of the preset that the arguments name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Literal

import tyro
from tyro.conf import Positional

from openada.models.registry import presets
from openada.training.recipe import ExpADARecipe, recipe

Recipe = Annotated[ExpADARecipe, tyro.conf.arg(name="")]


def command(arguments: Sequence[str]) -> Callable[..., None]:
    """The command with the defaults of the preset in `arguments`, so that --help shows the numbers that will be used."""
    defaults = recipe(_preset(arguments))

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
        from openada.models.weights import local_weights, torchvision_weights
        from openada.training.expada import train_expada

        pretrained = local_weights(weights) if weights else None
        if download_weights and not weights:
            pretrained = torchvision_weights(recipe.model.trunk)
        print_run(train_expada(data, out, recipe, weights=pretrained, download=download_weights))

    return train


def _preset(arguments: Sequence[str]) -> str:
    """The value after --preset, or the paper's; an unknown one is left to the argument parser's own message."""
    for position, argument in enumerate(arguments):
        name, _, value = argument.partition("=")
        if name == "--preset":
            chosen = value or (arguments[position + 1] if position + 1 < len(arguments) else "")
            return chosen if chosen in presets("expada") else "paper"
    return "paper"
