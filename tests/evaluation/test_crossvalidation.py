import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from openada.datasets.folds import grouped_folds, leave_one_subject_out, nested_folds
from openada.errors import UnusableInput
from openada.evaluation import crossvalidation
from openada.evaluation.baselines import ridge_predictions
from openada.evaluation.crossvalidation import (
    CONSTANTS,
    CrossValidation,
    OverFolds,
    cross_validate,
    cross_validate_nested,
    cross_validation_rows,
    estimator,
    ridge,
    training_mean,
    training_median,
)

FEATURES = 7


def study(n_subjects=23, noise=3.0, seed=0):
    """Table and features of two recordings per subject; the first two features tell the score."""
    rng = np.random.default_rng(seed)
    subject = np.repeat([f"p{s:02d}" for s in range(n_subjects)], 2)
    ids = [f"{name}_{task}" for name, task in zip(subject, ["a", "b"] * n_subjects, strict=True)]
    x = rng.standard_normal((len(ids), FEATURES)) * np.logspace(-1, 2, FEATURES) + 5.0
    z = (x - 5.0) / np.logspace(-1, 2, FEATURES)
    score = np.clip(np.round(20.0 + 8.0 * z[:, 0] - 5.0 * z[:, 1] + noise * rng.standard_normal(len(ids))), 0, 63)
    table = pd.DataFrame({"recording_id": ids, "subject": subject, "session": "1", "score": score, "scale": "BDI-II"})
    order = rng.permutation(len(ids))  # rows of table and features in different orders
    return table, pd.DataFrame(x, index=ids, columns=[f"f{k}" for k in range(FEATURES)]).iloc[order]


def test_equals_folds_done_by_hand():
    table, features = study()
    folds = grouped_folds(table, 5, seed=1)
    found = cross_validate(folds, table, features, ridge)
    score = table.set_index("recording_id")["score"]
    people = table.set_index("recording_id")["subject"]
    rmse, expected = [], {}
    for members in folds.tested:
        train = [name for name in table["recording_id"] if name not in members]
        predicted = ridge_predictions(features.loc[train], score[train], features.loc[list(members)], people[train])
        expected.update(zip(members, predicted, strict=True))
        rmse.append(np.sqrt(np.mean((predicted - score[list(members)]) ** 2)))
    got = found.predictions.set_index("recording_id")
    assert sorted(got.index) == sorted(table["recording_id"])
    np.testing.assert_allclose(got["prediction"], [expected[name] for name in got.index], atol=1e-9)
    np.testing.assert_array_equal(got["score"], score[got.index])
    assert [set(got.index[got["fold"] == k + 1]) for k in range(5)] == [set(members) for members in folds.tested]
    per_fold = found.per_fold[found.per_fold["metric"] == "rmse"]
    np.testing.assert_allclose(per_fold["value"], rmse, atol=1e-9)
    assert per_fold["n"].sum() == 46 and per_fold["n_subjects"].sum() == 23
    summary = {figure.metric: figure for figure in found.summary}["rmse"]
    assert summary.mean == pytest.approx(np.mean(rmse)) and summary.sd == pytest.approx(np.std(rmse, ddof=1))
    assert summary.n_folds == 5
    assert summary.lowest_to_highest.startswith(f"{min(rmse):.3g} to {max(rmse):.3g} (a fold's figure is no result")
    assert found.sha256 == folds.sha256 and found.findings == ()


def test_no_best_fold_can_be_asked_for():
    numbers = {field.name for field in dataclasses.fields(OverFolds) if field.type in ("float", float)}
    assert numbers == {"mean", "sd"}
    names = [*dir(crossvalidation), *(field.name for field in dataclasses.fields(CrossValidation))]
    assert not [name for name in names if "best" in name.lower() or name.lower() in ("min", "max")]


def test_a_method_sees_its_training_fold_and_nothing_else():
    table, features = study()
    folds = leave_one_subject_out(table)
    seen = []

    def spy(train_features, train_labels, train_subjects, test_features, /):
        seen.append((train_features.copy(), train_labels.copy(), train_subjects.copy(), test_features.copy()))
        for array in (train_features, train_labels, train_subjects, test_features):
            assert array.base is None or array.base.shape[::-1] == array.shape  # no view into a larger array
            array[:] = 0  # nor does spoiling it reach the next fold
        return np.full(len(test_features), 11.0)

    found = cross_validate(folds, table, features, spy)
    score = table.set_index("recording_id")["score"]
    for split, (x, y, who, test) in zip(folds.splits, seen, strict=False):
        np.testing.assert_array_equal(x, features.loc[list(split.ids["training"])])
        np.testing.assert_array_equal(y, score[list(split.ids["training"])])
        np.testing.assert_array_equal(test, features.loc[list(split.ids["test"])])
        assert not set(who) & split.subjects_in("test")
    assert len(seen) == len(folds.tested) + 1  # the first once more
    np.testing.assert_array_equal(found.predictions.set_index("recording_id").loc[score.index, "score"], score)


def test_scikit_learn_is_fitted_anew_inside_each_fold():
    table, features = study()
    features = features.assign(f3=features["f3"].where(features["f3"] > 0))  # some missing
    folds = grouped_folds(table, 3, seed=0)
    model = Ridge(alpha=2.0)
    found = cross_validate(folds, table, features, estimator(model)).predictions.set_index("recording_id")
    assert not hasattr(model, "coef_")
    score = table.set_index("recording_id")["score"]
    for split in folds.splits:
        train, test = features.loc[list(split.ids["training"])], features.loc[list(split.ids["test"])]
        scaler = StandardScaler().fit(train.fillna(train.mean()))
        by_hand = Ridge(alpha=2.0).fit(scaler.transform(train.fillna(train.mean())), score[train.index])
        expected = by_hand.predict(scaler.transform(test.fillna(train.mean())))
        np.testing.assert_allclose(found.loc[test.index, "prediction"], expected, atol=1e-9)


