"""Predictors that use no face, or no network: what a model has to beat (protocol, rules 4 and 6).

Everything is fitted on what is passed as training, and only there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from openada.errors import UnusableInput
from openada.evaluation.checks import Bools, Floats, Ints, subject_codes, vector

PENALTIES = tuple(float(x) for x in np.logspace(-4, 4, 17))


class Lookup(NamedTuple):
    """`prediction` (n,), `found` (n,) whether the person occurs in training, and how many do."""

    prediction: Floats
    found: Bools
    coverage: int


def constant_mean(train_label: npt.ArrayLike, n: int) -> Floats:
    """(n,) of the mean training label."""
    return np.full(n, vector(train_label, "training label").mean())


def constant_median(train_label: npt.ArrayLike, n: int) -> Floats:
    """(n,) of the median training label."""
    return np.full(n, np.median(vector(train_label, "training label")))


def identity_lookup(train_label: npt.ArrayLike, train_subject: npt.ArrayLike, test_subject: npt.ArrayLike) -> Lookup:
    """The mean training label of the same person, and the training mean for people who are not there.

    On a subject-disjoint split it is the training mean (coverage 0).
    """
    label = vector(train_label, "training label")
    codes, names = subject_codes(train_subject, label.size)
    mean_of = dict(zip(names, np.bincount(codes, weights=label) / np.bincount(codes), strict=True))
    asked = np.asarray(test_subject, dtype=object)
    test_codes, test_names = subject_codes(asked, asked.size)
    found = np.array([name in mean_of for name in test_names])[test_codes]
    prediction = np.array([mean_of.get(name, label.mean()) for name in test_names])[test_codes]
    return Lookup(prediction, found, int(found.sum()))


def ridge_predictions(
    train_x: npt.ArrayLike,
    train_y: npt.ArrayLike,
    test_x: npt.ArrayLike,
    groups: npt.ArrayLike,
    *,
    penalties: Sequence[float] = PENALTIES,
    folds: int = 5,
    seed: int = 0,
) -> Floats:
    """Ridge regression from train_x (n, d), train_y (n,) to test_x (m, d) → (m,), in the unit of train_y.

    Minimises mean squared error + λ·|b|² on standardised features (scikit-learn's alpha is n·λ). λ is the one of
    `penalties` with the least error in cross-validation by `groups` (n,), the subjects, inside training. Means,
    deviations and the value for missing features (NaN → the training mean) come from training alone, and inside the
    cross-validation from each fold's training part. Features constant in training are ignored. Predictions are not
    clipped to the scale. Raises UnusableInput for fewer than two subjects or unequal widths.
    """
    x, y, test = _features(train_x, "train_x"), vector(train_y, "train_y"), _features(test_x, "test_x")
    if x.shape[0] != y.size or x.shape[1] != test.shape[1]:
        raise UnusableInput(f"train_x {x.shape}, {y.size} labels and test_x {test.shape} do not fit together")
    penalty = choose_penalty(x, y, groups, penalties=penalties, folds=folds, seed=seed)
    return _fit_predict(x, y, test, np.array([penalty]))[:, 0]


def choose_penalty(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    groups: npt.ArrayLike,
    *,
    penalties: Sequence[float] = PENALTIES,
    folds: int = 5,
    seed: int = 0,
) -> float:
    """The penalty with the least squared error in cross-validation by subjects; of equals the largest."""
    features, label = _features(x, "x"), vector(y, "y")
    tried = np.sort(vector(list(penalties), "penalties"))[::-1]
    if tried[-1] <= 0:
        raise UnusableInput(f"penalty {tried[-1]:g}: give positive ones")
    codes, names = subject_codes(groups, label.size)
    if len(names) < 2 or folds < 2:
        raise UnusableInput(f"{len(names)} training subjects in {folds} folds: choosing a penalty needs two of each")
    fold = subject_folds(codes, len(names), min(folds, len(names)), seed)
    squares = np.zeros(tried.size)
    for k in range(fold.max() + 1):
        held = fold == k
        predicted = _fit_predict(features[~held], label[~held], features[held], tried)
        squares += np.sum(np.square(predicted - label[held, None]), axis=0)
    return float(tried[np.argmin(squares)])


def subject_folds(codes: Ints, n_subjects: int, folds: int, seed: int) -> Ints:
    """(n,) fold of each recording: whole subjects, dealt out at random to folds of equal numbers of subjects."""
    dealt = np.empty(n_subjects, dtype=np.int64)
    dealt[np.random.default_rng(seed).permutation(n_subjects)] = np.arange(n_subjects) % folds
    return dealt[codes]


def _features(values: npt.ArrayLike, name: str) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or array.shape[0] == 0:
        raise UnusableInput(f"{name} has shape {array.shape}: give one row of features per recording")
    if np.isinf(array).any():
        raise UnusableInput(f"{name} is infinite in row {np.argwhere(np.isinf(array))[0][0]}: mark missing as NaN")
    return array


def _fit_predict(x: Floats, y: Floats, test: Floats, penalties: Floats) -> Floats:
    """(m, penalties): fitted on x, y alone."""
    seen = ~np.isnan(x)
    count = np.maximum(seen.sum(axis=0), 1)
    mean = np.where(seen, x, 0.0).sum(axis=0) / count
    filled, asked = np.where(seen, x, mean) - mean, np.where(np.isnan(test), mean, test) - mean
    deviation = filled.std(axis=0)
    used = deviation > 1e-12 * (1.0 + np.abs(mean))
    filled, asked = filled[:, used] / deviation[used], asked[:, used] / deviation[used]
    u, s, vt = np.linalg.svd(filled, full_matrices=False)
    shrunk = s[:, None] / (np.square(s)[:, None] + penalties * y.size)
    coefficients = vt.T @ (shrunk * (u.T @ (y - y.mean()))[:, None])
    return y.mean() + asked @ coefficients
