"""How predictions lie against labels beyond one number: limits of agreement, and calibration in bins.

Intervals are jackknife-t over subjects, as everywhere (`intervals`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from openada.evaluation.checks import Floats, paired, subject_codes
from openada.evaluation.intervals import Interval, interval_of
from openada.evaluation.means import mean_over_subjects
from openada.evaluation.resampling import SubjectSums, subject_sums

NORMAL_95 = 1.959963984540054


@dataclass(frozen=True)
class Agreement:
    """Bland and Altman (1986): `bias`, the mean of prediction − label, and its limits bias ± 1.96 sd, each with an
    interval by subjects; `sd` (n − 1) of the differences. Points of the scale.

    Several recordings of a subject are pooled: the sd is that of one recording's (or session's) difference.
    """

    bias: Interval
    lower: Interval
    upper: Interval
    sd: float


def limits_of_agreement(
    label: npt.ArrayLike, prediction: npt.ArrayLike, subject: npt.ArrayLike, *, unit: str = "recordings"
) -> Agreement:
    """From label, prediction and subject, each (n,); the limits are NaN for n = 1."""
    y, p = paired(label, prediction)
    gap = p - y
    codes, names = subject_codes(subject, gap.size)
    sums = subject_sums((np.ones_like(gap), gap, gap * gap), codes, len(names))

    def limit(side: float) -> Interval:
        figure = SubjectSums(sums, lambda s: _limit(s, side))
        return interval_of(float(_limit(sums.sum(axis=0), side)), figure, n=gap.size, n_subjects=len(names), unit=unit)

    sd = float(gap.std(ddof=1)) if gap.size > 1 else float("nan")
    return Agreement(limit(0.0), limit(-NORMAL_95), limit(NORMAL_95), sd)


def calibration_bins(
    label: npt.ArrayLike, prediction: npt.ArrayLike, subject: npt.ArrayLike, *, bins: int = 5
) -> pd.DataFrame:
    """A row per bin of about equal numbers, by rising prediction: prediction (mean), label (mean), low, high (interval of
    the mean label by subjects), n, n_subjects.

    Equal predictions are never divided between bins, so there may be fewer; a constant prediction has one.
    """
    y, p = paired(label, prediction)
    names = np.asarray(subject, dtype=object)
    edges = np.unique(np.quantile(p, np.linspace(0, 1, bins + 1)[1:-1], method="inverted_cdf"))
    place = np.searchsorted(edges, p, side="left")
    rows = []
    for k in np.unique(place):
        here = place == k
        mean = mean_over_subjects(y[here], names[here])
        rows.append((float(p[here].mean()), mean.value, mean.low, mean.high, mean.n, mean.n_subjects))
    return pd.DataFrame(rows, columns=["prediction", "label", "low", "high", "n", "n_subjects"])


def _limit(s: Floats, side: float) -> Floats:
    """bias + side · sd from sums (…, 3) of 1, gap, gap²."""
    n, total, squares = s[..., 0], s[..., 1], s[..., 2]
    with np.errstate(invalid="ignore", divide="ignore"):
        bias = total / n
        if side == 0:
            return np.asarray(bias)
        variance = np.maximum(squares / n - np.square(bias), 0.0) * n / (n - 1)
        return np.asarray(bias + side * np.sqrt(variance))
