import numpy as np
import pytest

from openada.cohort.prediction.figures import headline, pooled
from openada.training.behaviour_series import Series, SeriesFitting, Wanted, fit_series_fold, standardised

PEOPLE, STEPS, SIGNALS = 160, 41, 3
TINY = SeriesFitting("tiny", epochs=8, batch=16, learning_rate=1e-2)


def pulses(seed=0, label=None):
    """A bump of signal 0 and one of signal 1, 6 steps before it or after it by class; everything else is the same."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(PEOPLE) % 2).astype(float) if label is None else label
    values = 0.3 * rng.standard_normal((PEOPLE, STEPS, SIGNALS))
    at = rng.integers(10, STEPS - 10, PEOPLE)
    for person in range(PEOPLE):
        first, second = (0, 1) if y[person] else (1, 0)
        values[person, at[person] - 3, first] += 4
        values[person, at[person] + 3, second] += 4
    values[:, :, 2] *= np.exp(rng.normal(0, 0.3, PEOPLE))[:, None]
    known = np.ones((PEOPLE, STEPS), bool)
    known[::5, :4] = False
    return Series(values.astype(np.float32), known, np.arange(PEOPLE)), y


def folds(n, k):
    return [(np.flatnonzero(np.arange(n) % k != fold), np.flatnonzero(np.arange(n) % k == fold)) for fold in range(k)]


def predicted(series, wanted, fitting=TINY):
    said = np.zeros((PEOPLE, 2))
    for train, test in folds(PEOPLE, 2):
        fold = fit_series_fold(
            series, wanted, train, test, folds(len(train), 2)[:1], lambda a, b: headline(a, b, "two-class"), fitting
        )
        said[test] = fold.prediction
    return said


def test_it_learns_an_order_that_statistics_of_the_signals_cannot_see():
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict

    series, y = pulses()
    said = predicted(series, Wanted(y, 2, np.empty((PEOPLE, 0))))
    assert pooled("auroc", y, [said]).value > 0.9
    values = np.where(series.known[:, :, None], series.values, np.nan)
    made = np.concatenate([np.nanquantile(values, q, axis=1) for q in (0, 0.25, 0.5, 0.75, 1)], axis=1)
    made = np.concatenate([made, np.nanmean(values, axis=1), np.nanstd(values, axis=1)], axis=1)
    made = (made - made.mean(axis=0)) / made.std(axis=0)
    by_statistics = cross_val_predict(LogisticRegression(C=0.1), made, y, cv=5, method="predict_proba")
    control = pooled("auroc", y, [by_statistics])
    assert control.low < 0.5 < control.high


def test_where_there_is_nothing_it_stays_at_chance():
    series, y = pulses(1)
    figures = []
    for seed in range(3):
        label = np.random.default_rng(7 + seed).permutation(y)
        figures.append(pooled("auroc", label, [predicted(series, Wanted(label, 2, np.empty((PEOPLE, 0))))], folds=2))
    assert all(one.low < 0.5 < one.high for one in figures)
    assert np.mean([one.value for one in figures]) == pytest.approx(0.5, abs=0.08)


def test_standardising_looks_at_training_people_alone_and_frees_of_covariates():
    rng = np.random.default_rng(2)
    covariate = rng.standard_normal((PEOPLE, 1))
    level, spread = 3 + 2 * covariate, np.exp(0.5 * covariate)
    values = level[:, None] + spread[:, None] * rng.standard_normal((PEOPLE, STEPS, SIGNALS))
    known = rng.random((PEOPLE, STEPS)) < 0.9
    values[~known] = np.nan
    values[5, 7, 1] = np.nan
    series = Series(values.astype(np.float32), known, np.arange(PEOPLE))
    train, test = folds(PEOPLE, 3)[0]
    found = standardised(series, covariate, train)
    assert np.isfinite(found).all() and (found[~known] == 0).all() and found[5, 7, 1] == 0
    mean = np.array([found[k][known[k]].mean() for k in range(PEOPLE)])
    sd = np.array([found[k][known[k]].std() for k in range(PEOPLE)])
    assert abs(np.corrcoef(mean, covariate[:, 0])[0, 1]) < 0.2 and abs(np.corrcoef(sd, covariate[:, 0])[0, 1]) < 0.2
    assert mean.mean() == pytest.approx(0, abs=0.05) and sd.mean() == pytest.approx(1, abs=0.05)
    other = values.copy()
    other[test] = 100 * other[test] - 7
    again = standardised(Series(other.astype(np.float32), known, np.arange(PEOPLE)), covariate, train)
    np.testing.assert_array_equal(again[train], found[train])
    plain = standardised(series, np.empty((PEOPLE, 0)), train)
    assert abs(np.corrcoef([plain[k][known[k]].mean() for k in range(PEOPLE)], covariate[:, 0])[0, 1]) > 0.9


def test_the_same_seed_gives_the_same_numbers_and_a_total_is_learnt_in_its_own_unit():
    series, _ = pulses(3)
    y = 20 + 50 * series.values[:, :, 2].std(axis=1).astype(float)
    wanted = Wanted(y, 0, np.empty((PEOPLE, 0)))
    train, test = folds(PEOPLE, 2)[0]
    two = Series(  # everyone has two recordings, the second the first again
        np.concatenate([series.values, series.values]), np.tile(series.known, (2, 1)), np.tile(series.owner, 2)
    )
    fitting = SeriesFitting("tiny", epochs=4, batch=16, learning_rate=1e-2, seed=5)

    def fit(of, fitting):
        return fit_series_fold(of, wanted, train, test, [], lambda a, b: headline(a, b, "regression"), fitting)

    found = fit(two, fitting)
    np.testing.assert_array_equal(found.prediction, fit(two, fitting).prediction)
    assert found.epochs == 4 and np.isnan(found.inner_score)
    assert np.corrcoef(found.prediction, y[test])[0, 1] > 0.5 and abs(found.prediction.mean() - y.mean()) < y.std()
    other = SeriesFitting("tiny", epochs=4, batch=16, learning_rate=1e-2, seed=6)
    assert np.abs(found.prediction - fit(two, other).prediction).max() > 1e-6
