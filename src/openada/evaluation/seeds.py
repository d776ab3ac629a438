"""A recipe's rows of a results table, trained with one seed or several (protocol, rule 10): mean and sd, never an ensemble."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from openada.evaluation.checks import Floats
from openada.evaluation.comparison import difference_over_seeds
from openada.evaluation.fusion import UNITS, by_session, one_row_per_recording
from openada.evaluation.intervals import Interval
from openada.evaluation.spread import over_seeds
from openada.evaluation.table import allowed_metrics, baseline_predictions, fed, labels_by_unit


def rows_over_seeds(
    predictions: Mapping[int, pd.DataFrame],
    *,
    predictor: str,
    training: pd.DataFrame | None = None,
    development: pd.DataFrame | None = None,
    band_limits: Sequence[float] | None = None,
    cut: float | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """One recipe's rows of a results table, from each seed's predictions of the same recordings (in the same order).

    As `table.evaluation_rows`, for the figures of the recipe and its differences from the constants and look-ups, with two
    columns more: `sd_over_seeds` (n − 1; NaN for one seed, and for differences) and `seeds`, "0, 1, 2". The interval is
    that of the seed-averaged figure.
    """
    metrics = allowed_metrics(band_limits is not None, cut)
    limits = None if band_limits is None else np.asarray(band_limits, dtype=np.float64)
    named = ", ".join(str(seed) for seed in predictions)
    rows: list[dict[str, object]] = []
    found_by_unit: dict[str, dict[str, Floats]] = {}
    for unit, plural in UNITS.items():
        tables = _by_unit(predictions, unit)
        first = next(iter(tables.values()))
        label, subject = first["score"].to_numpy(np.float64), first["subject"].astype(str).to_numpy(dtype=object)
        scores = {seed: table["prediction"].to_numpy(np.float64) for seed, table in tables.items()}
        for metric in metrics:
            y = fed(metric, label, label, limits)[0]
            own = {seed: fed(metric, label, p, limits)[1] for seed, p in scores.items()}
            found = over_seeds(metric, y, own, subject, level=level, unit=plural, cut=cut)
            rows.append(_row(predictor, metric, found.interval, found.sd, named))
        found_by_unit[unit], _ = baseline_predictions(
            labels_by_unit(training, unit), labels_by_unit(development, unit), subject
        )
    baselines = {name: {unit: found_by_unit[unit][name] for unit in UNITS} for name in found_by_unit["recording"]}
    differences = differences_from(predictions, baselines, predictor=predictor, level=level)
    return pd.concat([pd.DataFrame(rows), differences], ignore_index=True) if baselines else pd.DataFrame(rows)


def differences_from(
    predictions: Mapping[int, pd.DataFrame],
    baselines: Mapping[str, Mapping[str, Floats]],
    *,
    predictor: str,
    level: float = 0.95,
) -> pd.DataFrame:
    """Rows "predictor − baseline" for MAE and RMSE of each unit, columns as of `rows_over_seeds`.

    `predictions` as there; `baselines`: name → "recording" and "session" → predictions (n,), in the order of the
    recordings, and of the sessions as `by_session` sorts them.
    """
    named = ", ".join(str(seed) for seed in predictions)
    rows = []
    for unit, plural in UNITS.items():
        tables = _by_unit(predictions, unit)
        first = next(iter(tables.values()))
        scores = {seed: table["prediction"].to_numpy(np.float64) for seed, table in tables.items()}
        for name, by_unit in baselines.items():
            for metric in ("mae", "rmse"):
                gap = difference_over_seeds(
                    metric,
                    first["score"],
                    scores,
                    {0: by_unit[unit]},
                    first["subject"].astype(str),
                    level=level,
                    unit=plural,
                )
                rows.append(_row(f"{predictor} − {name}", metric, gap, float("nan"), named))
                rows[-1]["note"] = "; ".join(
                    text for text in (gap.note, f"ranks first in {gap.ranks_first:.0%} of subject resamples") if text
                )
    return pd.DataFrame(rows)


def _by_unit(predictions: Mapping[int, pd.DataFrame], unit: str) -> dict[int, pd.DataFrame]:
    fuse = one_row_per_recording if unit == "recording" else by_session
    return {seed: fuse(table) for seed, table in predictions.items()}


def _row(predictor: str, metric: str, found: Interval, sd: float, seeds: str) -> dict[str, object]:
    facts = {
        name: getattr(found, name) for name in ("unit", "value", "low", "high", "n", "n_subjects", "method", "note")
    }
    return {"predictor": predictor, "metric": metric, **facts, "sd_over_seeds": sd, "seeds": seeds}
