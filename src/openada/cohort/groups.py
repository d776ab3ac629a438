"""How features differ between some people and the others: Mann and Whitney's test, with an effect size and its interval."""

from __future__ import annotations

import numpy as np
import pandas as pd

from openada.evaluation.checks import Bools, Floats
from openada.evaluation.intervals import interval_of
from openada.evaluation.resampling import SubjectAuroc


def rank_biserial(values: Floats, inside: Bools, level: float = 0.95) -> tuple[float, float, float, float]:
    """r, low, high, p_value of values (n,), none missing, of those `inside` (n,) against the others.

    r = 2 · P(a person inside has the larger value) − 1, a tie counting half: the rank-biserial correlation, which is Cliff's
    δ; −1 to 1. The interval is the jackknife-t over people of the probability, on its logit; p is two-sided, the normal
    approximation with ties. NaN where a side is empty or nothing varies.
    """
    from scipy.stats import mannwhitneyu

    from openada.evaluation.metrics import auroc

    if inside.all() or not inside.any() or np.ptp(values) == 0:
        return (float("nan"),) * 4
    chance = auroc(inside, values)
    figure = SubjectAuroc(inside, values, np.arange(len(values)), len(values))
    of = interval_of(
        chance, figure, n=len(values), n_subjects=len(values), scale="logit", bounds=(0, 1), level=level, unit="people"
    )
    p = float(mannwhitneyu(values[inside], values[~inside], method="asymptotic").pvalue)
    return 2 * chance - 1, 2 * of.low - 1, 2 * of.high - 1, p


def membership(label: np.ndarray) -> pd.DataFrame:
    """A column per subtype (from 1), `subtype_1` …: 1 for those in it, 0 for the others."""
    return pd.DataFrame({f"subtype_{int(one) + 1}": (label == one).astype(np.float64) for one in np.unique(label)})
