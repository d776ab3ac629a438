"""Which measured movements go with the attribution: its correlation with action units, gaze and head (expression semantics)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from openada.behaviour.dictionary import DICTIONARY
from openada.evaluation.comparison import false_discovery
from openada.evaluation.shifted_correlation import shifted_spearman

if TYPE_CHECKING:
    import pandas as pd

_KINDS = ("AU", "gaze_", "head_", "eye_openness")
SIGNALS = tuple(signal for signal in DICTIONARY if signal.name.startswith(_KINDS))
COLUMNS = (
    *("signal", "name", "r", "z", "p_value", "q_value", "n_frames", "n_windows", "shifts", "undefined_reason"),
    *("r_recording", "p_recording"),
)


def signal_name(column: str) -> str:
    """A signal in words with its unit: "inner brow raise (AU01)"; of gaze and head the column's own explanation."""
    source = next((signal.source for signal in DICTIONARY if signal.name == column), column)
    short = source.partition(":")[0].partition(";")[0]
    return f"{short} ({column.removesuffix('_g')})"


def unit_correlations(
    behaviour: pd.DataFrame, sums: np.ndarray, places: np.ndarray, series: np.ndarray
) -> pd.DataFrame:
    """A row per signal of `SIGNALS`, columns `COLUMNS`: Spearman's correlation with the attribution's sums along frames.

    behaviour: a row per frame of the recording, NaN where not measured. sums, places (W, T): of `frame_attribution`; series
    (F,) the same along the recording, NaN where none. r, z, p_value: within windows (`evaluation.shifted_correlation`), q_value
    over the signals; r_recording and p_recording: the recording as one window. A frame that was not tracked is in none of them.
    """
    import pandas as pd

    known = np.where(np.isfinite(series)[places], sums, np.nan)
    whole = np.arange(len(series))[None]
    rows = []
    for signal in SIGNALS:
        values = behaviour[signal.name].to_numpy(float)
        inside = shifted_spearman(values, known, places)
        along = shifted_spearman(values, series[None], whole)
        rows.append(
            {
                "signal": signal.name,
                "name": signal_name(signal.name),
                **{key: getattr(inside, key) for key in ("r", "z", "p_value", "n_frames", "n_windows", "shifts")},
                "undefined_reason": inside.reason,
                "r_recording": along.r,
                "p_recording": along.p_value,
            }
        )
    table = pd.DataFrame(rows)
    return table.assign(q_value=false_discovery(table["p_value"]))[list(COLUMNS)]
