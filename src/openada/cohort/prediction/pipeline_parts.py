"""Steps of a scikit-learn pipeline that scikit-learn lacks. Like all steps they are fitted on training people alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone


class Residualised(TransformerMixin, BaseEstimator):
    """Features less what the covariates say about them: (n, d + c) → (n, d), the last `n_covariates` columns being covariates.

    A least-squares regression on the training people; the features must have no missing values.
    """

    def __init__(self, n_covariates: int = 0) -> None:
        self.n_covariates = n_covariates

    def fit(self, x: np.ndarray, y: Any = None) -> Residualised:
        """Fit the regression on x (n, d + c)."""
        features, covariates = self._parts(x)
        self.means_ = (features.mean(axis=0), covariates.mean(axis=0))
        self.weights_ = np.linalg.lstsq(covariates - self.means_[1], features - self.means_[0], rcond=None)[0]
        return self

    def transform(self, x: np.ndarray) -> np.ndarray:
        """What the covariates leave of the features (m, d)."""
        features, covariates = self._parts(x)
        return features - (covariates - self.means_[1]) @ self.weights_

    def _parts(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values = np.asarray(x, np.float64)
        d = values.shape[1] - self.n_covariates
        return values[:, :d], values[:, d:]


class Undersampled(ClassifierMixin, BaseEstimator):
    """A classifier fitted on as many people of each class as the rarest has, drawn by `seed` from those it is given to fit."""

    def __init__(self, estimator: Any = None, seed: int = 0) -> None:
        self.estimator = estimator
        self.seed = seed

    def fit(self, x: np.ndarray, y: np.ndarray) -> Undersampled:
        """Draw and fit."""
        rng = np.random.default_rng(self.seed)
        self.classes_, counts = np.unique(y, return_counts=True)
        fewest = counts.min()
        drawn = [rng.choice(np.flatnonzero(y == one), fewest, replace=False) for one in self.classes_]
        self.drawn_ = np.sort(np.concatenate(drawn))
        self.estimator_ = clone(self.estimator).fit(x[self.drawn_], y[self.drawn_])
        return self

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """(m, classes)."""
        return np.asarray(self.estimator_.predict_proba(x))

    def predict(self, x: np.ndarray) -> np.ndarray:
        """(m,)."""
        return np.asarray(self.estimator_.predict(x))
