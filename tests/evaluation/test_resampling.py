import time

import numpy as np
import pytest

from openada.evaluation.checks import subject_codes
from openada.evaluation.intervals import inputs, value_of
from openada.evaluation.metrics import METRICS
from openada.evaluation.resampling import (
    Combination,
    SubjectAuroc,
    SubjectSums,
    bootstrap,
    draws,
    mean_of_sums,
    statistic,
)
from openada.evaluation.table import bands

LIMITS = (0, 14, 20, 29)
CUT = 14.0


def fed(metric, label, prediction):
    if metric.takes == "bands":
        label, prediction = bands(label, LIMITS), bands(prediction, LIMITS)
    return inputs(metric, label, prediction, CUT, None)


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda m: m.name)
def test_weights_equal_recordings_repeated(metric, sample):
    label, prediction, subject = sample(11)
    prediction = np.round(prediction / 4) * 4.0  # ties
    y, p = fed(metric, label, prediction)
    codes, names = subject_codes(subject, y.size)
    figure = statistic(metric, y, p, codes, len(names), CUT)
    weights = np.concatenate(list(draws(11, 13, np.random.default_rng(3))))
    together = figure.weighted(weights)
    for row, value in zip(weights, together, strict=True):
        rows = np.repeat(np.arange(y.size), row[codes].astype(int))
        assert value == pytest.approx(value_of(metric, y[rows], p[rows], CUT), abs=1e-12, nan_ok=True)
        assert figure.weighted(row[None])[0] == pytest.approx(value, abs=1e-13, nan_ok=True)
    without = figure.delete_one()
    for j in range(11):
        assert without[j] == pytest.approx(value_of(metric, y[codes != j], p[codes != j], CUT), abs=1e-12)


def test_resamples_that_are_constant_follow_the_metrics_rule():
    rng = np.random.default_rng(6)
    label, prediction = 60.0 * rng.random(53), 60.0 * rng.random(53)
    codes = np.arange(53)
    weights = 7.0 * np.eye(53)  # one subject drawn seven times: rounding leaves a variance that is not quite zero
    for name, expected in (("ccc", 0.0), ("pcc", np.nan), ("calibration_slope", np.nan)):
        found = statistic(METRICS[name], label, prediction, codes, 53, None).weighted(weights)
        np.testing.assert_array_equal(found, np.full(53, expected))


def test_rounding_is_no_variance():
    label, prediction = np.arange(13.0), np.full(13, 11.7)
    prediction[[2, 5]] = np.mean([11.7] * 3), np.nextafter(11.7, 12)
    for name, expected in (("ccc", 0.0), ("pcc", np.nan), ("calibration_slope", np.nan)):
        found = statistic(METRICS[name], label, prediction, np.arange(13), 13, None)
        np.testing.assert_array_equal(found.delete_one(), np.full(13, expected))
        prediction[7] = 20.0  # the only one that differs
        assert statistic(METRICS[name], label, prediction, np.arange(13), 13, None).delete_one()[7] == pytest.approx(
            expected, nan_ok=True, abs=0
        )
        prediction[7] = 11.7


def test_ten_thousand_resamples_of_a_hundred_recordings_take_less_than_a_second():
    rng = np.random.default_rng(0)
    label, prediction, codes = 60.0 * rng.random(100), 60.0 * rng.random(100), np.repeat(np.arange(50), 2)
    each = [statistic(METRICS[name], label, prediction, codes, 50, None) for name in ("rmse", "mae", "ccc", "pcc")]
    start = time.perf_counter()
    assert bootstrap(each, 50, 10_000, rng).shape == (10_000, 4)
    assert time.perf_counter() - start < 1.0  # some 0.02 s on one core: benchmarks/resampling_speed.py


def test_a_wild_prediction_does_not_spoil_the_others():
    label, prediction = np.array([1.0, 5.0, 9.0, 2.0]), np.array([2.0, 4.0, 7.0, 1e9])
    figure = statistic(METRICS["ccc"], label, prediction, np.arange(4), 4, None)
    assert figure.delete_one()[3] == pytest.approx(METRICS["ccc"].function(label[:3], prediction[:3]), rel=1e-6)


def test_combination_is_linear_and_blocks_do_not_matter(sample, monkeypatch):
    label, prediction, subject = sample(7)
    codes, names = subject_codes(subject, label.size)
    a = statistic(METRICS["mae"], label, prediction, codes, 7, None)
    b = statistic(METRICS["mae"], label, label + 1.0, codes, 7, None)
    gap = Combination([a, b], (1.0, -1.0))
    np.testing.assert_allclose(gap.delete_one(), a.delete_one() - 1.0, atol=1e-14)
    both = bootstrap([a, gap], len(names), 101, np.random.default_rng(1))
    monkeypatch.setattr("openada.evaluation.resampling._CHUNK", 50)
    np.testing.assert_allclose(bootstrap([a, gap], 7, 101, np.random.default_rng(1)), both, atol=1e-14)
    np.testing.assert_allclose(both[:, 1], both[:, 0] - 1.0, atol=1e-12)
    auc = statistic(METRICS["auroc_at_cut"], label, prediction, codes, 7, CUT)
    assert auc.delete_one().shape == (7,)


def test_draws_have_as_many_subjects_as_there_are():
    weights = np.concatenate(list(draws(13, 997, np.random.default_rng(0))))
    assert weights.shape == (997, 13)
    assert (weights.sum(axis=1) == 13).all()
    assert weights.mean(axis=0) == pytest.approx(np.ones(13), abs=0.15)


def test_mean_of_sums():
    figure = SubjectSums(np.array([[2.0, 3.0], [1.0, 9.0]]), mean_of_sums)
    np.testing.assert_allclose(figure.weighted(np.array([[1.0, 1.0], [0.0, 2.0]])), [4.0, 9.0])
    np.testing.assert_allclose(figure.delete_one(), [9.0, 1.5])


def test_auroc_without_each_of_many_people_of_one_recording_is_the_weighted_figure() -> None:
    rng = np.random.default_rng(8)
    truth, score = rng.random(41) < 0.4, rng.integers(0, 9, 41).astype(float)
    fast = SubjectAuroc(truth, score, rng.permutation(41), 41)
    expected = fast.weighted((np.arange(41)[:, None] != np.arange(41)).astype(float))
    np.testing.assert_allclose(fast.delete_one(), expected, rtol=1e-12)
    alone = SubjectAuroc(np.arange(41) == 3, score, np.arange(41), 41)
    assert np.isnan(alone.delete_one()[3]) and np.isfinite(np.delete(alone.delete_one(), 3)).all()
