"""What stops or flags a result that could not be trusted (protocol, rules 1, 2, 4 and 6).

`require_…` raises UnusableInput in one line; the others return a finding, one line for the footer of a table, empty if
there is nothing to say. They look for what has been seen in released code. They cannot find everything: features chosen
or clusters made on all recordings leave no trace in the features themselves, which is why `crossvalidation` fits inside.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from openada.datasets.splits import Split
from openada.errors import UnusableInput
from openada.evaluation.checks import Bools, Floats, Ints, subject_codes, vector
from openada.evaluation.metrics import metric_named

ROUNDING = 1e-6  # what float32 leaves of a mean of 0 or a deviation of 1
COPY_CORRELATION = 0.995  # no movement follows a questionnaire this closely
FEWEST_LABELS = 10  # different labels below which a high correlation happens by chance
CHANCE = 1e-3  # chance, over all columns together, above which a monotone column is not refused
LABEL_WORDS = {"score", "scores", "label", "labels", "item", "items", "target", "depression", "depressed", "severity"}
QUESTIONNAIRES = ("phq", "bdi", "dass", "hamd", "madrs")
_SHOWN = 5


def require_unselected(selected_on: str | Collection[str] | None, part: str) -> None:
    """Refuse to report on a part that trained or selected the model (rule 2).

    `selected_on`: the part or parts on which anything was chosen, None if nothing was. Training is always refused.
    """
    used = {selected_on} if isinstance(selected_on, str) else set(selected_on or ())
    if part == "training" or part in used:
        role = "trained" if part == "training" else "selected"
        other = "another part" if "test" in used else "--split test"
        raise UnusableInput(f"the {part} recordings {role} this model: a figure on them would be no test; use {other}")


def scaled_before_split(features: pd.DataFrame, training: npt.ArrayLike) -> str:
    """A finding if features (n, d) were centred or scaled over all recordings instead of the training ones (rule 6).

    `training` (n,) is True for training recordings. What is looked for, in columns that vary: mean 0 over *all*
    recordings and not over training (with standard deviation 1, n or n − 1, it is called standardised); or the lowest
    value 0 and the highest 1 over all and not over training. Up to rounding (1e-6), NaN left out, and only if more than
    half of the varying columns show it, since one column may do so by chance.
    """
    values, mask = _table(features), _mask(training, len(features))
    with np.errstate(all="ignore"):
        everywhere, inside = _moments(values), _moments(values[mask])
    varying = everywhere["sd"] > 0
    centred = varying & (np.abs(everywhere["mean"]) <= ROUNDING * everywhere["sd"])
    centred &= ~(np.abs(inside["mean"]) <= ROUNDING * inside["sd"])
    unit = centred & (
        (np.abs(everywhere["sd"] - 1.0) <= ROUNDING) | (np.abs(everywhere["sd_sample"] - 1.0) <= ROUNDING)
    )
    spanned = varying & _spans_unit(everywhere)
    spanned &= bool((spanned & ~_spans_unit(inside)).any())  # the extremes of many columns lie in training anyway
    for found, what, measured in (
        (unit, "standardised", "mean 0 and standard deviation 1"),
        (centred, "centred", "mean 0"),
        (spanned, "scaled to 0–1", "lowest value 0 and highest 1"),
    ):
        if found.sum() > varying.sum() / 2:
            names = [str(name) for name, flagged in zip(features.columns, found, strict=True) if flagged]
            return (
                f"{len(names)} of {int(varying.sum())} features ({_list(names)}) were {what} over all recordings, test "
                f"included: {measured} over all and not over training; hand them over unscaled"
            )
    return ""


def require_no_label_among(features: pd.DataFrame, label: npt.ArrayLike, subject: npt.ArrayLike | None = None) -> None:
    """Refuse features (n, d) of which one is the label (n,), is made from it, or is called like it.

    Looked for on all recordings: a name with a word such as score, label, item, PHQ or BDI in it; a column that is a
    monotone function of the label, strictly (a copy, an affine or rank copy) or in steps (a band, a class), unless so few
    labels differ that chance would do it; a column with |Spearman| ≥ 0.995 (a copy with a little noise); and columns
    that add up to the label exactly, weighted or not (the items of a questionnaire). NaN is left out column by column.
    `subject` (n,) says whose recordings they are, for the chance of a column that is the same in all of a person's;
    without it every recording counts as a person.
    """
    y = vector(label, "label")
    people = subject_codes(np.arange(y.size) if subject is None else subject, y.size)[0]
    values = _table(features)
    if len(values) != y.size:
        raise UnusableInput(f"{len(values)} rows of features for {y.size} labels: give one row per recording")
    for name in features.columns:
        called = [word for word in _words(str(name)) if word in LABEL_WORDS or word.startswith(QUESTIONNAIRES)]
        if called:
            raise UnusableInput(
                f"feature {str(name)!r} is called like a label ({called[0]}): leave it out, or rename it if it was "
                "measured in the video"
            )
    for name, column in zip(features.columns, values.T, strict=True):
        seen = ~np.isnan(column)
        how = _made_from_label(column[seen], y[seen], people[seen], values.shape[1])
        if how:
            raise UnusableInput(f"feature {str(name)!r} is {how}: leave it out, the label is what is to be predicted")
    _refuse_sum(features, values, y)


def require_all_folds(reported: Mapping[str, float], folds: pd.DataFrame) -> None:
    """Refuse a figure that is the best fold's and not the mean's (rule 6).

    `reported`: metric -> the figure as printed; `folds`: columns fold, metric, value, a row per fold and metric. Figures are
    compared at the decimals that are printed.
    """
    for name, figure in reported.items():
        rows = folds[folds["metric"] == name]
        if rows.empty:
            raise UnusableInput(f"{name} is reported but has no folds: give the value of every fold")
        values = vector(rows["value"], f"{name} over folds", rows["fold"].tolist())
        best = int(np.argmin(metric_named(name).loss(values)))
        if values.size > 1 and _printed_as(values[best], figure) and not _printed_as(values.mean(), figure):
            raise UnusableInput(
                f"{name} {figure:g} is that of fold {rows['fold'].iloc[best]}, the best of {values.size}: report the mean "
                f"{values.mean():.4g} and its standard deviation {values.std(ddof=1):.2g} over all folds"
            )


def subjects_on_both_sides(split: Split) -> str:
    """A finding that names the subjects who are in more than one part of a split (rule 1); empty if there are none."""
    return "; ".join(
        f"{len(shared)} subjects are in both {a} and {b}: {_list(list(shared))}"
        for (a, b), shared in split.overlap().items()
    )


def require_identity_lookup(table: pd.DataFrame, split: Split, part: str = "test") -> None:
    """Refuse a results table without the identity look-up where it would know someone (rule 4).

    `table` has a row per predictor (column predictor), as of `table.evaluation_rows`; `part` is the one reported. A person
    of `part` who is also in training makes "identity look-up" necessary; for one who is also in development it is "identity
    look-up with development".
    """
    present = set(table["predictor"].astype(str))
    for other, row in (("training", "identity look-up"), ("development", "identity look-up with development")):
        shared = split.subjects_in(other) & split.subjects_in(part) if other != part else set()
        if shared and row not in present:
            raise UnusableInput(
                f"{len(shared)} subjects are in both {other} and {part} ({_list(sorted(shared))}) and the table has no row "
                f"{row!r}: add it, or use a subject-disjoint split"
            )


def _table(features: pd.DataFrame) -> Floats:
    try:
        return features.to_numpy(dtype=np.float64)
    except (TypeError, ValueError) as fault:
        raise UnusableInput(f"features hold something that is not a number ({fault}): give numbers only") from fault


def _mask(training: npt.ArrayLike, n: int) -> Bools:
    mask = np.asarray(training)
    if mask.dtype != np.bool_ or mask.shape != (n,) or not mask.any():
        raise UnusableInput(
            f"training has shape {mask.shape} for {n} recordings: give True or False for each, some True"
        )
    return mask


def _moments(values: Floats) -> dict[str, Floats]:
    count = np.sum(~np.isnan(values), axis=0)
    mean = np.nansum(values, axis=0) / count
    squares = np.nansum(np.square(values - mean), axis=0)
    low = np.where(np.isnan(values), np.inf, values).min(axis=0)
    high = np.where(np.isnan(values), -np.inf, values).max(axis=0)
    # A constant column has no spread, whatever rounding left in its mean.
    squares = np.where(high > low, squares, 0.0)
    return {
        "mean": mean,
        "sd": np.sqrt(squares / count),
        "sd_sample": np.sqrt(squares / (count - 1)),
        "low": low,
        "high": high,
    }


def _spans_unit(moments: dict[str, Floats]) -> Bools:
    return (np.abs(moments["low"]) <= ROUNDING) & (np.abs(moments["high"] - 1.0) <= ROUNDING)


def _words(name: str) -> list[str]:
    """The words of a column name, small: PHQ8_Score, phq8Score and 'PHQScore' all hold 'score' and one that starts with phq."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return [word.lower().rstrip("0123456789") for word in re.split(r"[^0-9A-Za-z]+", apart) if word]


