"""Where the relevance of selection runs points, beside their errors: planted data alone knows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from openada.inference.recording import TrainedRun
from openada.report.comparison import Section
from openada.report.content import NamedTable
from openada.studies.planted_localisation import planted_localisation
from openada.studies.planted_material import planted_truth
from openada.training.run_folder import RunFolder

if TYPE_CHECKING:
    from openada.studies.reproduce.job import Job

NOTE = (
    "AUROC of cue units against the others, mean over recordings [95 % interval over subjects]; n: recordings that hold both "
    "kinds of units. 'openada evaluate RUN --evidence' adds attention, gradient × input, mAP of segments, deletion and insertion."
)


def planted_relevance(job: Job, selection: Mapping[int, list[Path]]) -> tuple[pd.DataFrame, Section] | None:
    """A row per measure, seed and run, as of `planted_localisation`, and the section that shows them; None without truth."""
    parts = []
    for seed, runs in selection.items():
        for run, task in zip(runs, job.task_names, strict=True):
            truth = planted_truth(RunFolder(run).config())
            if truth is None:
                return None
            found = planted_localisation(TrainedRun.load(run), truth, job.part)
            parts.append(found.assign(seed=seed, task=task))
    table = pd.concat(parts, ignore_index=True)
    rows = []
    for (measure, task), own in table.groupby(["measure", "task"], sort=False):
        cells = {
            f"seed {row['seed']}": f"{row['value']:.2f} [{row['low']:.2f}, {row['high']:.2f}], n = {row['n']}"
            for row in own.to_dict("records")
        }
        rows.append({"measure": measure, **({"task": task} if task else {}), "mean": own["value"].mean(), **cells})
    shown = pd.DataFrame(rows)
    return table, Section("Where relevance points", tables=[NamedTable("AUROC of planted cues", shown, NOTE)])
