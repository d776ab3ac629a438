"""DepNet's tables (He et al. 2022): four architectures, the comparison with others, and layers that reduce channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from openada.evaluation.published_depnet import (
    ARCHITECTURES,
    CHALLENGES,
    COMPARED,
    architectures_by_year,
    errors_table,
)
from openada.models.depnet.config import REDUCTIONS
from openada.models.registry import config_for
from openada.report.content import NamedTable
from openada.studies.evaluation_content import published_shown
from openada.studies.reproduce.clip_tables import clip_table, unequal_starts
from openada.studies.reproduce.frame_networks import downloaded
from openada.studies.reproduce.result import Result
from openada.studies.reproduce.sta_drn_runs import Runs
from openada.training.clip_recipe import ClipRecipe

if TYPE_CHECKING:
    from openada.models.weights import Weights
    from openada.studies.reproduce.job import Job

ERRORS = ("mae", "rmse")
OF_THE_PAPER = (
    "Test parts of AVEC 2013 (50 clips) and AVEC 2014 (100 clips), from He et al. 2022, without intervals; nothing of it was "
    "measured here."
)
RESNETS = {"planted": "resnet10t"}
"""Named recipe → the plain residual network that is compared; ResNet-50 in all others."""
NAMES = {"legacy_seresnet50": "SENet", "resnet50": "ResNet-50"}
REDUCTION_NAMES = {
    "max8": "largest of 8 channels",
    "max4": "largest of 4 channels",
    "mean8": "mean of 8 channels",
    "conv": "1×1 convolution to an eighth",
}
REDUCTIONS_SAID = (
    "The paper says that the channel max-pool was best among layers that it compared, and gives no figure and no list; these "
    "four are a reading."
)


def depnet_runs(job: Job, *, trunk: str | None = None, reduction: str | None = None) -> Runs:
    """DepNet's runs, one per seed, with another trunk or reduction than the recipe's where one is named."""
    own = job.clips.model
    model = replace(own, trunk=trunk or own.trunk, reduction=reduction or own.reduction)
    if model.trunk != own.trunk:
        model = replace(model, normalisation="network")
    name = f"depnet-{model.trunk}-{model.reduction}"
    return {seed: job.train(name, seed, model=model, weights=_weights(job, model.trunk)) for seed in job.seeds}


def single_frame_runs(job: Job, network: str) -> Runs:
    """A network on single frames, all of it trained, otherwise by DepNet's recipe and tested on the frames that DepNet sees."""
    own = job.clips.model
    model = config_for(
        "frame-network",
        network=network,
        image_size=own.image_size,
        input_range=own.input_range,
        normalisation=own.normalisation if network == own.trunk else "network",
    )
    recipe = replace(job.clips, model=model, cached_features=0, test_frames=own.clip_frames)
    return {
        seed: job.train(
            f"single-{network}",
            seed,
            system="frame-network",
            recipe=recipe,
            weights=_weights(job, network),
        )
        for seed in job.seeds
    }


def architectures(job: Job) -> dict[str, Runs]:
    """Tables 2-3: the trunk on single frames, DepNet, the plain ResNet on single frames, and DepNet around the plain ResNet.

    "ResNet-50 (image sequence)" is read as DepNet with ResNet-50 in SENet's place: the paper calls its own "SENet-based".
    """
    trunk, plain = job.clips.model.trunk, _plain(job)
    senet, resnet = (NAMES.get(name, name) for name in (trunk, plain))
    return {
        f"{senet} (single image)": single_frame_runs(job, trunk),
        f"DepNet ({senet}-based)": depnet_runs(job),
        f"{resnet} (single image)": single_frame_runs(job, plain),
        f"{resnet} (image sequence)": depnet_runs(job, trunk=plain),
    }


def _plain(job: Job) -> str:
    return RESNETS.get(job.clips.preset, "resnet50")


def table2(name: str, job: Job) -> Result:
    """The four architectures, with the paper's figures on AVEC 2013."""
    return _architectures(name, job, "2013", "Table 2")


