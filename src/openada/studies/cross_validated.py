"""A trained system cross-validated: the runs of all folds evaluated together, every fold shown and none chosen (rule 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from openada.datasets.scales import SCALES, Scale
from openada.errors import UnusableInput
from openada.evaluation.baselines import constant_mean, constant_median
from openada.evaluation.crossvalidation import METRICS, figure_of_fold, summed_over_folds
from openada.evaluation.footer import footer_line, merged
from openada.evaluation.fusion import by_session
from openada.evaluation.guards import require_all_folds
from openada.evaluation.seeds import differences_from, rows_over_seeds
from openada.evaluation.table import evaluation_rows, to_markdown, wide
from openada.files import atomic_path, write_json, write_text
from openada.prepared.dataset import PreparedDataset
from openada.report.comparison import Section, write_comparison_report
from openada.report.content import NamedTable
from openada.report.figures import Drawing
from openada.report.page import number
from openada.studies.behaviour_ridge import BEHAVIOUR_RIDGE, behaviour_ridge
from openada.studies.evaluation_content import (
    ERRORS,
    OF_BASELINES,
    PLANTED,
    bands_title,
    latex,
    printed,
    printed_bands,
    records,
    section,
)
from openada.studies.evaluation_drawings import interval_drawings, write_drawings
from openada.studies.evaluation_facts import known_recordings
from openada.studies.fold_sets import READING, FoldSet, fold_sets
from openada.studies.seed_groups import SeedGroup, read_tested_run, require_same_recordings, runs_table, seed_groups

if TYPE_CHECKING:
    import pandas as pd

BASELINES = ("training mean", "training median", BEHAVIOUR_RIDGE)


@dataclass(frozen=True)
class CrossValidated:
    """`per_fold`: predictor, seed, fold, unit, metric, value, n, n_subjects. `over_folds`: mean, sd (n − 1) and range over folds.

    `table`: the pooled out-of-fold predictions' figures with intervals, and differences, as of `evaluation.table`. `runs`: which
    run is which. `foot` stands under the first table, `short_foot` under the others.
    """

    title: str
    per_fold: pd.DataFrame
    over_folds: pd.DataFrame
    table: pd.DataFrame
    runs: pd.DataFrame
    foot: list[str]
    short_foot: list[str]
    drawings: list[Drawing]
    planted: bool
    scale: Scale
    markdown: str = ""

    @property
    def difference(self) -> pd.Series:
        """Which rows of `table` are differences."""
        return self.table["predictor"].str.contains(" − ")


def evaluate_folds(runs: Sequence[Path], out: Path, *, data: Path | None = None) -> CrossValidated:
    """Evaluate the runs of all folds of one cross-validation, of one recipe or several, each with one seed or several.

    Writes OUT/evaluation.csv, .md, .tex and .json, folds.csv, predictions.csv (out of fold), figures/ and report.html.
    Baselines are fitted in every fold's training part. Raises UnusableInput for a fold that is missing or there twice, and
    for runs on different folds, recordings or labels.
    """
    import pandas as pd

    sets = fold_sets([read_tested_run(path, "test", data) for path in runs])
    if len({found.of.sha256 for found in sets}) > 1:
        names = ", ".join(sorted({f"{found.of.name} ({found.of.sha256[:12]})" for found in sets}))
        raise UnusableInput(f"runs on different sets of folds ({names}): evaluate them apart")
    require_same_recordings([found.pooled for found in sets])
    groups = seed_groups([found.pooled for found in sets])
    baselines = _baselines(sets[0], data)
    name_of = {id(run): group.name for group in groups for run in group.runs}
    per_fold = pd.concat(
        [
            *(_per_fold(name, 0, rows) for name, rows in baselines.items()),
            *(_per_fold(name_of[id(found.pooled)], found.pooled.seed, found.pooled.rows) for found in sets),
        ],
        ignore_index=True,
    )
    table = _pooled_table(groups, baselines)
    found = CrossValidated(
        f"Cross-validation over {sets[0].of.folds} folds of {sets[0].of.name}",
        per_fold,
        _over_folds(per_fold),
        table,
        runs_table(groups).assign(run=[", ".join(map(str, paths)) for paths in _paths(sets, groups)]),
        merged({group.name: group.foot for group in groups}),
        [f"{group.name}: {footer_line(group.foot)}" for group in groups],
        interval_drawings(table, [group.name for group in groups]),
        any(each.pooled.config["planted"] for each in sets),
        SCALES[sets[0].pooled.config["scale"]],
    )
    found = replace(found, markdown=_markdown(found))
    _write(out, found, sets)
    _write_page(out / "report.html", found)
    return found


def _paths(sets: Sequence[FoldSet], groups: Sequence[SeedGroup]) -> list[list[Path]]:
    """The folders of the folds behind every run of the groups, in the order of the table of runs."""
    of = {id(each.pooled): [run.path for run in each.runs] for each in sets}
    return [of[id(run)] for group in groups for run in group.runs]


def _baselines(found: FoldSet, data: Path | None) -> dict[str, pd.DataFrame]:
    """Baseline → out-of-fold predictions (the rows of `FoldSet.pooled`), each fitted on its fold's training recordings."""
    import pandas as pd

    made: dict[str, list[pd.DataFrame]] = {name: [] for name in BASELINES}
    for run in found.runs:
        known = known_recordings(run.folder)
        training = known[known["split"] == "training"]
        dataset = PreparedDataset(data or Path(run.config["data"]))
        n = len(run.rows)
        for name, prediction in zip(
            BASELINES,
            (
                constant_mean(training["score"], n),
                constant_median(training["score"], n),
                behaviour_ridge(dataset, training, run.rows),
            ),
            strict=True,
        ):
            made[name].append(run.rows[["recording_id"]].assign(prediction=prediction))
    rows = found.pooled.rows.drop(columns="prediction")
    return {
        name: rows.merge(pd.concat(parts), on="recording_id", validate="one_to_one") for name, parts in made.items()
    }


