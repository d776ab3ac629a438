"""The runs that STA-DRN's tables and figures share, their names, and what they are counted on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openada.evaluation.published_sta_drn import variant_name
from openada.models.registry import config_for
from openada.studies.reproduce.subset_figures import Methods, Subset, any_rows, clip_subsets
from openada.training.clip_recipe import model_preset

if TYPE_CHECKING:
    import pandas as pd

    from openada.studies.reproduce.job import Job

GROUPS = (1, 2, 4)
FUSIONS = ("spatial", "temporal", "feature", "vector")
DEPTHS: Mapping[int, tuple[int, int, int, int]] = {18: (2, 2, 2, 2), 50: (3, 4, 6, 3), 152: (3, 8, 36, 3)}
PRETRAINING = (
    "The paper starts from weights trained on UCF101 and CK+, which are not public: "
    "without --weights these are results without such pre-training."
)
Runs = dict[int, list[Path]]  # seed → a run per task


def sta_runs(job: Job, model: Any) -> Runs:
    """The runs of STA-DRN with the settings `model`, one per seed."""
    layers = "" if model.layers == job.clips.model.layers else "-" + "x".join(map(str, model.layers))
    name = f"sta-drn-k{model.groups}-{model.fusion}{layers}"
    return {seed: job.train(name, seed, system="sta-drn", model=model) for seed in job.seeds}


def main_runs(job: Job) -> Runs:
    """The runs of the recipe's own network."""
    return sta_runs(job, job.clips.model)


def variant_runs(job: Job, groups: Sequence[int] = GROUPS) -> dict[str, Runs]:
    """Variant's name → its runs: every fusion at the numbers of groups."""
    return {
        variant_name(k, fusion): sta_runs(job, replace(job.clips.model, groups=k, fusion=fusion))
        for k in groups
        for fusion in FUSIONS
    }


def resnet_model(job: Job, depth: int) -> Any:
    """The plain ResNet's settings at a depth, reading the same clips as the recipe's own network."""
    own = job.clips.model
    size = {name: getattr(own, name) for name in ("clip_frames", "image_size", "temporal_stride", "input_range")}
    return config_for("resnet3d", model_preset("resnet3d", job.clips.preset), depth=depth, **size)


def resnet_runs(job: Job, depth: int) -> Runs:
    """The runs of the plain ResNet."""
    model = resnet_model(job, depth)
    return {seed: job.train(f"resnet3d-{depth}", seed, system="resnet3d", model=model) for seed in job.seeds}


def methods_of(job: Job, runs: Mapping[str, Runs]) -> Methods:
    """Name → seed → predictions; a clip model has one method alone."""
    return {
        name: {seed: next(iter(job.predictions(group).values())) for seed, group in by_seed.items()}
        for name, by_seed in runs.items()
    }


def all_runs(runs: Mapping[str, Runs]) -> list[Path]:
    """Every run once."""
    return [run for by_seed in runs.values() for group in by_seed.values() for run in group]


def counted(job: Job, methods: Methods, runs: Sequence[Path]) -> tuple[list[Subset], dict[str, str]]:
    """The subsets that figures are given on, and the corpus of each that is of one alone."""
    known = job.known(runs)
    corpora = job.corpora(runs[0])[0]
    corpus_of: dict[str, str] = (
        dict(zip(known["recording_id"], known["corpus"], strict=True)) if "corpus" in known else {}
    )
    of_subset = {name: name for name in corpora} if len(corpora) > 1 else {}
    if len(corpora) == 1:
        of_subset["all recordings"] = corpora[0]
    return clip_subsets(any_rows(methods), _held(corpus_of, any_rows(methods))), of_subset


def _held(corpus_of: Mapping[str, str], rows: pd.DataFrame) -> dict[str, str]:
    return {name: corpus_of[name] for name in rows["recording_id"] if name in corpus_of}
