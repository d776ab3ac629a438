"""Cross-validation that fits inside the training fold and reports every fold (protocol, rule 6).

Whatever is fitted (scaling, selection of features, a penalty, a network) happens in a `fit_predict` that is handed the
training fold and the features of the test fold, in copies: it never sees a label it is to predict. There is no way to
ask for the best fold. A method that remembers one fold while it fits another would still cheat; the first fold is therefore
fitted once more at the end and must come out the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from openada.datasets.folds import Folds
from openada.datasets.splits import Split
from openada.errors import UnusableInput
from openada.evaluation.baselines import constant_mean, constant_median, ridge_predictions
from openada.evaluation.checks import Floats, vector
from openada.evaluation.guards import require_no_label_among, scaled_before_split
from openada.evaluation.metrics import metric_named
from openada.evaluation.spread import over_folds

METRICS = ("mae", "rmse", "pcc", "ccc")
NO_RESULT = "a fold's figure is no result: report the mean and its spread"


class FitPredict(Protocol):
    """Fits on a training fold and predicts a test fold, deterministically.

    train_features (n, d), train_labels (n,), train_subjects (n,) and test_features (m, d), missing features NaN → (m,).
    """

    def __call__(
        self, train_features: Floats, train_labels: Floats, train_subjects: npt.NDArray[np.object_], test_features: Floats, /
    ) -> npt.ArrayLike:  # fmt: skip
        """(m,) predictions of the test fold."""
        ...


@dataclass(frozen=True)
class OverFolds:
    """A figure over folds. `sd` (n − 1) is over folds, whose training parts overlap: it is no standard error.

    `lowest_to_highest` is a text, for there is no best fold to be read off; `note` says why a mean is NaN.
    """

    metric: str
    mean: float
    sd: float
    n_folds: int
    lowest_to_highest: str
    note: str


@dataclass(frozen=True)
class CrossValidation:
    """`predictions`: one row per recording (recording_id, subject, session if known, score, prediction, fold from 1).

    `per_fold`: fold, metric, value, n, n_subjects. `summary`: one `OverFolds` per metric. `chosen`: in nested
    cross-validation the method that each fold's inner folds chose. `findings`: lines for a table's footer.
    """

    folds: str
    sha256: str
    predictions: pd.DataFrame
    per_fold: pd.DataFrame
    summary: tuple[OverFolds, ...]
    chosen: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()


def training_mean(
    train_features: Floats, train_labels: Floats, train_subjects: npt.NDArray[np.object_], test_features: Floats, /
) -> Floats:
    """The constant predictor: the mean of the training fold."""
    return constant_mean(train_labels, len(test_features))


def training_median(
    train_features: Floats, train_labels: Floats, train_subjects: npt.NDArray[np.object_], test_features: Floats, /
) -> Floats:
    """The constant predictor: the median of the training fold."""
    return constant_median(train_labels, len(test_features))


def ridge(
    train_features: Floats, train_labels: Floats, train_subjects: npt.NDArray[np.object_], test_features: Floats, /
) -> Floats:
    """`baselines.ridge_predictions`: imputation, scaling and penalty from the training fold alone."""
    return ridge_predictions(train_features, train_labels, test_features, train_subjects)


def estimator(model: Any) -> FitPredict:
    """A scikit-learn estimator or pipeline as a `FitPredict`: an unfitted copy of `model` is fitted on each training fold.

    It is preceded by imputation with the mean and by scaling to unit variance, both fitted there too.
    """

    def fit_predict(
        train_features: Floats, train_labels: Floats, train_subjects: npt.NDArray[np.object_], test_features: Floats, /
    ) -> Floats:
        from sklearn.base import clone
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        whole = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler(), clone(model))
        return np.asarray(whole.fit(train_features, train_labels).predict(test_features), dtype=np.float64)

    return fit_predict


CONSTANTS: dict[str, FitPredict] = {"training mean": training_mean, "training median": training_median}


def cross_validate(
    folds: Folds, table: pd.DataFrame, features: pd.DataFrame, fit_predict: FitPredict, metrics: Sequence[str] = METRICS
) -> CrossValidation:
    """Fit and predict every fold; one prediction per recording.

    `table` holds recording_id, subject and score (and session) of every recording of `folds`; `features` is indexed by
    recording_id, a named column each. Raises UnusableInput for recordings that lack either, for a subject that is not
    the one in `folds`, for a label among the features (`guards.require_no_label_among`) and for predictions that are
    not one finite number per test recording.
    """
    return _run(folds, _Data.of(folds, table, features), [fit_predict] * len(folds.tested), metrics)


def cross_validate_nested(
    folds: Folds,
    table: pd.DataFrame,
    features: pd.DataFrame,
    candidates: Mapping[str, FitPredict],
    select_by: str = "rmse",
    metrics: Sequence[str] = METRICS,
) -> CrossValidation:
    """Choose among `candidates` inside every fold, by the mean of `select_by` over its inner folds, then predict it.

    The chosen method is fitted on the whole training fold. What the outer test fold would have preferred is never
    computed. Of equals the first candidate wins. Arguments and errors otherwise as `cross_validate`; folds without inner
    folds, no candidates, and a metric that is undefined on inner folds are refused.
    """
    if not folds.inner or not candidates:
        lacking = (
            "no inner folds: make them with `nested_folds`" if not folds.inner else "no candidates: give at least one"
        )
        raise UnusableInput(f"nested cross-validation on {folds.name!r} has {lacking}")
    data = _Data.of(folds, table, features)
    chosen = tuple(_choose(inner, data, candidates, select_by) for inner in folds.inner)
    return _run(folds, data, [candidates[name] for name in chosen], metrics, chosen)


def cross_validation_rows(results: Mapping[str, CrossValidation]) -> pd.DataFrame:
    """A row per predictor and metric: predictor, metric, mean, sd, n_folds, lowest_to_highest, note.

    `results` must come from the same folds and hold the constant predictors (`CONSTANTS`), which are put first.
    """
    lacking = [name for name in CONSTANTS if name not in results]
    if lacking:
        raise UnusableInput(
            f"no {lacking[0]!r} among {', '.join(results) or 'no results'}: run `CONSTANTS` on the same folds"
        )
    if len({result.sha256 for result in results.values()}) > 1:
        raise UnusableInput(f"{', '.join(results)} come from different folds: compare them on the same ones")
    ordered = [*CONSTANTS, *(name for name in results if name not in CONSTANTS)]
    return pd.DataFrame([{"predictor": name, **vars(figure)} for name in ordered for figure in results[name].summary])


@dataclass(frozen=True)
class _Data:
    """Everything that is known, by recording; what a method is handed is cut out of it."""

    table: pd.DataFrame
    features: pd.DataFrame

    @classmethod
    def of(cls, folds: Folds, table: pd.DataFrame, features: pd.DataFrame) -> _Data:
        ids = sorted(folds.recordings())
        rows = table.assign(recording_id=table["recording_id"].astype(str)).set_index("recording_id")
        named = features.set_axis(features.index.astype(str), axis=0)
        for name, given in (("table", rows), ("features", named)):
            if not given.index.is_unique:
                twice = given.index[given.index.duplicated()][0]
                raise UnusableInput(f"{name}: recording {twice!r} has several rows; give one per recording")
            missing = sorted(set(ids) - set(given.index))
            if missing:
                raise UnusableInput(
                    f"{name}: no row for {missing[0]!r} ({len(missing)} recordings of the folds lack one)"
                )
        rows, named = rows.loc[ids], named.loc[ids]
        strange = [name for name in ids if str(rows.at[name, "subject"]) != folds.subjects[name]]
        if strange:
            raise UnusableInput(
                f"recording {strange[0]!r} is of subject {rows.at[strange[0], 'subject']!r} in the table and "
                f"{folds.subjects[strange[0]]!r} in the folds: make the folds anew"
            )
        require_no_label_among(named, vector(rows["score"], "score", ids), [folds.subjects[name] for name in ids])
        return cls(rows, named)

    def predicted(self, split: Split, fit_predict: FitPredict) -> Floats:
        """(m,) predictions of the split's test part. What is handed over are copies, so nothing leads back to the rest."""
        train, test = list(split.ids["training"]), list(split.ids["test"])
        found = np.asarray(
            fit_predict(
                self.features.loc[train].to_numpy(np.float64, copy=True),
                self.table.loc[train, "score"].to_numpy(np.float64, copy=True),
                np.array([split.subjects[name] for name in train], dtype=object),
                self.features.loc[test].to_numpy(np.float64, copy=True),
            )
        )
        if found.shape != (len(test),):
            raise UnusableInput(
                f"{split.name}: predictions of shape {found.shape} for {len(test)} test recordings; give one number each"
            )
        return vector(found, f"prediction of {split.name}", test)


