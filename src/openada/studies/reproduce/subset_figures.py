"""Errors of several methods on every subset of a corpus: each task by itself, and the tasks of a session fused.

ExpADA's Table 2 gives AVEC 2014's two tasks as data sets of their own, its Table 1 the decision-level fusion of both. One model
is trained here on all recordings, the paper does not say whether it trained one per task; a data set of one task alone
(a manifest with those rows) gives the other reading.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from openada.evaluation.comparison import compare_over_seeds
from openada.evaluation.fusion import UNITS, by_session
from openada.evaluation.published import expada_figure
from openada.evaluation.seeds import rows_over_seeds
from openada.evaluation.table import evaluation_rows, wide

if TYPE_CHECKING:
    from collections.abc import Callable

ERRORS = ("mae", "rmse")
FUSED = "sessions, tasks fused"
Methods = Mapping[str, Mapping[int, pd.DataFrame]]  # method → seed → a row per recording


@dataclass(frozen=True)
class Subset:
    """`name` as the tables show it, `unit` (recording or session), and which recordings it takes."""

    name: str
    unit: str
    takes: Callable[[pd.DataFrame], pd.DataFrame]

    def units(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The subset's rows as units: recordings, or sessions with the mean of their recordings."""
        taken = self.takes(rows)
        return by_session(taken) if self.unit == "session" else taken


def subsets(rows: pd.DataFrame) -> list[Subset]:
    """Every task of the recordings, then the sessions where they hold more than one recording, fused by their mean."""
    tasks = sorted(rows["task"].astype(str).unique())
    if len(tasks) == 1:
        found = [Subset("all recordings", "recording", lambda table: table)]
    else:
        found = [Subset(task, "recording", _of_task(task)) for task in tasks]
    if len(by_session(rows)) < len(rows):
        found.append(Subset(FUSED, "session", lambda table: table))
    return found


def clip_subsets(rows: pd.DataFrame, corpus_of: Mapping[str, str]) -> list[Subset]:
    """What Pan et al. 2023 count: all recordings of each corpus, whatever the task; then all, and the sessions, as ours.

    corpus_of: recording id → corpus, for the corpora of a union.
    """
    found = []
    corpora = sorted(set(corpus_of.values()))
    if len(corpora) > 1:
        found = [Subset(name, "recording", _of_corpus(name, corpus_of)) for name in corpora]
    found.append(Subset("all recordings", "recording", lambda table: table))
    if len(by_session(rows)) < len(rows):
        found.append(Subset(FUSED, "session", lambda table: table))
    return found


def _of_corpus(corpus: str, corpus_of: Mapping[str, str]) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda table: table[table["recording_id"].map(corpus_of) == corpus].reset_index(drop=True)


