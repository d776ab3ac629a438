"""The DepNet paper's hypothesis tests: known answers, and cases in which a test has none."""

import numpy as np
import pytest

from openada.evaluation.prediction_tests import HYPOTHESES, SAYS, prediction_tests
from openada.evaluation.published_depnet import ARCHITECTURES, P_VALUES, architectures_by_year, errors_table


def by_name(*given: np.ndarray):  # type: ignore[no-untyped-def]
    return {found.test: found for found in prediction_tests(*given)}


def test_known_answers() -> None:
    prediction = np.array([3.0, 5.0, 8.0, 13.0, 21.0, 34.0, 7.0])
    label = np.array([2.0, 6.0, 9.0, 11.0, 26.0, 31.0, 1.0])
    band = np.array([0, 0, 0, 0, 1, 1, 0])
    predicted_band = np.array([0, 0, 0, 1, 1, 1, 0])
    found = by_name(prediction, label, predicted_band, band)
    assert list(found) == list(SAYS) == list(HYPOTHESES) == list(P_VALUES["2013"])
    # One-way ANOVA of two groups by hand: between 1 degree of freedom, within 12.
    grand = np.concatenate([prediction, label]).mean()
    between = 7 * ((prediction.mean() - grand) ** 2 + (label.mean() - grand) ** 2)
    within = ((prediction - prediction.mean()) ** 2).sum() + ((label - label.mean()) ** 2).sum()
    assert found["ANOVA"].statistic == pytest.approx(between / (within / 12))
    # U counts the pairs in which a prediction is above a label.
    assert found["Mann-Whitney U"].statistic == sum(float(p > y) + 0.5 * (p == y) for p in prediction for y in label)
    # 2×2 with Yates' correction: counts 4, 0, 1, 2.
    n, cells = 7, 4 * 2 - 0 * 1
    assert found["chi-squared"].statistic == pytest.approx(n * (cells - n / 2) ** 2 / (4 * 3 * 5 * 2))
    assert 0 < found["Shapiro-Wilk"].p < 1


def test_a_constant_prediction_passes_as_well_where_the_paper_sees_superiority() -> None:
    """The mean for everybody: ANOVA and Mann-Whitney see nothing, the others have no answer, and it says so."""
    label = np.array([0.0, 4.0, 10.0, 16.0, 20.0])
    constant = np.full(5, 10.0)
    found = by_name(constant, label, np.zeros(5, int), np.array([0, 0, 0, 1, 2]))
    assert found["ANOVA"].p == pytest.approx(1) and found["Mann-Whitney U"].p > 0.9
    for name in ("Shapiro-Wilk", "Dickey-Fuller", "chi-squared"):
        assert np.isnan(found[name].p) and found[name].reason


def test_dickey_fuller_tells_a_random_walk_from_noise() -> None:
    noise = np.random.default_rng(0).normal(size=200)
    band = np.zeros(200, int)
    assert by_name(noise, noise, band, band)["Dickey-Fuller"].p < 0.01
    assert by_name(np.cumsum(noise), noise, band, band)["Dickey-Fuller"].p > 0.05


def test_published_figures_are_held_once_and_marked() -> None:
    assert errors_table(ARCHITECTURES, "2013").columns.tolist() == ["system", "MAE (published)", "RMSE (published)"]
    assert architectures_by_year()["2014"].loc["DepNet (SENet-based)"].tolist() == [7.26, 9.03]
    assert architectures_by_year()["2013"].loc["ResNet-50 (image sequence)"].tolist() == [7.66, 9.54]
