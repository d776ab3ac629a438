"""The figures of an evaluation, from its predictions and its table; on the page and as SVG files beside the tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from openada.datasets.scales import Scale
from openada.evaluation.agreement import calibration_bins, limits_of_agreement
from openada.evaluation.fusion import by_session
from openada.evaluation.metrics import calibration_slope, metric_named
from openada.files import atomic_path
from openada.report.figures import Bar, Drawing, bland_altman, calibration, intervals, standalone
from openada.report.page import counted, number
from openada.report.plots import scatter

if TYPE_CHECKING:
    import pandas as pd

DRAWN = ("rmse", "mae", "ccc")


def agreement_drawings(rows: pd.DataFrame, scale: Scale) -> list[Drawing]:
    """Scatter, Bland–Altman and calibration of one row per recording: of sessions first, then of recordings.

    Where every session is one recording the second set would be the first again and is left out.
    """
    fused = by_session(rows)
    sets = [("sessions", fused)]
    if len(fused) < len(rows):
        sets.append(("recordings", rows))
    return [drawing for unit, table in sets for drawing in _of_unit(table, unit, scale)]


def _of_unit(table: pd.DataFrame, unit: str, scale: Scale) -> list[Drawing]:
    label, prediction = table["score"].to_numpy(float), table["prediction"].to_numpy(float)
    subject = table["subject"].astype(str).to_numpy(object)
    found = limits_of_agreement(label, prediction, subject, unit=unit)
    bins = calibration_bins(label, prediction, subject, bins=int(np.clip(found.bias.n_subjects // 8, 3, 5)))
    slope = calibration_slope(label, prediction)
    n = f"{counted(unit, len(table))} of {counted('subjects', found.bias.n_subjects)}"
    sides = "; ".join(
        f"{name} {number(span.value, 1)}"
        + (f" [{number(span.low, 1)}, {number(span.high, 1)}]" if known(span.low) else "")
        for name, span in (("bias", found.bias), ("lower limit", found.lower), ("upper limit", found.upper))
    )
    no_interval = "" if known(found.bias.low) else f" {found.bias.note}."
    names = [f"{kind}_{unit}" for kind in ("scatter", "bland_altman", "calibration")]
    return [
        Drawing(
            names[0],
            f"Prediction against label, {unit}",
            scatter(label, prediction, scale.low, scale.high, scale.bands, scale.name, names[0]),
            f"{n}. A fitted line flatter than the diagonal means that high scores are predicted too low and low ones too "
            "high.",
        ),
        Drawing(
            names[1],
            f"Bland–Altman, {unit}",
            bland_altman(label, prediction, found.bias, found.lower, found.upper, scale.name, names[1]),
            f"{n}. Mean difference and limits of agreement (± 1.96 sd), with 95 % intervals over subjects: {sides}."
            f"{no_interval}",
        ),
        Drawing(
            names[2],
            f"Calibration, {unit}",
            calibration(label, prediction, bins, slope, scale.name, names[2]),
            f"{n} in bins of {' / '.join(str(count) for count in bins['n'])} by rising prediction; slope of label on "
            f"prediction {number(slope)} (1 is calibrated, above 1 predictions spread too little).",
        ),
    ]


def interval_drawings(
    table: pd.DataFrame,
    ours: Sequence[str],
    *,
    unit: str = "sessions",
    per_seed: Mapping[tuple[str, str], Sequence[float]] | None = None,
    prefix: str = "intervals",
) -> list[Drawing]:
    """RMSE, MAE and CCC of every predictor of an evaluation's table (differences left out) with their intervals.

    `ours` are the predictors that are no baselines; `per_seed`: (predictor, metric) → each seed's value.
    """
    shown = table[(table["unit"] == unit) & ~table["predictor"].str.contains(" − ")]
    drawings = []
    for metric in DRAWN:
        rows = shown[shown["metric"] == metric].to_dict("records")
        if not rows:
            continue
        bars = [
            Bar(
                row["predictor"],
                row["value"],
                row["low"],
                row["high"],
                row["predictor"] in ours,
                (per_seed or {}).get((row["predictor"], metric), ()),
            )
            for row in rows
        ]
        constant = next((row["value"] for row in rows if row["predictor"] == "training mean"), math.nan)
        n = f"{counted(unit, rows[0]['n'])} of {counted('subjects', rows[0]['n_subjects'])}"
        rings = " Rings: single seeds." if any(len(bar.seeds) > 1 for bar in bars) else ""
        name, title = f"{prefix}_{metric}", metric_named(metric).title
        drawings.append(
            Drawing(
                name,
                f"{title} with intervals",
                intervals(bars, title, constant, name),
                f"{n}; 95 % intervals from resampling subjects; dashed: the training mean.{rings} Overlapping intervals "
                "do not decide about a difference: it is tested on the same subjects.",
            )
        )
    return drawings


def write_drawings(folder: Path, drawings: Sequence[Drawing]) -> None:
    """Every drawing as `folder`/NAME.svg, in one step; what another evaluation left there goes."""
    with atomic_path(folder) as temporary:
        temporary.mkdir(parents=True)
        for drawing in drawings:
            (temporary / f"{drawing.name}.svg").write_text(standalone(drawing.svg), encoding="utf-8")


def known(value: float) -> bool:
    """Whether an end of an interval exists."""
    return math.isfinite(value)