def _per_fold(predictor: str, seed: int, rows: pd.DataFrame) -> pd.DataFrame:
    """Every fold's figures; a session lies in one fold."""
    import pandas as pd

    figures = [
        {
            "predictor": predictor,
            "seed": seed,
            "fold": int(fold),
            "unit": unit,
            "metric": metric,
            "value": figure_of_fold(metric, part["score"].to_numpy(float), part["prediction"].to_numpy(float)),
            "n": len(part),
            "n_subjects": int(part["subject"].nunique()),
        }
        for unit, table in (("recordings", rows), ("sessions", by_session(rows)))
        for fold, part in table.groupby("fold")
        for metric in METRICS
    ]
    return pd.DataFrame(figures)


def _over_folds(per_fold: pd.DataFrame) -> pd.DataFrame:
    """A row per unit, predictor and metric; of several seeds a fold's value is their mean."""
    import pandas as pd

    keys = ["unit", "predictor", "metric", "fold"]
    by_fold = per_fold.groupby(keys, sort=False)["value"].agg(lambda values: values.mean(skipna=False)).reset_index()
    rows = []
    for (unit, predictor, metric), part in by_fold.groupby(keys[:3], sort=False):
        figure = summed_over_folds(metric, part)
        if np.isfinite(figure.mean):
            require_all_folds({metric: figure.mean}, part)
        rows.append({"predictor": predictor, "unit": unit, **vars(figure)})
    table = pd.DataFrame(rows)
    order = (table["unit"] == "sessions").sort_values(kind="stable").index
    return table.loc[order].reset_index(drop=True)


