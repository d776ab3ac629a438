"""Several predictors on the same recordings: every pair, with Holm's correction, and how often each ranks first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from openada.errors import UnusableInput
from openada.evaluation.checks import Floats, subject_codes
from openada.evaluation.intervals import inputs, paired_difference
from openada.evaluation.metrics import metric_named
from openada.evaluation.resampling import bootstrap, statistic


def holm(p_values: npt.ArrayLike) -> Floats:
    """Holm's step-down adjusted p-values (k,), in the order given; NaN stays NaN and does not count."""
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or np.any((p < 0) | (p > 1)):
        raise UnusableInput(f"p-values {p.tolist()}: give one dimension of numbers from 0 to 1")
    adjusted = np.full(p.size, np.nan)
    order = np.argsort(p, kind="stable")[: int(np.sum(~np.isnan(p)))]  # NaN sorts last
    stepped = p[order] * (order.size - np.arange(order.size))
    adjusted[order] = np.minimum(np.maximum.accumulate(stepped), 1.0)
    return adjusted


def compare(
    metric: str,
    label: npt.ArrayLike,
    predictions: Mapping[str, npt.ArrayLike],
    subject: npt.ArrayLike,
    *,
    method: str = "jackknife-t",
    level: float = 0.95,
    seed: int = 0,
    resamples: int = 10_000,
    unit: str = "recordings",
    cut: float | None = None,
) -> pd.DataFrame:
    """One row per pair: a, b, metric, value (a − b), low, high, p_value, p_holm, a_ranks_first, n, n_subjects, unit,
    method, note. p_holm is corrected over the pairs of this call.
    """
    if len(predictions) < 2:
        raise UnusableInput(f"{len(predictions)} predictors: a comparison needs two")
    rows = []
    for a, b in combinations(predictions, 2):
        found = paired_difference(
            metric, label, predictions[a], predictions[b], subject, method, level, seed,
            resamples=resamples, unit=unit, cut=cut,
        )  # fmt: skip
        rows.append({"a": a, "b": b, "metric": metric, **vars(found)})
    table = pd.DataFrame(rows).rename(columns={"ranks_first": "a_ranks_first"})
    table["p_holm"] = holm(table["p_value"])
    order = ["a", "b", "metric", "value", "low", "high", "p_value", "p_holm", "a_ranks_first"]
    return table[[*order, "n", "n_subjects", "unit", "method", "note"]]


def ranks_first(
    metric: str,
    label: npt.ArrayLike,
    predictions: Mapping[str, npt.ArrayLike],
    subject: npt.ArrayLike,
    *,
    seed: int = 0,
    resamples: int = 10_000,
    cut: float | None = None,
) -> dict[str, float]:
    """Share of subject resamples in which each predictor is the best of all; those level at the top share it.

    Resamples in which a figure is undefined are left out; all NaN if it is in each.
    """
    chosen = metric_named(metric)
    checked: Sequence[tuple[Floats, Floats]] = [inputs(chosen, label, p, cut, None) for p in predictions.values()]
    if not checked:
        raise UnusableInput("no predictors: give at least one")
    codes, names = subject_codes(subject, checked[0][0].size)
    each = [statistic(chosen, y, p, codes, len(names), cut) for y, p in checked]
    losses = chosen.loss(bootstrap(each, len(names), resamples, np.random.default_rng(seed)))
    losses = losses[~np.isnan(losses).any(axis=1)]
    if not losses.size:
        return dict.fromkeys(predictions, float("nan"))
    tie = 1e-12 * np.abs(losses).max(axis=1, keepdims=True)
    best = losses <= losses.min(axis=1, keepdims=True) + tie
    won = np.mean(best / best.sum(axis=1, keepdims=True), axis=0)
    return {name: float(share) for name, share in zip(predictions, won, strict=True)}
