"""The table that most targets of clip models are: errors of several networks, published figures beside or below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from openada.evaluation.published_sta_drn import published_beside
from openada.report.content import NamedTable
from openada.studies.reproduce.errors_section import errors_section, subset_drawings
from openada.studies.reproduce.result import Result
from openada.studies.reproduce.sta_drn_runs import Runs, all_runs, counted, methods_of

if TYPE_CHECKING:
    from openada.models.weights import Weights
    from openada.studies.reproduce.job import Job

UNEQUAL = (
    "Not equal conditions: {given} from pre-trained weights, {without} from random ones. The rows differ in more than their "
    "networks."
)
OTHER_DATA = " The figures above are of another data set and cannot be compared with these."


def unequal_starts(weights: Mapping[str, Weights | None]) -> list[str]:
    """A sentence if some networks of a table (name → its weights) start from pre-trained weights and others do not."""
    given, without = ([name for name, one in weights.items() if (one is None) == none] for none in (False, True))
    return [UNEQUAL.format(given=", ".join(given), without=", ".join(without))] if given and without else []


def clip_table(
    name: str,
    job: Job,
    runs: Mapping[str, Runs],
    metrics: Sequence[str],
    by_year: Mapping[str, pd.DataFrame],
    published: NamedTable | None,
    *,
    more: Sequence[NamedTable] = (),
    said: Sequence[str] = (),
) -> Result:
    """Figures of the networks (name → its runs) on every subset, their intervals drawn.

    `by_year`: published figures by the networks' names, which stand beside those of their own corpus; `published` all of them
    as the paper has them, below; `more` tables and sentences `said` go with ours.
    """
    methods = methods_of(job, runs)
    first = next(iter(next(iter(runs.values())).values()))
    among, corpus_of_subset = counted(job, methods, first)
    figures, pairs, section = errors_section(
        job,
        methods,
        first,
        among,
        metrics=metrics,
        beside=lambda printed: published_beside(printed, by_year, corpus_of_subset),
    )
    corpora, planted = job.corpora(first[0])
    if published and (planted or not any("2013" in corpus or "2014" in corpus for corpus in corpora)):
        published = NamedTable(published.title, published.frame, published.note + OTHER_DATA, published=True)
    drawings = [
        drawing
        for subset, rows in figures.groupby("subset", sort=False)
        for drawing in subset_drawings(rows, list(methods), str(subset))
    ]
    section = replace(
        section,
        sentences=[*section.sentences, *said],
        tables=[*section.tables, *more, *([published] if published else [])],
        drawings=drawings,
    )
    return Result(name, [section], figures, planted, all_runs(runs), {"pairs": pairs} if len(pairs) else {})


def network_cost(system: str, model: Any) -> dict[str, str]:
    """Parameters in millions and multiply-accumulates of one clip in 10^9."""
    from dataclasses import asdict

    from openada import models
    from openada.models.cost import multiply_accumulates, parameter_count

    network = models.create(system, seed=0, **asdict(model))
    shape = (1, 3, model.clip_frames, model.image_size, model.image_size)
    return {
        "parameters, M": f"{parameter_count(network) / 1e6:.3f}",
        "MACs, G": f"{multiply_accumulates(network, shape) / 1e9:.3f}",
    }
