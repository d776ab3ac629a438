import numpy as np
import pandas as pd
import pytest

from openada.errors import UnusableInput
from openada.evaluation.comparison import compare, ranks_first
from openada.evaluation.metrics import ccc, rmse
from openada.evaluation.seeds import compare_over_seeds, difference_over_seeds, rows_over_seeds
from openada.evaluation.table import evaluation_rows

LIMITS = (0, 14, 20, 29)


@pytest.fixture
def three(sample):
    label, a, subject = sample(29)
    rng = np.random.default_rng(4)
    return label, {"a": a, "b": a + rng.standard_normal(a.size), "far": a + 9.0}, subject


@pytest.mark.parametrize("metric", ["rmse", "mae", "ccc"])
def test_one_seed_each_is_the_plain_comparison(metric, three):
    label, predictions, subject = three
    pairs, ranks = compare_over_seeds(
        metric, label, {name: {k: p} for k, (name, p) in enumerate(predictions.items())}, subject, resamples=499
    )
    expected = compare(metric, label, predictions, subject, resamples=499)
    same = ["a", "b", "value", "low", "high", "p_value", "p_holm", "n", "n_subjects", "note"]
    pd.testing.assert_frame_equal(pairs[same], expected[same], rtol=1e-9)
    np.testing.assert_allclose(pairs["a_ranks_first"], expected["a_ranks_first"], atol=0.03)
    first = ranks_first(metric, label, predictions, subject, resamples=499)
    assert dict(zip(ranks["predictor"], ranks["ranks_first"], strict=True)) == pytest.approx(first, abs=1e-12)


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


@pytest.fixture
def seeds():
    rng = np.random.default_rng(6)
    people = [f"p{k:02d}" for k in range(19)]
    table = pd.DataFrame([(p, "1", task) for p in people for task in "FN"], columns=["subject", "session", "task"])
    table["recording_id"] = table["subject"] + table["task"]
    table["score"] = np.repeat(rng.integers(0, 50, 19).astype(float), 2)
    return {
        seed: table.assign(prediction=8 + 0.5 * table["score"] + rng.normal(0, 5, len(table))) for seed in (2, 5, 11)
    }


def test_rows_of_one_seed_are_those_of_the_table(seeds):
    training = pd.DataFrame({"subject": ["x", "y", "p03"], "session": "0", "score": [3.0, 10.0, 23.0]})
    one = rows_over_seeds({2: seeds[2]}, predictor="m", training=training, band_limits=LIMITS)
    whole = evaluation_rows(seeds[2], training=training, predictor="m", band_limits=LIMITS)
    expected = whole[whole["predictor"].str.startswith("m")]
    keys = ["predictor", "metric", "unit"]
    merged = one.merge(expected, on=keys, suffixes=("", "_expected"), validate="one_to_one")
    assert len(merged) == len(one) == len(expected)
    for column in ("value", "low", "high", "n", "n_subjects"):
        np.testing.assert_allclose(merged[column], merged[f"{column}_expected"], rtol=1e-9)
    assert one["sd_over_seeds"].isna().all() and set(one["seeds"]) == {"2"}
    assert "m − identity look-up" in set(one["predictor"])


def test_rows_of_several_seeds_are_mean_and_sd_and_name_them(seeds):
    rows = rows_over_seeds(seeds, predictor="m", training=pd.DataFrame({"score": [10.0, 20.0]}), band_limits=LIMITS)
    per_seed = np.array([rmse(t["score"], t["prediction"]) for t in seeds.values()])
    row = rows.query("predictor == 'm' and metric == 'rmse' and unit == 'recordings'").iloc[0]
    assert (row["value"], row["sd_over_seeds"]) == pytest.approx((per_seed.mean(), per_seed.std(ddof=1)), rel=1e-12)
    assert row["seeds"] == "2, 5, 11" and row["n"] == 38 and row["n_subjects"] == 19
    gap = rows.query("predictor == 'm − training mean' and metric == 'rmse' and unit == 'recordings'").iloc[0]
    label = seeds[2]["score"]
    assert gap["value"] == pytest.approx(per_seed.mean() - rmse(label, np.full(len(label), 15.0)), rel=1e-12)
