"""`openada reproduce`: its defaults are those of the preset that the arguments name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Literal

import tyro
from tyro.conf import Positional

from openada.cli.train import Recipe, preset_in, pretrained
from openada.errors import UnusableInput
from openada.studies.reproduce.targets import TARGETS
from openada.training.recipe import recipe

Name = Annotated[str | None, tyro.conf.arg(metavar="{" + ",".join(TARGETS) + "}")]


def command(arguments: Sequence[str]) -> Callable[..., None]:
    """The command with the defaults of the preset in `arguments`, so that --help shows the numbers that will be used."""
    defaults = recipe(preset_in(arguments))

    def reproduce(
        target: Positional[Name] = None,
        /,
        *,
        data: Path | None = None,
        out: Path = Path("reproduction"),
        seeds: tuple[int, ...] = (0, 1, 2),
        part: Literal["test", "development"] = "test",
        tasks: Literal["together", "apart"] = "together",
        weights: Path | None = None,
        download_weights: bool = False,
        recipe: Recipe = defaults,
    ) -> None:
        """Make a table or figure of a paper on a prepared data set: trains what it needs, evaluates, writes OUT/TARGET.

        Interrupted and started again it goes on where it was; targets share the runs in OUT/runs. Without a target it lists
        what there is.

        Args:
            target: Which table or figure.
            data: Folder of a prepared data set.
            out: Folder of all reproductions.
            seeds: Seeds of the runs; figures are means over them with their spread.
            part: Part of the split that is reported.
            tasks: One model on all recordings, or one per task of the manifest.
            weights: A file with the trunk's pre-trained weights (torchvision's names).
            download_weights: Download torchvision's Kinetics-400 weights for the trunk.
            recipe: Every number of the training; defaults come with --preset. Its seed and method are the target's to set.
        """
        if target is None:
            for name, entry in TARGETS.items():
                print(f"{name:20} {entry.shows} ({entry.place})")
            return
        if data is None:
            raise UnusableInput(f"reproduce needs a prepared data set: openada reproduce {target} --data PREPARED")
        from openada.cli.output import print_markdown
        from openada.studies.reproduce.job import Job
        from openada.studies.reproduce.result import write_result
        from openada.studies.reproduce.targets import reproduce as make

        given = pretrained(weights, download_weights, recipe)
        job = Job(data, out, recipe, seeds, weights=given, download=download_weights, part=part, tasks=tasks)
        result = make(target, job)
        folder = write_result(job, result)
        print_markdown(result.markdown())
        print(f"report: {folder / 'report.html'}; runs: {out / 'runs'}")

    return reproduce
