"""The page of one run: figures beside the constant predictors, the split they hold on, and how they came about."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from openada.errors import UnusableInput
from openada.report import plots
from openada.report.content import EvaluationContent
from openada.report.figures import Drawing
from openada.report.page import MISSING, measured, number, plain, significant, write_page
from openada.report.tripod import ChecklistRow, summary

if TYPE_CHECKING:
    import pandas as pd

METRIC_NAMES = {
    "mae": "MAE",
    "rmse": "RMSE",
    "pcc": "PCC",
    "ccc": "CCC",
    "calibration_slope": "Calibration slope",
    "band_accuracy": "Band accuracy",
    "macro_f1": "Macro F1",
    "quadratic_kappa": "Quadratic kappa",
    "auroc_at_cut": "AUROC at cut",
}
NEEDED = ("metric", "value", "low", "high", "n", "n_subjects", "unit")


def write_evaluation_report(
    out_html: Path,
    content: EvaluationContent,
    *,
    drawings: Sequence[Drawing] = (),
    footer: Sequence[str] = (),
    footer_line: str = "",
    checklist: Sequence[ChecklistRow] = (),
) -> None:
    """Write the page of one run as a single HTML file that needs no network.

    `drawings` are further figures; `footer` (sentences) stands under the first table, `footer_line`, the same in one line,
    under every other table of figures that is not published; `checklist` is a section of its own.

    Raises UnusableInput if a table lacks a column, or if no baseline is given: no figure is shown without the constant
    predictor beside it.
    """
    from markupsafe import Markup

    _need(content.predictions, ("score", "prediction"), "predictions")
    if content.baselines.empty:
        raise UnusableInput(
            "no baselines: give at least the constant predictors (mean and median of the training labels)"
        )
    label = content.predictions["score"].to_numpy(dtype=float)
    prediction = content.predictions["prediction"].to_numpy(dtype=float)
    scatter = plots.scatter(label, prediction, content.scale_low, content.scale_high, content.bands, content.scale_name)
    write_page(
        Path(out_html),
        "evaluation.html.j2",
        None,
        title=content.title,
        content=content,
        critical_warnings=list(content.critical_warnings),
        warnings=list(content.warnings),
        versions=dict(content.versions),
        measured=measured(content.scale_name),
        comparison=comparison(content.baselines, content.metrics),
        localisation=None if content.localisation is None else comparison(None, _localisation(content.localisation)),
        n_drawn=int(np.sum(np.isfinite(label) & np.isfinite(prediction))),
        scatter=Markup(scatter),
        curves=Markup(plots.curves(content.curves, content.chosen_epoch, content.curves_label))
        if content.curves
        else None,
        drawings=[drawing._replace(svg=Markup(drawing.svg)) for drawing in drawings],
        footer=list(footer),
        footer_line=footer_line,
        checklist=list(checklist),
        checklist_summary=summary(checklist),
        tables=[
            {"title": table.title, "note": table.note, "published": table.published, **as_is(table.frame)}
            for table in content.tables
        ],
        config=json.dumps(plain(content.config), indent=2, ensure_ascii=False, default=str) if content.config else "",
    )


def comparison(first: pd.DataFrame | None, second: pd.DataFrame) -> dict[str, Any]:
    """Long tables as one wide one: groups by unit and n, a row per predictor, a column per metric, in their order.

    In each group the rows of `first` (the baselines) come before those of `second`. Rows whose n differ
    are kept apart, so that no figure stands under another's n. Remarks in the column `note` are gathered below.
    """
    metrics: list[str] = []
    notes: dict[str, dict[str, list[str]]] = {}
    groups: dict[tuple[Any, ...], dict[tuple[bool, str], Any]] = {}
    for frame, is_baseline in ((first, True), (second, False)):
        if frame is None:
            continue
        _need(frame, NEEDED, "baselines" if is_baseline else "metrics")
        for record in frame.to_dict("records"):
            predictor = str(record.get("predictor", "")) or ("baseline" if is_baseline else "this model")
            rows = groups.setdefault((record["unit"], record["n"], record["n_subjects"]), {})
            row = rows.setdefault(
                (is_baseline, predictor), {"predictor": predictor, "baseline": is_baseline, "cells": {}}
            )
            metric = METRIC_NAMES.get(str(record["metric"]), str(record["metric"]))
            if metric not in metrics:
                metrics.append(metric)
            known = all(np.isfinite(float(record[side])) for side in ("low", "high"))
            interval = f"[{number(float(record['low']))}, {number(float(record['high']))}]" if known else ""
            sd = record.get("sd_over_seeds")
            spread = f" ± {number(float(sd))}" if sd is not None and np.isfinite(float(sd)) else ""
            row["cells"][metric] = {"value": number(float(record["value"])) + spread, "interval": interval}
            for text in str(record.get("note") or "").split("; "):
                if text and text != "nan":
                    said_of = notes.setdefault(text, {}).setdefault(predictor, [])
                    said_of.extend([metric] if metric not in said_of else [])
    grouped = [
        {"unit": unit, "n": n, "n_subjects": n_subjects, "rows": list(rows.values())}
        for (unit, n, n_subjects), rows in groups.items()
    ]
    return {"metrics": metrics, "groups": grouped, "has_baselines": first is not None, "notes": _notes(notes)}


def _notes(notes: Mapping[str, Mapping[str, Sequence[str]]]) -> list[str]:
    """Each remark once, with the predictors and metrics it was made on."""
    out = []
    for text, said_of in notes.items():
        by_metrics: dict[str, list[str]] = {}
        for predictor, metrics in said_of.items():
            by_metrics.setdefault(", ".join(metrics), []).append(predictor)
        where = "; ".join(f"{', '.join(predictors)}: {metrics}" for metrics, predictors in by_metrics.items())
        out.append(f"{text} ({where})")
    return out


def _localisation(frame: pd.DataFrame) -> pd.DataFrame:
    """Localisation rows in the form of `comparison`: the measure, and the category it was split by, name the row."""
    frame = frame.rename(columns={} if "predictor" in frame.columns else {"measure": "predictor"})
    if "metric" not in frame.columns:
        frame = frame.assign(metric="AUROC")
    if "predicted_category" in frame.columns:
        split = frame["predicted_category"].astype(str)
        suffix = split.map(lambda category: "" if category == "all" else f", where “{category}” was predicted")
        frame = frame.assign(predictor=frame["predictor"].astype(str) + suffix)
    return frame


def as_is(frame: pd.DataFrame) -> dict[str, Any]:
    """Any table as headings and cells of text, with metrics under their usual names."""
    from pandas.api.types import is_numeric_dtype

    if "metric" in frame.columns:
        frame = frame.assign(metric=[METRIC_NAMES.get(str(metric), str(metric)) for metric in frame["metric"]])
    return {
        "columns": [
            {"name": str(column).replace("_", " "), "text": not is_numeric_dtype(frame[column])}
            for column in frame.columns
        ],
        "rows": [[_text(value) for value in record] for record in frame.itertuples(index=False, name=None)],
    }


def _text(value: Any) -> str:
    if value is None:
        return MISSING
    if isinstance(value, float | np.floating):
        figure = float(value)
        return f"{figure:.0f}" if figure.is_integer() and abs(figure) < 1e6 else significant(figure, 4)
    return str(value)


def _need(frame: pd.DataFrame, columns: tuple[str, ...], name: str) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise UnusableInput(f"the table `{name}` lacks {missing}; it has {list(frame.columns)}")