def _choose(inner: Folds, data: _Data, candidates: Mapping[str, FitPredict], select_by: str) -> str:
    metric = metric_named(select_by)
    losses = {}
    for name, candidate in candidates.items():
        values = []
        for split in inner.splits:
            label = data.table.loc[list(split.ids["test"]), "score"].to_numpy(np.float64)
            values.append(figure_of_fold(select_by, label, data.predicted(split, candidate)))
        losses[name] = float(np.mean(metric.loss(np.array(values))))
        if np.isnan(losses[name]):
            raise UnusableInput(f"{select_by} of {name!r} is undefined on {inner.name}: select by rmse or mae")
    return min(losses, key=lambda name: losses[name])


def _run(
    folds: Folds, data: _Data, methods: Sequence[FitPredict], metrics: Sequence[str], chosen: tuple[str, ...] = ()
) -> CrossValidation:
    kept = ["subject", *(name for name in ("session",) if name in data.table)]
    rows, figures = [], []
    for k, (split, method) in enumerate(zip(folds.splits, methods, strict=True), start=1):
        known = data.table.loc[list(split.ids["test"]), [*kept, "score"]]
        known = known.assign(prediction=data.predicted(split, method), fold=k)
        rows.append(known)
        for name in metrics:
            value = figure_of_fold(name, known["score"].to_numpy(np.float64), known["prediction"].to_numpy(np.float64))
            figures.append((k, name, value, len(known), known["subject"].nunique()))
    per_fold = pd.DataFrame(figures, columns=["fold", "metric", "value", "n", "n_subjects"])
    first = rows[0]["prediction"].to_numpy(np.float64)
    findings = [_scaled(folds.splits[0], data), _remembers(first, data.predicted(folds.splits[0], methods[0]))]
    return CrossValidation(
        folds.name,
        folds.sha256,
        pd.concat(rows).reset_index(),
        per_fold,
        tuple(summed_over_folds(name, per_fold) for name in metrics),
        chosen,
        tuple(finding for finding in findings if finding),
    )


