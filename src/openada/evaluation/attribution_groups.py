"""Figures of single recordings brought together by severity band and by how the prediction came out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from openada.errors import UnusableInput
from openada.evaluation.means import mean_over_subjects

if TYPE_CHECKING:
    import pandas as pd

CORRECT_WITHIN, FAR_BEYOND = 5.0, 15.5
"""Points of the error (Moreno et al. 2023): up to the first correct, beyond the second over- or under-estimated."""
ALL = "all recordings"
CORRECT, OVER, UNDER, REST = "correct", "over-estimated", "under-estimated", "the rest"
OUTCOMES = (CORRECT, OVER, UNDER, REST)


def outcomes(label: npt.ArrayLike, prediction: npt.ArrayLike) -> list[str]:
    """How each prediction came out: |error| ≤ 5 "correct", error > 15.5 "over-estimated", < −15.5 "under-estimated", the rest."""
    error = np.asarray(prediction, dtype=np.float64) - np.asarray(label, dtype=np.float64)
    if not np.isfinite(error).all():
        raise UnusableInput(f"{int((~np.isfinite(error)).sum())} errors are not finite: leave those recordings out")
    return [
        CORRECT if abs(one) <= CORRECT_WITHIN else OVER if one > FAR_BEYOND else UNDER if one < -FAR_BEYOND else REST
        for one in error
    ]


def groups_of(recordings: pd.DataFrame, bands: Sequence[str]) -> dict[str, pd.Series]:
    """Name of a group → which rows are in it: all, each of `bands` (column band), each outcome (column outcome)."""
    import pandas as pd

    found = {ALL: pd.Series(True, index=recordings.index)}
    found |= {f"band {name}": recordings["band"] == name for name in bands}
    return found | {name: recordings["outcome"] == name for name in OUTCOMES}


def group_means(
    table: pd.DataFrame, item: str, measures: Mapping[str, tuple[float, float]], bands: Sequence[str]
) -> pd.DataFrame:
    """Mean of each measure over recordings with its interval over subjects: a row per group, `item` and measure.

    table: a row per recording and item with subject, band, outcome and the measures (NaN left out and counted); measures: name →
    its bounds. Groups without a recording have n = 0 and no value.
    """
    import pandas as pd

    rows = []
    for group, inside in groups_of(table, bands).items():
        for name, own in table[inside].groupby(item, sort=False):
            for measure, bounds in measures.items():
                known = own[np.isfinite(own[measure])]
                found = mean_over_subjects(known[measure], known["subject"], bounds=bounds)
                rows.append(
                    {
                        "group": group,
                        item: name,
                        "measure": measure,
                        **{key: getattr(found, key) for key in ("value", "low", "high", "n", "n_subjects", "note")},
                        "undefined": len(own) - len(known),
                    }
                )
    return pd.DataFrame(rows)
