import time

import numpy as np
import pytest
from scipy import stats

from openada.errors import UnusableInput
from openada.evaluation.intervals import METHODS, Difference, Interval, interval, jackknife_t, paired_difference
from openada.evaluation.metrics import METRICS, ccc, mae, rmse
from openada.evaluation.table import bands

LIMITS = (0, 14, 20, 29)


def asked(name, label, prediction, subject, **options):
    if METRICS[name].takes == "bands":
        label, prediction = bands(label, LIMITS), bands(prediction, LIMITS)
    return interval(name, label, prediction, subject, cut=14.0, **options)


@pytest.mark.parametrize(("name", "forward", "back"), [("rmse", np.log, np.exp), ("ccc", np.arctanh, np.tanh)])
def test_jackknife_t_equals_a_written_out_loop(name, forward, back, sample):
    label, prediction, subject = sample(17)
    people = np.unique(subject)
    function = METRICS[name].function
    without = np.array([forward(function(label[subject != s], prediction[subject != s])) for s in people])
    error = np.sqrt(16 / 17 * np.sum((without - without.mean()) ** 2))
    centre, t = forward(function(label, prediction)), stats.t.ppf(0.95, 16)
    found = interval(name, label, prediction, subject, level=0.9)
    assert found.value == pytest.approx(function(label, prediction), abs=1e-14)
    assert found.low == pytest.approx(back(centre - t * error), abs=1e-11)
    assert found.high == pytest.approx(back(centre + t * error), abs=1e-11)
    assert (found.n, found.n_subjects, found.unit) == (label.size, 17, "recordings")
    assert (found.method, found.note, found.level) == ("jackknife-t", "", 0.9)


def test_jackknife_of_a_mean_is_the_students_interval():
    error = np.array([1.0, 4.0, 6.0, 9.0, 13.0])
    low, high, _ = jackknife_t(error.mean(), (error.sum() - error) / 4, 0.95)
    expected = stats.t.interval(0.95, 4, error.mean(), stats.sem(error))
    assert (low, high) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("method", "theirs"), [("clustered-percentile", "percentile"), ("bca", "BCa")])
@pytest.mark.parametrize("name", ["rmse", "pcc"])
def test_bootstrap_agrees_with_scipy_for_one_recording_each(method, theirs, name, sample):
    label, prediction, _ = sample(61)
    found = interval(name, label, prediction, np.arange(label.size), method, resamples=20_000)
    function = METRICS[name].function
    expected = stats.bootstrap(
        (label, prediction), function, paired=True, vectorized=False, n_resamples=4000, method=theirs, rng=1
    ).confidence_interval
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=0.06 * (found.high - found.low))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", METRICS)
def test_every_metric_has_an_interval_that_ignores_row_order(name, method, sample):
    label, prediction, subject = sample(29)
    found = asked(name, label, prediction, subject, method=method, resamples=499)
    assert METRICS[name].low <= found.low < found.value < found.high <= METRICS[name].high
    order = np.random.default_rng(2).permutation(label.size)
    again = asked(name, label[order], prediction[order], subject[order], method=method, resamples=499)
    assert (again.value, again.low, again.high) == pytest.approx((found.value, found.low, found.high), abs=1e-10)


def test_copies_of_recordings_do_not_narrow_the_interval(sample):
    label, prediction, subject = sample(19)
    once = interval("rmse", label, prediction, subject)
    tripled = interval("rmse", np.tile(label, 3), np.tile(prediction, 3), np.tile(subject, 3))
    assert (tripled.low, tripled.high) == pytest.approx((once.low, once.high), abs=1e-10)
    assert tripled.n == 3 * once.n
    assert tripled.n_subjects == 19


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("case", ["perfect", "constant prediction", "constant label", "one error", "equal errors"])
def test_degenerate_cases_do_not_crash(name, method, case):
    label = np.array([0.0, 15.0, 22.0, 31.0, 40.0, 3.0, 17.0])
    prediction = {
        "perfect": label,
        "constant prediction": np.full(7, 0.1),
        "constant label": np.arange(7.0),
        "one error": label + np.array([9.0, 0, 0, 0, 0, 0, 0]),
        "equal errors": label + 2.0,
    }[case]
    if case == "constant label":
        label = np.full(7, 15.0)
    found = asked(name, label, prediction, np.array(list("aabcdef")), method=method, resamples=99)
    assert np.isnan(found.low) == np.isnan(found.high)
    if np.isnan(found.low):
        assert found.note
    else:
        assert METRICS[name].low <= found.low <= found.high <= METRICS[name].high


def test_documented_degenerate_values():
    label, people = np.array([1.0, 5.0, 9.0, 20.0]), list("abcd")
    perfect = interval("rmse", label, label, people)
    assert perfect.value == 0.0
    assert np.isnan(perfect.low)
    assert "no spread" in perfect.note
    constant = interval("ccc", label, np.full(4, 0.1), people)
    assert (constant.value, np.isnan(constant.low)) == (0.0, True)
    undefined = interval("pcc", label, np.full(4, 0.1), people)
    assert np.isnan(undefined.value)
    assert "undefined" in undefined.note
    edge = interval("mae", label, label + np.array([0, 0, 0, 2.0]), people)
    assert (edge.value, edge.low) == (0.5, 0.0)  # cut off at zero
    assert "without the log transformation" in edge.note


