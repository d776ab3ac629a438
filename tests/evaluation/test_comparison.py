import numpy as np
import pytest

from openada.errors import UnusableInput
from openada.evaluation.comparison import compare_over_seeds, difference_over_seeds, holm
from openada.evaluation.intervals import paired_difference
from openada.evaluation.metrics import ccc, rmse


def test_holm_by_hand():
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm([0.4, 0.9]), [0.8, 0.9])
    np.testing.assert_allclose(holm([0.6, 0.7]), [1.0, 1.0])
    np.testing.assert_allclose(holm([0.02, np.nan, 0.03]), [0.04, np.nan, 0.04])
    assert holm([]).shape == (0,)
    with pytest.raises(UnusableInput, match="from 0 to 1"):
        holm([1.5])


@pytest.fixture
def three(sample):
    label, a, subject = sample(29)
    rng = np.random.default_rng(4)
    return label, {"a": a, "b": a + rng.standard_normal(a.size), "far": a + 9.0}, subject


@pytest.mark.parametrize("metric", ["rmse", "mae", "ccc"])
def test_one_seed_each_is_every_pairs_paired_difference_with_holms_correction(metric, three):
    label, predictions, subject = three
    pairs, ranks = compare_over_seeds(
        metric, label, {name: {k: p} for k, (name, p) in enumerate(predictions.items())}, subject, resamples=499
    )
    assert pairs[["a", "b"]].to_numpy().tolist() == [["a", "b"], ["a", "far"], ["b", "far"]]
    for row in pairs.itertuples():
        alone = paired_difference(metric, label, predictions[row.a], predictions[row.b], subject, resamples=499)
        for name in ("value", "low", "high", "p_value"):
            assert getattr(row, name) == pytest.approx(getattr(alone, name), rel=1e-9)
        assert row.a_ranks_first == pytest.approx(alone.ranks_first, abs=0.03)
        assert (row.n, row.n_subjects, row.note) == (alone.n, alone.n_subjects, alone.note)
    np.testing.assert_allclose(pairs["p_holm"], holm(pairs["p_value"]))
    assert ranks["ranks_first"].sum() == pytest.approx(1.0)
    assert ranks.set_index("predictor").loc["far", "ranks_first"] < 0.01


def test_the_mean_of_figures_is_taken_never_the_figure_of_mean_predictions(three):
    label, predictions, subject = three
    noise = np.random.default_rng(1).normal(0, 8, label.size)
    by_seed = {0: predictions["a"] + noise, 1: predictions["a"] - noise}  # an ensemble would cancel the noise
    gap = difference_over_seeds("rmse", label, by_seed, {0: np.full(label.size, 15.0)}, subject)
    mean = np.mean([rmse(label, p) for p in by_seed.values()])
    assert gap.value == pytest.approx(mean - rmse(label, np.full(label.size, 15.0)), rel=1e-12)
    assert rmse(label, np.mean(list(by_seed.values()), axis=0)) < mean - 1


def test_the_interval_is_that_of_the_mean_without_one_subject_at_a_time(three):
    from scipy.stats import t

    label, predictions, subject = three
    a, b = {0: predictions["a"], 1: predictions["b"]}, {7: predictions["far"]}
    gap = difference_over_seeds("rmse", label, a, b, subject)
    without = []
    for name in np.unique(subject):
        kept = subject != name
        errors = [np.mean([rmse(label[kept], p[kept]) for p in one.values()]) for one in (a, b)]
        without.append(errors[0] - errors[1])
    se = np.sqrt(28 / 29 * np.sum((np.array(without) - np.mean(without)) ** 2))
    reach = t.ppf(0.975, 28) * se
    assert (gap.low, gap.high) == pytest.approx((gap.value - reach, gap.value + reach), rel=1e-9)
    assert gap.p_value == pytest.approx(2 * t.sf(abs(gap.value) / se, 28), rel=1e-6)
    pairs, ranks = compare_over_seeds("rmse", label, {"a": a, "b": b}, subject, resamples=99)
    assert pairs["low"].iloc[0] == pytest.approx(gap.low, rel=1e-9) and gap.ranks_first > 0.9
    assert ranks["ranks_first"].iloc[0] == pytest.approx(pairs["a_ranks_first"].iloc[0])


def test_ranks_of_copies_are_shared_and_a_clear_order_is_stable(three):
    label, predictions, subject = three
    named = {"a": {0: label + 1.0}, "copy": {0: label + 1.0}, "worst": {0: label + 30.0 + predictions["a"]}}
    _, ranks = compare_over_seeds("rmse", label, named, subject, resamples=199)
    rows = ranks.set_index("predictor")
    assert rows["rank"].tolist() == [1.5, 1.5, 3.0] and rows["mean_rank"].tolist() == [1.5, 1.5, 3.0]
    assert rows["ranks_first"].tolist() == [0.5, 0.5, 0.0] and set(rows["same_order"]) == {1.0}
    assert rows.loc["worst", ["rank_low", "rank_high"]].tolist() == [3.0, 3.0]


def test_ranks_follow_what_is_better(three):
    label, predictions, subject = three
    _, ranks = compare_over_seeds("ccc", label, {"a": {0: predictions["a"]}, "far": {0: predictions["far"]}}, subject)
    assert ccc(label, predictions["a"]) > ccc(label, predictions["far"])
    assert ranks.set_index("predictor").loc["a", "rank"] == 1.0


def test_an_undefined_figure_gives_no_verdict(three):
    label, predictions, subject = three
    pairs, ranks = compare_over_seeds(
        "pcc", label, {"a": {0: predictions["a"]}, "c": {0: np.ones(label.size)}}, subject
    )
    assert pairs[["value", "low", "p_value", "p_holm", "a_ranks_first"]].isna().all(axis=None)
    assert ranks[["rank", "ranks_first", "same_order"]].isna().all(axis=None)


def test_refusals(three):
    label, predictions, subject = three
    with pytest.raises(UnusableInput, match="needs two"):
        compare_over_seeds("rmse", label, {"a": {0: predictions["a"]}}, subject)
    with pytest.raises(UnusableInput, match="no seeds"):
        compare_over_seeds("rmse", label, {"a": {0: predictions["a"]}, "b": {}}, subject)