def figure_of_fold(name: str, label: Floats, prediction: Floats) -> float:
    """One fold's figure; NaN for a correlation in a fold of one label, where CCC's 0 would say something about the prediction."""
    metric = metric_named(name)
    if metric.takes == "bands" or metric.name == "auroc_at_cut":
        raise UnusableInput(
            f"{name} over folds: use mae, rmse, pcc, ccc or calibration_slope; pool the predictions for others"
        )
    if metric.better != "lower" and np.ptp(label) == 0:
        return float("nan")
    return metric.function(label, prediction)


def summed_over_folds(name: str, per_fold: pd.DataFrame) -> OverFolds:
    """Mean and spread of metric `name`; `per_fold` has a row per fold and metric (columns metric, value)."""
    values = per_fold.loc[per_fold["metric"] == name, "value"].to_numpy(np.float64)
    defined = values[~np.isnan(values)]
    if defined.size < values.size:
        note = f"undefined in {values.size - defined.size} of {values.size} folds: no mean; see the pooled predictions"
        return OverFolds(name, float("nan"), float("nan"), values.size, "", note)
    found = over_folds(values)
    span = f"{found.low:.3g} to {found.high:.3g} ({NO_RESULT})"
    return OverFolds(name, found.mean, found.sd, found.n, span, "")


def _scaled(split: Split, data: _Data) -> str:
    return scaled_before_split(data.features, data.features.index.isin(list(split.ids["training"])))


def _remembers(first: Floats, again: Floats) -> str:
    """The first fold fitted again after the others: another outcome means a random or a shared state."""
    gap = float(np.abs(first - again).max())
    if gap <= 1e-6 * max(1.0, float(np.abs(first).max())):
        return ""
    return (
        f"fold 1 fitted again after the others predicts otherwise (by up to {gap:.2g}): the method is not seeded, or carries "
        "what it learned from fold to fold"
    )
