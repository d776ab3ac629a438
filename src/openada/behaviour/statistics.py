"""Twelve statistics of every behaviour signal over the tracked frames of a recording."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from openada.behaviour.series import FLAGS

if TYPE_CHECKING:
    import pandas as pd

STATISTICS = ("mean", "median", "max", "min", "std", "var", "range", "q25", "q75", "iqr", "skewness", "kurtosis")
"""The set of Faces of the Mind's large-sample study. Moments are the population's (divided by n) throughout; kurtosis
is the excess over a normal's; quantiles interpolate linearly."""

NOT_SIGNALS = ("frame", "time_s", "tracked", "confidence", *FLAGS)


def statistics(signals: pd.DataFrame) -> pd.DataFrame:
    """One row: `<signal>__<statistic>` for every signal column of a table, and `tracked_share` (0 to 1).

    Signals are the numeric columns but `NOT_SIGNALS`; the flags among those are told by their events' rates.
    """
    numeric = signals.select_dtypes("number").columns
    names = [name for name in numeric if name not in NOT_SIGNALS]
    return statistics_of(names, lambda name: signals[name].to_numpy(np.float64), signals["tracked"].to_numpy(bool))


def statistics_of(names: Sequence[str], column: Callable[[str], np.ndarray], tracked: np.ndarray) -> pd.DataFrame:
    """The same of columns that are read one at a time.

    Only frames that are tracked and finite count. A statistic that is undefined is NaN: all of them without such
    frames, spread with one frame, skewness and kurtosis of a constant.
    """
    import pandas as pd

    row: dict[str, float] = {}
    for name in names:
        values = column(name)
        for statistic, value in zip(STATISTICS, _twelve(values[tracked & np.isfinite(values)]), strict=True):
            row[f"{name}__{statistic}"] = value
    row["tracked_share"] = float(tracked.mean()) if len(tracked) else float("nan")
    return pd.DataFrame([row])


def _twelve(values: np.ndarray) -> tuple[float, ...]:
    nan = float("nan")
    if not len(values):
        return (nan,) * len(STATISTICS)
    q25, median, q75 = np.quantile(values, [0.25, 0.5, 0.75])
    low, high, mean = values.min(), values.max(), values.mean()
    std = var = skewness = kurtosis = nan
    if len(values) > 1:
        centred = values - mean
        var = float((centred**2).mean())
        std = var**0.5
        if high > low:
            skewness = float((centred**3).mean() / var**1.5)
            kurtosis = float((centred**4).mean() / var**2 - 3)
    numbers = (mean, median, high, low, std, var, high - low, q25, q75, q75 - q25, skewness, kurtosis)
    return tuple(float(number) for number in numbers)
