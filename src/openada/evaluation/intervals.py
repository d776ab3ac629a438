"""Intervals from resampling *subjects*, who may have unequal numbers of recordings (protocol, rule 5).

`jackknife-t` (the default): the figure is taken to log (RMSE, MAE), atanh (CCC, PCC, kappa) or logit (AUROC, accuracy,
F1); value ± t · standard error there, the error from leaving out one subject at a time,
se² = (g − 1)/g · Σ (θ₍ᵢ₎ − mean θ₍·₎)², t the Student quantile on g − 1 degrees of freedom; then taken back. Where the
figure, or the figure without some subject, lies on the edge of its range (an error of 0, an AUROC of 1), the same is
done without the transformation, cut off at the range, and the note says so. `clustered-percentile` and `bca` (Efron
1987; acceleration from the same jackknife) draw subjects with replacement, each with all its recordings.

No interval (low and high NaN, the reason in the note): fewer than 3 subjects; an undefined figure; a figure that is
undefined without one of the subjects; a figure that is the same whichever subject is left out (all errors zero or all
equal, the CCC of a constant), for zero spread in the sample is no evidence of zero uncertainty.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from openada.errors import UnusableInput
from openada.evaluation.checks import Floats, paired, paired_bands, share, subject_codes
from openada.evaluation.coverage import expected_coverage
from openada.evaluation.metrics import Metric, metric_named
from openada.evaluation.resampling import Combination, Statistic, bootstrap, statistic

__all__ = [
    "METHODS",
    "Difference",
    "Interval",
    "difference_of",
    "expected_coverage",
    "from_draws",
    "inputs",
    "interval",
    "interval_of",
    "jackknife_t",
    "paired_difference",
    "standard_error",
    "value_of",
]

METHODS = ("jackknife-t", "clustered-percentile", "bca")
FEWEST_SUBJECTS = 3
_NAN = float("nan")
_NO_SPREAD = "no interval: no spread (the same whichever subject is left out)"


@dataclass(frozen=True)
class Interval:
    """A figure with its interval; `low` and `high` are NaN where there is none, and `note` gives the reason.

    `n` counts the recordings or sessions (`unit` says which), `n_subjects` the people behind them.
    """

    value: float
    low: float
    high: float
    n: int
    n_subjects: int
    unit: str
    method: str
    note: str = ""
    level: float = 0.95

    def __str__(self) -> str:
        span = "no interval" if np.isnan(self.low) else f"{self.level:.0%} interval {self.low:.3g} to {self.high:.3g}"
        return f"{self.value:.3g} ({span}; {self.n} {self.unit} of {self.n_subjects} subjects; {self.method})"


@dataclass(frozen=True)
class Difference(Interval):
    """A paired difference a − b. `ranks_first`: share of subject resamples in which a is the better (a tie counts
    half); `p_value`: two-sided, from the jackknife's t; correct several with `comparison.holm`.
    """

    ranks_first: float = _NAN
    p_value: float = _NAN


def interval(
    metric: str,
    label: npt.ArrayLike,
    prediction: npt.ArrayLike,
    subject: npt.ArrayLike,
    method: str = "jackknife-t",
    level: float = 0.95,
    seed: int = 0,
    *,
    resamples: int = 10_000,
    unit: str = "recordings",
    cut: float | None = None,
    ids: Sequence[Any] | None = None,
) -> Interval:
    """Value and interval of a registered metric from label, prediction and subject, each (n,).

    `cut` is needed for "auroc_at_cut"; `resamples` and `seed` serve the two bootstrap methods. Band metrics take band
    indices. Raises UnusableInput for an unknown metric or method and for NaN, naming the positions and `ids`.
    """
    chosen = metric_named(metric)
    y, p = inputs(chosen, label, prediction, cut, ids)
    codes, names = subject_codes(subject, y.size)
    return interval_of(
        value_of(chosen, y, p, cut),
        statistic(chosen, y, p, codes, len(names), cut),
        n=y.size,
        n_subjects=len(names),
        scale=chosen.scale,
        bounds=(chosen.low, chosen.high),
        method=method,
        level=level,
        seed=seed,
        resamples=resamples,
        unit=unit,
    )


def paired_difference(
    metric: str,
    label: npt.ArrayLike,
    prediction_a: npt.ArrayLike,
    prediction_b: npt.ArrayLike,
    subject: npt.ArrayLike,
    method: str = "jackknife-t",
    level: float = 0.95,
    seed: int = 0,
    *,
    resamples: int = 10_000,
    unit: str = "recordings",
    cut: float | None = None,
    ids: Sequence[Any] | None = None,
) -> Difference:
    """metric(a) − metric(b) on the same recordings, with an interval by subjects and how often a ranks first.

    Jackknife-t is made on the difference itself, untransformed. `ranks_first` uses `resamples` draws of the subjects
    whatever the method; resamples in which either figure is undefined are left out of it.
    """
    chosen = metric_named(metric)
    y, a = inputs(chosen, label, prediction_a, cut, ids)
    _, b = inputs(chosen, label, prediction_b, cut, ids)
    codes, names = subject_codes(subject, y.size)
    g = len(names)
    pair = [statistic(chosen, y, p, codes, g, cut) for p in (a, b)]
    difference = Combination(pair, (1.0, -1.0))
    found = interval_of(
        value_of(chosen, y, a, cut) - value_of(chosen, y, b, cut),
        difference,
        n=y.size,
        n_subjects=g,
        method=method,
        level=level,
        seed=seed,
        resamples=resamples,
        unit=unit,
    )
    if g < FEWEST_SUBJECTS or np.isnan(found.value):
        return Difference(**vars(found), ranks_first=_NAN, p_value=_NAN)
    losses = chosen.loss(bootstrap(pair, g, resamples, np.random.default_rng(seed)))
    return difference_of(found, np.asarray(losses), difference.delete_one())


def difference_of(found: Interval, losses: Floats, without: Floats) -> Difference:
    """A difference a − b with its p-value, and how often a ranks first.

    losses: (resamples, 2) of a and b, less is better; those in which one is undefined are left out. without: the difference
    without each subject in turn, as of `Statistic.delete_one`.
    """
    losses = losses[~np.isnan(losses).any(axis=1)]
    gap = losses[:, 0] - losses[:, 1]
    gap[np.abs(gap) <= 1e-12 * np.abs(losses).max(axis=1, initial=0.0)] = 0.0  # a tie up to rounding
    first = float(np.mean((gap < 0) + 0.5 * (gap == 0))) if gap.size else _NAN
    return Difference(**vars(found), ranks_first=first, p_value=_p_value(found.value, without))


def inputs(
    metric: Metric, label: npt.ArrayLike, prediction: npt.ArrayLike, cut: float | None, ids: Sequence[Any] | None
) -> tuple[Floats, Floats]:
    """The checked arrays a metric works on, as float64 (n,)."""
    if metric.name == "auroc_at_cut" and (cut is None or not np.isfinite(cut)):
        raise UnusableInput(f"auroc_at_cut with cut={cut!r}: give the score from which a recording counts as positive")
    if metric.takes == "bands":
        y, p = paired_bands(label, prediction, ids)
        return y.astype(np.float64), p.astype(np.float64)
    return paired(label, prediction, ids)


def value_of(metric: Metric, label: Floats, prediction: Floats, cut: float | None) -> float:
    """The metric itself."""
    return (
        metric.function(label, prediction, cut) if metric.name == "auroc_at_cut" else metric.function(label, prediction)
    )


def interval_of(
    value: float,
    figure: Statistic,
    *,
    n: int,
    n_subjects: int,
    scale: str = "identity",
    bounds: tuple[float, float] = (-np.inf, np.inf),
    method: str = "jackknife-t",
    level: float = 0.95,
    seed: int = 0,
    resamples: int = 10_000,
    unit: str = "recordings",
    widen: float = 1.0,
) -> Interval:
    """The interval of any statistic on subjects: what `interval`, differences, seeds and localisation share.

    `widen`: a factor on the jackknife's standard error, for what leaving subjects out does not show.
    """
    if method not in METHODS:
        raise UnusableInput(f"no interval method is called {method!r}: choose from {', '.join(METHODS)}")
    share(level, "level")
    if resamples < 1:
        raise UnusableInput(f"{resamples} resamples: give at least 1, better 10000")
    low = high = _NAN
    if np.isnan(value):
        note = "undefined: a constant or a single class"
    elif n_subjects < FEWEST_SUBJECTS:
        note = f"{n_subjects} subject{'s' * (n_subjects != 1)}: an interval needs at least {FEWEST_SUBJECTS}"
    else:
        without = figure.delete_one()
        if np.isnan(without).any():
            note = "no interval: undefined without one of the subjects"
        elif method == "jackknife-t":
            low, high, note = jackknife_t(value, without, level, scale, bounds, widen)
        else:
            drawn = bootstrap([figure], n_subjects, resamples, np.random.default_rng(seed))[:, 0]
            low, high, note = from_draws(value, drawn, without if method == "bca" else None, level)
    return Interval(float(value), low, high, int(n), int(n_subjects), unit, method, note, level)


_SCALES: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "log": (np.log, np.exp),
    "atanh": (np.arctanh, np.tanh),
    "logit": (lambda x: np.log(x) - np.log1p(-x), lambda z: 1.0 / (1.0 + np.exp(-z))),
    "identity": (lambda x: x, lambda z: z),
}


def jackknife_t(
    value: float,
    without: Floats,
    level: float,
    scale: str = "identity",
    bounds: tuple[float, float] = (-np.inf, np.inf),
    widen: float = 1.0,
) -> tuple[float, float, str]:
    """low, high and a note from the value and the (g,) values without each subject; `widen` multiplies the standard error."""
    from scipy.special import stdtrit

    if _same(np.r_[value, without]):
        return _NAN, _NAN, _NO_SPREAD
    forward, back = _SCALES[scale]
    with np.errstate(divide="ignore", invalid="ignore"):
        centre, replicates = forward(value), forward(without)
    note = ""
    if not (np.isfinite(centre) and np.isfinite(replicates).all()):
        centre, replicates, back = value, without, _SCALES["identity"][1]
        note = f"on the edge of its range for some subjects: made without the {scale} transformation"
    reach = stdtrit(without.size - 1, 0.5 + level / 2.0) * widen * standard_error(replicates)
    low, high = np.clip(back(np.array([centre - reach, centre + reach])), *bounds)
    return float(low), float(high), note


def standard_error(without: Floats) -> float:
    """Jackknife standard error from the (g,) values without each subject."""
    g = without.size
    return float(np.sqrt((g - 1) / g * np.sum(np.square(without - without.mean()))))


def from_draws(value: float, drawn: Floats, without: Floats | None, level: float) -> tuple[float, float, str]:
    """low, high and a note from bootstrap values (r,): percentile, or BCa where the delete-one values are given."""
    defined = drawn[~np.isnan(drawn)]
    lost = drawn.size - defined.size
    if lost > drawn.size / 2:
        return _NAN, _NAN, f"undefined in {lost} of {drawn.size} resamples: no interval"
    note = f"undefined in {lost} of {drawn.size} resamples, left out" if lost else ""
    if _same(defined):
        return _NAN, _NAN, _NO_SPREAD
    shares = np.array([0.5 - level / 2.0, 0.5 + level / 2.0])
    if without is not None:
        shares = _bca_shares(value, defined, without, shares)
        if np.isnan(shares).any():
            return _NAN, _NAN, "the value lies beyond all its resamples: no BCa interval"
    low, high = np.quantile(defined, shares)
    return float(low), float(high), note


def _bca_shares(value: float, drawn: Floats, without: Floats, shares: Floats) -> Floats:
    from scipy.special import ndtr, ndtri

    tie = 1e-12 * max(1.0, abs(value))
    below = np.mean(drawn < value - tie) + 0.5 * np.mean(np.abs(drawn - value) <= tie)
    if not 0.0 < below < 1.0:
        return np.full(2, _NAN)
    bias = ndtri(below)
    gap = without.mean() - without
    spread = np.sum(gap**2)
    acceleration = np.sum(gap**3) / (6.0 * spread**1.5) if spread > 0 else 0.0
    shifted = bias + ndtri(shares)
    return np.asarray(ndtr(bias + shifted / (1.0 - acceleration * shifted)))


def _same(values: Floats) -> bool:
    return bool(np.ptp(values) <= 1e-12 * max(1.0, float(np.abs(values).max())))


def _p_value(value: float, without: Floats) -> float:
    from scipy.special import stdtr

    if np.isnan(without).any():
        return _NAN
    if _same(np.r_[value, without]):
        return 1.0 if abs(value) <= 1e-12 else _NAN
    return float(2.0 * stdtr(without.size - 1, -abs(value) / standard_error(without)))
