"""Which measured movements go with the attribution: its correlation with action units, gaze and head (expression semantics).

Two questions. With the signed sums of frames: what was there when the score was raised. With the sums of sizes: what was there
when the model looked closely, whether that raised the score or lowered it. A movement that counts for severity in one company
and against it in another has a part in the second alone. (The size is an addition of ours; Moreno et al. 2023 have the sums.)
"""

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
    *("r_recording", "p_recording", "r_size", "z_size", "p_size", "q_size"),
)


def signal_name(column: str) -> str:
    """A signal in words with its unit: "inner brow raise (AU01)"; of gaze and head the column's own explanation."""
    source = next((signal.source for signal in DICTIONARY if signal.name == column), column)
    short = source.partition(":")[0].partition(";")[0]
    return f"{short} ({column.removesuffix('_g')})"


def unit_correlations(
    behaviour: pd.DataFrame, sums: np.ndarray, sizes: np.ndarray, places: np.ndarray, series: np.ndarray
) -> pd.DataFrame:
    """A row per signal of `SIGNALS`, columns `COLUMNS`: Spearman's correlation with the attribution's sums along frames.

    behaviour: a row per frame of the recording, NaN where not measured. sums, sizes, places (W, T): of `frame_attribution`;
    series (F,) the sums along the recording, NaN where none. r, z, p_value: within windows (`evaluation.shifted_correlation`),
    q_value over the signals; r_size to q_size: the same with the sizes; r_recording and p_recording: the recording as one window.
    A frame that was not tracked is in none of them.
    """
    import pandas as pd

    tracked = np.isfinite(series)[places]
    known, known_sizes = (np.where(tracked, values, np.nan) for values in (sums, sizes))
    whole = np.arange(len(series))[None]
    rows = []
    for signal in SIGNALS:
        values = behaviour[signal.name].to_numpy(float)
        inside = shifted_spearman(values, known, places)
        along = shifted_spearman(values, series[None], whole)
        looked = shifted_spearman(values, known_sizes, places)
        rows.append(
            {
                "signal": signal.name,
                "name": signal_name(signal.name),
                **{key: getattr(inside, key) for key in ("r", "z", "p_value", "n_frames", "n_windows", "shifts")},
                "undefined_reason": inside.reason,
                "r_recording": along.r,
                "p_recording": along.p_value,
                **{f"{key.split('_')[0]}_size": getattr(looked, key) for key in ("r", "z", "p_value")},
            }
        )
    table = pd.DataFrame(rows)
    q_of = {f"q_{own}": false_discovery(table[f"p_{own}"]) for own in ("value", "size")}
    return table.assign(**q_of)[list(COLUMNS)]
