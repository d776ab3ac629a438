"""One outer fold of one learner: choose inside the training people, fit, predict those who were left out."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from openada.cohort.prediction.importance import permutation_importance, shap_importance
from openada.cohort.prediction.inputs import Inputs
from openada.cohort.prediction.learners import CONSTANT, DEMOGRAPHICS, KEPT, REFERENCES, Balance, pipeline
from openada.errors import UnusableInput

Part = np.ndarray
"""Positions of people in the inputs."""
_SCORING = {"regression": "neg_root_mean_squared_error", "two-class": "roc_auc", "three-class": "roc_auc_ovr"}


@dataclass(frozen=True)
class Fitting:
    """How folds are fitted; the arguments of `learners.pipeline`, and `importance`: how often each column is shuffled."""

    keep: tuple[int, ...] = KEPT
    balance: Balance = "none"
    bag: int = 0
    importance: int = 0
    shap: bool = False
    seed: int = 0


@dataclass(frozen=True)
class FoldResult:
    """`prediction` (m,) totals or (m, classes) probabilities of the people tested; `chosen`: what the inner folds chose, and
    `inner_score`, their mean (higher is better; NaN where nothing was chosen); `kept`: the features that selection kept;
    `importance`: feature, signal, or `shap:` feature → figure; `seconds` of processor time.
    """

    prediction: np.ndarray
    chosen: dict[str, Any]
    inner_score: float
    kept: tuple[str, ...]
    importance: dict[str, float]
    seconds: float


def fit_fold(
    inputs: Inputs, name: str, train: Part, test: Part, inner: Sequence[tuple[Part, Part]], fitting: Fitting
) -> FoldResult:
    """Nested: learner `name`'s grid is searched on the `inner` pairs (positions among `train`), then fitted on all of `train`.

    train, test: disjoint positions. What is handed to the pipeline are copies of the training rows; no label of `test` is read
    but to measure importance. Raises UnusableInput where people are on both sides and where training people show one class.
    """
    from sklearn.model_selection import GridSearchCV

    if np.intersect1d(inputs.people[train], inputs.people[test]).size:
        raise UnusableInput(f"{inputs.people[train][0]} and others are trained and tested on: keep people apart")
    started = time.process_time()
    task, n_covariates = inputs.task, inputs.covariates.shape[1]
    if name == DEMOGRAPHICS:
        x, n_covariates = inputs.covariates, 0
    else:
        x = np.column_stack([inputs.features, inputs.covariates])
    y = inputs.y if task == "regression" else inputs.y.astype(np.int64)
    if len(np.unique(y[train])) < max(len(inputs.classes), 1):
        raise UnusableInput("a fold's training people lack a class: use fewer folds, or more people")
    made, grid = pipeline(
        name,
        task,
        n_covariates=n_covariates,
        keep=fitting.keep,
        balance=fitting.balance,
        bag=fitting.bag,
        seed=fitting.seed,
    )
    search = GridSearchCV(made, grid, scoring=_SCORING[task], cv=list(inner), error_score="raise") if grid else made
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="k=.* is greater than n_features")  # all are kept then
        search.fit(x[train].copy(), y[train].copy())
    best = search.best_estimator_ if grid else search
    prediction = predicted(best, x[test], task)
    kept: tuple[str, ...] = ()
    importance: dict[str, float] = {}
    if name not in REFERENCES:
        columns = _kept_columns(best, len(inputs.names))
        kept = tuple(inputs.names[k] for k in columns)
        if fitting.importance:
            importance = permutation_importance(
                lambda values: predicted(best, values, task),
                x[test],
                inputs.y[test],
                task,
                inputs.names,
                columns,
                fitting.importance,
                fitting.seed,
            )
        if fitting.shap:
            found = shap_importance(best, x[test])
            importance |= {f"shap:{inputs.names[k]}": float(value) for k, value in zip(columns, found, strict=True)}
    chosen = {} if not grid else {key.rpartition("__")[2]: value for key, value in search.best_params_.items()}
    score = float(search.best_score_) if grid and name != CONSTANT else float("nan")
    return FoldResult(prediction, chosen, score, kept, importance, time.process_time() - started)


def predicted(fitted: Any, x: np.ndarray, task: str) -> np.ndarray:
    """(m,) totals, or (m, classes) probabilities."""
    return np.asarray(fitted.predict(x) if task == "regression" else fitted.predict_proba(x), np.float64)


def _kept_columns(fitted: Any, d: int) -> np.ndarray:
    """Positions among the features of what reaches the learner."""
    columns = np.arange(d)
    for name in ("vary", "select"):
        columns = columns[fitted.named_steps[name].get_support()]
    return columns
