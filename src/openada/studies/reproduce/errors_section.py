"""The section that most reproduced tables are: errors of several methods by subset, their differences, baselines, the ridge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from openada.report.comparison import Section
from openada.report.content import NamedTable
from openada.report.figures import Drawing
from openada.studies.behaviour_ridge import BEHAVIOUR_RIDGE, behaviour_ridge
from openada.studies.evaluation_drawings import interval_drawings
from openada.studies.reproduce.subset_figures import (
    ERRORS,
    Methods,
    Subset,
    any_rows,
    differences_shown,
    figures_of,
    pairs_of,
    pairs_shown,
    shown,
)

if TYPE_CHECKING:
    import pandas as pd

    from openada.studies.reproduce.job import Job

    Beside = Callable[[pd.DataFrame], pd.DataFrame]

SEEDS_NOTE = "Mean over seeds ± sd over seeds [95 % interval over subjects, of the seed-averaged figure]."


def errors_section(
    job: Job,
    methods: Methods,
    runs: Sequence[Path],
    among: Sequence[Subset],
    *,
    metrics: Sequence[str] = ERRORS,
    beside: Beside | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame, Section]:
    """Figures and pairs of the subsets, and the section that shows them beside the ridge on behaviour statistics.

    `runs` are those of one seed, whose recordings and footer stand for all. `beside` adds published columns to the printed table.
    """
    known = job.known(runs)
    rows = any_rows(methods)
    training = known[known["split"] == "training"]
    ridge = rows.assign(prediction=behaviour_ridge(job.dataset, training, rows))
    figures = figures_of({BEHAVIOUR_RIDGE: {0: ridge}, **methods}, training, among, metrics)
    figures.loc[figures["predictor"].str.startswith(BEHAVIOUR_RIDGE), "seeds"] = ""
    pairs = pairs_of(methods, among)
    difference = figures["predictor"].str.contains(" − ")
    errors = shown(figures[~difference], metrics)
    if beside is not None:
        errors = beside(errors)
    tables = [
        NamedTable(f"Errors on {job.part} recordings", errors, SEEDS_NOTE),
        NamedTable("Differences from the baselines", differences_shown(figures), "Below zero: errs less."),
    ]
    if len(pairs):
        tables.append(
            NamedTable(
                "Differences between methods",
                pairs_shown(pairs),
                "Paired over subjects, mean over seeds of either; p corrected over the pairs of a subset and metric.",
            )
        )
    sentences = [
        f"Size: preset {job.recipe.preset}; seeds {', '.join(map(str, job.seeds))}; "
        + ("one model on all recordings." if job.tasks == "together" else "one model per task."),
    ]
    return figures, pairs, Section("Errors by subset", sentences, tables=tables, footer=job.foot(runs))


def subset_drawings(rows: pd.DataFrame, ours: Sequence[str], subset: str) -> list[Drawing]:
    """The intervals of one subset's errors, drawn; `rows` are its rows of the long table, `ours` the methods' names."""
    stem = "".join(letter if letter.isalnum() else "_" for letter in subset.lower())
    drawings = interval_drawings(rows, list(ours), unit=rows["unit"].iloc[0], prefix=f"intervals_{stem}")
    return [drawing._replace(title=f"{subset}: {drawing.title}") for drawing in drawings]
