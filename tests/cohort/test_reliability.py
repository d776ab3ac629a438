import numpy as np
import pytest

from openada.cohort.reliability import cronbach_alpha, mcdonald_omega
from openada.errors import UnusableInput


def with_covariance(covariance: np.ndarray, n: int = 211) -> np.ndarray:
    """(n, k) whose covariance (divided by n) is exactly the one given."""
    k = len(covariance)
    raw = np.random.default_rng(k).standard_normal((n, k))
    raw -= raw.mean(axis=0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(raw.T @ raw / n).T)
    return white @ np.linalg.cholesky(covariance).T + 5.0


def test_alpha_of_a_table_worked_by_hand():
    items = np.array([[1.0, 2, 3], [2, 2, 5], [3, 5, 4], [4, 3, 8]])
    # sums 6, 9, 12, 15: variance 11.25; items 1.25, 1.5, 3.5: alpha = 3/2 (1 - 6.25/11.25)
    assert cronbach_alpha(items).value == pytest.approx(1.5 * (1 - 6.25 / 11.25))
    assert cronbach_alpha(np.vstack([items, [np.nan, 0, 0]])).value == pytest.approx(1.5 * (1 - 6.25 / 11.25))
    assert cronbach_alpha(np.vstack([items, [np.nan, 0, 0]])).n == 4


def test_alpha_of_parallel_items_is_spearman_browns():
    k, r = 5, 0.3
    covariance = np.full((k, k), r) + (1 - r) * np.eye(k)
    assert cronbach_alpha(with_covariance(covariance)).value == pytest.approx(k * r / (1 + (k - 1) * r))


def test_alpha_without_spread_or_people_is_undefined():
    assert np.isnan(cronbach_alpha(np.ones((7, 3))).value)
    assert np.isnan(cronbach_alpha(np.full((7, 3), np.nan)).value)
    with pytest.raises(UnusableInput, match="two or more items"):
        cronbach_alpha(np.ones((7, 1)))


def test_alphas_interval_is_the_jackknifes():
    rng = np.random.default_rng(3)
    items = rng.standard_normal((31, 4)) + rng.standard_normal((31, 1))
    found = cronbach_alpha(items)
    without = [cronbach_alpha(np.delete(items, row, axis=0)).value for row in range(31)]
    error = np.sqrt(30 / 31 * np.sum((without - np.mean(without)) ** 2))
    assert found.high - found.low == pytest.approx(2 * 2.0422724563012373 * error)  # t(30) at .975
    assert found.low < found.value < found.high <= 1


def test_omega_of_one_exact_factor():
    loadings, unique = np.array([0.9, 0.7, 0.5, 1.2, 0.3]), np.array([0.4, 0.5, 0.8, 0.3, 1.1])
    items = with_covariance(np.outer(loadings, loadings) + np.diag(unique))
    expected = loadings.sum() ** 2 / (loadings.sum() ** 2 + unique.sum())
    assert mcdonald_omega(items) == pytest.approx(expected, abs=1e-5)
    assert mcdonald_omega(-items) == pytest.approx(expected, abs=1e-5)
    assert cronbach_alpha(items).value < expected - 0.01  # alpha is a lower bound where loadings differ


def test_omega_equals_alpha_where_loadings_are_equal():
    covariance = np.full((4, 4), 0.49) + np.diag([0.5, 0.2, 0.9, 0.4])
    items = with_covariance(covariance)
    assert mcdonald_omega(items) == pytest.approx(cronbach_alpha(items).value, abs=1e-5)


def test_omega_that_means_nothing_is_undefined():
    items = with_covariance(np.full((4, 4), 0.49) + np.diag([0.5, 0.2, 0.9, 0.4]))
    reversed_item = items * np.array([1, -1, 1, 1])
    constant = items * np.array([1, 0, 1, 1])
    assert np.isnan([mcdonald_omega(reversed_item), mcdonald_omega(constant), mcdonald_omega(items[:4])]).all()
