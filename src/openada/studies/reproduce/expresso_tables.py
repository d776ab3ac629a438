"""Expresso-AI's comparisons (Moreno et al. 2023): lengths of windows, backbones, and the same network without movement."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from openada.models.expresso.config import BACKBONES
from openada.report.content import NamedTable
from openada.studies.reproduce.clip_tables import clip_table, network_cost, unequal_starts
from openada.studies.reproduce.result import Result
from openada.studies.reproduce.sta_drn_runs import Runs
from openada.training.clip_recipe import ClipRecipe

if TYPE_CHECKING:
    from openada.models.weights import Weights
    from openada.studies.reproduce.job import Job

ERRORS = ("mae", "rmse")
WINDOWS = {
    "published": ((16, 8), (16, 16), (32, 4), (32, 8), (64, 2), (64, 4)),
    "planted": ((16, 1), (32, 1), (16, 4), (32, 2), (32, 4)),
}
"""Named recipe → (sampled frames, every so-manieth) of each window. The published ones lie over 128 or 256 frames; recordings of
the planted benchmark have some 150 frames at 5 per second: there windows lie over 16 to 128 of them, full or dilated."""
NOTHING_PUBLISHED = "No figures are published in the text at hand (the abstract): nothing stands beside these."
NO_WEIGHTS = (
    "The authors start from networks that know actions (Kinetics). These were trained from random weights: they compare what is "
    "listed under equal conditions, and say nothing of the system with its weights. Give --download-weights, or --weights."
)


def expresso_runs(
    job: Job, *, backbone: str | None = None, window: tuple[int, int] | None = None, still: bool = False
) -> Runs:
    """Runs of the recipe's network, one per seed, with another backbone or window, or on still frames."""
    recipe: ClipRecipe[Any] = job.clips
    own = recipe.model
    frames, step = window or (own.clip_frames, recipe.frame_step)
    model = replace(own, backbone=backbone or own.backbone, clip_frames=frames)
    name = f"expresso-{model.backbone}-{frames}x{step}{'-still' if still else ''}"
    sampling = "still" if still else recipe.sampling
    weights = _weights(job, model.backbone)
    return {
        seed: job.train(name, seed, model=model, frame_step=step, sampling=sampling, weights=weights)
        for seed in job.seeds
    }


def windows(name: str, job: Job) -> Result:
    """One network per length and dilation of the window, overlapping alike."""
    among = WINDOWS.get(job.clips.preset, WINDOWS["published"])
    runs = {_window_name(*window): expresso_runs(job, window=window) for window in among}
    models = {_window_name(*one): replace(job.clips.model, clip_frames=one[0]) for one in among}
    return clip_table(name, job, runs, ERRORS, {}, None, more=[_sizes(models)], said=sentences(job))


def backbones(name: str, job: Job) -> Result:
    """The four backbones on the recipe's window."""
    runs: dict[str, Runs] = {backbone: expresso_runs(job, backbone=backbone) for backbone in BACKBONES}
    models: dict[str, Any] = {backbone: replace(job.clips.model, backbone=backbone) for backbone in BACKBONES}
    said = [*sentences(job), *unequal_starts({backbone: _weights(job, backbone) for backbone in BACKBONES})]
    return clip_table(name, job, runs, ERRORS, {}, None, more=[_sizes(models)], said=said)


def single_face(name: str, job: Job) -> Result:
    """The network on windows of video, and on one face of each window that stands still."""
    runs = {
        "video": expresso_runs(job),
        "single face": expresso_runs(job, still=True),
    }
    said = [
        "Single face: the same backbone, weights, windows and training, but every window shows its middle frame in all its "
        "places. So both see as many faces of a recording, and the difference is what movement within a window adds.",
        *sentences(job),
    ]
    return clip_table(name, job, runs, ERRORS, {}, None, said=said)


def sentences(job: Job) -> list[str]:
    """What a reader must know of the networks that were trained."""
    recipe: ClipRecipe[Any] = job.clips
    model = recipe.model
    kept = "the epoch with the lowest development loss" if recipe.keep == "best" else "the last epoch"
    window = _window_name(model.clip_frames, recipe.frame_step)
    said = [
        f"Unless a row says otherwise {model.backbone} of width {model.width} on {window} at {model.image_size} px "
        f"({recipe.input}), windows overlapping by {recipe.overlap:g} at test; {recipe.epochs} epochs, "
        f"weights of {kept}.",
        NOTHING_PUBLISHED,
    ]
    return said if job.weights else [*said, NO_WEIGHTS]


def _window_name(frames: int, step: int) -> str:
    return f"{frames} frames" + (f", step {step}" if step > 1 else "")


def _sizes(models: dict[str, Any]) -> NamedTable:
    rows = [{"network": name, **network_cost("expresso-ai", model)} for name, model in models.items()]
    return NamedTable(
        "Size", pd.DataFrame(rows), "Of one window. Multiply-accumulates of convolutions and matrix products."
    )


def _weights(job: Job, backbone: str) -> Weights | None:
    """The job's for its own backbone; torchvision's for another one, if downloads are allowed and it has some."""
    from openada.models.weights import torchvision_weights

    if backbone == job.clips.model.backbone:
        return job.weights
    return torchvision_weights(backbone) if job.download and backbone != "r2plus1d_50" else None
