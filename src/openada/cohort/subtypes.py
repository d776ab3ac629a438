"""Emotional subtypes: people grouped by their z-scored totals, how many groups, and whether there are any.

k-means and Ward's agglomeration always give the number of groups that they are asked for, on a single cloud as well. So the
number is judged four ways (silhouette, Caliński–Harabasz, Davies–Bouldin, stability under resampling of people), and then the
silhouette is compared with that of made-up people who form *one* cloud with the same means, spreads, skewness and correlations.
Only what lies above those is evidence of groups; else the subtypes are slices of a continuum, and said to be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from openada.errors import UnusableInput

Method = Literal["k-means", "agglomerative"]
METHODS: tuple[Method, ...] = ("k-means", "agglomerative")
NUMBERS = (2, 3, 4, 5, 6)
MOST_COMPARED = 1000
"""People that silhouettes and the comparison with one cloud are made on, at most: a random part of them."""
MOST_AGGLOMERATED = 4000
"""Ward's tree is made of so many people at most; the others belong to the nearest mean."""


@dataclass(frozen=True)
class Subtypes:
    """`label` (n,): subtype from 0, the one of the lowest totals first. `criteria`: a row per number of groups: k, silhouette,
    calinski_harabasz, davies_bouldin, stability (mean adjusted Rand index over resamples), stability_low (its lowest),
    one_cloud (mean silhouette of one cloud), one_cloud_high (its 95 % quantile), mean_rank. `k`: the chosen number.
    `p_one_cloud`: how often one cloud looks as clustered as these people at the number at which it does most.
    """

    method: Method
    label: np.ndarray
    criteria: pd.DataFrame
    k: int
    p_one_cloud: float

    @property
    def verdict(self) -> str:
        """What may be said, in a sentence."""
        chosen = self.criteria.set_index("k").loc[self.k]
        if self.p_one_cloud <= 0.05 and chosen["silhouette"] <= chosen["one_cloud_high"]:
            return (
                f"One cluster is as good as the {self.k} groups chosen: people who form a single cloud look as clustered in "
                f"{self.k} groups. Other numbers exceed it (p = {self.p_one_cloud:.2f}), which the answers' steps can do."
            )
        if self.p_one_cloud > 0.05:
            return (
                "One cluster is as good: people who form a single cloud look as clustered as these "
                f"(p = {self.p_one_cloud:.2f}). The {self.k} groups are slices of a continuum, not kinds of people."
            )
        return (
            f"{self.k} groups, more clustered than a single cloud of the same means, spreads, skewness and correlations "
            f"(p = {self.p_one_cloud:.2f}). Whether they are kinds of people is for other data to show."
        )


def find_subtypes(
    totals: np.ndarray,
    method: Method = "k-means",
    *,
    numbers: tuple[int, ...] = NUMBERS,
    resamples: int = 20,
    clouds: int = 39,
    seed: int = 0,
) -> Subtypes:
    """Subtypes of people by totals (n, s), none missing.

    The number is the one of best mean rank over the four criteria (of equals the smaller). Stability: groups are made anew from
    people drawn with replacement, everyone is put to the nearest mean, and this is compared with the groups of everyone by the
    adjusted Rand index. p_one_cloud: (1 + clouds at least as clustered) / (1 + clouds), by the largest excess over numbers.
    Raises UnusableInput for missing totals, fewer than ten people per group, or totals that do not vary.
    """
    from sklearn.metrics import adjusted_rand_score, calinski_harabasz_score, davies_bouldin_score, silhouette_score

    raw = np.asarray(totals, np.float64)
    tried = tuple(sorted(set(numbers)))
    if raw.ndim != 2 or not np.isfinite(raw).all() or not tried or tried[0] < 2 or len(raw) < 10 * tried[-1]:
        raise UnusableInput(
            f"totals {raw.shape} in {list(numbers)} groups: give ten people or more per group, none missing, 2 groups or more"
        )
    if (raw.std(axis=0) == 0).any():
        raise UnusableInput("a total is the same for everyone: leave that scale out")
    z = _standardised(raw)
    rng = np.random.default_rng([seed, 0x53554254])
    labels = dict(zip(tried, _groups(z, tried, method, rng), strict=True))
    part = np.sort(rng.permutation(len(z))[:MOST_COMPARED])
    agreement: dict[int, list[float]] = {k: [] for k in tried}
    for _ in range(resamples):
        drawn = z[rng.integers(0, len(z), min(len(z), MOST_AGGLOMERATED))]
        for k, label in zip(tried, _groups(drawn, tried, method, rng), strict=True):
            agreement[k].append(adjusted_rand_score(labels[k], _nearest(z, _means(drawn, label))))
    ours = np.array([silhouette_score(z[part], labels[k][part]) for k in tried])
    same_size = _silhouettes(raw[part], tried, method, rng)
    cloud = np.array([_silhouettes(one_cloud(raw, len(part), rng), tried, method, rng) for _ in range(clouds)])
    criteria = pd.DataFrame(
        {
            "k": tried,
            "silhouette": ours,
            "calinski_harabasz": [calinski_harabasz_score(z, labels[k]) for k in tried],
            "davies_bouldin": [davies_bouldin_score(z, labels[k]) for k in tried],
            "stability": [float(np.mean(agreement[k])) for k in tried],
            "stability_low": [float(np.min(agreement[k])) for k in tried],
            "one_cloud": cloud.mean(axis=0),
            "one_cloud_high": np.quantile(cloud, 0.95, axis=0),
        }
    )
    better = criteria[["silhouette", "calinski_harabasz", "stability"]].assign(db=-criteria["davies_bouldin"])
    criteria["mean_rank"] = better.rank(ascending=False).mean(axis=1)
    k = int(criteria["k"][criteria["mean_rank"].idxmin()])
    centre, spread = cloud.mean(axis=0), cloud.std(axis=0) + 1e-12
    excess = ((same_size - centre) / spread).max()
    theirs = ((cloud - centre) / spread).max(axis=1)
    p = (1 + int((theirs >= excess).sum())) / (1 + clouds)
    return Subtypes(method, _ordered(labels[k], z), criteria, k, p)


