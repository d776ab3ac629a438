import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from openada.errors import UnusableInput
from openada.evaluation.baselines import (
    PENALTIES,
    choose_penalty,
    constant_mean,
    constant_median,
    identity_lookup,
    ridge_predictions,
    subject_folds,
)
from openada.evaluation.checks import subject_codes


def planted(n_subjects=31, features=7, noise=0.5, seed=0):
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_subjects), rng.integers(1, 4, n_subjects))
    x = rng.standard_normal((groups.size, features)) * np.logspace(-2, 3, features) + 5.0
    weights = np.array([3.0, -2.0] + [0.0] * (features - 2)) / np.logspace(-2, 3, features)
    return x, x @ weights + noise * rng.standard_normal(groups.size), groups


def test_constants():
    label = [1.0, 2.0, 9.0]
    assert constant_mean(label, 5).tolist() == [4.0] * 5
    assert constant_median(label, 2).tolist() == [2.0, 2.0]
    assert constant_median([1.0, 4.0], 1).tolist() == [2.5]
    with pytest.raises(UnusableInput, match="training label"):
        constant_mean([1.0, np.nan], 3)


def test_identity_lookup():
    looked = identity_lookup([10.0, 20.0, 33.0], ["a", "a", "b"], ["b", "c", "a", "c", "a"])
    assert looked.prediction.tolist() == [33.0, 21.0, 15.0, 21.0, 15.0]
    assert looked.found.tolist() == [True, False, True, False, True]
    assert looked.coverage == 3
    disjoint = identity_lookup([10.0, 20.0, 33.0], ["a", "a", "b"], ["x", "y"])
    np.testing.assert_array_equal(disjoint.prediction, constant_mean([10.0, 20.0, 33.0], 2))
    assert disjoint.coverage == 0


@pytest.mark.parametrize("penalty", [1e-3, 0.1, 10.0])
@pytest.mark.parametrize("features", [2, 7, 97])  # 97: more features than recordings
def test_ridge_equals_scikit_learn(penalty, features):
    x, y, groups = planted(features=features)
    test = planted(11, features, seed=9)[0]
    scaler = StandardScaler().fit(x)
    model = Ridge(alpha=penalty * y.size).fit(scaler.transform(x), y)
    expected = model.predict(scaler.transform(test))
    np.testing.assert_allclose(ridge_predictions(x, y, test, groups, penalties=[penalty]), expected, atol=1e-9)


def test_ridge_chooses_by_subjects_inside_training():
    x, y, groups = planted()
    codes, names = subject_codes(groups, y.size)
    fold = subject_folds(codes, len(names), 5, 0)
    for subject in range(len(names)):
        assert len(set(fold[codes == subject])) == 1
    errors = []
    for penalty in PENALTIES:
        squares = 0.0
        for k in range(5):
            scaler = StandardScaler().fit(x[fold != k])
            model = Ridge(alpha=penalty * np.sum(fold != k)).fit(scaler.transform(x[fold != k]), y[fold != k])
            squares += np.sum((model.predict(scaler.transform(x[fold == k])) - y[fold == k]) ** 2)
        errors.append(squares)
    assert choose_penalty(x, y, groups) == pytest.approx(PENALTIES[int(np.argmin(errors))])


def test_ridge_is_not_fooled_by_features_that_name_the_person():
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(23), 3)
    faces, label = rng.standard_normal((23, 41))[groups], 9.0 * rng.standard_normal(23)[groups]
    # Folds of recordings would see each person in training and find almost no error at a small penalty.
    assert choose_penalty(faces, label, groups) >= 1.0
    assert choose_penalty(faces, label, np.arange(69)) < 0.1


def test_ridge_finds_a_planted_signal_and_leaves_noise_alone():
    x, y, groups = planted(101, 13)
    test, expected, _ = planted(37, 13, noise=0.0, seed=5)
    assert np.abs(ridge_predictions(x, y, test, groups) - expected).mean() < 0.3
    noise = np.random.default_rng(2).standard_normal(y.size)
    assert np.std(ridge_predictions(x, noise, test, groups)) < 0.2


def test_test_rows_do_not_touch_each_other_or_the_fit():
    x, y, groups = planted()
    test = planted(5, seed=4)[0]
    together = ridge_predictions(x, y, test, groups)
    one_by_one = [ridge_predictions(x, y, row[None], groups)[0] for row in test]
    np.testing.assert_allclose(one_by_one, together, atol=1e-11)


def test_missing_and_constant_features():
    x, y, groups = planted()
    test = planted(5, seed=4)[0]
    expected = ridge_predictions(x, y, test, groups)
    padded = np.column_stack([x, np.full(len(x), 0.1), np.full(len(x), np.nan)])
    wide = np.column_stack([test, np.arange(len(test)), np.full(len(test), 3.0)])
    np.testing.assert_allclose(ridge_predictions(padded, y, wide, groups), expected, atol=1e-10)
    all_missing = ridge_predictions(x, y, np.full((1, x.shape[1]), np.nan), groups)
    assert all_missing[0] == pytest.approx(y.mean())


def test_unusable_input():
    x, y, groups = planted()
    for wrong, told in (
        (lambda: ridge_predictions(x, y, x[:, 1:], groups), "do not fit together"),
        (lambda: ridge_predictions(x, y, x, np.zeros(y.size)), "1 training subjects"),
        (lambda: ridge_predictions(x, y, x, groups, penalties=[0.0]), "positive"),
        (lambda: ridge_predictions(x[:, 0], y, x, groups), "one row of features"),
        (lambda: ridge_predictions(np.where(x > x.mean(), np.inf, x), y, x, groups), "infinite"),
        (lambda: ridge_predictions(x, np.full(y.size, np.nan), x, groups), "train_y is NaN"),
    ):
        with pytest.raises(UnusableInput, match=told):
            wrong()
