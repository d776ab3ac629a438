"""Where the relevance of selection runs points, beside their errors: planted data alone knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from openada.evaluation.localisation import Localisation
from openada.evaluation.means import mean_over_subjects
from openada.inference.recording import TrainedRun
from openada.report.comparison import Section
from openada.report.content import NamedTable
from openada.studies.planted_localisation import localisations
from openada.studies.planted_material import measure_row, planted_recordings, planted_truth
from openada.training.run_folder import RunFolder

if TYPE_CHECKING:
    from openada.studies.reproduce.job import Job

MEAN = "mean"
NOTE = (
    "AUROC of cue units against the others, mean over recordings [95 % interval over subjects]; n: recordings that hold both "
    "kinds of units. The mean of the seeds is of every recording's, where a measure has the same recordings under all of them. "
    "'openada evaluate RUN --evidence' adds attention, gradient × input, mAP of segments, deletion and insertion."
)


def planted_relevance(job: Job, selection: Mapping[int, list[Path]]) -> tuple[pd.DataFrame, Section] | None:
    """A row per measure, seed and run, as of `planted_localisation`, and one of the seeds' mean ("mean"); None without truth.

    The mean is over the seeds' AUROC of each recording, for measures that have one of the same recordings under every seed.
    """
    parts = []
    for position, task in enumerate(job.task_names):
        found: dict[int, dict[str, Localisation]] = {}
        for seed, runs in selection.items():
            truth = planted_truth(RunFolder(runs[position]).config())
            if truth is None:
                return None
            recordings = planted_recordings(TrainedRun.load(runs[position]), truth, job.part)
            found[seed] = localisations(recordings)
            parts += [{**_row(name, one), "seed": seed, "task": task} for name, one in found[seed].items()]
        subjects = {one.recording_id: one.subject for one in recordings}
        parts += [{**row, "seed": MEAN, "task": task} for row in _over_seeds(list(found.values()), subjects)]
    table = pd.DataFrame(parts)
    rows = []
    for (measure, task), own in table.groupby(["measure", "task"], sort=False):
        by_seed = {row["seed"]: row for row in own.to_dict("records")}
        mean = f"{own.loc[own['seed'] != MEAN, 'value'].mean():.2f}"
        shown = {"mean of seeds": _cell(by_seed[MEAN]) if MEAN in by_seed else mean}
        shown |= {f"seed {seed}": _cell(by_seed[seed]) if seed in by_seed else "–" for seed in selection}
        rows.append({"measure": measure, **({"task": task} if task else {}), **shown})
    return table, Section(
        "Where relevance points", tables=[NamedTable("AUROC of planted cues", pd.DataFrame(rows), NOTE)]
    )


def _over_seeds(found: Sequence[Mapping[str, Localisation]], subjects: Mapping[str, str]) -> list[dict[str, object]]:
    rows = []
    for name, first in found[0].items():
        others = [one[name].per_recording for one in found if name in one]
        if len(others) < len(found) or any(one.keys() != first.per_recording.keys() for one in others):
            continue
        means = {key: float(np.mean([one[key] for one in others])) for key in first.per_recording}
        interval = mean_over_subjects(list(means.values()), [subjects[key] for key in means], bounds=(0.0, 1.0))
        rows.append(measure_row(name, "auroc", interval, first.recordings_excluded, first.units_left_out))
    return rows


def _row(name: str, found: Localisation) -> dict[str, object]:
    return measure_row(name, "auroc", found.interval, found.recordings_excluded, found.units_left_out)


def _cell(row: Mapping[str, object]) -> str:
    value, low, high = (float(str(row[name])) for name in ("value", "low", "high"))
    interval = "" if np.isnan(low) else f" [{low:.2f}, {high:.2f}]"
    return f"{value:.2f}{interval}, n = {row['n']}"
