"""What corruption does to a model's errors: from predictions at every strength to one long table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from openada.clips.corruptions import KINDS, KindName
from openada.evaluation.comparison import holm
from openada.evaluation.fusion import UNITS, by_session, one_row_per_recording
from openada.evaluation.intervals import Interval, interval, paired_difference
from openada.evaluation.table import evaluation_rows

if TYPE_CHECKING:
    import pandas as pd

ERRORS = ("mae", "rmse")
CLEAN, CORRUPTED, DIFFERENCE = "clean", "corrupted", "corrupted − clean"
SHIFT = "prediction_shift"
COLUMNS = (
    *("kind", "strength", "predictor", "metric", "unit", "value", "low", "high", "n", "n_subjects", "method"),
    *("p_value", "p_holm", "note"),
)


def robustness_table(
    clean: pd.DataFrame,
    corrupted: Mapping[tuple[KindName, float], pd.DataFrame],
    *,
    training: pd.DataFrame,
    development: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """A row per kind, strength, predictor, metric and unit, with columns `COLUMNS`.

    `clean` and every table of `corrupted` hold the same recordings in the same order: recording_id, subject, session, score,
    prediction. Rows without a kind come first: the constant predictors, the identity look-up where subjects occur in `training`
    (and `development`), and the clean model. For every strength: MAE and RMSE, the paired difference of each to the clean model,
    and `prediction_shift`, the mean absolute change of the prediction. Intervals are 95 % jackknife-t over subjects. p_holm is
    corrected over all differences of one metric and unit in this table.
    """
    import pandas as pd

    first = evaluation_rows(clean, training=training, development=development, predictor=CLEAN, metrics=ERRORS)
    first = first[~first["predictor"].str.contains(" − ")]
    parts = [first.assign(kind="", strength=np.nan)]
    for (kind, strength), rows in corrupted.items():
        errors = evaluation_rows(rows, predictor=CORRUPTED, metrics=ERRORS)
        changes = pd.DataFrame(_changes(rows, clean))
        if strength == KINDS[kind].neutral:
            changes["p_value"] = np.nan  # nothing was changed, so nothing is tested
        parts += [part.assign(kind=kind, strength=strength) for part in (errors, changes)]
    table = pd.concat(parts, ignore_index=True).reindex(columns=list(COLUMNS))
    table["note"] = table["note"].fillna("")
    for _, rows in table[table["predictor"] == DIFFERENCE].groupby(["metric", "unit"]):
        table.loc[rows.index, "p_holm"] = holm(rows["p_value"].to_numpy(float))
    return table


def _changes(rows: pd.DataFrame, clean: pd.DataFrame) -> list[dict[str, object]]:
    """Differences to the clean model and the shift, at recording and session level."""
    found = []
    for unit, fuse in (("recording", one_row_per_recording), ("session", by_session)):
        ours, other = fuse(rows), fuse(clean)
        subject, named = ours["subject"], UNITS[unit]
        for metric in ERRORS:
            gap = paired_difference(metric, ours["score"], ours["prediction"], other["prediction"], subject, unit=named)
            found.append({**_row(DIFFERENCE, metric, gap), "p_value": gap.p_value})
        # The mean absolute difference of two predictions is the MAE of one about the other.
        shift = interval("mae", other["prediction"], ours["prediction"], subject, unit=named)
        found.append(_row(CORRUPTED, SHIFT, shift))
    return found


def _row(predictor: str, metric: str, found: Interval) -> dict[str, object]:
    names = ("unit", "value", "low", "high", "n", "n_subjects", "method", "note")
    return {"predictor": predictor, "metric": metric, **{name: getattr(found, name) for name in names}}
