"""One cheating pipeline per cheat that released code has been seen to commit: each is stopped or flagged."""

import numpy as np
import pandas as pd
import pytest

from openada.datasets.folds import Folds, grouped_folds, nested_folds
from openada.datasets.splits import official, subject_disjoint
from openada.errors import UnusableInput
from openada.evaluation.baselines import ridge_predictions
from openada.evaluation.crossvalidation import (
    cross_validate,
    cross_validate_nested,
    estimator,
    ridge,
    training_mean,
)
from openada.evaluation.guards import (
    require_all_folds,
    require_identity_lookup,
    require_no_label_among,
    require_unselected,
    scaled_before_split,
    subjects_on_both_sides,
)
from openada.evaluation.metrics import rmse
from openada.evaluation.table import evaluation_rows

SUBJECTS, COLUMNS = 53, 211


@pytest.fixture
def noise():
    """Manifest and features of two recordings per subject; no feature has anything to do with the score."""
    rng = np.random.default_rng(20)
    subject = np.repeat([f"p{s:02d}" for s in range(SUBJECTS)], 2)
    ids = [f"{name}_{task}" for name, task in zip(subject, ["a", "b"] * SUBJECTS, strict=True)]
    score = np.repeat(rng.integers(0, 64, SUBJECTS), 2).astype(float)
    features = pd.DataFrame(
        rng.gamma(2.0, 3.0, (len(ids), COLUMNS)), index=ids, columns=[f"AU{k}" for k in range(COLUMNS)]
    )
    table = pd.DataFrame(
        {"recording_id": ids, "subject": subject, "session": "1", "task": ["a", "b"] * SUBJECTS, "score": score}
    )
    return table.assign(scale="BDI-II", split=""), features


def of(split, part, table, features):
    ids = list(split.ids[part])
    rows = table.set_index("recording_id").loc[ids]
    return features.loc[ids].to_numpy(), rows["score"].to_numpy(float), rows["subject"].to_numpy(object)


def test_selection_on_test_is_stopped(noise):
    table, features = noise
    split = subject_disjoint(table, seed=0)
    x, y, who = of(split, "training", table, features)
    asked, label, _ = of(split, "test", table, features)
    # "Early stopping" on test: of 40 random projections the one that test likes best.
    rng = np.random.default_rng(1)
    tried = []
    for _ in range(40):
        projection = rng.standard_normal((COLUMNS, 3))
        tried.append(ridge_predictions(x @ projection, y, asked @ projection, who, penalties=[1e-4]))
    run = {"prediction": min(tried, key=lambda p: rmse(label, p)), "selected_on": "test"}
    assert rmse(label, run["prediction"]) < rmse(label, np.full(label.size, y.mean()))  # so it would have paid
    with pytest.raises(UnusableInput, match="the test recordings selected this model"):
        require_unselected(run["selected_on"], "test")


def test_selection_on_the_reported_fold_cannot_be_written(noise):
    table, features = noise
    folds = nested_folds(table, 5, 2, seed=0)
    rng = np.random.default_rng(1)

    def on(projection):
        def fit_predict(train_x, train_y, train_subjects, test_x, /):
            return ridge_predictions(
                train_x @ projection, train_y, test_x @ projection, train_subjects, penalties=[1e-4]
            )

        return fit_predict

    candidates = {f"projection {k}": on(rng.standard_normal((COLUMNS, 3))) for k in range(7)}
    constant = cross_validate(folds, table, features, training_mean).summary[1].mean
    honest = cross_validate_nested(folds, table, features, candidates).summary[1]
    each = [cross_validate(folds, table, features, method).per_fold for method in candidates.values()]
    cheated = np.min([one.loc[one["metric"] == "rmse", "value"] for one in each], axis=0).mean()
    assert honest.metric == "rmse" and cheated < constant < honest.mean


def test_scaling_before_the_split_is_flagged(noise):
    from sklearn.preprocessing import MinMaxScaler, StandardScaler

    table, features = noise
    split = subject_disjoint(table, seed=0)
    training = features.index.isin(split.ids["training"])
    for scaler, told in ((StandardScaler(), "were standardised over all"), (MinMaxScaler(), "were scaled to 0–1")):
        everywhere = pd.DataFrame(scaler.fit_transform(features), features.index, features.columns)
        assert f"211 of 211 features (AU0, AU1, AU2, AU3, AU4 and 206 more) {told}" in scaled_before_split(
            everywhere, training
        )
        inside = pd.DataFrame(scaler.fit(features[training]).transform(features), features.index, features.columns)
        assert scaled_before_split(inside, training) == ""
        folds = grouped_folds(table, 5, seed=0)
        assert told in cross_validate(folds, table, everywhere, ridge).findings[0]
        assert cross_validate(folds, table, features, ridge).findings == ()


