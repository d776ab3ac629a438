"""How consistent the items of a scale are: Cronbach's α and McDonald's ω."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt

from openada.errors import UnusableInput
from openada.evaluation.checks import Floats
from openada.evaluation.intervals import Interval, interval_of
from openada.evaluation.resampling import SubjectSums

_MOST_STEPS = 5000


def cronbach_alpha(items: npt.ArrayLike, level: float = 0.95) -> Interval:
    """α = k/(k − 1) · (1 − Σ var(item) / var(sum)) of items (n, k) (Cronbach 1951), with a jackknife-t interval over people.

    People with a missing answer are left out. NaN where everyone has the same sum. Raises UnusableInput for fewer than two items.
    """
    complete = _complete(items)
    n, k = complete.shape
    centred = complete - complete.mean(axis=0) if n else complete
    total = centred.sum(axis=1, keepdims=True)
    columns = np.concatenate([np.ones((n, 1)), centred, total, centred**2, total**2], axis=1)

    def figure(sums: Floats) -> Floats:
        count = sums[..., :1]
        means, squares = sums[..., 1 : k + 2] / count, sums[..., k + 2 :] / count
        variance = squares - means**2
        variance = np.where(variance > 1e-12 * np.maximum(squares, 1e-300), variance, 0.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(k / (k - 1) * (1.0 - variance[..., :k].sum(axis=-1) / variance[..., k]))

    value = float(figure(columns.sum(axis=0))) if n > 1 else float("nan")
    value = value if np.isfinite(value) else float("nan")
    return interval_of(
        value, SubjectSums(columns, figure), n=n, n_subjects=n, bounds=(-np.inf, 1.0), level=level, unit="people"
    )


def mcdonald_omega(items: npt.ArrayLike) -> float:
    """ω = (Σλ)² / ((Σλ)² + Σψ) of items (n, k) (McDonald 1999, ω total of one factor).

    Loadings λ and unique variances ψ are the maximum-likelihood estimates of a one-factor model of the items' covariance,
    the items taken as continuous (scikit-learn's FactorAnalysis). People with a missing answer are left out. NaN with no
    more people than items, where an item is constant, or where items do not hang together (a loading against the others, or
    no estimate in 5,000 steps).
    """
    from sklearn.decomposition import FactorAnalysis
    from sklearn.exceptions import ConvergenceWarning

    complete = _complete(items)
    n, k = complete.shape
    if n <= k or (np.ptp(complete, axis=0) == 0).any():
        return float("nan")
    model = FactorAnalysis(1, tol=1e-9, max_iter=_MOST_STEPS, svd_method="lapack")
    with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
        fitted = model.fit(complete)
    if fitted.n_iter_ >= _MOST_STEPS:
        return float("nan")
    loadings = fitted.components_[0] * np.sign(fitted.components_[0].sum() or 1.0)
    if (loadings < 0).any():
        return float("nan")
    common = float(loadings.sum() ** 2)
    return common / (common + float(fitted.noise_variance_.sum()))


def _complete(items: npt.ArrayLike) -> Floats:
    values = np.asarray(items, np.float64)
    if values.ndim != 2 or values.shape[1] < 2:
        raise UnusableInput(f"items of shape {values.shape}: reliability needs people in rows and two or more items")
    return values[~np.isnan(values).any(axis=1)]
