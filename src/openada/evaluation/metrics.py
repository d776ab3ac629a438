"""The figures of a results table (protocol, rule 7): functions of label and prediction arrays, float64 throughout.

Every function takes arrays of shape (n,), n ≥ 1, and raises `UnusableInput` naming the positions (and the recordings
where `ids` is given) if a value is NaN or infinite. A figure that does not exist for the input is NaN, never an
arbitrary number; the one exception is the concordance, 0 for a constant, as its definition gives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from openada.errors import UnusableInput
from openada.evaluation.checks import Floats, Ints, naming, paired, paired_bands, vector

Ids = Sequence[Any] | None
SAME = 64 * np.finfo(np.float64).eps  # relative; what rounding leaves of a mean of equal numbers


def is_constant(values: Floats) -> bool:
    """Whether values (n,) are all one number up to rounding: three times 0.1, averaged, is not 0.1 to the last bit, and a
    constant prediction stays one when it is fused by session.
    """
    return bool(np.ptp(values) <= SAME * np.abs(values).max())


def mae(label: npt.ArrayLike, prediction: npt.ArrayLike, *, ids: Ids = None) -> float:
    """Mean absolute error, in points of the scale."""
    y, p = paired(label, prediction, ids)
    return float(np.mean(np.abs(p - y)))


def rmse(label: npt.ArrayLike, prediction: npt.ArrayLike, *, ids: Ids = None) -> float:
    """Root of the mean squared error, in points of the scale."""
    y, p = paired(label, prediction, ids)
    return float(np.sqrt(np.mean(np.square(p - y))))


def pcc(label: npt.ArrayLike, prediction: npt.ArrayLike, *, ids: Ids = None) -> float:
    """Pearson's correlation, −1 to 1; NaN when either is constant (so also for n < 2)."""
    y, p = paired(label, prediction, ids)
    if is_constant(y) or is_constant(p):
        return float("nan")
    dy, dp = y - y.mean(), p - p.mean()
    return float(np.clip((dy / np.linalg.norm(dy)) @ (dp / np.linalg.norm(dp)), -1.0, 1.0))


def ccc(label: npt.ArrayLike, prediction: npt.ArrayLike, *, ids: Ids = None) -> float:
    """Lin's concordance correlation with population variances, −1 to 1; never NaN.

    It is 0 when either is constant, for its numerator, twice the covariance, is 0 then. That includes the case 0/0 of
    a constant label predicted exactly: nothing varies, so no concordance was shown, and rule 7 (a constant prediction
    has CCC 0) holds without exception.
    """
    y, p = paired(label, prediction, ids)
    if is_constant(y) or is_constant(p):
        return 0.0
    dy, dp = y - y.mean(), p - p.mean()
    scatter = np.mean(dy * dy) + np.mean(dp * dp) + np.mean(p - y) ** 2  # differences first: less cancels
    return float(np.clip(2.0 * np.mean(dy * dp) / scatter, -1.0, 1.0))


def calibration_slope(label: npt.ArrayLike, prediction: npt.ArrayLike, *, ids: Ids = None) -> float:
    """Slope of the least-squares line of the *label on the prediction*: 1 is calibrated, below 1 predictions spread
    too far, above 1 they are shrunk too much. NaN for a constant prediction.
    """
    y, p = paired(label, prediction, ids)
    if is_constant(p):
        return float("nan")
    dp = p - p.mean()
    return float((dp @ (y - y.mean())) / (dp @ dp))


def band_accuracy(label_band: npt.ArrayLike, predicted_band: npt.ArrayLike, *, ids: Ids = None) -> float:
    """Share of severity bands (integers from 0) predicted exactly."""
    y, p = paired_bands(label_band, predicted_band, ids)
    return float(np.mean(y == p))


def macro_f1(label_band: npt.ArrayLike, predicted_band: npt.ArrayLike, *, ids: Ids = None) -> float:
    """Mean of F1 = 2TP / (2TP + FP + FN) over the bands that occur among the labels."""
    counts = confusion(*paired_bands(label_band, predicted_band, ids))
    present = counts.sum(axis=1) > 0
    f1 = 2.0 * np.diagonal(counts) / np.maximum(counts.sum(axis=1) + counts.sum(axis=0), 1)
    return float(np.mean(f1[present]))


