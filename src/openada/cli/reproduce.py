"""`openada reproduce`: the settings are those of the target's system, the defaults those of the preset in the arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro
from tyro.conf import Positional

from openada.cli.commands import SaliencyMethodName
from openada.cli.train import annotated, pretrained, recipe_in
from openada.errors import UnusableInput
from openada.studies.reproduce.targets import OWN_DOWNLOADS, TARGETS, system_of
from openada.training.systems import EXPADA

Name = Annotated[str | None, tyro.conf.arg(metavar="{" + ",".join(TARGETS) + "}")]


def command(arguments: Sequence[str]) -> Callable[..., None]:
    """The command with the settings of the target's system and the defaults of the preset in `arguments`: --help shows them."""
    system = next((system_of(name) for name in arguments[:2] if name in TARGETS), EXPADA)
    defaults = recipe_in(arguments, system)

    def reproduce(
        target: Positional[Name] = None,
        /,
        *,
        data: Path | None = None,
        out: Path = Path("reproduction"),
        seeds: tuple[int, ...] = (0, 1, 2),
        part: Literal["test", "development"] = "test",
        tasks: Literal["together", "apart"] = "together",
        networks: tuple[str, ...] = (),
        attribution: SaliencyMethodName = "deeplift",
        weights: Path | None = None,
        download_weights: bool = False,
        recipe: Any = defaults,
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
            networks: timm networks that sta-drn/table5 compares; none for mobilenetv3_large_100, legacy_seresnet50,
                inception_resnet_v2 and resnet152.
            attribution: Method of expresso/regions and expresso/units (docs/attribution.md).
            weights: A file with pre-trained weights: of the trunk of ExpADA or DepNet, of Expresso-AI's backbone, or of the whole
                network.
            download_weights: Download torchvision's Kinetics-400 weights for ExpADA's trunk and Expresso-AI's backbones, or
                timm's for DepNet's trunk and for frame networks.
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

        given = pretrained(weights, download_weights and target not in OWN_DOWNLOADS, recipe)
        job = Job(
            data,
            out,
            recipe,
            seeds,
            system,
            weights=given,
            download=download_weights,
            part=part,
            tasks=tasks,
            networks=networks,
            attribution=attribution,
        )
        result = make(target, job)
        folder = write_result(job, result)
        print_markdown(result.markdown())
        print(f"report: {folder / 'report.html'}; runs: {out / 'runs'}")

    reproduce.__annotations__["recipe"] = annotated(defaults)
    return reproduce