def test_selecting_features_before_the_split_gains_nothing_inside(noise):
    from sklearn.feature_selection import SelectKBest, f_regression
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline

    table, features = noise
    folds = grouped_folds(table, 5, seed=0)
    score = table.set_index("recording_id").loc[features.index, "score"]
    before = features.loc[:, SelectKBest(f_regression, k=11).fit(features, score).get_support()]
    inside = make_pipeline(SelectKBest(f_regression, k=11), Ridge())
    constant = cross_validate(folds, table, features, training_mean).summary[1].mean
    assert cross_validate(folds, table, before, estimator(Ridge())).summary[1].mean < 0.95 * constant  # the cheat
    assert cross_validate(folds, table, features, estimator(inside)).summary[1].mean > constant


def test_a_network_that_is_not_started_anew_in_each_fold_is_flagged(noise):
    table, features = noise
    known = {}

    def warm(train_x, train_y, train_subjects, test_x, /):
        known.update((tuple(row), label) for row, label in zip(train_x, train_y, strict=True))
        return [known.get(tuple(row), train_y.mean()) for row in test_x]

    found = cross_validate(grouped_folds(table, 5, seed=0), table, features, warm)
    assert found.findings[0].startswith("fold 1 fitted again after the others predicts otherwise")


def test_best_fold_reporting_is_stopped(noise):
    table, features = noise
    found = cross_validate(grouped_folds(table, 5, seed=0), table, features, ridge)
    values = found.per_fold[found.per_fold["metric"] == "rmse"]["value"]
    with pytest.raises(UnusableInput, match="the best of 5: report the mean"):
        require_all_folds({"rmse": round(values.min(), 2)}, found.per_fold)
    require_all_folds({"rmse": round(values.mean(), 2)}, found.per_fold)
    assert not [name for name in vars(found.summary[0]) if name in ("best", "low", "high", "min", "max")]


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("PHQ8_Score", lambda score: np.random.default_rng(0).standard_normal(score.size)),
        ("participant_code", lambda score: score),
        ("participant_code", lambda score: 1000.0 - 2.5 * score),
        ("group", lambda score: (score >= 14).astype(float)),
    ],
)
def test_a_label_among_the_features_is_stopped(noise, name, made):
    table, features = noise
    score = table.set_index("recording_id").loc[features.index, "score"].to_numpy()
    features = features.assign(**{name: made(score)}).sample(frac=1, random_state=0)
    score = table.set_index("recording_id").loc[features.index, "score"].to_numpy()
    with pytest.raises(UnusableInput, match=f"feature '{name}' is"):
        require_no_label_among(features, score)
    with pytest.raises(UnusableInput, match=f"feature '{name}' is"):
        cross_validate(grouped_folds(table, 5, seed=0), table, features, ridge)


def test_the_items_of_a_questionnaire_among_the_features_are_stopped(noise):
    table, features = noise
    rng = np.random.default_rng(7)
    items = {f"q{k}": np.repeat(rng.integers(0, 4, SUBJECTS), 2).astype(float) for k in range(8)}
    table = table.assign(score=np.sum(list(items.values()), axis=0))
    features = features.iloc[:, :13].assign(**items)
    with pytest.raises(UnusableInput, match="features q0, q1, q2, q3, q4 and 3 more add up to the label exactly"):
        cross_validate(grouped_folds(table, 5, seed=0), table, features, ridge)


def test_a_subject_on_both_sides_is_flagged_and_the_look_up_required(noise):
    table, _ = noise
    split = official(table.assign(split=np.where(table["task"] == "a", "training", "test")))  # split by recording
    assert subjects_on_both_sides(split).startswith("53 subjects are in both training and test: p00, p01,")
    training = table[table["task"] == "a"]
    test = table[table["task"] == "b"].assign(prediction=20.0)
    hidden = evaluation_rows(test, training=training["score"])  # labels without subjects: no look-up is made
    with pytest.raises(UnusableInput, match="no row 'identity look-up'"):
        require_identity_lookup(hidden, split)
    shown = evaluation_rows(test, training=training)
    require_identity_lookup(shown, split)
    looked = shown[(shown["predictor"] == "identity look-up") & (shown["metric"] == "rmse")]
    assert (looked["value"] == 0).all()  # what the row is there to say: knowing the person is enough


def test_a_subject_in_two_folds_is_stopped(noise):
    table, _ = noise
    people = dict(zip(table["recording_id"], table["subject"], strict=True))
    by_row = tuple(tuple(table["recording_id"][k::5]) for k in range(5))  # as a shuffled split of recordings does
    with pytest.raises(UnusableInput, match=r"subject 'p00' is tested in fold 1 and in fold 2"):
        Folds("by row", by_row, people)
