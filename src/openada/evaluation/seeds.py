"""Recipes compared that were each trained with one seed or several (protocol, rules 5 and 10).

Every figure of a recipe is the mean of its seeds' figures, on the same resampled subjects; the seeds' predictions are
never averaged, for that would be an ensemble, another model. With one seed each this is `comparison`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from openada.errors import UnusableInput
from openada.evaluation.checks import Floats, subject_codes
from openada.evaluation.comparison import holm
from openada.evaluation.fusion import UNITS, by_session, one_row_per_recording
from openada.evaluation.intervals import (
    FEWEST_SUBJECTS,
    Difference,
    Interval,
    difference_of,
    inputs,
    interval_of,
    value_of,
)
from openada.evaluation.metrics import Metric, metric_named
from openada.evaluation.resampling import Combination, Statistic, bootstrap, statistic
from openada.evaluation.spread import over_seeds
from openada.evaluation.table import BAND_METRICS, SCORE_METRICS, baseline_predictions, fed, labels_by_unit

BySeed = Mapping[int, npt.ArrayLike]


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


def rows_over_seeds(
    predictions: Mapping[int, pd.DataFrame],
    *,
    predictor: str,
    training: pd.DataFrame | None = None,
    development: pd.DataFrame | None = None,
    band_limits: Sequence[float] | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """One recipe's rows of a results table, from each seed's predictions of the same recordings (in the same order).

    As `table.evaluation_rows`, for the figures of the recipe and its differences from the constants and look-ups, with two
    columns more: `sd_over_seeds` (n − 1; NaN for one seed, and for differences) and `seeds`, "0, 1, 2". The interval is
    that of the seed-averaged figure.
    """
    metrics = SCORE_METRICS + (BAND_METRICS if band_limits is not None else ())
    limits = None if band_limits is None else np.asarray(band_limits, dtype=np.float64)
    named = ", ".join(str(seed) for seed in predictions)
    rows: list[dict[str, object]] = []
    found_by_unit: dict[str, dict[str, Floats]] = {}
    for unit, plural in UNITS.items():
        tables = _by_unit(predictions, unit)
        first = next(iter(tables.values()))
        label, subject = first["score"].to_numpy(np.float64), first["subject"].astype(str).to_numpy(dtype=object)
        scores = {seed: table["prediction"].to_numpy(np.float64) for seed, table in tables.items()}
        for metric in metrics:
            y = fed(metric, label, label, limits)[0]
            own = {seed: fed(metric, label, p, limits)[1] for seed, p in scores.items()}
            found = over_seeds(metric, y, own, subject, level=level, unit=plural)
            rows.append(_row(predictor, metric, found.interval, found.sd, named))
        found_by_unit[unit], _ = baseline_predictions(
            labels_by_unit(training, unit), labels_by_unit(development, unit), subject
        )
    baselines = {name: {unit: found_by_unit[unit][name] for unit in UNITS} for name in found_by_unit["recording"]}
    differences = differences_from(predictions, baselines, predictor=predictor, level=level)
    return pd.concat([pd.DataFrame(rows), differences], ignore_index=True) if baselines else pd.DataFrame(rows)


def differences_from(
    predictions: Mapping[int, pd.DataFrame],
    baselines: Mapping[str, Mapping[str, Floats]],
    *,
    predictor: str,
    level: float = 0.95,
) -> pd.DataFrame:
    """Rows "predictor − baseline" for MAE and RMSE of each unit, columns as of `rows_over_seeds`.

    `predictions` as there; `baselines`: name → "recording" and "session" → predictions (n,), in the order of the
    recordings, and of the sessions as `by_session` sorts them.
    """
    named = ", ".join(str(seed) for seed in predictions)
    rows = []
    for unit, plural in UNITS.items():
        tables = _by_unit(predictions, unit)
        first = next(iter(tables.values()))
        scores = {seed: table["prediction"].to_numpy(np.float64) for seed, table in tables.items()}
        for name, by_unit in baselines.items():
            for metric in ("mae", "rmse"):
                gap = difference_over_seeds(
                    metric,
                    first["score"],
                    scores,
                    {0: by_unit[unit]},
                    first["subject"].astype(str),
                    level=level,
                    unit=plural,
                )
                rows.append(_row(f"{predictor} − {name}", metric, gap, float("nan"), named))
                rows[-1]["note"] = "; ".join(
                    text for text in (gap.note, f"ranks first in {gap.ranks_first:.0%} of subject resamples") if text
                )
    return pd.DataFrame(rows)


def _by_unit(predictions: Mapping[int, pd.DataFrame], unit: str) -> dict[int, pd.DataFrame]:
    fuse = one_row_per_recording if unit == "recording" else by_session
    return {seed: fuse(table) for seed, table in predictions.items()}


def _row(predictor: str, metric: str, found: Interval, sd: float, seeds: str) -> dict[str, object]:
    facts = {
        name: getattr(found, name) for name in ("unit", "value", "low", "high", "n", "n_subjects", "method", "note")
    }
    return {"predictor": predictor, "metric": metric, **facts, "sd_over_seeds": sd, "seeds": seeds}
