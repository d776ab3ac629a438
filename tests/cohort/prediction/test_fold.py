"""Nothing is fitted on people who are tested, and nothing of the questionnaire is an input."""

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.linear_model import LogisticRegression

from openada.cohort.dictionary import COLUMNS
from openada.cohort.layout import Cohort
from openada.cohort.prediction.figures import pooled
from openada.cohort.prediction.fold import Fitting, fit_fold
from openada.cohort.prediction.inputs import Inputs, inputs_of
from openada.cohort.prediction.jobs import folds_of, plans_of
from openada.cohort.prediction.learners import LEARNERS, pipeline
from openada.cohort.prediction.pipeline_parts import Residualised, Undersampled
from openada.cohort.prediction.targets import TASKS, target_of
from openada.datasets.scales import scale_named
from openada.errors import UnusableInput

SCALE = "DASS-21-depression"


def drawn(n=90, d=7, seed=3, classes=("no", "yes"), effect=0.0):
    rng = np.random.default_rng(seed)
    total = rng.integers(0, 21, n) * 2.0
    y = (total >= 10).astype(float) if len(classes) == 2 else total if not classes else (total // 14).clip(0, 2)
    features = rng.standard_normal((n, d))
    features[:, 0] += effect * (total - total.mean()) / total.std()
    people = np.array([f"p{k:03d}" for k in range(n)])
    covariates = rng.standard_normal((n, 2))
    return Inputs(people, tuple(f"s{k}__mean" for k in range(d)), features, covariates, y, total, tuple(classes))


PLAIN = Fitting()


def out_of_fold(inputs, name, fitting=PLAIN, outer=3, seed=0):
    found = None
    for plan in plans_of(folds_of(inputs, SCALE, outer, 2, seed), inputs.people):
        result = fit_fold(inputs, name, plan.train, plan.test, plan.inner, fitting)
        found = np.full((len(inputs.y), *result.prediction.shape[1:]), np.nan) if found is None else found
        found[plan.test] = result.prediction
    return found


def test_selecting_before_the_split_invents_an_auroc_that_selecting_inside_does_not():
    inputs = drawn(n=100, d=800)
    inside = pooled("auroc", inputs.y, [out_of_fold(inputs, "linear", Fitting(keep=(10,)))])
    assert inside.low < 0.5 < inside.high
    chosen = SelectKBest(f_classif, k=10).fit(inputs.features, inputs.y).transform(inputs.features)
    cheating = np.full((100, 2), np.nan)
    for plan in plans_of(folds_of(inputs, SCALE, 3, 2, 0), inputs.people):
        model = LogisticRegression().fit(chosen[plan.train], inputs.y[plan.train])
        cheating[plan.test] = model.predict_proba(chosen[plan.test])
    assert pooled("auroc", inputs.y, [cheating]).low > 0.6


def test_what_is_tested_does_not_reach_what_is_fitted():
    inputs = drawn(effect=1.0)
    plan = plans_of(folds_of(inputs, SCALE, 3, 2, 0), inputs.people)[0]
    first = fit_fold(inputs, "linear", plan.train, plan.test, plan.inner, Fitting())
    features, y = inputs.features.copy(), inputs.y.copy()
    features[plan.test[1:]] = 1e6
    y[plan.test] = 1 - y[plan.test]
    spoilt = Inputs(inputs.people, inputs.names, features, inputs.covariates, y, inputs.total, inputs.classes)
    again = fit_fold(spoilt, "linear", plan.train, plan.test, plan.inner, Fitting())
    np.testing.assert_array_equal(first.prediction[0], again.prediction[0])
    assert first.kept == again.kept and first.inner_score == again.inner_score
    with pytest.raises(UnusableInput, match="keep people apart"):
        fit_fold(inputs, "linear", plan.train, plan.train[:5], plan.inner, Fitting())


def test_importance_names_the_feature_that_tells_and_no_other():
    inputs = drawn(n=150, effect=1.5)
    plan = plans_of(folds_of(inputs, SCALE, 3, 2, 0), inputs.people)[0]
    found = fit_fold(inputs, "linear", plan.train, plan.test, plan.inner, Fitting(keep=(3,), importance=5))
    assert "s0__mean" in found.kept and len(found.kept) == 3
    assert found.importance["s0__mean"] > 0.2 and found.importance["signal:s0"] > 0.2
    assert all(abs(value) < 0.1 for name, value in found.importance.items() if "s0" not in name)


@pytest.mark.parametrize("name", sorted(set(LEARNERS) - {"xgboost"}))
def test_every_learner_takes_every_task_missing_values_and_its_grid(name):
    for task in TASKS:
        inputs = drawn(n=160, classes={"regression": (), "two-class": "ab", "three-class": "abc"}[task], effect=3.0)
        inputs.features[::11, 1] = np.nan
        x = np.column_stack([inputs.features, inputs.covariates])
        made, grid = pipeline(name, task, n_covariates=2, keep=(3,), balance="undersample")
        small = {key: 7 for key in made.get_params() if key.endswith(("n_estimators", "max_iter"))}
        made.set_params(**{key: value for key, value in small.items() if name != "linear"})
        made.set_params(**{key: values[0] for key, values in grid.items()}).fit(x[:120], inputs.y[:120])
        if task == "regression":
            assert np.corrcoef(made.predict(x[120:]), inputs.y[120:])[0, 1] > 0.5
        else:
            share = made.predict_proba(x[120:])
            np.testing.assert_allclose(share.sum(axis=1), 1)
            assert pooled("auroc", inputs.y[120:], [share]).value > 0.7


def test_residuals_are_those_of_the_training_regression():
    rng = np.random.default_rng(0)
    z = rng.standard_normal((31, 2))
    x = z @ rng.standard_normal((2, 3)) + 5 + 0.1 * rng.standard_normal((31, 3))
    step = Residualised(2).fit(np.column_stack([x[:23], z[:23]]))
    design = np.column_stack([np.ones(23), z[:23]])
    weights = np.linalg.lstsq(design, x[:23], rcond=None)[0]
    expected = x[23:] - np.column_stack([np.ones(8), z[23:]]) @ weights + x[:23].mean(axis=0)
    np.testing.assert_allclose(step.transform(np.column_stack([x[23:], z[23:]])), expected, atol=1e-12)


def test_undersampling_draws_each_class_down_to_the_rarest():
    y = np.array([0] * 17 + [1] * 5 + [2] * 11)
    fitted = Undersampled(LogisticRegression(), 1).fit(np.arange(33.0)[:, None], y)
    assert np.bincount(y[fitted.drawn_]).tolist() == [5, 5, 5]


def test_targets_follow_the_bands():
    totals = np.array([0, 9, 10, 13, 14, 20, 21, 28, 42, np.nan])
    scale = scale_named(SCALE)
    np.testing.assert_array_equal(target_of(totals, scale, "two-class").y, [0, 0, 1, 1, 1, 1, 1, 1, 1, np.nan])
    three = target_of(totals, scale, "three-class")
    np.testing.assert_array_equal(three.y, [0, 0, np.nan, np.nan, 1, 1, 2, 2, 2, np.nan])
    assert three.classes == ("normal", "moderate", "severe or extremely severe")


def cohort_with(**extra):
    rng = np.random.default_rng(5)
    people = pd.DataFrame(
        {"person": [f"p{k:02d}" for k in range(60)], "dass21_depression": rng.integers(0, 21, 60) * 2.0}
    )
    features = pd.DataFrame({"person": people["person"], "AU12_g__mean": rng.standard_normal(60)})
    features = features.assign(**{name: value(people) for name, value in extra.items()})
    return Cohort(features, people, pd.DataFrame(columns=list(COLUMNS)))


@pytest.mark.parametrize(
    ("extra", "columns"),
    [
        ({"dass21_3": lambda p: 1.0}, ("*",)),
        ({"dass21_3__mean": lambda p: 1.0}, ("*",)),
        ({"phq9_total": lambda p: 1.0}, ("*",)),
        ({}, ("dass21_*",)),
        ({"AU01_g__mean": lambda p: p["dass21_depression"] * 3 + 1}, ("*",)),
        ({"AU01_g__mean": lambda p: (p["dass21_depression"] >= 10) * 1.0}, ("*",)),
    ],
)
def test_questionnaire_columns_and_copies_of_the_label_are_refused_in_one_line(extra, columns):
    with pytest.raises(UnusableInput) as refused:
        inputs_of(cohort_with(**extra), "dass21_depression", "two-class", columns=columns)
    assert "\n" not in str(refused.value)
