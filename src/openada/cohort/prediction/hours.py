"""How long a study will take, from fits on few people, said before it starts."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from openada.cohort.prediction.fold import Fitting, predicted
from openada.cohort.prediction.inputs import Inputs
from openada.cohort.prediction.learners import DEMOGRAPHICS, REFERENCES, pipeline

TRIED = (200, 600)
"""People that are fitted on for the estimate, at most."""


def seconds_of_fold(inputs: Inputs, name: str, n: int, outer: int, inner: int, fitting: Fitting) -> float:
    """Processor seconds that one outer fold of one learner is likely to take with n people, on this machine.

    One fit on each of two numbers of people gives how time grows; the rest is counting: candidates × inner folds, the fit on all
    training people, and the predictions of permutation importance. Within a factor of two or so.
    """
    train = n * (outer - 1) // outer
    sizes = sorted({min(size, train) for size in TRIED})
    times = [_fit(inputs, name, size, fitting) for size in sizes]
    grows = 1.0
    if len(sizes) > 1 and sizes[1] >= 2 * sizes[0]:
        grows = float(np.clip(np.log(times[1][0] / times[0][0]) / np.log(sizes[1] / sizes[0]), 0.3, 1.8))
    fit_s, predict_s, candidates, columns = times[-1]

    def at(people: float) -> float:
        return fit_s * (people / sizes[-1]) ** grows

    total = at(train) + (candidates * inner * at(train * (inner - 1) / inner) if candidates > 1 else 0.0)
    if fitting.importance and name not in REFERENCES:
        total += fitting.importance * columns * predict_s * (n / outer) / sizes[-1]
    return total


def _fit(inputs: Inputs, name: str, size: int, fitting: Fitting) -> tuple[float, float, int, int]:
    """Seconds of a fit on `size` people and of predicting them, candidates of the grid, columns to shuffle."""
    chosen = np.sort(np.random.default_rng(0).permutation(len(inputs.y))[:size])
    x, n_covariates = np.column_stack([inputs.features, inputs.covariates]), inputs.covariates.shape[1]
    if name == DEMOGRAPHICS:
        x, n_covariates = inputs.covariates, 0
    made, grid = pipeline(
        name, inputs.task, n_covariates=n_covariates, keep=fitting.keep, balance=fitting.balance, bag=fitting.bag
    )
    kept = max((k for k in grid.get("select__k", [1]) if k != "all"), default=0)
    kept = min(kept, len(inputs.names)) if "all" not in grid.get("select__k", []) else len(inputs.names)
    if "select__k" in grid:
        made.set_params(select__k=kept)
    y = inputs.y if inputs.task == "regression" else inputs.y.astype(np.int64)
    started = time.process_time()
    made.fit(x[chosen], y[chosen])
    fitted = time.process_time()
    predicted(made, x[chosen], inputs.task)
    done = time.process_time()
    candidates = int(np.prod([len(values) for values in grid.values()])) if grid else 1
    return max(fitted - started, 1e-4), max(done - fitted, 1e-5), candidates, 2 * kept


def told(seconds: float, fits: int, workers: int) -> str:
    """The estimate in a line."""
    wall = seconds / max(workers, 1)
    size = f"{wall / 3600:.1f} hours" if wall >= 5400 else f"{wall / 60:.0f} minutes" if wall >= 90 else f"{wall:.0f} s"
    return (
        f"about {size} ({seconds / 3600:.2f} hours of processor time on {workers} processes, {fits} outer folds to fit)"
    )


def sum_of(estimates: Sequence[tuple[float, int]]) -> float:
    """Seconds of (seconds, how often) together."""
    return float(sum(seconds * times for seconds, times in estimates))
