"""Covariates as columns of numbers: as they are, or as curves with what they do together, to adjust associations for."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from openada.evaluation.checks import Floats

PEOPLE_PER_COLUMN = 10
"""Curves and products enter as long as there are so many people for each column."""
_KNOTS = 4


def covariate_design(covariates: pd.DataFrame | None, n: int) -> tuple[Floats, np.ndarray]:
    """A constant and the covariates as columns (n, 1 + c), and who has all of them (n,)."""
    blocks, whole = _blocks(covariates, n)
    return np.column_stack([np.ones(n), *blocks.values()]), whole


def covariate_basis(covariates: pd.DataFrame | None, n: int) -> tuple[Floats, np.ndarray]:
    """A constant and what an adjustment is free to be, as columns (n, 1 + c), and who has all of the covariates (n,).

    With `PEOPLE_PER_COLUMN` people for each column, numbers with more than `_KNOTS` values are cubic splines with knots at their
    quantiles, linear beyond the outermost; with as many for those too, all products of two covariates' columns are added.
    With fewer people it is `covariate_design`.
    """
    linear, whole = _blocks(covariates, n)
    people = int(whole.sum())
    plain = np.column_stack([np.ones(n), *linear.values()])
    curved = {name: _curve(block, whole) for name, block in linear.items()}
    products = [
        (a[:, :, None] * b[:, None, :]).reshape(n, -1) for a, b in combinations(curved.values(), 2) if a.size and b.size
    ]
    found = plain
    for blocks in ([*curved.values()], [*curved.values(), *products]):
        wider = np.column_stack([np.ones(n), *blocks])
        if people >= PEOPLE_PER_COLUMN * wider.shape[1]:
            found = wider
    return found, whole


def _blocks(covariates: pd.DataFrame | None, n: int) -> tuple[dict[str, Floats], np.ndarray]:
    """Columns (n, k) per covariate: a number less its mean, or a column per group but the first; 0 where it is missing."""
    blocks: dict[str, Floats] = {}
    whole = np.ones(n, bool)
    for name in covariates if covariates is not None else ():
        whole &= covariates[name].notna().to_numpy()  # type: ignore[index]  # not None, or there would be no name
    for name in covariates if covariates is not None else ():
        column = covariates[name]  # type: ignore[index]  # as above
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            numbers = column.to_numpy(np.float64)
            blocks[name] = np.nan_to_num(numbers - np.nanmean(numbers))[:, None]
        else:
            groups = column.astype(str).to_numpy()
            columns = [(groups == group).astype(np.float64) for group in np.unique(groups[whole])[1:]]
            blocks[name] = np.column_stack(columns) if columns else np.empty((n, 0))
    return blocks, whole


def _curve(block: Floats, whole: np.ndarray) -> Floats:
    """A spline's columns of a number (n, 1); groups as they are."""
    from sklearn.preprocessing import SplineTransformer

    if block.shape[1] != 1 or not whole.any():
        return block
    known = block[whole]
    if np.ptp(known) == 0:  # says nothing, and would count as a column
        return block[:, :0]
    knots = np.unique(np.quantile(known, np.linspace(0, 1, _KNOTS)))
    if len(np.unique(known)) <= _KNOTS or len(knots) < 3:
        return block
    spline = SplineTransformer(degree=3, knots=knots[:, None], include_bias=False, extrapolation="linear")
    return np.asarray(spline.fit(known).transform(block), np.float64)
