import numpy as np
import pandas as pd
import pytest
import scipy.stats

from openada.cohort.associations import associate, association_table
from openada.cohort.halves import held_out
from openada.cohort.layout import Cohort
from openada.errors import UnusableInput
from openada.evaluation.intervals import interval


def drawn(n=211, seed=1):
    rng = np.random.default_rng(seed)
    covariates = pd.DataFrame({"age": rng.uniform(12, 18, n), "site": rng.choice(["x", "y", "z"], n)})
    score = pd.DataFrame(
        {"total": 2.0 * covariates["age"] + 3.0 * (covariates["site"] == "y") + rng.gamma(1.0, 4.0, n)}
    )
    features = pd.DataFrame(
        {"a": score["total"] + rng.normal(0, 20, n), "b": covariates["age"] + rng.normal(0, 0.5, n), "c": np.ones(n)}
    )
    features.loc[:9, "b"] = np.nan
    return features, score, covariates


def residual(values, covariates):
    columns = [np.ones(len(values)), covariates["age"], covariates["site"] == "y", covariates["site"] == "z"]
    design = np.column_stack([np.asarray(column, float) for column in columns])
    return values - design @ np.linalg.lstsq(design, values, rcond=None)[0]


def ranked(values, method):
    ranks = scipy.stats.rankdata(values)
    return values if method == "pearson" else scipy.stats.norm.ppf((ranks - 0.5) / len(ranks))


@pytest.mark.parametrize("method", ["pearson", "spearman"])
def test_partial_correlations_are_those_of_regression_residuals(method):
    features, score, covariates = drawn(79)  # too few people for curves
    found = associate(features, score, covariates, method=method).set_index("feature")
    for name in "ab":
        there = features[name].notna().to_numpy()
        x, y = (ranked(column[there].to_numpy(), method) for column in (features[name], score["total"]))
        x, y = residual(x, covariates[there]), residual(y, covariates[there])
        if method == "spearman":
            x, y = (residual(scipy.stats.rankdata(left), covariates[there]) for left in (x, y))
        expected = interval("pcc", y, x, np.arange(len(x)))
        row = found.loc[name]
        assert row["n"] == there.sum()
        np.testing.assert_allclose(
            row[["r", "low", "high"]].astype(float), [expected.value, expected.low, expected.high], rtol=1e-9
        )
        freedom = there.sum() - 5
        t = expected.value * np.sqrt(freedom / (1 - expected.value**2))
        assert row["p_value"] == pytest.approx(2 * scipy.stats.t.sf(abs(t), freedom))
    assert np.isnan(found.loc["c", "r"])


def confounded(n, seed):
    """Feature and score that hang on age alone, strongly, in curves, with a spread that grows with it, and differently by sex."""
    rng = np.random.default_rng(seed)
    covariates = pd.DataFrame({"age": rng.uniform(12, 18, n), "sex": rng.choice(["f", "m"], n)})
    age, female = (covariates["age"] - 15) / 1.7, (covariates["sex"] == "f").astype(float)
    x = np.exp(1.5 * age) * (1 + female) + np.exp(age) * rng.exponential(1.0, n)
    y = np.maximum(0, np.round(6 * age + 3 * age * female + 2 * np.exp(age / 2) * rng.exponential(1.0, n)))
    return pd.DataFrame({"x": x}), pd.DataFrame({"total": y}), covariates


def test_a_strong_confounder_leaves_no_effect_of_its_own():
    left, by_ranks, found = [], [], 0
    for seed in range(41):
        x, y, covariates = confounded(499, seed)
        row = associate(x, y, covariates).iloc[0]
        left.append(row["r"])
        found += row["p_value"] < 0.05
        columns = np.column_stack([np.ones(499), covariates["age"], covariates["sex"] == "f"]).astype(float)
        ranks = np.stack([scipy.stats.rankdata(x["x"]), scipy.stats.rankdata(y["total"])], axis=1)
        ranks -= columns @ np.linalg.lstsq(columns, ranks, rcond=None)[0]
        by_ranks.append(np.corrcoef(ranks.T)[0, 1])
    assert abs(np.mean(by_ranks)) > 0.1  # what adjusting the ranks linearly makes of nothing
    assert abs(np.mean(left)) < 0.02
    assert found <= 6  # 2 expected, 6 or fewer in 99 of 100 times


