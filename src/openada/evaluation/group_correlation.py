"""Correlations of many recordings together: means of Fisher's z within subjects, Student's t over subjects, FDR over signals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from openada.evaluation.comparison import false_discovery

if TYPE_CHECKING:
    import pandas as pd

FEWEST_SUBJECTS = 3
COLUMNS = (
    *("signal", "n", "n_subjects", "r", "low", "high", "p_value", "q_value", "recordings_p_below_.05", "undefined"),
    "note",
)


def group_correlations(table: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """A row per signal, columns `COLUMNS`, from a row per recording and signal: signal, subject, z (NaN undefined), p_value.

    r: hyperbolic tangent of the mean over subjects of their mean z, every subject weighing the same; its interval and two-sided
    p are Student's, on the subjects' means. q_value: Benjamini and Hochberg's, over the signals that have a p. n: recordings
    in which it is defined; undefined: those in which it is not. Of n recordings without any relation about n / 20 have a p of
    their own (circular shifts) below .05.
    """
    import pandas as pd

    rows = []
    for signal, own in table.groupby("signal", sort=False):
        known = own[np.isfinite(own["z"])]
        of_subject = known.groupby("subject")["z"].mean().to_numpy(float)
        mean, low, high, p, note = _student(of_subject, level)
        rows.append(
            {
                "signal": signal,
                "n": len(known),
                "n_subjects": len(of_subject),
                "r": np.tanh(mean),
                "low": np.tanh(low),
                "high": np.tanh(high),
                "p_value": p,
                "recordings_p_below_.05": int((known["p_value"] < 0.05).sum()),
                "undefined": len(own) - len(known),
                "note": note if len(known) else "undefined in every recording",
            }
        )
    found = pd.DataFrame(rows, columns=[name for name in COLUMNS if name != "q_value"])
    found["q_value"] = false_discovery(found["p_value"].to_numpy(float))
    return found[list(COLUMNS)]


def _student(values: np.ndarray, level: float) -> tuple[float, float, float, float, str]:
    from scipy.stats import ttest_1samp

    mean = float(values.mean()) if len(values) else np.nan
    if len(values) < FEWEST_SUBJECTS:
        few = f"{len(values)} subject{'s' * (len(values) != 1)}: an interval needs at least {FEWEST_SUBJECTS}"
        return mean, np.nan, np.nan, np.nan, few
    if np.ptp(values) == 0:
        return mean, np.nan, np.nan, np.nan, "no interval: the same in all subjects"
    tested = ttest_1samp(values, 0.0)
    low, high = tested.confidence_interval(level)
    return mean, float(low), float(high), float(tested.pvalue), ""
