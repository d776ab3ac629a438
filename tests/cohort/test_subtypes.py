import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from openada.cohort.associations import associate
from openada.cohort.dictionary import COLUMNS
from openada.cohort.groups import rank_biserial
from openada.cohort.layout import Cohort
from openada.cohort.subtype_study import difference_table, totals_of
from openada.cohort.subtypes import METHODS, find_subtypes, one_cloud, profile_table
from openada.errors import UnusableInput


def three_groups(rng, n=150):
    label = np.arange(n) % 3
    return np.array([[5, 5, 5], [20, 5, 20], [20, 30, 35.0]])[label] + rng.standard_normal((n, 3)), label


@pytest.mark.parametrize("method", METHODS)
def test_separable_groups_are_found_counted_and_not_taken_for_one_cloud(method):
    totals, label = three_groups(np.random.default_rng(1))
    found = find_subtypes(totals, method, numbers=(2, 3, 4), resamples=3, clouds=19)
    assert found.k == 3 and adjusted_rand_score(label, found.label) == 1
    assert found.p_one_cloud == 0.05 and "more clustered than a single cloud" in found.verdict
    best = found.criteria.set_index("k")["stability"]
    assert best[3] > 0.99 > best[4]
    means = [totals[found.label == k].mean() for k in range(3)]
    assert means == sorted(means)


def test_a_single_skewed_cloud_is_said_to_be_one():
    rng = np.random.default_rng(2)
    latent = rng.standard_normal((300, 1)) + 0.8 * rng.standard_normal((300, 3))
    totals = 2 * np.clip(np.round(3 + 3 * latent), 0, 21)
    found = find_subtypes(totals, numbers=(2, 3, 4), resamples=2, clouds=19)
    assert found.p_one_cloud > 0.05 and "One cluster is as good" in found.verdict


def test_one_cloud_has_the_totals_moments_and_steps():
    rng = np.random.default_rng(3)
    totals = np.round(rng.multivariate_normal([20, 12], [[25, 15], [15, 36]], 2000))
    made = one_cloud(totals, 2000, rng)
    np.testing.assert_allclose(made.mean(axis=0), [20, 12], atol=0.5)
    np.testing.assert_allclose(made.std(axis=0), [5, 6], rtol=0.06)
    assert np.corrcoef(made.T)[0, 1] == pytest.approx(0.5, abs=0.06)
    assert set(np.unique(made[:, 0])) <= set(np.unique(totals[:, 0]))


def test_profiles_are_means_of_z():
    totals = pd.DataFrame({"a": [1.0, 2, 3, 10, 11, 12], "b": [0.0, 1, 2, 0, 1, 2]})
    table = profile_table(totals, np.array([0, 0, 0, 1, 1, 1])).set_index(["subtype", "scale"])
    assert table.loc[(1, "a"), "mean"] == 2 and table.loc[(2, "a"), "mean"] == 11
    assert table.loc[(2, "a"), "z"] == pytest.approx(4.5 / totals["a"].std(ddof=0))
    assert table.loc[(1, "b"), "z"] == pytest.approx(0) and (table["share"] == 0.5).all()


def test_rank_biserial_is_the_share_of_pairs_won_less_lost():
    rng = np.random.default_rng(4)
    values, inside = rng.integers(0, 9, 37).astype(float), np.arange(37) % 3 == 0
    pairs = np.sign(values[inside][:, None] - values[~inside])
    r, low, high, p = rank_biserial(values, inside)
    assert r == pytest.approx(pairs.mean()) and low < r < high
    assert 0 < p < 1 and np.isnan(rank_biserial(np.ones(5), np.arange(5) > 2)).all()


def test_group_differences_are_freed_of_covariates():
    rng = np.random.default_rng(5)
    age = rng.normal(15, 2, 500)
    score = pd.DataFrame({"high": (age + rng.normal(0, 1, 500) > 15).astype(float)})
    features = pd.DataFrame({"by_age": age + rng.normal(0, 0.5, 500), "real": score["high"] + rng.normal(0, 1, 500)})
    naive, adjusted = (
        associate(features, score, given, method="mann-whitney").set_index("feature")
        for given in (None, pd.DataFrame({"age": age}))
    )
    assert naive.loc["by_age", "low"] > 0.5
    assert adjusted.loc["by_age", "low"] < 0 < adjusted.loc["by_age", "high"] and adjusted.loc["real", "low"] > 0.1


def test_differences_between_subtypes_find_the_feature_that_differs():
    rng = np.random.default_rng(6)
    names = [f"p{k:03d}" for k in range(200)]
    people = pd.DataFrame(
        {"person": names, "dass21_stress": 1.0, "dass21_anxiety": 2.0, "phq9_total": [None, *[3.0] * 199]}
    )
    label = np.arange(200) % 2
    features = pd.DataFrame(
        {"person": names, "AU12_g__mean": label + rng.standard_normal(200), "b__mean": rng.random(200)}
    )
    cohort = Cohort(features.iloc[::-1], people, pd.DataFrame(columns=list(COLUMNS)))
    found = difference_table(cohort, names, label, adjust=())
    assert set(found["subtype"][found["found"]]) == {"subtype_1", "subtype_2"}
    assert set(found["feature"][found["found"]]) == {"AU12_g__mean"}
    assert found.query("subtype == 'subtype_2' and feature == 'AU12_g__mean'")["r"].item() > 0.3
    assert len(totals_of(cohort)) == 199
    for scales in (("dass21_stress",), ("bdi_total", "dass21_stress")):
        with pytest.raises(UnusableInput):
            totals_of(cohort, scales)


def test_totals_that_cannot_be_grouped_are_refused():
    for totals in (np.ones((80, 2)), np.full((80, 2), np.nan), np.random.default_rng(0).random((19, 2))):
        with pytest.raises(UnusableInput):
            find_subtypes(totals, numbers=(2,))
