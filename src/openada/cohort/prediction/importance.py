"""What a fitted pipeline's predictions hang on, in terms of the features as they were measured.

Permutation: how much worse the people who were left out are predicted when a feature (or all statistics of a signal together) is
dealt out anew among them, before any step of the pipeline. No principal component stands in for a feature. Features that tell the
same share their importance, so that each can look unimportant; read signals first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from openada.cohort.prediction.figures import headline
from openada.cohort.prediction.targets import Task
from openada.errors import UnusableInput


def signal_of(feature: str) -> str:
    """The signal that a feature is a statistic of."""
    return feature.partition("__")[0]


def permutation_importance(
    predict: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    y: np.ndarray,
    task: Task,
    names: Sequence[str],
    columns: np.ndarray,
    repeats: int,
    seed: int,
) -> dict[str, float]:
    """Feature, or `signal:` signal, → mean loss of the headline figure (`figures.headline`) over `repeats` shuffles in x (m, …).

    columns: positions of the features that the pipeline kept; the others cannot matter and are left out. Negative: chance.
    """
    rng = np.random.default_rng([seed, 0x504552])
    whole = headline(y, predict(x), task)
    groups: dict[str, list[int]] = {names[k]: [int(k)] for k in columns}
    for k in columns:
        groups.setdefault(f"signal:{signal_of(names[k])}", []).append(int(k))
    found = {}
    for name, members in groups.items():
        losses = []
        for _ in range(repeats):
            dealt = x.copy()
            dealt[:, members] = x[rng.permutation(len(x))][:, members]
            losses.append(whole - headline(y, predict(dealt), task))
        found[name] = float(np.mean(losses))
    return found


def shap_importance(fitted: Any, x: np.ndarray) -> np.ndarray:
    """(kept features,): mean |SHAP value| over people x (m, …), and over classes, of a pipeline that ends in trees.

    Between selection and learner no step mixes features, so a value is one original feature's. Raises UnusableInput where the
    package is absent and for a learner that shap's tree explainer does not take.
    """
    try:
        import shap
    except ImportError as absent:
        raise UnusableInput("shap is not installed: pip install 'openada[shap]', or leave --shap out") from absent
    seen = fitted[:-1].transform(x)
    try:
        values = np.asarray(shap.TreeExplainer(fitted[-1]).shap_values(seen), np.float64)
    except Exception as refused:
        kind = type(fitted[-1]).__name__
        raise UnusableInput(f"shap explains no {kind}: use random-forest, extra-trees, gradient-boosting") from refused
    if values.ndim == 3:
        values = np.abs(values).mean(axis=0 if values.shape[0] != len(seen) else 2)
    return np.abs(values).mean(axis=0)
