import numpy as np
import pytest

from openada.evaluation.agreement import NORMAL_95, calibration_bins, limits_of_agreement


def test_limits_by_hand(sample):
    label, prediction, subject = sample(29)
    found = limits_of_agreement(label, prediction, subject)
    gap = prediction - label
    sd = gap.std(ddof=1)
    assert found.sd == pytest.approx(sd, rel=1e-12)
    assert found.bias.value == pytest.approx(gap.mean(), rel=1e-12)
    assert found.lower.value == pytest.approx(gap.mean() - NORMAL_95 * sd, rel=1e-12)
    assert found.upper.value == pytest.approx(gap.mean() + NORMAL_95 * sd, rel=1e-12)
    assert found.bias.n == label.size and found.bias.n_subjects == 29


def test_intervals_leave_out_one_subject_at_a_time(sample):
    from scipy.stats import t

    label, prediction, subject = sample(23)
    found = limits_of_agreement(label, prediction, subject)
    without = []
    for name in np.unique(subject):
        gap = (prediction - label)[subject != name]
        without.append(gap.mean() + NORMAL_95 * gap.std(ddof=1))
    without = np.array(without)
    se = np.sqrt(22 / 23 * np.sum((without - without.mean()) ** 2))
    reach = t.ppf(0.975, 22) * se
    assert found.upper.low == pytest.approx(found.upper.value - reach, rel=1e-9)
    assert found.upper.high == pytest.approx(found.upper.value + reach, rel=1e-9)


def test_one_recording_has_no_limits():
    found = limits_of_agreement([10.0], [13.0], ["a"])
    assert found.bias.value == 3.0 and np.isnan(found.lower.value) and np.isnan(found.sd)


def test_bins_hold_everything_once_and_in_order(sample):
    label, prediction, subject = sample(31)
    table = calibration_bins(label, prediction, subject, bins=5)
    assert table["n"].sum() == label.size and len(table) == 5
    assert np.ptp(table["n"]) <= 2
    assert (np.diff(table["prediction"]) > 0).all()
    first = prediction <= np.sort(prediction)[table["n"].iloc[0] - 1]
    assert table["label"].iloc[0] == pytest.approx(label[first].mean())
    assert ((table["low"] < table["label"]) & (table["label"] < table["high"])).all()
    np.testing.assert_allclose((table["label"] * table["n"]).sum() / table["n"].sum(), label.mean())


def test_equal_predictions_stay_in_one_bin():
    table = calibration_bins([1.0, 2, 3, 4, 5, 6, 7], np.full(7, 9.0), list("abcdefg"))
    assert table[["prediction", "label", "n"]].to_numpy().tolist() == [[9.0, 4.0, 7]]