def one_cloud(totals: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """(n, s) people of a single cloud: normal ranks with the correlation of those of `totals` (m, s), mapped to gamma
    distributions of the totals' means, spreads and skewness, cut off at their extremes and rounded to their steps.

    A gamma distribution has one peak, whatever its skewness, where the totals' own might have several.
    """
    from scipy.special import ndtr, ndtri
    from scipy.stats import pearson3, rankdata, skew

    m, s = totals.shape
    normal = ndtri((rankdata(totals, axis=0) - 0.5) / m)
    correlation = np.atleast_2d(np.corrcoef(normal.T))
    share = ndtr(rng.standard_normal((n, s)) @ np.linalg.cholesky(correlation + 1e-9 * np.eye(s)).T)
    made = np.empty((n, s))
    for j, column in enumerate(totals.T):
        skewness = float(np.clip(skew(column), -4, 4))
        made[:, j] = pearson3.ppf(share[:, j], skewness, loc=column.mean(), scale=column.std())
        values = np.unique(column)
        made[:, j] = np.clip(made[:, j], values[0], values[-1])
        if len(values) < m / 2:  # answers come in steps
            made[:, j] = values[np.abs(made[:, [j]] - values).argmin(axis=1)]
    return made


def profile_table(totals: pd.DataFrame, label: np.ndarray) -> pd.DataFrame:
    """A row per subtype and scale: subtype (from 1), n, share, scale, mean, z, and z's 95 % interval (normal, over people)."""
    z = _standardised(totals.to_numpy(np.float64))
    rows = []
    for subtype in np.unique(label):
        inside = label == subtype
        n = int(inside.sum())
        for j, name in enumerate(totals.columns):
            mean = float(z[inside, j].mean())
            reach = 1.96 * float(z[inside, j].std(ddof=1)) / np.sqrt(n) if n > 1 else float("nan")
            raw = float(totals[name].to_numpy(float)[inside].mean())
            rows.append((int(subtype) + 1, n, n / len(label), name, raw, mean, mean - reach, mean + reach))
    return pd.DataFrame(rows, columns=["subtype", "n", "share", "scale", "mean", "z", "z_low", "z_high"])


def _standardised(values: np.ndarray) -> np.ndarray:
    return (values - values.mean(axis=0)) / values.std(axis=0)


def _silhouettes(totals: np.ndarray, numbers: tuple[int, ...], method: Method, rng: np.random.Generator) -> np.ndarray:
    from sklearn.metrics import silhouette_score

    spread = totals.std(axis=0)
    z = (totals - totals.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.array([silhouette_score(z, label) for label in _groups(z, numbers, method, rng)])


def _groups(z: np.ndarray, numbers: tuple[int, ...], method: Method, rng: np.random.Generator) -> list[np.ndarray]:
    """Labels (n,) for each number of groups."""
    if method == "k-means":
        from sklearn.cluster import KMeans

        return [
            np.asarray(KMeans(k, n_init=5, random_state=int(rng.integers(2**31))).fit_predict(z), np.int64)
            for k in numbers
        ]
    from scipy.cluster.hierarchy import fcluster, linkage

    part = np.sort(rng.permutation(len(z))[:MOST_AGGLOMERATED])
    tree: Any = linkage(z[part], "ward")
    found = [np.unique(fcluster(tree, k, "maxclust"), return_inverse=True)[1] for k in numbers]
    if len(part) == len(z):
        return found
    return [_nearest(z, _means(z[part], label)) for label in found]


def _means(z: np.ndarray, label: np.ndarray) -> np.ndarray:
    return np.stack([z[label == one].mean(axis=0) for one in np.unique(label)])


def _nearest(z: np.ndarray, means: np.ndarray) -> np.ndarray:
    return np.asarray(((z[:, None] - means) ** 2).sum(axis=2).argmin(axis=1))


def _ordered(label: np.ndarray, z: np.ndarray) -> np.ndarray:
    """The same groups, numbered by their mean over all scales, lowest first."""
    present = np.unique(label)
    order = np.argsort([z[label == one].mean() for one in present])
    place = {int(present[old]): new for new, old in enumerate(order)}
    return np.array([place[int(one)] for one in label])