def _made_from_label(column: Floats, label: Floats, people: Ints, columns: int) -> str:
    """How a column was made from the label, empty if it was not."""
    if column.size < 2 or np.ptp(column) == 0 or np.ptp(label) == 0:
        return ""
    labels, of_label = np.unique(label, return_inverse=True)
    low, high = np.full(labels.size, np.inf), np.full(labels.size, -np.inf)
    np.minimum.at(low, of_label, column)
    np.maximum.at(high, of_label, column)
    steps = np.diff(low)
    if (low == high).all() and ((steps >= 0).all() or (steps <= 0).all()):
        # Chance that these values, dealt out to these people at random, fall into the order of their labels: one deal in
        # each direction, equal values interchangeable.
        units = np.unique(np.column_stack([people, of_label]), axis=0)[:, 1]
        counts = np.unique(low[units], return_counts=True)[1]
        log_chance = math.log(2.0 * columns) + sum(math.lgamma(c + 1) for c in counts) - math.lgamma(units.size + 1)
        if log_chance < math.log(CHANCE):
            return "a monotone function of the label"
    if labels.size >= FEWEST_LABELS:
        from scipy.stats import spearmanr

        correlation = float(spearmanr(column, label).statistic)
        if abs(correlation) >= COPY_CORRELATION:
            return f"all but a copy of the label (Spearman {correlation:.4f})"
    return ""