def _of_task(task: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda table: table[table["task"].astype(str) == task].reset_index(drop=True)


def subset_rows(
    methods: Methods, training: pd.DataFrame, subset: Subset, metrics: Sequence[str] = ERRORS
) -> pd.DataFrame:
    """Rows as of `evaluation.seeds.rows_over_seeds` for the metrics (MAE and RMSE among them).

    Constants and look-ups first, then the methods, then the differences; with `subset`, and `share_of_constant`, the value over
    the training mean's.
    """
    unit = UNITS[subset.unit]
    own = {name: {seed: subset.takes(rows) for seed, rows in by_seed.items()} for name, by_seed in methods.items()}
    first = any_rows(own)
    parts = [evaluation_rows(first, training=training, predictor="", metrics=metrics, units=(subset.unit,))]
    baselines = parts[0][(parts[0]["predictor"] != "") & ~parts[0]["predictor"].str.contains(" − ")]
    parts = [baselines.assign(sd_over_seeds=np.nan, seeds="")]
    for name, by_seed in own.items():
        found = rows_over_seeds(by_seed, predictor=name, training=training)
        parts.append(found[(found["unit"] == unit) & found["metric"].isin(metrics)])
    table = pd.concat(parts, ignore_index=True)
    constant = {metric: _value(table, "training mean", metric) for metric in ERRORS}
    difference = table["predictor"].str.contains(" − ")
    table["share_of_constant"] = np.where(difference, np.nan, table["value"] / table["metric"].map(constant))
    order = np.argsort(difference.to_numpy(), kind="stable")
    table = table.iloc[order].reset_index(drop=True)
    table.insert(0, "subset", subset.name)
    return table


def pair_rows(methods: Methods, subset: Subset) -> pd.DataFrame:
    """Every pair of methods on the subset, as of `evaluation.comparison.compare_over_seeds`, for RMSE and MAE."""
    tables = {name: {seed: subset.units(rows) for seed, rows in by_seed.items()} for name, by_seed in methods.items()}
    first = any_rows(tables)
    predictions = {
        name: {seed: table["prediction"].to_numpy(float) for seed, table in by_seed.items()}
        for name, by_seed in tables.items()
    }
    found = [
        compare_over_seeds(metric, first["score"], predictions, first["subject"].astype(str), unit=UNITS[subset.unit])[
            0
        ]
        for metric in ("rmse", "mae")
    ]
    table = pd.concat(found, ignore_index=True)
    table.insert(0, "subset", subset.name)
    return table


def shown(table: pd.DataFrame, metrics: Sequence[str] = ERRORS) -> pd.DataFrame:
    """The long table as it is printed: a row per subset and predictor; the metrics with sd over seeds and interval."""
    parts = []
    for name, rows in table.groupby("subset", sort=False):
        printed = wide(rows, metrics)
        share = rows[rows["metric"] == "rmse"].set_index("predictor")["share_of_constant"]
        printed["RMSE / constant's"] = [f"{share.get(predictor, np.nan):.2f}" for predictor in printed["predictor"]]
        printed.insert(0, "subset", name)
        parts.append(printed)
    return pd.concat(parts, ignore_index=True)


def with_published(printed: pd.DataFrame, corpora: Sequence[str]) -> pd.DataFrame:
    """`shown`'s table with ExpADA's own figures for the same corpus, subset and method in columns marked as published."""
    held = [
        (expada_figure(corpora, subset, predictor) or (np.nan, np.nan))
        for subset, predictor in zip(printed["subset"], printed["predictor"], strict=True)
    ]
    if not any(np.isfinite(mae) for mae, _ in held):
        return printed
    columns = {f"{metric} (published)": [pair[k] for pair in held] for k, metric in enumerate(("MAE", "RMSE"))}
    return printed.assign(**columns)


def differences_shown(table: pd.DataFrame) -> pd.DataFrame:
    """Differences from the constants and look-ups, as printed."""
    rows = table[table["predictor"].str.contains(" − ")]
    parts = []
    for name, part in rows.groupby("subset", sort=False):
        printed = wide(part, ERRORS)
        printed.insert(0, "subset", name)
        parts.append(printed)
    return pd.concat(parts, ignore_index=True)


def p_shown(p: float) -> str:
    """A p to three digits; "< .001" below that, "–" for none."""
    return "–" if pd.isna(p) else f"{p:.3f}" if p >= 0.001 else "< .001"


def pairs_shown(table: pd.DataFrame) -> pd.DataFrame:
    """Pairs of methods, as printed: the difference with its interval, where there are enough people for one, and Holm's p."""
    return pd.DataFrame(
        {
            "subset": table["subset"],
            "difference": table["a"] + " − " + table["b"],
            "metric": table["metric"].str.upper(),
            "value": [
                (f"{v:.2f}" if pd.isna(low) else f"{v:.2f} [{low:.2f}, {high:.2f}]").replace("-", "−")
                for v, low, high in table[["value", "low", "high"]].to_numpy(float)
            ],
            "p (Holm)": [p_shown(p) for p in table["p_holm"]],
        }
    )


def _value(table: pd.DataFrame, predictor: str, metric: str) -> float:
    chosen = table[(table["predictor"] == predictor) & (table["metric"] == metric)]
    return float(chosen["value"].iloc[0])


def figures_of(
    methods: Methods, training: pd.DataFrame, among: Sequence[Subset], metrics: Sequence[str] = ERRORS
) -> pd.DataFrame:
    """The long table of figures on the subsets."""
    return pd.concat([subset_rows(methods, training, subset, metrics) for subset in among], ignore_index=True)


def pairs_of(methods: Methods, among: Sequence[Subset]) -> pd.DataFrame:
    """Every pair of methods on the subsets; empty for a single method."""
    found = [pair_rows(methods, subset) for subset in among] if len(methods) > 1 else []
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def any_rows(methods: Methods) -> pd.DataFrame:
    """The rows of some method and seed: which recordings there are is the same in all."""
    return next(iter(next(iter(methods.values())).values()))
