"""ExpADA's tables and sweeps (Liao et al. 2026, Tables 1 and 2 and the ablations of its supplement)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openada.evaluation.published import expada_comparators, published_table
from openada.report.comparison import Section
from openada.report.figures import Drawing
from openada.report.sweep import Step, sweep
from openada.studies.evaluation_content import published_shown
from openada.studies.reproduce.errors_section import errors_section, subset_drawings
from openada.studies.reproduce.planted_relevance import planted_relevance
from openada.studies.reproduce.result import Result
from openada.studies.reproduce.subset_figures import Methods, any_rows, subsets, with_published

if TYPE_CHECKING:
    import pandas as pd

    from openada.studies.reproduce.job import Job

PERCENTS = (5, 10, 20, 30, 50, 100)
NO_PUBLISHED_SWEEP = "The paper's own sweep is in its supplement, which is not public: nothing to show beside."


def table2(name: str, job: Job) -> Result:
    """Base, ordinal and selection on every subset. Ordinal is stage 1 of the selection runs: the mean over clips."""
    selection = job.selection_runs()
    base = {seed: job.train("expada-base", seed, pretexts_of=runs, method="base") for seed, runs in selection.items()}
    return _errors(name, job, selection, base)


def table1(name: str, job: Job) -> Result:
    """The selection method, beside the systems that the paper compares with, as published."""
    return _errors(name, job, job.selection_runs(), {})


def _errors(name: str, job: Job, selection: Mapping[int, list[Path]], base: Mapping[int, list[Path]]) -> Result:
    methods: dict[str, dict[int, pd.DataFrame]] = {}
    for seed, runs in base.items():
        methods.setdefault("base", {})[seed] = job.predictions(runs)["base"]
    for seed, runs in selection.items():
        found = job.predictions(runs)
        if base:
            methods.setdefault("ordinal", {})[seed] = found["ordinal"]
        methods.setdefault("selection", {})[seed] = found["selection"]
    first = next(iter(selection.values()))
    figures, pairs, section = _section(job, methods, first)
    corpora, planted = job.corpora(first[0])
    held, line = published_table(corpora, planted=planted)
    published = [published_shown(held, line)] if len(held) else []
    if not base:
        beside = (
            "Test figures on AVEC 2013 and AVEC 2014 as ExpADA's Table 1 cites them; nothing of it was measured here."
        )
        published = [published_shown(expada_comparators(), beside, "ExpADA's Table 1")]
    drawings = [
        drawing
        for subset, rows in figures.groupby("subset", sort=False)
        for drawing in subset_drawings(rows, list(methods), str(subset))
    ]
    said = section.sentences if published else [*section.sentences, line]
    section = replace(section, sentences=said, tables=[*section.tables, *published], drawings=drawings)
    files = {"pairs": pairs} if len(pairs) else {}
    sections = [section]
    pointing = planted_relevance(job, selection)
    if pointing is not None:
        files["relevance"] = pointing[0]
        sections.append(pointing[1])
    runs = [run for group in (*selection.values(), *base.values()) for run in group]
    return Result(name, sections, figures, planted, runs, files)


def _section(job: Job, methods: Methods, runs: Sequence[Path]) -> tuple[pd.DataFrame, pd.DataFrame, Section]:
    corpora = job.corpora(runs[0])[0]
    among = subsets(any_rows(methods))
    return errors_section(job, methods, runs, among, beside=lambda printed: with_published(printed, corpora))


def sweep_p(name: str, job: Job) -> Result:
    """Stage 2 anew for every share p of selected representations, on the encoders of the selection runs."""
    selection = job.selection_runs()
    by_value: dict[int, dict[int, list[Path]]] = {}
    for percent in sorted({*PERCENTS, job.expada.model.percent}):
        for seed, runs in selection.items():
            model = replace(job.expada.model, percent=percent)
            by_value.setdefault(percent, {})[seed] = (
                runs
                if percent == job.expada.model.percent
                else job.train(f"expada-selection-p{percent}", seed, encoders_of=runs, method="selection", model=model)
            )
    return _sweep(name, job, by_value, "p, share of representations selected in %", "p = {} %")


def sweep_t(name: str, job: Job) -> Result:
    """Both stages anew for half, once and twice the recipe's segment length T."""
    own = job.expada.model.segment_frames
    by_value: dict[int, dict[int, list[Path]]] = {}
    for frames in sorted({max(4, own // 2), own, 2 * own}):
        for seed in job.seeds:
            changed: dict[str, Any] = (
                {} if frames == own else {"model": replace(job.expada.model, segment_frames=frames)}
            )
            run_name = "expada-selection" if frames == own else f"expada-selection-T{frames}"
            by_value.setdefault(frames, {})[seed] = job.train(run_name, seed, method="selection", **changed)
    return _sweep(name, job, by_value, "T, length of a segment in frames", "T = {}")


def _sweep(name: str, job: Job, by_value: Mapping[int, Mapping[int, list[Path]]], axis: str, label: str) -> Result:
    methods = {
        label.format(value): {seed: job.predictions(runs)["selection"] for seed, runs in by_seed.items()}
        for value, by_seed in by_value.items()
    }
    first = next(iter(next(iter(by_value.values())).values()))
    figures, pairs, section = _section(job, methods, first)
    drawings = []
    for order, (subset, rows) in enumerate(figures.groupby("subset", sort=False)):
        rmse = rows[rows["metric"] == "rmse"].set_index("predictor")
        own = [rmse.loc[label.format(value)] for value in by_value]
        steps = [Step(value, row["value"], row["low"], row["high"]) for value, row in zip(by_value, own, strict=True)]
        constant = float(rmse.loc["training mean", "value"])
        stem = f"sweep_{order}"
        drawings.append(
            Drawing(
                stem,
                f"{subset}: RMSE by {axis.split(',', maxsplit=1)[0]}",
                sweep(steps, axis, "RMSE", constant, stem),
                "Bars: 95 % intervals over subjects; dashed: the training mean.",
            )
        )
    section = replace(section, note=NO_PUBLISHED_SWEEP, drawings=drawings)
    runs = [run for by_seed in by_value.values() for group in by_seed.values() for run in group]
    return Result(name, [section], figures, job.corpora(first[0])[1], runs, {"pairs": pairs} if len(pairs) else {})
