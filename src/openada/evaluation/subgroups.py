"""One figure by sex, age band, task, site (protocol, rule 8): with n and intervals, no ranking of small groups."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from openada.errors import UnusableInput
from openada.evaluation.fusion import UNITS, by_session, one_row_per_recording
from openada.evaluation.intervals import interval
from openada.evaluation.metrics import metric_named

GROUPING = ("sex", "gender", "age_band", "task", "site")
FEWEST_RANKED = 10


def subgroup_rows(
    predictions: pd.DataFrame,
    columns: Sequence[str] = GROUPING,
    *,
    metric: str = "rmse",
    unit: str = "recording",
    method: str = "jackknife-t",
    level: float = 0.95,
) -> pd.DataFrame:
    """One row per group of each of `columns` that the table has, groups in alphabetical order.

    Columns: grouping, group, metric, value, low, high, n, n_subjects, unit, method, note, rank. `rank` is 1 for the
    best of the groups of at least 10 subjects; smaller groups have none, and no rank is given to a single group.
    A missing entry is the group "missing". Takes the metrics of scores (not of bands, nor at a cut).
    """
    chosen = metric_named(metric)
    if chosen.takes == "bands" or metric == "auroc_at_cut":
        raise UnusableInput(f"{metric} in subgroups: choose a metric of scores, such as rmse, mae or ccc")
    if unit not in UNITS:
        raise UnusableInput(f"unit {unit!r}: choose from {', '.join(UNITS)}")
    table = one_row_per_recording(predictions) if unit == "recording" else by_session(predictions)
    rows = []
    for column in (c for c in columns if c in table.columns):
        group_of = table[column].astype(object).where(table[column].notna(), "missing").astype(str)
        found = []
        for group, part in table.groupby(group_of, sort=True):
            of = interval(metric, part["score"], part["prediction"], part["subject"], method, level, unit=UNITS[unit])
            found.append({"grouping": column, "group": group, "metric": metric, **vars(of)})
        large = pd.Series(
            [r["value"] if r["n_subjects"] >= FEWEST_RANKED else float("nan") for r in found], dtype=float
        )
        ranks = pd.Series(chosen.loss(large.to_numpy())).rank(method="min")
        for row, rank in zip(found, ranks, strict=True):
            rows.append(row | {"rank": rank if large.notna().sum() > 1 else float("nan")})
    order = ["grouping", "group", "metric", "value", "low", "high", "n", "n_subjects", "unit", "method", "note", "rank"]
    return pd.DataFrame(rows, columns=order)