def test_nested_chooses_on_inner_folds_alone():
    table, features = study(31)
    folds = nested_folds(table, 5, 3, seed=4)
    sizes = []

    def counting(train_features, train_labels, train_subjects, test_features, /):
        sizes.append((len(train_labels), len(test_features)))
        return ridge(train_features, train_labels, train_subjects, test_features)

    candidates = {"mean": training_mean, "ridge": counting}
    found = cross_validate_nested(folds, table, features, candidates)
    assert found.chosen == ("ridge",) * 5
    plain = cross_validate(grouped_folds(table, 5, seed=4), table, features, ridge)
    np.testing.assert_allclose(found.predictions["prediction"], plain.predictions["prediction"])
    inner = [(len(s.ids["training"]), len(s.ids["test"])) for f in folds.inner for s in f.splits]
    outer = [(len(s.ids["training"]), len(s.ids["test"])) for s in folds.splits]
    assert sizes == [*inner, *outer, outer[0]]


def test_nested_selection_does_not_depend_on_the_outer_labels():
    table, features = study(31, noise=9.0)
    folds = nested_folds(table, 5, 3, seed=4)
    candidates = {"mean": training_mean, "ridge": ridge, "fixed": estimator(Ridge(alpha=1e4))}
    spoiled = table.assign(score=np.where(table["recording_id"].isin(folds.tested[0]), 63.0, table["score"]))
    first = [cross_validate_nested(folds, given, features, candidates).chosen[0] for given in (table, spoiled)]
    assert first[0] == first[1]
    by_mae = cross_validate_nested(folds, table, features, {"a": training_median, "b": training_median}, "mae")
    assert by_mae.chosen == ("a",) * 5  # of equals the first


def test_single_person_folds_have_no_correlation():
    table, features = study(7)
    table["score"] = table.groupby("subject")["score"].transform("mean")
    found = cross_validate(leave_one_subject_out(table), table, features, ridge)
    figures = {figure.metric: figure for figure in found.summary}
    for name in ("pcc", "ccc"):
        assert np.isnan(figures[name].mean)
        assert figures[name].note == "undefined in 7 of 7 folds: no mean; see the pooled predictions"
    assert np.isfinite(figures["mae"].mean)


def test_rows_begin_with_the_constants_of_each_fold():
    table, features = study()
    folds = grouped_folds(table, 5, seed=1)
    results = {
        name: cross_validate(folds, table, features, method) for name, method in {"ridge": ridge, **CONSTANTS}.items()
    }
    rows = cross_validation_rows(results)
    assert rows["predictor"].drop_duplicates().tolist() == ["training mean", "training median", "ridge"]
    score = table.set_index("recording_id")["score"]
    mean = [np.mean(np.abs(score[list(s.ids["test"])] - score[list(s.ids["training"])].mean())) for s in folds.splits]
    assert rows.loc[(rows["predictor"] == "training mean") & (rows["metric"] == "mae"), "mean"].item() == pytest.approx(
        np.mean(mean)
    )
    assert rows.loc[(rows["predictor"] == "training mean") & (rows["metric"] == "ccc"), "mean"].item() == 0.0
    assert rows.loc[(rows["predictor"] == "training mean") & (rows["metric"] == "pcc"), "mean"].isna().all()
    with pytest.raises(UnusableInput, match="no 'training median'"):
        cross_validation_rows({name: results[name] for name in ("training mean", "ridge")})
    other = cross_validate(grouped_folds(table, 5, seed=2), table, features, ridge)
    with pytest.raises(UnusableInput, match="different folds"):
        cross_validation_rows({**results, "other": other})


def test_unusable_input():
    table, features = study(7)
    folds = grouped_folds(table, 3, seed=0)
    moved = table.assign(subject=["p01", *table["subject"][1:]])
    for wrong, told in (
        (lambda: cross_validate(folds, table[2:], features, ridge), r"table: no row for 'p00_a' \(2 recordings"),
        (lambda: cross_validate(folds, table, features.drop("p03_b"), ridge), "features: no row for 'p03_b'"),
        (lambda: cross_validate(folds, table, pd.concat([features, features]), ridge), "has several rows"),
        (lambda: cross_validate(folds, moved, features, ridge), "'p00_a' is of subject 'p01' in the table and 'p00'"),
        (lambda: cross_validate(folds, table.assign(score=np.nan), features, ridge), r"score is NaN .*p00_a"),
        (lambda: cross_validate(folds, table, features, lambda *_: [1.0]), r"shape \(1,\) for 4 test recordings"),
        (
            lambda: cross_validate(folds, table, features, lambda *a: [np.nan] * len(a[3])),
            r"prediction of grouped-3-fold, fold 1 of 3 is NaN .* \(p",
        ),
        (lambda: cross_validate(folds, table, features, ridge, ["macro_f1"]), "macro_f1 over folds"),
        (lambda: cross_validate_nested(folds, table, features, {"r": ridge}), "no inner folds"),
        (lambda: cross_validate_nested(nested_folds(table, 3, 2, 0), table, features, {}), "no candidates"),
        (
            lambda: cross_validate_nested(nested_folds(table, 3, 2, 0), table, features, {"m": training_mean}, "pcc"),
            "pcc of 'm' is undefined",
        ),
    ):
        with pytest.raises(UnusableInput, match=told):
            wrong()
