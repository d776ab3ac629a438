"""Recipes compared on the same recordings, each trained with one seed or several (protocol, rules 5 and 10).

Every pair with Holm's correction, and how often each ranks first. A recipe's figure is the mean of its seeds' figures, on the
same resampled subjects; the seeds' predictions are never averaged, for that would be an ensemble, another model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from openada.errors import UnusableInput
from openada.evaluation.checks import Floats, subject_codes
from openada.evaluation.intervals import FEWEST_SUBJECTS, Difference, difference_of, inputs, interval_of, value_of
from openada.evaluation.metrics import Metric, metric_named
from openada.evaluation.resampling import Combination, Statistic, bootstrap, statistic

BySeed = Mapping[int, npt.ArrayLike]


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


def false_discovery(p_values: npt.ArrayLike) -> Floats:
    """Benjamini and Hochberg's q-values (k,); what is undefined (NaN) is not in the family and stays undefined."""
    from scipy.stats import false_discovery_control

    p = np.asarray(p_values, dtype=np.float64)
    q = np.full(len(p), np.nan)
    known = ~np.isnan(p)
    if known.any():
        q[known] = false_discovery_control(p[known], method="bh")
    return q


@dataclass(frozen=True)
class _Figure:
    """A recipe's figure: its value, and itself as a function of the subjects."""

    value: float
    of_subjects: Statistic
    n: int


def difference_over_seeds(
    metric: str,
    label: npt.ArrayLike,
    a: BySeed,
    b: BySeed,
    subject: npt.ArrayLike,
    *,
    level: float = 0.95,
    seed: int = 0,
    resamples: int = 10_000,
    unit: str = "recordings",
) -> Difference:
    """Mean over seeds of a − mean over seeds of b on the same recordings, with a jackknife-t interval by subjects.

    A predictor without a seed, such as a constant, is given under any one key. `seed` is that of the resampling.
    """
    chosen = metric_named(metric)
    codes, names = subject_codes(subject, np.size(label))
    pair = [_figure(chosen, label, by_seed, codes, len(names)) for by_seed in (a, b)]
    losses = _losses(chosen, pair, len(names), resamples, seed)
    return _difference(pair[0], pair[1], losses, len(names), level, unit)


def compare_over_seeds(
    metric: str,
    label: npt.ArrayLike,
    predictions: Mapping[str, BySeed],
    subject: npt.ArrayLike,
    *,
    level: float = 0.95,
    seed: int = 0,
    resamples: int = 10_000,
    unit: str = "recordings",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every pair, and the stability of the ranks over resamples of the subjects.

    Pairs: a, b, metric, value (a − b), low, high, p_value, p_holm (over the pairs of this call), a_ranks_first, n,
    n_subjects, unit, method, note.

    Ranks: predictor, metric, value, rank (on all subjects; ties share the mean), ranks_first (share of resamples; those
    level at the top share it), mean_rank, rank_low and rank_high (central 95 % of the resamples), same_order (share of
    resamples with the order of all subjects, the same in every row), n, n_subjects, unit. Resamples in which a figure is
    undefined are left out.
    """
    if len(predictions) < 2:
        raise UnusableInput(f"{len(predictions)} predictors: a comparison needs two")
    chosen = metric_named(metric)
    codes, names = subject_codes(subject, np.size(label))
    g = len(names)
    figures = {name: _figure(chosen, label, by_seed, codes, g) for name, by_seed in predictions.items()}
    losses = _losses(chosen, list(figures.values()), g, resamples, seed)
    order = {name: position for position, name in enumerate(figures)}
    pairs = []
    for a, b in combinations(figures, 2):
        found = _difference(figures[a], figures[b], losses[:, [order[a], order[b]]], g, level, unit)
        pairs.append({"a": a, "b": b, "metric": metric, **vars(found)})
    table = pd.DataFrame(pairs).rename(columns={"ranks_first": "a_ranks_first"})
    table["p_holm"] = holm(table["p_value"])
    columns = ["a", "b", "metric", "value", "low", "high", "p_value", "p_holm", "a_ranks_first"]
    ranks = _ranks(chosen, figures, losses).assign(n_subjects=g, unit=unit)
    return table[[*columns, "n", "n_subjects", "unit", "method", "note"]], ranks


def _figure(metric: Metric, label: npt.ArrayLike, by_seed: BySeed, codes: npt.NDArray[np.int64], g: int) -> _Figure:
    if not by_seed:
        raise UnusableInput("no seeds: give the predictions of at least one")
    checked = [inputs(metric, label, prediction, None, None) for prediction in by_seed.values()]
    values = [value_of(metric, y, p, None) for y, p in checked]
    parts = [statistic(metric, y, p, codes, g, None) for y, p in checked]
    return _Figure(float(np.mean(values)), Combination(parts, [1 / len(parts)] * len(parts)), checked[0][0].size)


def _losses(metric: Metric, figures: list[_Figure], g: int, resamples: int, seed: int) -> Floats:
    """(resamples, figures): of less is better, NaN where a figure is undefined."""
    drawn = bootstrap([figure.of_subjects for figure in figures], g, resamples, np.random.default_rng(seed))
    return np.asarray(metric.loss(drawn))


def _difference(a: _Figure, b: _Figure, losses: Floats, g: int, level: float, unit: str) -> Difference:
    gap = Combination([a.of_subjects, b.of_subjects], (1.0, -1.0))
    found = interval_of(a.value - b.value, gap, n=a.n, n_subjects=g, level=level, unit=unit)
    if g < FEWEST_SUBJECTS or np.isnan(found.value):
        return Difference(**vars(found), ranks_first=float("nan"), p_value=float("nan"))
    return difference_of(found, losses, gap.delete_one())


def _ranks(metric: Metric, figures: Mapping[str, _Figure], losses: Floats) -> pd.DataFrame:
    from scipy.stats import rankdata

    values = np.array([figure.value for figure in figures.values()])
    defined = losses[~np.isnan(losses).any(axis=1)]
    own = rankdata(metric.loss(values)) if not np.isnan(values).any() else np.full(values.size, np.nan)
    table = pd.DataFrame({"predictor": list(figures), "metric": metric.name, "value": values, "rank": own})
    shares = ["ranks_first", "mean_rank", "rank_low", "rank_high", "same_order"]
    if not defined.size or np.isnan(own).any():
        table[shares] = np.nan
    else:
        # Ties up to rounding are ties: copies of a predictor must share their rank.
        coarse = np.round(defined / (1e-10 * np.maximum(np.abs(defined).max(axis=1, keepdims=True), 1e-300)))
        rank = rankdata(coarse, axis=1)
        best = coarse == coarse.min(axis=1, keepdims=True)
        table["ranks_first"] = np.mean(best / best.sum(axis=1, keepdims=True), axis=0)
        table["mean_rank"] = rank.mean(axis=0)
        table["rank_low"], table["rank_high"] = np.quantile(rank, [0.025, 0.975], axis=0, method="inverted_cdf")
        table["same_order"] = float(np.mean((rank == own).all(axis=1)))
    return table.assign(n=next(iter(figures.values())).n)
