"""Prediction against label: a scatter per method, subset and seed, and what they agree in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from openada.evaluation.fusion import UNITS
from openada.evaluation.seeds import rows_over_seeds
from openada.evaluation.table import wide
from openada.report.comparison import Section
from openada.report.content import NamedTable
from openada.report.figures import Drawing
from openada.report.plots import scatter
from openada.studies.reproduce.result import Result
from openada.studies.reproduce.subset_figures import Methods, Subset

if TYPE_CHECKING:
    from openada.studies.reproduce.job import Job

METRICS = ("pcc", "ccc", "calibration_slope", "rmse")


def agreement(name: str, job: Job, methods: Methods, runs: Sequence[Path], among: Sequence[Subset]) -> Result:
    """Prediction against label with the fitted line; slope, PCC and CCC as means over seeds.

    `runs`: all runs, those of the first method and seed first, a run per task of the job.
    """
    first = list(runs[: len(job.task_names)])
    scale = job.scale(first[0])
    tables, drawings = [], []
    for order, subset in enumerate(among):
        for place, (method, predictions) in enumerate(methods.items()):
            own = {seed: subset.takes(rows) for seed, rows in predictions.items()}
            found = rows_over_seeds(own, predictor=method)
            found = found[found["unit"] == UNITS[subset.unit]]
            tables.append(found.assign(subset=subset.name))
            for seed, rows in own.items():
                units = subset.units(rows)
                stem = f"scatter_{order}_{place}_s{seed}" if len(methods) > 1 else f"scatter_{order}_s{seed}"
                title = f"{subset.name}, {method}, seed {seed}" if len(methods) > 1 else f"{subset.name}, seed {seed}"
                label, prediction = (units[column].to_numpy(float) for column in ("score", "prediction"))
                drawn = scatter(label, prediction, scale.low, scale.high, scale.bands, scale.name, stem)
                drawings.append(
                    Drawing(
                        stem,
                        title,
                        drawn,
                        "A fitted line flatter than the diagonal: high scores are predicted too low and low ones too high.",
                    )
                )
    table = pd.concat(tables, ignore_index=True)
    printed = pd.concat(
        [wide(rows, METRICS).assign(subset=subset) for subset, rows in table.groupby("subset", sort=False)],
        ignore_index=True,
    )
    note = "Mean over seeds ± sd over seeds [95 % interval over subjects]. The paper draws the picture and gives no number."
    section = Section(
        "Prediction against label",
        tables=[NamedTable("Agreement", printed, note)],
        drawings=drawings,
        footer=job.foot(first),
    )
    return Result(name, [section], table, job.corpora(first[0])[1], runs)
