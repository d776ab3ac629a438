import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn import metrics as reference

from openada.errors import UnusableInput
from openada.evaluation.metrics import (
    METRICS,
    auroc,
    auroc_at_cut,
    band_accuracy,
    calibration_slope,
    ccc,
    is_constant,
    macro_f1,
    mae,
    metric_named,
    pcc,
    quadratic_kappa,
    rmse,
)
from openada.evaluation.table import evaluation_rows, to_markdown

OF_SCORES = [m for m in METRICS.values() if m.takes == "scores" and m.name != "auroc_at_cut"]
OF_BANDS = [m for m in METRICS.values() if m.takes == "bands"]


def drawn(n, seed):
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 64, n).astype(float)
    return label, 20.0 + 0.4 * (label - 20.0) + 6.0 * rng.standard_normal(n)


def ccc_reference(y, p):
    y, p = np.asarray(y, np.longdouble), np.asarray(p, np.longdouble)
    cov = np.mean((y - y.mean()) * (p - p.mean()))
    return float(2 * cov / (y.var() + p.var() + (y.mean() - p.mean()) ** 2))


@pytest.mark.parametrize("n", [2, 3, 7, 53, 997])
def test_score_metrics_equal_independent_references(n):
    y, p = drawn(n, n)
    assert mae(y, p) == pytest.approx(reference.mean_absolute_error(y, p), abs=1e-12)
    assert rmse(y, p) == pytest.approx(reference.root_mean_squared_error(y, p), abs=1e-12)
    assert pcc(y, p) == pytest.approx(stats.pearsonr(y, p).statistic, abs=1e-12)
    assert ccc(y, p) == pytest.approx(ccc_reference(y, p), abs=1e-12)
    assert calibration_slope(y, p) == pytest.approx(stats.linregress(p, y).slope, abs=1e-12)


@pytest.mark.parametrize("n", [5, 53, 997])
def test_band_metrics_equal_scikit_learn(n):
    rng = np.random.default_rng(n)
    y = rng.choice([0, 1, 3], n)  # band 2 never occurs among the labels
    p = rng.integers(0, 4, n)
    present = np.unique(y)
    assert band_accuracy(y, p) == pytest.approx(reference.accuracy_score(y, p), abs=1e-12)
    assert macro_f1(y, p) == pytest.approx(
        reference.f1_score(y, p, labels=present, average="macro", zero_division=0), abs=1e-12
    )
    assert quadratic_kappa(y, p) == pytest.approx(
        reference.cohen_kappa_score(y, p, labels=[0, 1, 2, 3], weights="quadratic"), abs=1e-12
    )


@pytest.mark.parametrize("levels", [2, 5, 10**6])
def test_auroc_with_ties_equals_scikit_learn(levels):
    rng = np.random.default_rng(levels)
    score = rng.integers(0, levels, 211) / 7.0
    truth = rng.random(211) < 0.3
    assert auroc(truth, score) == pytest.approx(reference.roc_auc_score(truth, score), abs=1e-12)
    assert auroc(truth, np.ones(211)) == 0.5
    assert np.isnan(auroc(np.zeros(3, bool), [1.0, 2.0, 3.0]))


def test_auroc_at_a_cut_counts_the_cut_as_positive():
    label, prediction = [13, 14, 20, 2], [5.0, 9.0, 7.0, 7.0]
    assert auroc_at_cut(label, prediction, 14) == pytest.approx((1 + 1 + 1 + 0.5) / 4)
    assert np.isnan(auroc_at_cut(label, prediction, 63))


def test_known_answers():
    assert mae([1.0, 3.0, 8.0], [2.0, 3.0, 5.0]) == pytest.approx(4 / 3)
    assert rmse([1.0, 3.0, 8.0], [2.0, 3.0, 5.0]) == pytest.approx(np.sqrt(10 / 3))
    assert ccc([0.0, 2.0], [1.0, 3.0]) == pytest.approx(2 / 3)  # cov 1, variances 1 and 1, bias 1
    assert calibration_slope([0.0, 4.0], [1.0, 3.0]) == pytest.approx(2.0)
    assert quadratic_kappa([0, 3], [3, 0]) == pytest.approx(-1.0)


def test_constants_follow_the_documented_rule():
    y = [3.0, 7.0, 11.0]
    assert ccc(y, [5.0] * 3) == 0.0
    assert ccc([0.1] * 3, [0.1] * 3) == 0.0
    assert np.isnan(pcc(y, [5.0] * 3))
    assert np.isnan(pcc([5.0] * 3, y))
    assert np.isnan(calibration_slope(y, [0.1] * 3))
    assert calibration_slope([5.0] * 3, y) == 0.0
    assert np.isnan(quadratic_kappa([2, 2], [2, 2]))
    assert macro_f1([2, 2], [2, 2]) == 1.0


def test_a_constant_up_to_rounding_is_a_constant():
    y = np.arange(7.0)
    fused = np.array([0.1, np.mean([0.1] * 3), np.mean([0.1] * 7), 0.1, np.sum([0.1] * 3) / 3, 0.1, 0.1])
    assert np.ptp(fused) > 0  # as a constant is when sessions of unequal numbers of recordings are averaged
    assert is_constant(fused) and not is_constant(fused * np.where(y == 3, 1 + 1e-12, 1.0))
    assert np.isnan(pcc(y, fused)) and np.isnan(pcc(fused, y))
    assert ccc(y, fused) == ccc(fused, y) == 0.0
    assert np.isnan(calibration_slope(y, fused))


