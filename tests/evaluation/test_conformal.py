import numpy as np
import pytest
from scipy import stats

from openada.errors import UnusableInput
from openada.evaluation.conformal import (
    cv_plus,
    measured_coverage,
    realised_coverage_range,
    split_conformal,
    subject_scores,
)


def test_one_score_per_subject_is_the_largest_error():
    scores = subject_scores([1.0, 2.0, 3.0, 9.0], [2.0, -3.0, 3.5, 9.0], ["b", "a", "b", "c"])
    assert scores.tolist() == [5.0, 1.0, 0.0]


@pytest.mark.parametrize(("n", "rank"), [(9, 9), (10, 10), (18, 18), (19, 18), (29, 27), (50, 46), (69, 63), (99, 90)])
def test_quantile_is_the_exact_rank(n, rank):
    scores = np.random.default_rng(n).permutation(np.arange(1.0, n + 1))
    assert split_conformal(scores).half_width == rank


@pytest.mark.parametrize("n", [0, 1, 8])
def test_too_few_subjects_give_the_reason(n):
    found = split_conformal(np.ones(n))
    assert np.isnan(found.half_width)
    assert found.note == f"{n} calibration subjects: a 90% interval needs at least 9"
    lower, upper, note = (
        cv_plus(np.ones(n), np.ones((n, 2))) if n else (np.array([np.nan]), np.array([np.nan]), "least 9")
    )
    assert np.isnan([lower, upper]).all()
    assert "least 9" in note
    assert np.isnan(realised_coverage_range(n)).all()


def test_ends_are_cut_at_the_scale():
    lower, upper = split_conformal(np.full(9, 10.0)).around([5.0, 30.0, 60.0], 0.0, 63.0)
    assert lower.tolist() == [0.0, 20.0, 50.0]
    assert upper.tolist() == [15.0, 40.0, 63.0]


def test_realised_coverage_range():
    low, high = realised_coverage_range(50)
    assert (low, high) == pytest.approx(tuple(stats.beta.ppf([0.05, 0.95], 46, 5)), abs=1e-12)
    assert (round(low, 2), round(high, 2)) == (0.83, 0.96)  # the range the protocol gives
    # and by simulation: 50 uniform scores, coverage of the 46th is its own value
    realised = np.sort(np.random.default_rng(0).random((4000, 50)), axis=1)[:, 45]
    assert np.mean((realised > low) & (realised < high)) == pytest.approx(0.9, abs=0.02)


def test_split_conformal_covers_whole_subjects():
    rng = np.random.default_rng(3)
    hits = []
    for _ in range(1500):
        n_calibration, subject = 23, np.repeat(np.arange(24), 2)
        error = rng.standard_normal(24)[subject] * 4 + rng.standard_normal(48)
        scores = subject_scores(np.zeros(48), error, subject)
        hits.append(scores[-1] <= split_conformal(scores[:n_calibration]).half_width)
    assert np.mean(hits) == pytest.approx(22 / 24, abs=0.025)  # ⌈24·0.9⌉ / 24


def test_measured_coverage_counts_subjects_and_recordings():
    measured = measured_coverage([0.0, 0.0, 0.0, 0.0], [1.0, 5.0, 2.0, 0.0], ["a", "a", "b", "c"], 2.0)
    assert measured.recordings == 0.75
    of = measured.subjects
    expected = stats.binomtest(2, 3).proportion_ci(method="exact")
    assert (of.value, of.low, of.high) == pytest.approx((2 / 3, expected.low, expected.high), abs=1e-12)
    assert (of.n, of.unit) == (3, "subjects")
    assert measured_coverage([0.0], [0.0], ["a"], 0.0).subjects.high == 1.0
    assert measured_coverage([0.0], [9.0], ["a"], 0.0).subjects.low == 0.0
    with pytest.raises(UnusableInput, match="no interval to measure"):
        measured_coverage([0.0], [0.0], ["a"], np.nan)


def test_cv_plus_by_hand_and_with_equal_models():
    scores = np.arange(1.0, 20.0)  # 19 subjects: ranks 18 from below and above
    lower, upper, note = cv_plus(scores, np.full((19, 3), 7.0))
    np.testing.assert_allclose(upper, 7.0 + 18.0)
    np.testing.assert_allclose(lower, 7.0 - 18.0)
    assert "80%" in note
    shifted = np.full((19, 1), 7.0)
    shifted[18] = 100.0  # the model that did not see subject 18
    lower, upper, _ = cv_plus(scores, shifted)
    assert (lower[0], upper[0]) == (7.0 - 17.0, 7.0 + 18.0)
    with pytest.raises(UnusableInput, match="give finite"):
        cv_plus(scores, np.ones((3, 3)))


def test_cv_plus_covers():
    rng = np.random.default_rng(8)
    hits = []
    for _ in range(300):
        x, noise = rng.standard_normal(41), rng.standard_normal(41)
        y = 2 * x + noise
        fold = np.arange(40) % 5
        slopes = np.array([np.polyfit(x[:40][fold != k], y[:40][fold != k], 1) for k in range(5)])[fold]
        scores = np.abs(slopes[:, 0] * x[:40] + slopes[:, 1] - y[:40])
        lower, upper, _ = cv_plus(scores, (slopes[:, 0] * x[40] + slopes[:, 1])[:, None])
        hits.append(lower[0] <= y[40] <= upper[0])
    assert np.mean(hits) > 0.85
