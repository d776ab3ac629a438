"""Do other initialisations call the same segments relevant? (Liao et al. 2026, "Interpretability")"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from safetensors.torch import load_file

from openada.evaluation.stability import stability_table
from openada.inference.expada import ExpADARun
from openada.inference.recording import TrainedRun, infer
from openada.report.comparison import Section
from openada.report.content import NamedTable
from openada.studies.reproduce.expada_representations import KINDS
from openada.studies.reproduce.result import Result

if TYPE_CHECKING:
    from openada.studies.reproduce.job import Job

INITIALISATIONS = 5
PUBLISHED = pd.DataFrame(
    {"video": ["first", "second", "third"], "mean pairwise cosine (published)": [0.94, 0.98, 0.91]}
)
PUBLISHED_NOTE = (
    "Three randomly selected videos of AVEC, 5 trainings, after the first epoch. No control is given beside."
)
READING = (
    "Relevance is non-negative and may be nearly even: such vectors have a cosine near 1 whatever they say. The shuffled figure "
    "is what is left when it does not matter which segment is which; the centred cosine and ρ start at 0."
)


def stability(name: str, job: Job) -> Result:
    """Stage 2 from five initialisations on one encoder, after its first epoch and at its end; whole trainings beside.

    The paper trained "5 times with random initialisations" and compared SDR after the first epoch: SDR exists in stage 2
    alone, so its first epoch is meant. Whether stage 1 was trained anew is not said; the rows "whole training" compare the
    job's seeds, stage 1 included, at the end.
    """
    encoders = job.train("expada-selection", job.seeds[0], method="selection")
    one_encoder = {
        seed: job.train("expada-selection-again", seed, encoders_of=encoders, keep_epochs=(1,), method="selection")
        for seed in range(INITIALISATIONS)
    }
    whole = job.selection_runs() if len(job.seeds) > 1 else {}
    parts = []
    for kind in KINDS:
        for moment, epoch in (("after the first epoch", 1), ("at the end", None)):
            found = _compared(job, one_encoder, kind, epoch)
            parts.append(found.assign(kind=kind, compared="stage 2 on one encoder", moment=moment))
        if whole:
            parts.append(
                _compared(job, whole, kind, None).assign(kind=kind, compared="whole training", moment="at the end")
            )
    table = pd.concat(parts, ignore_index=True)
    section = Section(
        "Stability of relevance",
        [f"All {job.part} recordings, {INITIALISATIONS} initialisations of stage 2 on one encoder"
         + (f"; whole trainings with seeds {', '.join(map(str, whole))}." if whole else ".")],
        tables=[
            NamedTable("Agreement of relevance between initialisations", _shown(table), READING),
            NamedTable("Published", PUBLISHED, PUBLISHED_NOTE, published=True),
        ],
        footer=job.foot(encoders),
    )  # fmt: skip
    runs = [run for group in (*one_encoder.values(), *whole.values()) for run in group]
    return Result(name, [section], table, job.corpora(encoders[0])[1], runs)


def _compared(job: Job, runs: Mapping[int, list[Path]], kind: str, epoch: int | None) -> pd.DataFrame:
    """`evaluation.stability.stability_table` over the seeds' relevance of one kind, after an epoch or at the end (None)."""
    relevance: dict[int, dict[str, np.ndarray]] = {}
    subject: dict[str, str] = {}
    for seed, folders in runs.items():
        for folder in folders:
            trained = TrainedRun.load(folder)
            assert isinstance(trained, ExpADARun)
            if epoch is not None:
                held = load_file(trained.folder.kept("selector", epoch))
                prefix = "selector."
                trained.model.selector.load_state_dict({key.removeprefix(prefix): value for key, value in held.items()})
            known = job.known([folder])
            for row in known[known["split"] == job.part].itertuples():
                result = infer(trained, job.dataset.recording(row.recording_id), cache=trained.folder.units)
                relevance.setdefault(seed, {})[row.recording_id] = result.segments[kind].to_numpy(float)
                subject[row.recording_id] = str(row.subject)
    return stability_table(relevance, subject)


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    """A row per kind, comparison and moment, a column per measure."""
    rows = []
    for (kind, compared, moment), own in table.groupby(["kind", "compared", "moment"], sort=False):
        cells = {
            row["measure"]: f"{row['value']:.2f} [{row['low']:.2f}, {row['high']:.2f}]"
            for row in own.to_dict("records")
        }
        rows.append({"relevance": KINDS[kind], "compared": compared, "moment": moment, **cells})
    return pd.DataFrame(rows)
