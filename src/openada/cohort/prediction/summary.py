"""Tables of a prediction study: mean and spread over folds, figures over all people, and what a best fold claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from openada.cohort.prediction.figures import HEADLINE, LOWER_IS_BETTER, figure, figures_of, pooled
from openada.cohort.prediction.fold import FoldResult
from openada.cohort.prediction.importance import signal_of
from openada.cohort.prediction.inputs import Inputs
from openada.cohort.questionnaire import PERSON

Done = Mapping[tuple[str, int, int], FoldResult]
Tests = Mapping[tuple[int, int], np.ndarray]
Predictions = dict[str, list[np.ndarray]]
CHOSEN_INSIDE = "learner chosen inside folds"
FEWEST_RANKED = 10
_AGE_GROUPS = 3


def predictions_of(
    inputs: Inputs, done: Done, tests: Tests, names: Sequence[str], learners: Sequence[str]
) -> Predictions:
    """Predictor → one array (n,) or (n, classes) per repeat, each person predicted by the fold that left them out.

    With several learners `CHOSEN_INSIDE` is in each outer fold the one that did best on its inner folds: the only way to choose
    a learner that is not choosing by the test.
    """
    found: Predictions = {}
    repeats = 1 + max(repeat for repeat, _ in tests)
    shape = (len(inputs.y),) if inputs.task == "regression" else (len(inputs.y), len(inputs.classes))
    for name in [*names, *([CHOSEN_INSIDE] if len(learners) > 1 else [])]:
        found[name] = [np.full(shape, np.nan) for _ in range(repeats)]
        for (repeat, fold), test in tests.items():
            of = name if name != CHOSEN_INSIDE else max(learners, key=lambda one: done[one, repeat, fold].inner_score)
            found[name][repeat][test] = done[of, repeat, fold].prediction
    return found


def per_fold_table(inputs: Inputs, predictions: Predictions, tests: Tests) -> pd.DataFrame:
    """A row per predictor, figure, repeat and fold (both from 1): value, n."""
    rows = [
        (name, metric, repeat + 1, fold + 1, figure(metric, inputs.y[test], arrays[repeat][test]), len(test))
        for name, arrays in predictions.items()
        for metric in figures_of(inputs.task)
        for (repeat, fold), test in tests.items()
    ]
    return pd.DataFrame(rows, columns=["predictor", "metric", "repeat", "fold", "value", "n"])


def figure_table(inputs: Inputs, predictions: Predictions, per_fold: pd.DataFrame, *, folds: int) -> pd.DataFrame:
    """A row per predictor and figure.

    mean, sd (n − 1, over all folds of all repeats; they share training people: it is no standard error), folds; pooled,
    low, high: over all people; n; `best_fold`: the best of the folds, which is what a report that keeps the best would print.
    It is no result. NaN folds (a constant has no PCC) leave the mean NaN.
    """
    rows = []
    for name, arrays in predictions.items():
        for metric in figures_of(inputs.task):
            mine = per_fold[(per_fold["predictor"] == name) & (per_fold["metric"] == metric)]
            values = mine["value"].to_numpy(float)
            known = values[np.isfinite(values)]
            best = float("nan")
            if known.size:
                best = float(known.min() if metric in LOWER_IS_BETTER else known.max())
            sd = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
            whole = pooled(metric, inputs.y, arrays, folds=folds)
            rows.append(
                (name, metric, values.mean(), sd, len(values), whole.value, whole.low, whole.high, whole.n, best)
            )
    columns = ["predictor", "metric", "mean", "sd", "folds", "pooled", "low", "high", "n", "best_fold"]
    return pd.DataFrame(rows, columns=columns)


def subgroup_table(
    inputs: Inputs, predictions: Predictions, people: pd.DataFrame, demographics: Sequence[str], *, folds: int
) -> pd.DataFrame:
    """The headline figure of every predictor in groups of every demographic: grouping, group, predictor, metric, value, low,
    high, n, positives (of two classes), note. Numbers with more than six values are cut into three groups of equal numbers.

    Groups under `FEWEST_RANKED` people have no figure; missing entries are a group.
    """
    metric = HEADLINE[inputs.task]
    table = people.set_index(people[PERSON].astype(str)).loc[inputs.people]
    columns = ["grouping", "group", "predictor", "metric", "value", "low", "high", "n", "positives", "note"]
    rows: list[tuple[object, ...]] = []
    for grouping in demographics:
        named = grouped(table[grouping])
        if named.nunique() < 2 or named.nunique() > 30:
            continue
        for group in sorted(named.unique()):
            inside = (named == group).to_numpy()
            y = inputs.y[inside]
            positives = int((y == 1).sum()) if inputs.task == "two-class" else float("nan")
            for name, arrays in predictions.items():
                if len(y) < FEWEST_RANKED:
                    numbers: tuple[object, ...] = (np.nan, np.nan, np.nan, len(y), positives)
                    rows.append((grouping, group, name, metric, *numbers, f"fewer than {FEWEST_RANKED} people"))
                    continue
                if inputs.task != "regression" and len(np.unique(y)) < len(inputs.classes):
                    numbers = (np.nan, np.nan, np.nan, len(y), positives)
                    rows.append((grouping, group, name, metric, *numbers, "a class is missing"))
                    continue
                of = pooled(metric, y, [array[inside] for array in arrays], folds=folds)
                rows.append((grouping, group, name, metric, of.value, of.low, of.high, of.n, positives, of.note))
    return pd.DataFrame(rows, columns=columns)


def grouped(column: pd.Series) -> pd.Series:
    """Names of groups: words as they are, numbers of many values in three groups of about equal numbers, "missing"."""
    if pd.api.types.is_numeric_dtype(column) and column.nunique() > 6:
        limits = np.unique(np.nanquantile(column.to_numpy(float), np.linspace(0, 1, _AGE_GROUPS + 1)))
        if len(limits) > 2:
            cut = pd.cut(column, limits, include_lowest=True)
            named = cut.map(lambda span: f"{max(span.left, limits[0]):g} to {span.right:g}", na_action="ignore")
            return named.astype(object).where(column.notna(), "missing").astype(str)
    return column.astype(object).where(column.notna(), "missing").astype(str)


def importance_table(done: Done, learners: Sequence[str]) -> pd.DataFrame:
    """A row per learner and feature or signal: kind (feature, signal, shap), mean and sd over folds, `folds_kept` (in how many it
    was selected). A fold that did not keep it counts as 0.
    """
    rows: list[tuple[object, ...]] = []
    for learner in learners:
        results = [result for (name, _, _), result in done.items() if name == learner]
        for name in dict.fromkeys(key for result in results for key in result.importance):
            values = np.array([result.importance.get(name, 0.0) for result in results])
            kind, _, rest = name.rpartition(":")
            told = rest
            kept = sum(
                any(signal_of(feature) == told if kind == "signal" else feature == told for feature in result.kept)
                for result in results
            )
            sd = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
            rows.append((learner, kind or "feature", told, values.mean(), sd, kept, len(results)))
    table = pd.DataFrame(rows, columns=["learner", "kind", "name", "mean", "sd", "folds_kept", "folds"])
    return table.sort_values(["learner", "kind", "mean"], ascending=[True, True, False], kind="stable")


def chosen_table(done: Done, learners: Sequence[str]) -> pd.DataFrame:
    """A row per learner, repeat and fold: what its inner folds chose, their mean score, seconds."""
    rows = [
        (name, repeat + 1, fold + 1, str(result.chosen), result.inner_score, len(result.kept), result.seconds)
        for (name, repeat, fold), result in done.items()
        if name in learners
    ]
    return pd.DataFrame(rows, columns=["learner", "repeat", "fold", "chosen", "inner_score", "features", "seconds"])


def long_predictions(inputs: Inputs, predictions: Predictions) -> pd.DataFrame:
    """A row per person, repeat and predictor: person, repeat, predictor, y, prediction or a column per class."""
    parts = []
    for name, arrays in predictions.items():
        for repeat, array in enumerate(arrays):
            values = {"prediction": array} if array.ndim == 1 else {f"p{k}": column for k, column in enumerate(array.T)}
            parts.append(
                pd.DataFrame(
                    {"person": inputs.people, "repeat": repeat + 1, "predictor": name, "y": inputs.y, **values}
                )
            )
    return pd.concat(parts, ignore_index=True)
