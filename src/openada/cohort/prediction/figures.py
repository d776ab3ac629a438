"""Figures of predictions: of one fold, and pooled over all people with an interval over them.

Regression: MAE, RMSE, PCC, CCC. Classes: the AUROC (of three: the mean of each against the rest), macro-F1 and accuracy of the
likeliest class. Intervals are jackknife-t over people, widened for the models of a cross-validation having seen each other's test
people. With repeated cross-validation a figure is the mean over repeats, never that of averaged predictions, which would be
another predictor.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from openada.cohort.prediction.targets import Task
from openada.evaluation.intervals import Interval, interval_of, standard_error
from openada.evaluation.metrics import auroc, metric_named
from openada.evaluation.resampling import Combination, Statistic, SubjectAuroc, statistic

SCORE_FIGURES = ("mae", "rmse", "pcc", "ccc")
CLASS_FIGURES = ("auroc", "macro_f1", "band_accuracy")
HEADLINE: dict[Task, str] = {"regression": "pcc", "two-class": "auroc", "three-class": "auroc"}
LOWER_IS_BETTER = ("mae", "rmse")


def figures_of(task: Task) -> tuple[str, ...]:
    """Names of the figures of a task."""
    return SCORE_FIGURES if task == "regression" else CLASS_FIGURES


def figure(name: str, y: np.ndarray, prediction: np.ndarray) -> float:
    """One figure of predictions (m,) or (m, classes); NaN where it is undefined (one class, or nothing varies)."""
    if name == "auroc":
        return float(np.mean([auroc(truth, score) for truth, score in _against_rest(y, prediction)]))
    chosen = metric_named(name)
    return float(chosen.function(y, _likeliest(prediction) if chosen.takes == "bands" else prediction))


def headline(y: np.ndarray, prediction: np.ndarray, task: Task) -> float:
    """AUROC of classes, PCC of totals; 0 for a PCC that is undefined, as a constant says nothing."""
    value = figure(HEADLINE[task], y, prediction)
    return value if np.isfinite(value) or task != "regression" else 0.0


def pooled(
    name: str, y: np.ndarray, predictions: Sequence[np.ndarray], level: float = 0.95, *, folds: int = 0
) -> Interval:
    """A figure over all people (n,), each predicted once per repeat; its mean over the repeats, with an interval.

    `folds`: into how many parts each repeat cut the people, K; 0 for models that saw none of them. The models of K folds share
    training people, and each has seen the test people of the others, so that figures scatter more from cohort to cohort than
    resampled people show: on cohorts without an effect by 1.6 times (benchmarks/cohort_planted.md). The variance of one repeat is
    therefore multiplied by 1 + K / (K − 1), as Nadeau and Bengio (2003) correct that of one cross-validation; more
    repeats do not make it smaller, since they share all people.
    """
    parts = [_statistic(name, y, prediction) for prediction in predictions]
    value = float(np.mean([figure(name, y, prediction) for prediction in predictions]))
    scale, bounds = "logit", (0.0, 1.0)
    if name != "auroc":
        chosen = metric_named(name)
        scale, bounds = chosen.scale, (chosen.low, chosen.high)
    together = Combination(parts, [1.0 / len(parts)] * len(parts))
    return interval_of(
        value,
        together,
        n=len(y),
        n_subjects=len(y),
        scale=scale,
        bounds=bounds,
        level=level,
        unit="people",
        widen=_widening(parts, together, folds) if folds > 1 else 1.0,
    )


def _widening(parts: Sequence[Statistic], together: Statistic, folds: int) -> float:
    """From the standard error of the mean over repeats to that of one repeat, corrected for its folds."""
    of_mean = standard_error(together.delete_one())
    of_one = float(np.sqrt(np.mean([standard_error(part.delete_one()) ** 2 for part in parts])))
    if not (np.isfinite(of_one) and of_mean > 0):
        return 1.0
    return of_one / of_mean * float(np.sqrt(1 + folds / (folds - 1)))


def _statistic(name: str, y: np.ndarray, prediction: np.ndarray) -> Statistic:
    codes = np.arange(len(y))
    if name == "auroc":
        parts = [SubjectAuroc(truth, score, codes, len(y)) for truth, score in _against_rest(y, prediction)]
        return Combination(parts, [1.0 / len(parts)] * len(parts))
    chosen = metric_named(name)
    said = _likeliest(prediction) if chosen.takes == "bands" else prediction
    return statistic(chosen, y.astype(np.float64), said.astype(np.float64), codes, len(y), None)


def _against_rest(y: np.ndarray, prediction: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Truth and score of the upper of two classes, or of each of three."""
    if prediction.shape[1] == 2:
        return [(y == 1, prediction[:, 1])]
    return [(y == k, prediction[:, k]) for k in range(prediction.shape[1])]


def _likeliest(prediction: np.ndarray) -> np.ndarray:
    return prediction.argmax(axis=1)
