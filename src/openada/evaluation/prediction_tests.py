"""The hypothesis tests that the DepNet paper runs on predictions (He et al. 2022, Tables 6-7), and what each can say.

None of them asks how far predictions are from labels; that is what errors with intervals and paired differences do.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class TestResult(NamedTuple):
    """`test` by name, `hypothesis` that it tries to reject, its statistic and p (NaN where undefined, with the `reason`)."""

    test: str
    hypothesis: str
    statistic: float
    p: float
    reason: str = ""


SAYS = {
    "Shapiro-Wilk": "A small p says that predictions are not normally distributed. Scores of a skewed scale never are, so it "
    "says nothing about how good they are; a large p does not show that they are normal.",
    "Dickey-Fuller": "A small p says that predictions, taken as a series in the order of recording ids, are not a random walk. "
    "Recordings of different people are no time series and the order is arbitrary: it says nothing about the method.",
    "ANOVA": "It compares the mean prediction with the mean label. A p near 1 says that the two means are alike, which "
    "predicting the training mean for everybody may reach as well; it shows neither accuracy nor superiority.",
    "chi-squared": "It asks whether predicted and labelled severity band are independent. A small p says that the bands go "
    "together somehow, not that they agree; a p near 1 says that no such link was seen, which is no merit of a method.",
    "Mann-Whitney U": "It asks whether predictions tend to be higher or lower than labels, as two unpaired groups. A large p "
    "says that no such shift was seen; it does not show that any single prediction is near its label.",
}
"""Test → what its p-value can and cannot say, in the order of the paper's tables."""

HYPOTHESES = {
    "Shapiro-Wilk": "predictions are normally distributed",
    "Dickey-Fuller": "predictions in order are a random walk",
    "ANOVA": "predictions and labels have one mean",
    "chi-squared": "predicted and labelled band are independent",
    "Mann-Whitney U": "predictions and labels have one distribution",
}


def prediction_tests(
    prediction: np.ndarray, label: np.ndarray, predicted_band: np.ndarray, band: np.ndarray
) -> list[TestResult]:
    """All five on predictions (n,) and labels (n,), in points, and their severity bands (n,), whole numbers.

    Two-sided, at their libraries' defaults: scipy's, and for the augmented Dickey-Fuller test statsmodels' (constant, lags by the
    AIC). "Chi-squared" is read as the test of independence of the bands; the paper does not say what it was done on.
    """
    from scipy import stats

    def shapiro() -> tuple[float, float]:
        if np.ptp(prediction) == 0 or len(prediction) < 3:
            raise ValueError("predictions do not differ, or are fewer than 3")
        return tuple(stats.shapiro(prediction))

    def dickey_fuller() -> tuple[float, float]:
        from statsmodels.tsa.stattools import adfuller

        found = adfuller(prediction, autolag="AIC")
        return float(found[0]), float(found[1])

    def chi_squared() -> tuple[float, float]:
        counts = np.array(
            [[np.sum((predicted_band == p) & (band == b)) for b in np.unique(band)] for p in np.unique(predicted_band)]
        )
        if min(counts.shape) < 2:
            raise ValueError("all predictions, or all labels, are of one band")
        found = stats.chi2_contingency(counts)
        return float(found.statistic), float(found.pvalue)

    made: dict[str, Callable[[], tuple[float, float]]] = {
        "Shapiro-Wilk": shapiro,
        "Dickey-Fuller": dickey_fuller,
        "ANOVA": lambda: tuple(stats.f_oneway(prediction, label)),
        "chi-squared": chi_squared,
        "Mann-Whitney U": lambda: tuple(stats.mannwhitneyu(prediction, label)),
    }
    return [_result(name, test) for name, test in made.items()]


def _result(name: str, test: Callable[[], tuple[float, float]]) -> TestResult:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            statistic, p = test()
    except ValueError as error:
        return TestResult(name, HYPOTHESES[name], np.nan, np.nan, str(error))
    return TestResult(name, HYPOTHESES[name], float(statistic), float(p))
