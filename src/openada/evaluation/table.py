"""The results table: constants and identity look-up first, then the model, then the differences (protocol, rules 3–5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from openada.datasets.scales import SCALES
from openada.errors import UnusableInput
from openada.evaluation.baselines import constant_mean, constant_median, identity_lookup
from openada.evaluation.checks import Floats, Ints, vector
from openada.evaluation.coverage import expected_share
from openada.evaluation.fusion import UNITS, by_session, one_row_per_recording
from openada.evaluation.intervals import Interval, interval, paired_difference
from openada.evaluation.metrics import metric_named

SCORE_METRICS = ("mae", "rmse", "pcc", "ccc", "calibration_slope")
BAND_METRICS = ("band_accuracy", "macro_f1", "quadratic_kappa")
COLUMNS = ("predictor", "metric", "unit", "value", "low", "high", "n", "n_subjects", "method", "note")


def evaluation_rows(
    predictions: pd.DataFrame,
    *,
    training: pd.DataFrame | Sequence[float] | None = None,
    development: pd.DataFrame | None = None,
    predictor: str = "model",
    metrics: Sequence[str] | None = None,
    difference_metrics: Sequence[str] = ("mae", "rmse"),
    band_limits: Sequence[float] | None = None,
    cut: float | None = None,
    units: Sequence[str] = tuple(UNITS),
    method: str = "jackknife-t",
    level: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """One row per unit, predictor and metric, columns `COLUMNS`; differences are rows of their own.

    `predictions`: recording_id, subject, session, score (the label), prediction, one row per recording of one split,
    one scale. `training`: its labels, as numbers or as a table with score and, for the identity look-up, subject (which
    is shown if a test subject occurs there); `development` adds its labels to a second look-up row. With `band_limits`
    (the lowest score of each band, such as 0, 14, 20, 29; by default those of the column scale, if it is a known one)
    the band metrics are added, bands made of label and prediction alike, at session level of the fused ones; with `cut`
    the AUROC for label ≥ cut. By default `metrics` is everything the arguments allow. Differences are
    predictor − baseline, of `difference_metrics`.

    The note gives the coverage measured for intervals of that kind at that number of subjects (`coverage`).
    """
    limits = _limits(band_limits if band_limits is not None else _limits_of_scale(predictions))
    chosen = tuple(metrics) if metrics is not None else allowed_metrics(limits is not None, cut)
    for name in (*chosen, *difference_metrics):
        if metric_named(name).takes == "bands" and limits is None:
            raise UnusableInput(
                f"{name} without a known scale or band_limits: give the lowest score of each band, such as 0 14 20 29"
            )
    rows: list[dict[str, object]] = []
    for unit in units:
        if unit not in UNITS:
            raise UnusableInput(f"unit {unit!r}: choose from {', '.join(UNITS)}")
        table = one_row_per_recording(predictions) if unit == "recording" else by_session(predictions)
        label = table["score"].to_numpy(dtype=np.float64)
        subject = table["subject"].astype(str).to_numpy(dtype=object)
        baselines, notes = baseline_predictions(
            labels_by_unit(training, unit), labels_by_unit(development, unit), subject
        )
        everything = {**baselines, predictor: table["prediction"].to_numpy(dtype=np.float64)}
        for name, prediction in everything.items():
            for metric in chosen:
                found = interval(
                    metric, *fed(metric, label, prediction, limits), subject, method, level, seed,
                    unit=UNITS[unit], cut=cut,
                )  # fmt: skip
                rows.append(_row(name, metric, found, _coverage(metric, found), notes.get(name, "")))
        for name, prediction in baselines.items():
            for metric in difference_metrics:
                y, a = fed(metric, label, everything[predictor], limits)
                _, b = fed(metric, label, prediction, limits)
                gap = paired_difference(metric, y, a, b, subject, method, level, seed, unit=UNITS[unit], cut=cut)
                first = f"ranks first in {gap.ranks_first:.0%} of subject resamples" if gap.n_subjects > 2 else ""
                rows.append(_row(f"{predictor} − {name}", metric, gap, first))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def bands(scores: Sequence[float] | Floats, limits: Sequence[float] | Floats) -> Ints:
    """(n,) band index of each score; `limits` are the lowest scores of the bands, ascending. What lies below the
    first limit belongs to the first band, as a prediction may.
    """
    edges = _limits(limits)
    assert edges is not None
    found = np.searchsorted(edges, vector(scores, "score"), side="right") - 1
    return np.maximum(found, 0).astype(np.int64)


def to_markdown(table: pd.DataFrame, digits: int = 2) -> str:
    """`table` as a Markdown table: `digits` decimals for floats, – for NaN and None, numbers to the right."""
    numeric = [pd.api.types.is_numeric_dtype(table[c]) for c in table.columns]
    cells = [[_cell(value, digits) for value in row] for row in table.itertuples(index=False, name=None)]
    heads = [_cell(name, digits) for name in table.columns]
    widths = [max([3, len(head), *(len(row[k]) for row in cells)]) for k, head in enumerate(heads)]

    def line(row: Sequence[str]) -> str:
        sides = zip(row, widths, numeric, strict=True)
        return "| " + " | ".join(text.rjust(w) if right else text.ljust(w) for text, w, right in sides) + " |"

    rule = ["-" * (w - 1) + ":" if right else "-" * w for w, right in zip(widths, numeric, strict=True)]
    return "\n".join([line(heads), line(rule), *(line(row) for row in cells)]) + "\n"


def wide(
    table: pd.DataFrame, metrics: Sequence[str] | None = None, titles: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """A row per predictor and unit, a column of text per metric: value [low, high], with ± sd over seeds where the table
    has `sd_over_seeds`. Differences (predictors with a minus sign between two names) stay rows of their own. `titles` heads
    the columns of metrics that are not registered.
    """
    heads = titles or {}
    chosen = tuple(metrics) if metrics is not None else tuple(table["metric"].unique())
    keys = ["unit", "n", "n_subjects", "predictor"]
    rows = []
    for key, part in table.groupby(keys, sort=False):
        by_metric = {row["metric"]: row for row in part.to_dict("records")}
        cells = {heads.get(name) or metric_named(name).title: _interval_cell(by_metric.get(name)) for name in chosen}
        rows.append({"predictor": key[3], "unit": key[0], "n": key[1], "subjects": key[2], **cells})
    return pd.DataFrame(rows)


def _interval_cell(row: Mapping[str, object] | None) -> str:
    if row is None:
        return "–"
    sd = row.get("sd_over_seeds")
    spread = "" if sd is None or np.isnan(float(str(sd))) else f" ± {_cell(sd, 2)}"
    span = "" if np.isnan(float(str(row["low"]))) else f" [{_cell(row['low'], 2)}, {_cell(row['high'], 2)}]"
    return f"{_cell(row['value'], 2)}{spread}{span}"


def _cell(value: object, digits: int) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)) or value is pd.NA:
        return "–"
    if isinstance(value, (float, np.floating)):
        return f"{value:.{digits}f}".replace("-", "−") if float(f"{value:.{digits}f}") else f"{0:.{digits}f}"
    return " ".join(str(value).replace("|", "\\|").split())


def _limits(limits: Sequence[float] | Floats | None) -> Floats | None:
    if limits is None:
        return None
    edges = vector(limits, "band limits")
    if np.any(np.diff(edges) <= 0):
        raise UnusableInput(f"band limits {edges.tolist()}: give them in ascending order")
    return edges


def _limits_of_scale(predictions: pd.DataFrame) -> Floats | None:
    names = set(predictions["scale"]) if "scale" in predictions else set()
    if len(names) != 1 or not names <= set(SCALES):
        return None
    return np.array([lowest for _, lowest in SCALES[names.pop()].bands], dtype=np.float64)


def allowed_metrics(banded: bool, cut: float | None) -> tuple[str, ...]:
    """The metrics of a table: those of scores, those of bands if the limits are known, the AUROC if there is a cut."""
    return SCORE_METRICS + (BAND_METRICS if banded else ()) + (("auroc_at_cut",) if cut is not None else ())


def fed(metric: str, label: Floats, prediction: Floats, limits: Floats | None) -> tuple[Floats | Ints, Floats | Ints]:
    """What a metric is computed on: the scores themselves, or the bands of both."""
    if metric_named(metric).takes == "bands" and limits is not None:
        return bands(label, limits), bands(prediction, limits)
    return label, prediction


def labels_by_unit(known: pd.DataFrame | Sequence[float] | None, unit: str) -> pd.DataFrame | None:
    """The labels a baseline is made from, one row per unit: sessions weigh the same when sessions are predicted."""
    if known is None:
        return None
    table = known if isinstance(known, pd.DataFrame) else pd.DataFrame({"score": list(known)})
    if "score" not in table:
        raise UnusableInput(f"training has the columns {', '.join(map(str, table.columns))}: it needs score")
    vector(table["score"], "training label", table["recording_id"].tolist() if "recording_id" in table else None)
    if unit == "session" and {"subject", "session"} <= set(table.columns):
        return table.groupby(["subject", "session"], as_index=False)["score"].mean()
    return table


def baseline_predictions(
    known: pd.DataFrame | None, development: pd.DataFrame | None, subject: npt.NDArray[np.object_]
) -> tuple[dict[str, Floats], Mapping[str, str]]:
    """Predictions by name, in the order of the table, and what is to be said beside them."""
    if known is None:
        return {}, {}
    n = subject.size
    found = {"training mean": constant_mean(known["score"], n), "training median": constant_median(known["score"], n)}
    notes: dict[str, str] = {}
    if "subject" in known:
        both = None if development is None else pd.concat([known, development], ignore_index=True)
        for name, labels in (("identity look-up", known), ("identity look-up with development", both)):
            if labels is None:
                continue
            looked = identity_lookup(labels["score"], labels["subject"], subject)
            if looked.coverage:
                found[name] = looked.prediction
                notes[name] = f"{looked.coverage} of {n} found by subject"
    return found, notes


def _coverage(metric: str, found: Interval) -> str:
    share = expected_share(found.n_subjects, found.method, metric)
    told = share is not None and found.level == 0.95 and not np.isnan(found.low)
    return f"{share:.0%} coverage expected" if told else ""


def _row(predictor: str, metric: str, found: Interval, *notes: str) -> dict[str, object]:
    return {
        "predictor": predictor,
        "metric": metric,
        **{name: getattr(found, name) for name in COLUMNS[2:9]},
        "note": "; ".join(text for text in (found.note, *notes) if text),
    }
