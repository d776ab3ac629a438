"""Several seeds and several folds (protocol, rules 6 and 10): mean and spread, never the best.

The standard deviation over seeds is not sampling error: the interval here resamples subjects on the seed-averaged
figure. Averaging the seeds' *predictions* would be an ensemble, another model.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from openada.errors import UnusableInput
from openada.evaluation.checks import subject_codes, vector
from openada.evaluation.intervals import Interval, inputs, interval_of, value_of
from openada.evaluation.metrics import metric_named
from openada.evaluation.resampling import Combination, statistic


class OverSeeds(NamedTuple):
    """`interval` of the seed-averaged figure (over subjects); `sd` over seeds (n − 1; NaN for one); each seed's value."""

    interval: Interval
    sd: float
    per_seed: dict[int, float]


class Spread(NamedTuple):
    """Mean, standard deviation (n − 1; NaN for one), lowest, highest and number of the folds' values."""

    mean: float
    sd: float
    low: float
    high: float
    n: int


def over_seeds(
    metric: str,
    label: npt.ArrayLike,
    predictions: Mapping[int, npt.ArrayLike],
    subject: npt.ArrayLike,
    *,
    method: str = "jackknife-t",
    level: float = 0.95,
    unit: str = "recordings",
    cut: float | None = None,
) -> OverSeeds:
    """The mean over seeds of a metric, from each seed's predictions (n,) of the same recordings."""
    if not predictions:
        raise UnusableInput("no seeds: give the predictions of at least one")
    chosen = metric_named(metric)
    checked = {seed: inputs(chosen, label, p, cut, None) for seed, p in predictions.items()}
    n = next(iter(checked.values()))[0].size
    codes, names = subject_codes(subject, n)
    values = {seed: value_of(chosen, y, p, cut) for seed, (y, p) in checked.items()}
    figure = Combination(
        [statistic(chosen, y, p, codes, len(names), cut) for y, p in checked.values()],
        [1 / len(checked)] * len(checked),
    )
    found = interval_of(
        float(np.mean(list(values.values()))),
        figure,
        n=n,
        n_subjects=len(names),
        scale=chosen.scale,
        bounds=(chosen.low, chosen.high),
        method=method,
        level=level,
        unit=unit,
    )
    sd = float(np.std(list(values.values()), ddof=1)) if len(values) > 1 else float("nan")
    return OverSeeds(found, sd, values)


def over_folds(values: npt.ArrayLike) -> Spread:
    """Mean and spread of one figure over cross-validation folds."""
    v = vector(values, "fold values")
    return Spread(float(v.mean()), float(v.std(ddof=1)) if v.size > 1 else float("nan"), v.min(), v.max(), v.size)
