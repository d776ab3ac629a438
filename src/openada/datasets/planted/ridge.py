"""Ridge regression in closed form, the simple reader against which the benchmark is checked."""

from __future__ import annotations

import numpy as np

FOLDS = 5


def ridge_predictions(train: np.ndarray, label: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Predictions (M,) for test (M, F) by ridge regression on train (N, F), label (N,).

    Features are standardised and the penalty chosen by generalised cross-validation (Golub, Heath and Wahba 1979), both
    on the training rows alone.
    """
    centre, spread = train.mean(axis=0), train.std(axis=0)
    spread = np.where(spread > 1e-12, spread, 1.0)
    mean = label.mean()
    u, d, vt = np.linalg.svd((train - centre) / spread, full_matrices=False)
    projected = u.T @ (label - mean)
    best, weights = np.inf, np.zeros(train.shape[1])
    for penalty in len(label) * 10.0 ** np.arange(-4, 4):
        shrink = d**2 / (d**2 + penalty)
        residual = label - mean - u @ (shrink * projected)
        score = (residual**2).sum() / (len(label) - 1 - shrink.sum()) ** 2
        if score < best:
            best, weights = score, vt.T @ (d / (d**2 + penalty) * projected)
    return np.asarray(mean + (test - centre) / spread @ weights)


def cross_validated_ratio(features: np.ndarray, label: np.ndarray, seed: int = 0) -> float:
    """Out-of-sample RMSE of ridge regression on (N, F) features over that of the training mean, in five folds."""
    fold = np.random.default_rng(seed).permutation(len(label)) % FOLDS
    error, constant = np.empty(len(label)), np.empty(len(label))
    for k in range(FOLDS):
        train, test = fold != k, fold == k
        error[test] = label[test] - ridge_predictions(features[train], label[train], features[test])
        constant[test] = label[test] - label[train].mean()
    return float(np.sqrt((error**2).mean() / (constant**2).mean()))