@pytest.mark.parametrize("offset", [0.0, -31.0, 1e3])
@pytest.mark.parametrize("spread", [1e-3, 1.0, 1e3])
def test_correlations_equal_an_extended_precision_reference_far_from_zero(offset, spread):
    y, p = drawn(53, 4)
    y, p = offset + spread * y, offset + spread * p
    exact_y, exact_p = y.astype(np.longdouble), p.astype(np.longdouble)
    cov = np.mean((exact_y - exact_y.mean()) * (exact_p - exact_p.mean()))
    assert pcc(y, p) == pytest.approx(float(cov / np.sqrt(exact_y.var() * exact_p.var())), abs=1e-12)
    assert ccc(y, p) == pytest.approx(ccc_reference(y, p), abs=1e-12)
    assert calibration_slope(y, p) == pytest.approx(float(cov / exact_p.var()), abs=1e-12)
    assert rmse(y, p) == pytest.approx(float(np.sqrt(np.mean((exact_p - exact_y) ** 2))), rel=1e-12)
    assert mae(y, p) == pytest.approx(float(np.mean(np.abs(exact_p - exact_y))), rel=1e-12)


@pytest.mark.parametrize("fused", [False, True])
def test_a_constant_prediction_is_printed_as_undefined(fused):
    rows = [(f"{s}_{t}", f"p{s}", "1", float(s), 11.7) for s in range(13) for t in range(1 + s % 3)]
    table = pd.DataFrame(rows, columns=["recording_id", "subject", "session", "score", "prediction"])
    found = evaluation_rows(table, metrics=("pcc", "ccc"), units=["session" if fused else "recording"])
    line = {row["metric"]: row for row in found.to_dict("records")}
    assert line["pcc"]["note"].startswith("undefined: a constant")
    assert line["ccc"]["value"] == 0.0 and np.isnan(line["ccc"]["low"])
    printed = to_markdown(found[["metric", "value"]]).splitlines()
    assert [cell.strip() for cell in printed[2].split("|")[1:3]] == ["pcc", "–"]
    assert [cell.strip() for cell in printed[3].split("|")[1:3]] == ["ccc", "0.00"]


def test_one_recording():
    assert mae([3.0], [5.0]) == rmse([3.0], [5.0]) == 2.0
    assert ccc([3.0], [5.0]) == 0.0
    assert np.isnan(pcc([3.0], [5.0]))
    assert np.isnan(calibration_slope([3.0], [5.0]))
    assert np.isnan(auroc_at_cut([3.0], [5.0], 2.0))
    assert band_accuracy([1], [1]) == macro_f1([1], [1]) == 1.0
    assert band_accuracy([1], [2]) == macro_f1([1], [2]) == quadratic_kappa([1], [2]) == 0.0
    assert np.isnan(quadratic_kappa([1], [1]))


def test_auroc_refuses_what_is_not_a_number():
    with pytest.raises(UnusableInput, match=r"prediction .* position 1 \(b\)"):
        auroc_at_cut([3.0, 20.0], [5.0, np.nan], 14.0, ids=["a", "b"])
    with pytest.raises(UnusableInput, match=r"label .* position 0"):
        auroc_at_cut([np.nan, 20.0], [5.0, 1.0], 14.0)
    with pytest.raises(UnusableInput, match="cut is NaN"):
        auroc_at_cut([3.0, 20.0], [5.0, 1.0], np.nan)


@pytest.mark.parametrize("metric", OF_SCORES + OF_BANDS, ids=lambda m: m.name)
def test_every_metric_ignores_order_and_container(metric):
    rng = np.random.default_rng(5)
    y, p = rng.integers(0, 4, 31), rng.integers(0, 4, 31)
    order = rng.permutation(31)
    assert metric.function(y[order], p[order]) == pytest.approx(metric.function(y.tolist(), p.tolist()), abs=1e-14)
    perfect = metric.function(y, y)
    assert perfect == pytest.approx(0.0 if metric.better == "lower" else 1.0, abs=1e-14)
    assert metric.loss(np.array([perfect]))[0] <= metric.loss(np.array([metric.function(y, p)]))[0]


@pytest.mark.parametrize("metric", OF_SCORES + OF_BANDS, ids=lambda m: m.name)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_not_a_number_is_refused_by_position_and_id(metric, bad):
    y, p = np.arange(5.0), np.arange(5.0)
    p[[1, 3]] = bad
    with pytest.raises(UnusableInput, match=r"prediction .* positions 1, 3 \(b, d\)"):
        metric.function(y, p, ids=list("abcde"))
    with pytest.raises(UnusableInput, match=r"label .* positions 1, 3:"):
        metric.function(p, y)


@pytest.mark.parametrize(
    ("label", "prediction", "told"),
    [
        ([], [], "empty"),
        ([1.0, 2.0], [1.0], "2 labels but 1 predictions"),
        ([[1.0]], [[1.0]], r"shape \(1, 1\)"),
        (["x"], [1.0], "not a number"),
        ([None], [1.0], "position 0"),
    ],
)
def test_unusable_arrays(label, prediction, told):
    with pytest.raises(UnusableInput, match=told):
        mae(label, prediction)


def test_bands_must_be_indices():
    with pytest.raises(UnusableInput, match=r"band 1.5 of prediction at position 0"):
        band_accuracy([1], [1.5])
    with pytest.raises(UnusableInput, match="band -1 of label"):
        macro_f1([-1], [1])
    with pytest.raises(UnusableInput, match="truth is 2"):
        auroc([0, 2], [1.0, 2.0])
    with pytest.raises(UnusableInput, match="choose from mae"):
        metric_named("r2")


def test_many_bad_positions_are_shortened():
    with pytest.raises(UnusableInput, match="and 21 more"):
        mae(np.full(31, np.nan), np.zeros(31))