def quadratic_kappa(label_band: npt.ArrayLike, predicted_band: npt.ArrayLike, *, ids: Ids = None) -> float:
    """Cohen's kappa with weights (i − j)² on the band indices themselves, so a band that does not occur still counts
    as a step. NaN when all labels and all predictions are one and the same band.
    """
    counts = confusion(*paired_bands(label_band, predicted_band, ids))
    step = np.arange(len(counts))
    weight = np.square(step[:, None] - step[None, :])
    expected = np.sum(weight * np.outer(counts.sum(axis=1), counts.sum(axis=0))) / counts.sum()
    return float(1.0 - np.sum(weight * counts) / expected) if expected > 0 else float("nan")


def confusion(label_band: Ints, predicted_band: Ints) -> Ints:
    """Counts (C, C): rows the label's band, columns the predicted one, C the highest index that occurs plus 1."""
    size = int(max(label_band.max(), predicted_band.max())) + 1
    return np.bincount(label_band * size + predicted_band, minlength=size * size).reshape(size, size)


def auroc(truth: npt.ArrayLike, score: npt.ArrayLike, *, ids: Ids = None) -> float:
    """Area under the ROC curve, 0 to 1: the chance that a positive scores above a negative, a tie counting half.

    `truth` (n,) is boolean (or 0/1). Computed from ranks, so ties are exact. NaN when only one class occurs.
    """
    t, s = paired(truth, score, ids)
    bad = np.flatnonzero((t != 0) & (t != 1))
    if bad.size:
        raise UnusableInput(f"truth is {t[bad[0]]:g} at {naming(bad, ids)}: give True and False (or 1 and 0)")
    positive = t == 1
    n_positive = int(positive.sum())
    n_negative = t.size - n_positive
    if n_positive == 0 or n_negative == 0:
        return float("nan")
    _, group, count = np.unique(s, return_inverse=True, return_counts=True)
    rank = np.cumsum(count) - (count - 1) / 2.0  # the mean rank of each group of ties, from 1
    return float((rank[group][positive].sum() - n_positive * (n_positive + 1) / 2.0) / (n_positive * n_negative))


def auroc_at_cut(label: npt.ArrayLike, prediction: npt.ArrayLike, cut: float, *, ids: Ids = None) -> float:
    """AUROC of the prediction for label ≥ `cut` against label < `cut`; NaN when all labels lie on one side."""
    y, p = paired(label, prediction, ids)
    return auroc(y >= float(vector([cut], "cut")[0]), p)


@dataclass(frozen=True)
class Metric:
    """A figure and what its intervals and comparisons need to know.

    `better` says which of two values is the better one ("one": nearer to 1); `scale` is the scale on which jackknife
    intervals are made; `low` and `high` bound the figure; `takes` says whether it is fed scores or band indices.
    """

    name: str
    title: str
    function: Callable[..., float]
    better: Literal["lower", "higher", "one"]
    scale: Literal["log", "atanh", "logit", "identity"]
    low: float
    high: float
    takes: Literal["scores", "bands"] = "scores"

    def loss(self, value: Floats) -> Floats:
        """`value` as something of which less is better, for ranking."""
        if self.better == "one":
            return np.abs(value - 1.0)
        return value if self.better == "lower" else -value


_INFINITY = float("inf")
METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("mae", "MAE", mae, "lower", "log", 0.0, _INFINITY),
        Metric("rmse", "RMSE", rmse, "lower", "log", 0.0, _INFINITY),
        Metric("pcc", "PCC", pcc, "higher", "atanh", -1.0, 1.0),
        Metric("ccc", "CCC", ccc, "higher", "atanh", -1.0, 1.0),
        Metric("calibration_slope", "calibration slope", calibration_slope, "one", "identity", -_INFINITY, _INFINITY),
        Metric("auroc_at_cut", "AUROC at the cut", auroc_at_cut, "higher", "logit", 0.0, 1.0),
        Metric("band_accuracy", "band accuracy", band_accuracy, "higher", "logit", 0.0, 1.0, "bands"),
        Metric("macro_f1", "macro-F1", macro_f1, "higher", "logit", 0.0, 1.0, "bands"),
        Metric("quadratic_kappa", "quadratic kappa", quadratic_kappa, "higher", "atanh", -1.0, 1.0, "bands"),
    )
}


def metric_named(name: str) -> Metric:
    """The registered metric; UnusableInput listing the names otherwise."""
    if name not in METRICS:
        raise UnusableInput(f"no metric is called {name!r}: choose from {', '.join(METRICS)}")
    return METRICS[name]
