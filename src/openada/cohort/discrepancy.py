"""The symptom discrepancy index: how differently people come by the same total (Xu et al. 2024, Faces of the Mind, version 2).

A total of 14 can be sleeplessness in one person and hopelessness in another. The index says how far apart the answers of
people with one label lie. It is made of the questionnaire alone and so is a statement about labels, not about faces, and a
diagnostic of *training* labels: to leave out of a test those whose index is high would use their answers, which are what is to
be predicted. Nothing here filters people, and `discrepancy` sees only those it is given.

The paper's released program, read for the definition: items are z-scored; a group is everyone with the same total (or
severity band); a person's distance is the Euclidean one from the group's mean answers; distances are scaled so that the
smallest of all is 0 and the largest 1; a group's index is the mean plus the standard deviation of its distances; the index is
the groups' mean, weighted by their numbers. We depart from it where it is at odds with that: totals and bands are made of the
answers, not of their z-scores; the standard deviation is the population's, so that a group of one has 0 and not none.

How to read it: 0 where everyone with a label answers alike. The scaling hangs on the two extreme people, so that the index
changes with the size of a sample and between samples. `shuffled` is the same index where labels were dealt out at random and so
say nothing about answers; it is no upper bound, as it has other extremes (people who answer nothing but 0 fix the smallest
distance at 0). `open_share` hangs on no extremes: the share of the answers' variance that the label leaves open (1 less η²; 0
where it tells the answers, near 1 where it tells nothing).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from openada.cohort.halves import HELD_OUT_SHARE, held_out
from openada.cohort.instruments import Instrument
from openada.cohort.questionnaire import PERSON
from openada.errors import UnusableInput


@dataclass(frozen=True)
class Discrepancy:
    """`index`, from 0, and its mean with `shuffled` labels; `open_share` 0 to 1; `groups`: label, n, mean, sd (of scaled
    distances), index; `distance` (n,) of each person, in standard deviations of the items, not scaled.
    """

    index: float
    shuffled: float
    open_share: float
    groups: pd.DataFrame
    distance: npt.NDArray[np.float64]


def discrepancy(items: npt.ArrayLike, label: npt.ArrayLike, *, shuffles: int = 20, seed: int = 0) -> Discrepancy:
    """The index of training people's answers (n, k), none missing, grouped by label (n,): a total or a band.

    Items that are constant do not count. Raises UnusableInput for missing answers, shapes that do not fit, or fewer than
    two people.
    """
    answers, names = np.asarray(items, np.float64), np.asarray(label)
    if answers.ndim != 2 or names.shape != answers.shape[:1] or len(answers) < 2:
        raise UnusableInput(
            f"answers {answers.shape} with labels {names.shape}: give (n, k) and (n,), two people or more"
        )
    if np.isnan(answers).any() or pd.isna(names).any():
        raise UnusableInput("an answer or a label is missing: leave such people out")
    spread = answers.std(axis=0)
    scaled = (answers - answers.mean(axis=0))[:, spread > 0] / spread[spread > 0]
    values, codes = np.unique(names, return_inverse=True)
    distance = _distances(scaled, codes)
    index, groups = _index(distance, codes)
    rng = np.random.default_rng(seed)
    dealt = []
    for _ in range(shuffles):
        anew = rng.permutation(codes)
        dealt.append(_index(_distances(scaled, anew), anew)[0])
    open_share = float((distance**2).sum() / (scaled**2).sum()) if scaled.size else float("nan")
    table = pd.DataFrame({"label": values, **groups})
    return Discrepancy(index, float(np.mean(dealt)) if dealt else float("nan"), open_share, table, distance)


def _distances(scaled: np.ndarray, codes: np.ndarray) -> np.ndarray:
    counts = np.bincount(codes).astype(np.float64)
    centres = np.stack([np.bincount(codes, weights=column) for column in scaled.T], axis=1) if scaled.size else None
    if centres is None:
        return np.zeros(len(codes))
    distance = np.linalg.norm(scaled - (centres / counts[:, None])[codes], axis=1)
    return np.where(distance > 1e-9, distance, 0.0)


def _index(distance: np.ndarray, codes: np.ndarray) -> tuple[float, dict[str, np.ndarray]]:
    span = np.ptp(distance)
    scaled = (distance - distance.min()) / span if span > 0 else np.zeros_like(distance)
    counts = np.bincount(codes)
    mean = np.bincount(codes, weights=scaled) / counts
    sd = np.sqrt(np.bincount(codes, weights=(scaled - mean[codes]) ** 2) / counts)
    index = float(np.average(mean + sd, weights=counts))
    return index, {"n": counts, "mean": mean, "sd": sd, "index": mean + sd}


def discrepancy_table(
    people: pd.DataFrame,
    instruments: Mapping[str, Instrument],
    *,
    by: Literal["total", "band"] = "total",
    held_out_share: float = HELD_OUT_SHARE,
    seed: int = 0,
) -> pd.DataFrame:
    """A row per scale with items: n training people with all answers, number of groups, index, shuffled, ratio, open_share.

    The held-out people (`halves.held_out`) are not looked at. Raises UnusableInput where no scale has items.
    """
    training = people[~held_out(people[PERSON], share=held_out_share, seed=seed)]
    rows = []
    for total, of in instruments.items():
        if not set(of.columns) <= set(training.columns):
            continue
        answered = training[[*of.columns, total, f"{total}_band"]].dropna()
        if len(answered) < 2:
            continue
        label = answered[total if by == "total" else f"{total}_band"].to_numpy()
        found = discrepancy(answered[list(of.columns)].to_numpy(), label, seed=seed)
        ratio = found.index / found.shuffled if found.shuffled else float("nan")
        rows.append(
            (of.scale, by, len(answered), len(found.groups), found.index, found.shuffled, ratio, found.open_share)
        )
    if not rows:
        raise UnusableInput("no scale of this cohort has items: the index is made of answers, not of totals")
    columns = ["scale", "by", "n", "groups", "index", "shuffled", "ratio", "open_share"]
    return pd.DataFrame(rows, columns=columns)
