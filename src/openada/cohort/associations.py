"""Every feature against every scale, adjusted for who people are, and what of it holds in people who were not looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from openada.cohort.covariates import covariate_basis
from openada.cohort.groups import rank_biserial
from openada.cohort.halves import HELD_OUT_SHARE, held_out
from openada.cohort.instruments import of_questionnaire
from openada.cohort.layout import Cohort
from openada.cohort.prediction.targets import target_of
from openada.cohort.questionnaire import PERSON
from openada.errors import UnusableInput
from openada.evaluation.checks import Floats
from openada.evaluation.comparison import false_discovery
from openada.evaluation.intervals import interval_of
from openada.evaluation.metrics import metric_named
from openada.evaluation.resampling import statistic

ADJUSTED_FOR = ("age", "sex", "site")
FALSE_DISCOVERY_RATE = 0.05
FEWEST_PEOPLE = 20
COLUMNS = ("scale", "feature", "r", "low", "high", "p_value", "n")
Method = Literal["spearman", "pearson", "mann-whitney"]


def associate(
    features: pd.DataFrame,
    scores: pd.DataFrame,
    covariates: pd.DataFrame | None = None,
    *,
    method: Method = "spearman",
    level: float = 0.95,
) -> pd.DataFrame:
    """A row per score and feature, `COLUMNS`: the partial correlation given the covariates.

    features (n, d), scores (n, s), covariates (n, c), in the same order of people: numbers, or words that become groups.
    People who lack the score, the feature or a covariate are left out of that row. Feature and score are regressed by least
    squares on curves of the covariates and their products (`covariates.covariate_basis`), and what is left of both is compared:

    - "pearson" correlates it.
    - "spearman" starts from normal scores of the ranks, so that only the order of values counts, ranks what the regression
      leaves, takes the same curves out of these ranks, and correlates them: the partial Spearman correlation of Liu, Li, Wanga
      and Shepherd (2018), whose probability-scale residuals are the ranks of what is left where the error's distribution is
      left open. Normal scores, for their ordinal regression, and the curves taken out of the ranks too are ours; the latter
      because the mean of the ranks follows a covariate on which spread or shape of the error hang. (Regressing the
      ranks themselves on the covariates, as is common, leaves an effect where there is none once a covariate is strong.)
    - "mann-whitney" takes scores of 0 and 1 and compares by rank what is left of the feature: r is the rank-biserial
      correlation (`groups.rank_biserial`).

    The interval is the jackknife-t over people, which asks for no normal distribution and takes the regression as given (with
    c ≪ n); p_value is two-sided, from t on n − 2 − (columns of covariates) degrees of freedom, or Mann and Whitney's. NaN where
    fewer than `FEWEST_PEOPLE` are left or nothing varies. Raises UnusableInput for a feature that is a column of a questionnaire.
    """
    asked = [name for name in features if of_questionnaire(name)]
    if asked:
        raise UnusableInput(
            f"feature {asked[0]!r} is a questionnaire's: features are measured in the face, leave it out"
        )
    values = features.to_numpy(np.float64)
    design, whole = covariate_basis(covariates, len(values))
    known = np.isfinite(values)
    _, pattern = np.unique(np.packbits(known, axis=0), axis=1, return_inverse=True)
    rows: list[tuple[object, ...]] = []
    for scale in scores:
        score = scores[scale].to_numpy(np.float64)
        found = np.full((values.shape[1], 5), np.nan)
        for group in np.unique(pattern):
            columns = np.flatnonzero(pattern == group)
            there = known[:, columns[0]] & np.isfinite(score) & whole
            found[columns] = _partial(values[np.ix_(there, columns)], score[there], design[there], method, level)
        rows += [(scale, name, *numbers) for name, numbers in zip(features.columns, found.tolist(), strict=True)]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"n": int})


def association_table(
    cohort: Cohort,
    *,
    adjust: Sequence[str] = ADJUSTED_FOR,
    method: Method = "spearman",
    rate: float = FALSE_DISCOVERY_RATE,
    held_out_share: float = HELD_OUT_SHARE,
    seed: int = 0,
) -> pd.DataFrame:
    """Discovery and replication, strongest first: `COLUMNS`, then q_value, found, and the same with `replication_` in front.

    Discovery: `associate` on the people who are not held out; q_value is Benjamini and Hochberg's, over all features and scales
    together; found: q_value ≤ `rate`. Replication: only what was found is looked at in the held-out people; its q_value is over
    those; replicated: q_value ≤ `rate` and the same sign. A found r is the larger for having been selected; the replication's is
    not. "mann-whitney" compares people at or above a scale's cut with the others. held_out_share 0: everyone at once, no
    replication. Raises UnusableInput for a covariate that the cohort lacks.
    """
    if not 0.0 < rate < 1.0:
        raise UnusableInput(f"the false discovery rate is {rate:g}; give a number between 0 and 1, such as 0.05")
    people = cohort.people.set_index(PERSON).loc[cohort.features[PERSON]]
    demographics = cohort.of_kind("demographic")
    lacking = [name for name in adjust if name not in demographics]
    if lacking:
        raise UnusableInput(
            f"there is no {lacking[0]!r} to adjust for; the cohort has {', '.join(demographics) or 'no demographics'}"
        )
    features = cohort.features.drop(columns=PERSON).reset_index(drop=True)
    scores, covariates = (people[list(names)].reset_index(drop=True) for names in (cohort.instruments, adjust))
    if method == "mann-whitney":
        for name, of in cohort.instruments.items():
            scores[name] = target_of(scores[name].to_numpy(), of.bands, "two-class").y
    kept = np.zeros(len(people), bool)
    if held_out_share:  # drawn among everyone, so that the same people are held out whoever has a recording
        halves = held_out(cohort.people[PERSON], share=held_out_share, seed=seed)
        kept = np.isin(cohort.features[PERSON].astype(str), cohort.people[PERSON].astype(str)[halves])
    table = associate(features[~kept], scores[~kept], covariates[~kept], method=method)
    table["q_value"] = false_discovery(table["p_value"])
    table["found"] = table["q_value"] <= rate
    if kept.any():
        again = pd.DataFrame(columns=[*COLUMNS, "q_value"])
        chosen = table[table["found"]]
        if len(chosen):
            names = list(dict.fromkeys(chosen["feature"]))
            again = associate(features.loc[kept, names], scores[kept], covariates[kept], method=method)
            again = chosen[["scale", "feature"]].merge(again, on=["scale", "feature"])
            again["q_value"] = false_discovery(again["p_value"])
        renamed = again.rename(columns=lambda name: name if name in ("scale", "feature") else f"replication_{name}")
        table = table.merge(renamed, on=["scale", "feature"], how="left")
        same = np.sign(table["r"].to_numpy(float)) == np.sign(table["replication_r"].to_numpy(float))
        table["replicated"] = (table["replication_q_value"].to_numpy(float) <= rate) & same
    order = np.lexsort((-table["r"].abs().fillna(0.0), table["p_value"].fillna(2.0)))
    return table.iloc[order].reset_index(drop=True)


def _partial(x: Floats, y: Floats, design: Floats, method: str, level: float) -> Floats:
    """r, low, high, p_value, n (d, 5) of features (m, d) with a score (m,), all of them known."""
    from scipy.special import ndtri, stdtr
    from scipy.stats import rankdata

    n, d = x.shape
    found = np.full((d, 5), np.nan)
    found[:, 4] = n
    if n < FEWEST_PEOPLE or np.ptp(y) == 0:
        return found
    inside = y > y.min()
    if method == "spearman":
        x, y = (ndtri((rankdata(values, axis=0) - 0.5) / n) for values in (x, y))
    vectors, sizes, _ = np.linalg.svd(design, full_matrices=False)
    basis = vectors[:, sizes > 1e-10 * sizes[0]]
    varies = np.ptp(x, axis=0) > 0
    x = (x - x.mean(axis=0)) / np.where(varies, x.std(axis=0), 1.0)
    x, y = x - basis @ (basis.T @ x), y - basis @ (basis.T @ y)
    if method == "spearman":
        x, y = (rankdata(np.round(left, 9), axis=0) for left in (x, y))
        x, y = x - basis @ (basis.T @ x), y - basis @ (basis.T @ y)
    varies &= x.std(axis=0) > 1e-8
    freedom = n - 1 - basis.shape[1]
    codes = np.arange(n)
    for column in np.flatnonzero(varies):
        left = np.ascontiguousarray(x[:, column])
        if method == "mann-whitney":
            # Rounded, so that people with the same rank and covariates stay tied.
            found[column, :4] = rank_biserial(np.round(left, 9), inside, level)
            continue
        r = float(np.clip(left @ y / np.sqrt((left @ left) * (y @ y)), -1.0, 1.0))
        figure = statistic(metric_named("pcc"), y, left, codes, n, None)
        reach = interval_of(r, figure, n=n, n_subjects=n, scale="atanh", bounds=(-1.0, 1.0), level=level, unit="people")
        t = abs(r) * np.sqrt(freedom / max(1 - r * r, 1e-300))
        found[column, :4] = r, reach.low, reach.high, 2 * stdtr(freedom, -t)
    return found
