"""STA-DRN's tables (Pan et al. 2023): variants of its block, sizes beside the plain ResNet, and the comparison with others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from openada.evaluation.published_sta_drn import (
    compared_table,
    frame_networks_table,
    sizes_by_year,
    sizes_table,
    variants_by_year,
    variants_table,
)
from openada.report.content import NamedTable
from openada.studies.evaluation_content import published_shown
from openada.studies.reproduce.clip_tables import clip_table, network_cost
from openada.studies.reproduce.frame_networks import frame_network_runs, frame_network_sentences
from openada.studies.reproduce.result import Result
from openada.studies.reproduce.sta_drn_runs import (
    DEPTHS,
    PRETRAINING,
    Runs,
    main_runs,
    resnet_model,
    resnet_runs,
    sta_runs,
    variant_runs,
)

if TYPE_CHECKING:
    from openada.studies.reproduce.job import Job

ERRORS, AGREEMENT = ("mae", "rmse"), ("pcc", "ccc")
OF_THE_PAPER = (
    "Test parts of AVEC 2013 (50 clips) and AVEC 2014 (100 clips), from Pan et al. 2023, without intervals; nothing of it was "
    "measured here."
)


def table2(name: str, job: Job) -> Result:
    """The twelve variants, groups × fusion: MAE and RMSE."""
    return _variants(name, job, ERRORS, "Table 2")


def table3(name: str, job: Job) -> Result:
    """The twelve variants, groups × fusion: PCC and CCC, beside the errors, without which they say little."""
    return _variants(name, job, (*ERRORS, *AGREEMENT), "Tables 2 and 3")


def _variants(name: str, job: Job, metrics: Sequence[str], place: str) -> Result:
    shown = published_shown(variants_table(metrics), OF_THE_PAPER, f"Pan et al. 2023, {place}")
    return _result(name, job, variant_runs(job), metrics, variants_by_year(metrics), shown)


def table4(name: str, job: Job) -> Result:
    """Three depths of STA-DRN and of the plain 3-D ResNet: MAE, RMSE, parameters and multiply-accumulates."""
    runs: dict[str, Runs] = {}
    costs = []
    for depth, layers in DEPTHS.items():
        for network, model in (("ResNet", resnet_model(job, depth)), ("STA", replace(job.clips.model, layers=layers))):
            named = f"{network}-{depth}"
            runs[named] = resnet_runs(job, depth) if network == "ResNet" else sta_runs(job, model)
            costs.append({"network": named, **network_cost("resnet3d" if network == "ResNet" else "sta-drn", model)})
    size = NamedTable(
        "Size",
        pd.DataFrame(costs),
        "Of the networks trained here, one clip. Multiply-accumulates (the paper: FLOPs) of convolutions and matrix products.",
    )
    shown = published_shown(sizes_table(), OF_THE_PAPER, "Pan et al. 2023, Table 4")
    return _result(name, job, runs, ERRORS, sizes_by_year(), shown, [size])


def table5(name: str, job: Job) -> Result:
    """Frame networks of timm, fine-tuned on single frames, beside the recipe's own network.

    The paper's four are face recognition networks that timm does not have; `frame_networks` says which stand for them.
    """
    shown = published_shown(frame_networks_table(), OF_THE_PAPER, "Pan et al. 2023, Table 5")
    runs = {**frame_network_runs(job), "STA-DRN": main_runs(job)}
    return clip_table(name, job, runs, ERRORS, {}, shown, said=[*frame_network_sentences(job), *_said(job)])


def table6(name: str, job: Job) -> Result:
    """The recipe's own network, beside the systems that the paper compares with on AVEC 2013."""
    return _compared(name, job, "2013", "Table 6")


def table7(name: str, job: Job) -> Result:
    """The recipe's own network, beside the systems that the paper compares with on AVEC 2014."""
    return _compared(name, job, "2014", "Table 7")


def _compared(name: str, job: Job, year: str, place: str) -> Result:
    shown = published_shown(compared_table(year), OF_THE_PAPER, f"Pan et al. 2023, {place}: AVEC {year}")
    return _result(name, job, {"STA-DRN": main_runs(job)}, ERRORS, {}, shown)


def _result(
    name: str,
    job: Job,
    runs: dict[str, Runs],
    metrics: Sequence[str],
    by_year: dict[str, pd.DataFrame],
    published: NamedTable,
    more: Sequence[NamedTable] = (),
) -> Result:
    return clip_table(name, job, runs, metrics, by_year, published, more=more, said=_said(job))


def _said(job: Job) -> list[str]:
    recipe = job.clips
    kept = "the epoch with the lowest development loss" if recipe.keep == "best" else "the last epoch"
    step = f", frame step {recipe.frame_step}" if recipe.frame_step > 1 else ""
    said = [
        f"Clips of {recipe.model.clip_frames} frames{step} at {recipe.model.image_size} px; {recipe.epochs} epochs; weights of "
        f"{kept}."
    ]
    return said if job.weights else [*said, PRETRAINING]