@pytest.mark.parametrize(("people", "told"), [(["a"], "1 subject:"), (["a", "b"], "2 subjects:")])
def test_too_few_subjects_give_the_reason(people, told):
    n = 3 * len(people)
    found = interval("rmse", np.arange(float(n)), np.zeros(n), np.repeat(people, 3))
    assert np.isnan([found.low, found.high]).all()
    assert told in found.note
    assert found.value > 0
    gap = paired_difference("rmse", np.arange(float(n)), np.zeros(n), np.ones(n), np.repeat(people, 3))
    assert np.isnan([gap.low, gap.ranks_first, gap.p_value]).all()


def test_undefined_without_one_subject():
    found = interval("auroc_at_cut", [30.0, 1.0, 2.0, 3.0], [9.0, 1.0, 2.0, 10.0], list("abcd"), cut=14)
    assert found.value == pytest.approx(2 / 3)
    assert np.isnan(found.low)
    assert "without one of the subjects" in found.note


def test_bad_arguments(sample):
    label, prediction, subject = sample(5)
    for wrong, told in (
        ({"method": "bootstrap"}, "choose from jackknife-t"),
        ({"level": 95}, "between 0 and 1"),
        ({"resamples": 0, "method": "bca"}, "at least 1"),
    ):
        with pytest.raises(UnusableInput, match=told):
            interval("rmse", label, prediction, subject, **wrong)
    with pytest.raises(UnusableInput, match="cut=None"):
        interval("auroc_at_cut", label, prediction, subject)
    with pytest.raises(UnusableInput, match="subject is missing at position 2"):
        interval("rmse", label[:3], prediction[:3], ["a", "b", None])
    with pytest.raises(UnusableInput, match="one subject per value"):
        interval("rmse", label, prediction, subject[1:])
    with pytest.raises(UnusableInput, match=r"position 0 \(r0\)"):
        interval("rmse", [np.nan, 1.0], [1.0, 2.0], ["a", "b"], ids=["r0", "r1"])


def test_text_names_unit_and_n():
    text = str(Interval(6.0, 5.0, 7.0, 50, 42, "sessions", "jackknife-t"))
    assert text == "6 (95% interval 5 to 7; 50 sessions of 42 subjects; jackknife-t)"
    assert "no interval" in str(Interval(6.0, np.nan, np.nan, 2, 2, "sessions", "jackknife-t", "why"))


def test_paired_difference_equals_a_written_out_loop(sample):
    label, a, subject = sample(13)
    b = a + np.random.default_rng(4).standard_normal(a.size) * 4.0
    people = np.unique(subject)
    gap = [rmse(label[subject != s], a[subject != s]) - rmse(label[subject != s], b[subject != s]) for s in people]
    error = np.sqrt(12 / 13 * np.sum((np.array(gap) - np.mean(gap)) ** 2))
    value = rmse(label, a) - rmse(label, b)
    found = paired_difference("rmse", label, a, b, subject)
    assert isinstance(found, Difference)
    assert found.value == pytest.approx(value, abs=1e-13)
    reach = stats.t.ppf(0.975, 12) * error
    assert (found.low, found.high) == pytest.approx((value - reach, value + reach), abs=1e-11)
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(value) / error, 12), abs=1e-11)
    mirrored = paired_difference("rmse", label, b, a, subject)
    assert (mirrored.value, mirrored.low) == pytest.approx((-found.value, -found.high), abs=1e-12)
    assert mirrored.ranks_first == pytest.approx(1.0 - found.ranks_first)


def test_ranks_first_knows_which_way_is_better(sample):
    label, prediction, subject = sample(31)
    worse = prediction + 12.0
    for name in ("mae", "rmse", "ccc"):
        assert paired_difference(name, label, prediction, worse, subject).ranks_first > 0.98
    same = paired_difference("rmse", label, prediction, prediction, subject)
    assert (same.value, same.ranks_first, same.p_value) == (0.0, 0.5, 1.0)
    assert "no spread" in same.note
    slope = paired_difference("calibration_slope", label, label + 0.1 * prediction, label * 0.2, subject)
    assert slope.ranks_first > 0.98  # about 0.9 is nearer to 1 than 5


@pytest.mark.parametrize("method", ["clustered-percentile", "bca"])
@pytest.mark.parametrize("name", ["rmse", "ccc", "auroc_at_cut", "quadratic_kappa"])
def test_ten_thousand_resamples_of_a_hundred_recordings_take_under_a_second(name, method, sample):
    label, prediction, subject = sample(50)
    start = time.perf_counter()
    asked(name, label[:100], prediction[:100], subject[:100], method=method, resamples=10_000)
    assert time.perf_counter() - start < 1.0


def covers(name, runs, n_subjects, seed):
    rng = np.random.default_rng(seed)
    truth = {"mae": mae, "ccc": ccc}[name](*draw(400_000, rng)[:2])
    return np.mean([
        (found := interval(name, *draw(n_subjects, rng))).low <= truth <= found.high for _ in range(runs)
    ])  # fmt: skip


def draw(n_subjects, rng):
    subject = np.repeat(np.arange(n_subjects), rng.integers(1, 4, n_subjects))
    label = rng.normal(15.0, 8.0, n_subjects)[subject]
    shared = 5.0 * rng.standard_normal(n_subjects)[subject]
    return label, 15.0 + 0.5 * (label - 15.0) + shared + 3.0 * rng.standard_normal(subject.size), subject


@pytest.mark.parametrize("name", ["mae", "ccc"])
def test_coverage_is_near_nominal(name):
    assert covers(name, 400, 40, seed=7) == pytest.approx(0.95, abs=0.035)


@pytest.mark.slow
@pytest.mark.parametrize("n_subjects", [20, 80])
def test_coverage_is_near_nominal_over_many_runs(n_subjects):
    for name in ("mae", "ccc"):
        assert covers(name, 6000, n_subjects, seed=11) == pytest.approx(0.95, abs=0.025)
