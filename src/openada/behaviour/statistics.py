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

_COLUMNS_AT_ONCE = 16  # a few MB for some minutes of video
NOT_SIGNALS = ("frame", "time_s", "tracked", "confidence", *FLAGS)


def statistics(signals: pd.DataFrame) -> pd.DataFrame:
    """One row: `<signal>__<statistic>` for every signal column of a table, and `tracked_share` (0 to 1).

    Signals are the numeric columns but `NOT_SIGNALS`; the flags among those are told by their events' rates.
    """
    numeric = signals.select_dtypes("number").columns
    names = [name for name in numeric if name not in NOT_SIGNALS]
    return statistics_of(names, lambda name: signals[name].to_numpy(), signals["tracked"].to_numpy(bool))


def statistics_of(names: Sequence[str], column: Callable[[str], np.ndarray], tracked: np.ndarray) -> pd.DataFrame:
    """The same of columns that are read a few at a time.

    Only frames that are tracked and finite count. A statistic that is undefined is NaN: all of them without such
    frames, spread with one frame, skewness and kurtosis of a constant.
    """
    import pandas as pd

    blocks = [names[first : first + _COLUMNS_AT_ONCE] for first in range(0, len(names), _COLUMNS_AT_ONCE)]
    numbers = [twelve(np.stack([column(name)[tracked] for name in block]).astype(np.float64)) for block in blocks]
    share = float(tracked.mean()) if len(tracked) else float("nan")
    values = np.concatenate([*(block.ravel() for block in numbers), [share]])
    columns = [f"{name}__{statistic}" for name in names for statistic in STATISTICS]
    return pd.DataFrame(values[None], columns=[*columns, "tracked_share"])


def twelve(values: np.ndarray) -> np.ndarray:
    """`STATISTICS` of each row: (..., T) float64 -> (..., 12); what is not finite does not count.

    Every row is sorted once, which gives the quantiles and moves what does not count to its end.
    """
    ordered = np.where(np.isfinite(values), values, np.nan)
    ordered.sort(axis=-1)
    n = np.isfinite(ordered).sum(axis=-1)
    if not values.shape[-1]:
        return np.full((*values.shape[:-1], len(STATISTICS)), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        low, high = ordered[..., 0], _at(ordered, n - 1)
        q25, median, q75 = (_quantile(ordered, n, share) for share in (0.25, 0.5, 0.75))
        counted = ordered if (n == values.shape[-1]).all() else np.nan_to_num(ordered)
        mean = counted.sum(axis=-1) / n
        centred = ordered - mean[..., None]
        if counted is not ordered:
            np.nan_to_num(centred, copy=False)
        squares = centred * centred
        var = np.where(high > low, squares.sum(axis=-1) / n, 0.0)  # of a constant, whatever rounding left in its mean
        var = np.where(n > 1, var, np.nan)
        skewness, kurtosis = (
            np.where(high > low, np.einsum("...t,...t->...", squares, other) / n / var**power, np.nan)
            for other, power in ((centred, 1.5), (squares, 2))
        )
    columns = (mean, median, high, low, np.sqrt(var), var, high - low, q25, q75, q75 - q25, skewness, kurtosis - 3)
    return np.stack(columns, axis=-1)


def _at(ordered: np.ndarray, place: np.ndarray) -> np.ndarray:
    """The value at a place of each row, of its first where the place is negative."""
    return np.take_along_axis(ordered, np.maximum(place, 0)[..., None], axis=-1)[..., 0]


def _quantile(ordered: np.ndarray, n: np.ndarray, share: float) -> np.ndarray:
    place = share * (n - 1)
    below = np.floor(place).astype(np.int64)
    left, right = _at(ordered, below), _at(ordered, np.minimum(below + 1, n - 1))
    return left + (place - below) * (right - left)