def table3(name: str, job: Job) -> Result:
    """The same with the paper's figures on AVEC 2014."""
    return _architectures(name, job, "2014", "Table 3")


def table4(name: str, job: Job) -> Result:
    """DepNet beside the systems that the paper lists for AVEC 2013."""
    return _table(name, job, {"DepNet": depnet_runs(job)}, COMPARED, "2013", "Table 4")


def table5(name: str, job: Job) -> Result:
    """DepNet beside the systems that the paper lists for AVEC 2014."""
    return _table(name, job, {"DepNet": depnet_runs(job)}, COMPARED, "2014", "Table 5")


def figure7(name: str, job: Job) -> Result:
    """DepNet beside the challenge entries of 2013, with its intervals drawn."""
    return _table(name, job, {"DepNet": depnet_runs(job)}, CHALLENGES, "2013", "Fig. 7")


def figure8(name: str, job: Job) -> Result:
    """DepNet beside the challenge entries of 2014, with its intervals drawn."""
    return _table(name, job, {"DepNet": depnet_runs(job)}, CHALLENGES, "2014", "Fig. 8")


def reductions(name: str, job: Job) -> Result:
    """DepNet with each layer that makes fewer channels of the trunk's."""
    runs = {REDUCTION_NAMES[reduction]: depnet_runs(job, reduction=reduction) for reduction in REDUCTIONS}
    return clip_table(name, job, runs, ERRORS, {}, None, said=[REDUCTIONS_SAID, *sentences(job)])


def _architectures(name: str, job: Job, year: str, place: str) -> Result:
    networks = (job.clips.model.trunk, _plain(job))
    return _table(name, job, architectures(job), ARCHITECTURES, year, place, architectures_by_year(), networks)


def _table(
    name: str,
    job: Job,
    runs: dict[str, Runs],
    rows: Mapping[str, tuple[tuple[str, float, float], ...]],
    year: str,
    place: str,
    by_year: Mapping[str, pd.DataFrame] | None = None,
    networks: Sequence[str] = (),
) -> Result:
    shown: NamedTable = published_shown(errors_table(rows, year), OF_THE_PAPER, f"He et al. 2022, {place}: AVEC {year}")
    return clip_table(name, job, runs, ERRORS, by_year or {}, shown, said=sentences(job, networks))


def sentences(job: Job, networks: Sequence[str] = ()) -> list[str]:
    """What a reader must know of the networks that were trained; `networks`: all trunks of the table, if there are several."""
    recipe: ClipRecipe[Any] = job.clips
    model = recipe.model
    weights = "the weights given" if job.weights else "random weights"
    trunk = f"{model.trunk}, from {weights}, " + ("frozen" if model.frozen else "trained with the rest")
    stop = (
        f" at most, or until no epoch's training loss is below the lowest for {recipe.stop_after} steps"
        if recipe.stop_after
        else ""
    )
    epochs = f"{recipe.epochs} epoch" + ("s" if recipe.epochs > 1 else "")
    first = (
        f"before the scores, {recipe.pretext.epochs} epochs on the measured behaviour signals, without labels; "
        if recipe.pretext.epochs
        else ""
    )
    said = [
        f"{model.clip_frames} frames of {model.image_size} px a recording, at random in training and evenly spaced at test; "
        f"trunk {trunk}; head {model.head}; {first}{epochs}{stop}.",
    ]
    starts = {network: _weights(job, network) for network in networks or (model.trunk,)}
    said += unequal_starts(starts)
    untaught = [network for network, own in starts.items() if own is None]
    if model.frozen and untaught:
        said.append(
            f"The paper's trunk knew faces (VGGFace2). A frozen trunk of random weights ({', '.join(untaught)}) does not: its "
            "figures are those of a check that all runs, not of DepNet. Give --weights, or --download-weights for ImageNet's."
        )
    return said


def _weights(job: Job, network: str) -> Weights | None:
    return job.weights if network == job.clips.model.trunk else downloaded(job, network)
