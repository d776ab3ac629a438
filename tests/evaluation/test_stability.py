from itertools import combinations, permutations

import numpy as np
import pytest
from scipy import stats

from openada.errors import UnusableInput
from openada.evaluation.stability import MEASURES, cosine, shuffled_cosine, spearman, stability_table


def test_figures_by_hand():
    a, b = np.array([3.0, 0.0, 4.0]), np.array([0.0, 2.0, 0.0])
    assert cosine(a, b) == 0
    assert cosine(a, 7 * a) == pytest.approx(1)
    assert cosine(np.array([1.0, 1.0]), np.array([1.0, 0.0])) == pytest.approx(np.sqrt(0.5))
    assert np.isnan(cosine(a, 0 * a))
    assert spearman(a, np.array([2.0, 1.0, 3.0])) == pytest.approx(1)
    assert np.isnan(spearman(a, np.full(3, 0.1)))


def test_the_shuffled_cosine_is_the_mean_over_every_shuffling():
    rng = np.random.default_rng(1)
    a, b = rng.normal(0.3, 1, 5), rng.random(5)
    assert shuffled_cosine(a, b) == pytest.approx(np.mean([cosine(a, b[list(p)]) for p in permutations(range(5))]))
    assert np.isnan(shuffled_cosine(a, np.zeros(5)))


def table(by_seed):
    recordings = next(iter(by_seed.values()))
    return stability_table(by_seed, {name: name[:2] for name in recordings}).set_index("metric")


def test_nearly_uniform_vectors_agree_by_cosine_whatever_they_say():
    rng = np.random.default_rng(0)
    by_seed = {seed: {f"s{k}_1": 1 + 0.1 * rng.random(101) for k in range(7)} for seed in range(5)}
    found = table(by_seed)
    assert found.loc["cosine", "value"] > 0.99
    assert found.loc["cosine_shuffled", "value"] == pytest.approx(found.loc["cosine", "value"], abs=1e-4)
    assert abs(found.loc["centred_cosine", "value"]) < 0.1 and abs(found.loc["spearman", "value"]) < 0.1
    assert (found["seeds"] == "0, 1, 2, 3, 4").all()


def test_seeds_that_agree_in_order_are_told_apart_from_chance():
    rng = np.random.default_rng(0)
    truth = {f"s{k}_{take}": rng.random(53) for k in range(7) for take in range(1 + k % 2)}
    found = table({seed: {name: np.exp(3 * values) for name, values in truth.items()} for seed in range(3)})
    assert found.loc["spearman", "value"] == pytest.approx(1)
    assert found.loc["cosine", "value"] == pytest.approx(1)
    assert found.loc["cosine_shuffled", "value"] < 0.7
    assert (found["n"] == 10).all() and (found["n_subjects"] == 7).all()
    assert list(found["measure"]) == list(MEASURES.values())


def test_values_are_means_over_pairs_then_recordings():
    rng = np.random.default_rng(4)
    lost = rng.random(17) < 0.2
    by_seed = {
        seed: {f"s{k}_1": np.where(lost, np.nan, rng.gamma(1.0, 1.0, 17)) for k in range(5)} for seed in (3, 8, 9)
    }
    found = table(by_seed)
    expected = {"centred_cosine": [], "spearman": []}
    for name in by_seed[3]:
        vectors = [by_seed[seed][name][~lost] for seed in (3, 8, 9)]
        expected["centred_cosine"].append(np.mean([stats.pearsonr(a, b)[0] for a, b in combinations(vectors, 2)]))
        expected["spearman"].append(np.mean([stats.spearmanr(a, b)[0] for a, b in combinations(vectors, 2)]))
    for metric, values in expected.items():
        assert found.loc[metric, "value"] == pytest.approx(np.mean(values), abs=1e-12)
        reach = stats.t.ppf(0.975, 4) * np.std(values, ddof=1) / np.sqrt(5)  # the jackknife of a mean
        assert found.loc[metric, "high"] == pytest.approx(np.mean(values) + reach, abs=1e-12)


def test_what_is_undefined_is_counted():
    a, b = {"s1_1": [1.0, 2, 3], "s2_1": [2.0, 2, 2]}, {"s1_1": [0.0, 0, 0], "s2_1": [1.0, 5, 2]}
    c = {"s1_1": [3.0, 1, 2], "s2_1": [2.0, 2, 2]}
    found = table({0: a, 1: b, 2: c})
    assert found.loc["cosine", ["n", "recordings_excluded", "pairs_undefined"]].tolist() == [2, 0, 2]
    # only seeds 0 and 2 of the first recording vary both: ranks 1 2 3 against 3 1 2
    assert found.loc["spearman", "value"] == pytest.approx(-0.5)
    assert found.loc["spearman", ["n", "recordings_excluded", "pairs_undefined"]].tolist() == [1, 1, 5]
    empty = table({0: {"s1_1": [np.nan]}, 1: {"s1_1": [np.nan]}})
    assert empty["value"].isna().all() and (empty["recordings_excluded"] == 1).all()


def test_unusable_input():
    with pytest.raises(UnusableInput, match="1 seeds"):
        stability_table({0: {}}, {})
    with pytest.raises(UnusableInput, match="seeds 0 and 1 have different recordings"):
        stability_table({0: {"a": [1.0]}, 1: {"b": [1.0]}}, {})
    for other in ([1.0, 2.0], [np.nan]):
        with pytest.raises(UnusableInput, match="'a': seeds 0 and 4"):
            stability_table({0: {"a": [1.0]}, 4: {"a": other}}, {"a": "a"})