def test_only_the_order_of_values_counts_for_spearman_and_a_real_effect_stays():
    rng = np.random.default_rng(3)
    x, y, covariates = confounded(997, 2)
    shared = rng.standard_normal(997)
    x, y = x + 9 * shared[:, None], y + 9 * shared[:, None]
    row = associate(x, y, covariates).iloc[0]
    again = associate(np.exp(x / 30), np.cbrt(y), covariates).iloc[0]
    assert row["low"] > 0.5 and again["r"] == pytest.approx(row["r"], abs=1e-12)


def test_without_covariates_it_is_scipys_correlation():
    features, score, _ = drawn()
    found = associate(features[["a"]], score).iloc[0]
    oracle = scipy.stats.spearmanr(features["a"], score["total"])
    assert found["r"] == pytest.approx(oracle.statistic) and found["p_value"] == pytest.approx(oracle.pvalue)


def test_confounding_goes_away_with_adjustment():
    features, score, covariates = drawn(997)
    naive = associate(features[["b"]], score).iloc[0]
    adjusted = associate(features[["b"]], score, covariates).iloc[0]
    assert naive["low"] > 0.4 and adjusted["low"] < 0 < adjusted["high"]


def test_people_who_lack_a_covariate_are_left_out_and_a_useless_one_does_not_matter():
    features, score, covariates = drawn()
    covariates.loc[20:24, "site"] = None
    assert associate(features[["a"]], score, covariates)["n"].item() == 206
    idle = covariates.assign(same=1)
    np.testing.assert_allclose(
        associate(features[["a"]], score, idle)["r"], associate(features[["a"]], score, covariates)["r"]
    )


def test_questionnaire_columns_are_refused_as_features():
    features, score, _ = drawn()
    for name in ("dass21_4", "phq9_total", "dass21_stress_band"):
        with pytest.raises(UnusableInput, match="is a questionnaire's"):
            associate(features.rename(columns={"a": name}), score)


def cohort(n=601, effect=0.3, seed=2):
    rng = np.random.default_rng(seed)
    people = pd.DataFrame(
        {"person": [f"p{k}" for k in range(n)], "age": rng.uniform(12, 18, n), "phq9_total": rng.integers(0, 28, n)}
    )
    features = pd.DataFrame(rng.standard_normal((n, 31)), columns=[f"f{k}__mean" for k in range(31)])
    features["f3__mean"] += effect * (people["phq9_total"] - 13.5) / 8
    features.insert(0, "person", people["person"])
    kinds = [("person", "id"), ("age", "demographic"), ("phq9_total", "total")]
    return Cohort(features, people, pd.DataFrame(kinds, columns=["column", "kind"]))


def test_what_is_found_is_looked_for_in_people_who_were_not_looked_at():
    study = cohort()
    table = association_table(study, adjust=["age"], seed=5)
    top = table.iloc[0]
    assert top["feature"] == "f3__mean" and top["found"] and top["replicated"]
    kept = held_out(study.people["person"], seed=5)
    alone = associate(
        study.features.loc[kept, ["f3__mean"]], study.people.loc[kept, ["phq9_total"]], study.people.loc[kept, ["age"]]
    ).iloc[0]
    assert top["replication_r"] == pytest.approx(alone["r"]) and top["replication_n"] == kept.sum()
    assert (
        table.loc[~table["found"], "replication_r"].isna().all() and not table.loc[~table["found"], "replicated"].any()
    )
    np.testing.assert_allclose(table["q_value"], scipy.stats.false_discovery_control(table["p_value"]))


def test_an_effect_that_turns_round_is_not_replicated():
    study = cohort(effect=0.5)
    kept = held_out(study.people["person"], seed=5)
    study.features.loc[kept, "f3__mean"] *= -1
    top = association_table(study, adjust=["age"], seed=5).iloc[0]
    assert top["found"] and top["replication_q_value"] < 0.05 and not top["replicated"]


def test_without_replication_everyone_is_looked_at():
    table = association_table(cohort(), adjust=["age"], held_out_share=0)
    assert table["n"].eq(601).all() and "replicated" not in table
    with pytest.raises(UnusableInput, match="no 'sex' to adjust for; the cohort has age"):
        association_table(cohort(), adjust=["sex"])


def test_who_is_held_out_does_not_depend_on_who_has_a_recording():
    study = cohort(effect=0.5)
    kept = held_out(study.people["person"], seed=5)
    fewer = Cohort(study.features.iloc[100:].reset_index(drop=True), study.people, study.dictionary)
    table = association_table(fewer, adjust=["age"], seed=5)
    assert table["n"].eq((~kept)[100:].sum()).all() and table["replication_n"].iloc[0] == kept[100:].sum()
