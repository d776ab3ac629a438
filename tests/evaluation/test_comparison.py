import numpy as np
import pytest

from openada.errors import UnusableInput
from openada.evaluation.comparison import compare, holm, ranks_first
from openada.evaluation.intervals import paired_difference


def test_holm_by_hand():
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm([0.4, 0.9]), [0.8, 0.9])
    np.testing.assert_allclose(holm([0.6, 0.7]), [1.0, 1.0])
    np.testing.assert_allclose(holm([0.02, np.nan, 0.03]), [0.04, np.nan, 0.04])
    assert holm([]).shape == (0,)
    with pytest.raises(UnusableInput, match="from 0 to 1"):
        holm([1.5])


def test_compare_has_every_pair_and_corrects(sample):
    label, a, subject = sample(29)
    rng = np.random.default_rng(0)
    predictions = {"a": a, "b": a + rng.standard_normal(a.size), "far": a + 15.0}
    table = compare("rmse", label, predictions, subject, resamples=997)
    assert table[["a", "b"]].to_numpy().tolist() == [["a", "b"], ["a", "far"], ["b", "far"]]
    np.testing.assert_allclose(table["p_holm"], holm(table["p_value"]))
    single = paired_difference("rmse", label, a, predictions["far"], subject, resamples=997)
    row = table.iloc[1]
    assert (row["value"], row["low"], row["a_ranks_first"]) == (single.value, single.low, single.ranks_first)
    assert row["a_ranks_first"] > 0.99
    with pytest.raises(UnusableInput, match="needs two"):
        compare("rmse", label, {"a": a}, subject)


@pytest.mark.parametrize("metric", ["rmse", "ccc", "calibration_slope"])
def test_ranks_first_shares_ties_and_sums_to_one(metric, sample):
    label, a, subject = sample(17)
    label_like = label + 0.01 * a
    shares = ranks_first(
        metric, label, {"a": label_like, "copy": label_like, "worse": 3 * a - 9}, subject, resamples=499
    )
    assert sum(shares.values()) == pytest.approx(1.0)
    assert shares["a"] == shares["copy"] > 0.45
    assert np.isnan(ranks_first("pcc", label, {"a": a, "c": np.ones(a.size)}, subject, resamples=99)["a"])