def _refuse_sum(features: pd.DataFrame, values: Floats, label: Floats) -> None:
    """Columns that add up to the label; only where there are clearly more recordings than columns to fit it with."""
    with np.errstate(all="ignore"):
        moments = _moments(values)
    used = ~np.isnan(values).any(axis=0) & (moments["sd"] > 0)
    rows = np.unique(np.column_stack([values[:, used], label]), axis=0)
    if not used.any() or len(rows) < used.sum() + FEWEST_LABELS or np.ptp(label) == 0:
        return
    x = (rows[:, :-1] - moments["mean"][used]) / moments["sd"][used]
    design, y = np.column_stack([np.ones(len(x)), x]), rows[:, -1]
    weights = np.linalg.lstsq(design, y, rcond=None)[0]
    if np.abs(design @ weights - y).max() <= 1e-9 * np.ptp(label):
        needed = np.abs(weights[1:]) > 1e-6 * np.abs(weights[1:]).max()
        names = [str(name) for name, kept in zip(features.columns[used], needed, strict=True) if kept]
        raise UnusableInput(
            f"features {_list(names)} add up to the label exactly: leave them out, the label is what is to be predicted"
        )


def _printed_as(value: float, figure: float) -> bool:
    text = repr(float(figure))
    decimals = len(text.split(".")[1]) if "." in text and "e" not in text else 12
    return round(float(value), decimals) == round(float(figure), decimals)


def _list(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