def _pooled_table(groups: Sequence[SeedGroup], baselines: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    import pandas as pd

    scale = SCALES[groups[0].runs[0].config["scale"]]
    limits = [low for _, low in scale.bands]
    predicted = {
        name: {
            "recording": rows["prediction"].to_numpy(float),
            "session": by_session(rows)["prediction"].to_numpy(float),
        }
        for name, rows in baselines.items()
    }
    table = pd.concat(
        [
            *(
                evaluation_rows(rows, predictor=name, metrics=OF_BASELINES, band_limits=limits, cut=scale.cut)
                for name, rows in baselines.items()
            ),
            *(
                rows_over_seeds(group.predictions, predictor=group.name, band_limits=limits, cut=scale.cut)
                for group in groups
            ),
            *(differences_from(group.predictions, predicted, predictor=group.name) for group in groups),
        ],
        ignore_index=True,
    )
    difference = table["predictor"].str.contains(" − ")
    order = (2 * difference + (table["unit"] == "sessions")).sort_values(kind="stable").index
    return table.loc[order].reset_index(drop=True)


def _shown_folds(over: pd.DataFrame) -> pd.DataFrame:
    """A row per predictor and unit: mean ± sd over folds of every metric, and the folds' range of RMSE."""
    import pandas as pd

    rows = []
    for (unit, predictor), part in over.groupby(["unit", "predictor"], sort=False):
        by_metric = {row["metric"]: row for row in part.to_dict("records")}
        cells = {
            name.upper(): f"{number(row['mean'])} ± {number(row['sd'])}" if np.isfinite(row["mean"]) else "–"
            for name, row in by_metric.items()
        }
        span = by_metric["rmse"]["lowest_to_highest"].split(" (")[0]
        rows.append(
            {"predictor": predictor, "unit": unit, "folds": by_metric["rmse"]["n_folds"], **cells, "folds' RMSE": span}
        )
    return pd.DataFrame(rows)


def _markdown(found: CrossValidated) -> str:
    table, difference = found.table, found.difference
    lines = [f"# {found.title}", "", READING, *([PLANTED] if found.planted else [])]
    lines += section("Mean ± sd over folds", _shown_folds(found.over_folds), *found.foot)
    title = "Pooled out-of-fold predictions, with 95 % intervals"
    lines += section(title, printed(table[~difference]), *found.short_foot)
    lines += section(bands_title(found.scale), printed_bands(table[~difference]), *found.short_foot)
    lines += section("Differences, pooled (below zero: errs less)", wide(table[difference], ERRORS), *found.short_foot)
    lines += ["", "## Runs", "", to_markdown(found.runs)]
    return "\n".join(lines) + "\n"


def _write(out: Path, found: CrossValidated, sets: Sequence[FoldSet]) -> None:
    import pandas as pd

    predictions = pd.concat(
        [each.pooled.rows.assign(run=str(each.pooled.path), seed=each.pooled.seed) for each in sets], ignore_index=True
    )
    for name, content in (
        ("evaluation", found.table),
        ("folds", found.per_fold),
        ("over_folds", found.over_folds),
        ("predictions", predictions.rename(columns={"score": "label"})),
    ):
        with atomic_path(out / f"{name}.csv") as temporary:
            content.to_csv(temporary, index=False)
    write_text(out / "evaluation.md", found.markdown)
    write_text(out / "evaluation.tex", latex(found.title, found.table, found.foot, None))
    write_json(
        out / "evaluation.json",
        {
            "folds": {"name": sets[0].of.name, "sha256": sets[0].of.sha256, "folds": sets[0].of.folds},
            "over_folds": records(found.over_folds),
            "per_fold": records(found.per_fold),
            "pooled": records(found.table),
            "footer": found.foot,
            "versions": {"openada": version("openada")},
        },
    )
    write_drawings(out / "figures", found.drawings)


def _write_page(path: Path, found: CrossValidated) -> None:
    table, difference = found.table, found.difference
    baseline = table["predictor"].isin(BASELINES)
    over = NamedTable("Mean ± sd over folds", _shown_folds(found.over_folds))
    write_comparison_report(
        path,
        kind="cross-validation",
        title=found.title,
        lead=READING,
        sections=[
            Section("Over folds", tables=[over], footer=found.foot),
            Section(
                "Pooled out-of-fold predictions",
                baselines=table[baseline],
                metrics=table[~baseline & ~difference],
                tables=[NamedTable("Differences", wide(table[difference], ERRORS), "Below zero: errs less.")],
                drawings=found.drawings,
                footer=found.short_foot,
            ),
            Section("Runs", tables=[NamedTable("Runs", found.runs)]),
        ],
        critical_warnings=[PLANTED] if found.planted else [],
        versions={"openada": version("openada")},
    )
