"""Intervals for one person's score by split conformal prediction on subjects (protocol, rule 9).

The calibration subjects must have been used neither to train nor to select; the guarantee is marginal, for people
exchangeable with them, and is never claimed for another corpus.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from openada.errors import UnusableInput
from openada.evaluation.checks import Floats, paired, share, subject_codes, vector
from openada.evaluation.intervals import Interval


@dataclass(frozen=True)
class PredictionInterval:
    """prediction ± `half_width` (points of the scale), NaN where there is none, and `note` gives the reason."""

    half_width: float
    level: float
    n_subjects: int
    note: str = ""

    def around(self, prediction: npt.ArrayLike, low: float = -np.inf, high: float = np.inf) -> tuple[Floats, Floats]:
        """Lower and upper ends (n,), cut off at the ends of the scale."""
        p = vector(prediction, "prediction")
        return np.clip(p - self.half_width, low, high), np.clip(p + self.half_width, low, high)


class Measured(NamedTuple):
    """Coverage on test. `subjects`: share of subjects with every recording inside, which is what the guarantee is
    about, with its exact binomial (Clopper–Pearson) interval; `recordings`: share of recordings inside.
    """

    subjects: Interval
    recordings: float


def subject_scores(label: npt.ArrayLike, prediction: npt.ArrayLike, subject: npt.ArrayLike) -> Floats:
    """(g,) one score per subject, sorted by name: the largest |error| over the subject's recordings."""
    y, p = paired(label, prediction)
    codes, names = subject_codes(subject, y.size)
    largest = np.zeros(len(names))
    np.maximum.at(largest, codes, np.abs(p - y))
    return largest


def split_conformal(scores_per_subject: npt.ArrayLike, level: float = 0.9) -> PredictionInterval:
    """Half width = the ⌈(n + 1)·level⌉-th smallest of n scores, one per calibration subject.

    With fewer subjects than that rank (fewer than 9 at 90 %) there is no interval. A new subject's recordings then all
    lie inside with probability at least `level`, over the draw of calibration and new subjects together.
    """
    scores = np.sort(np.abs(vector(scores_per_subject, "score"))) if np.size(scores_per_subject) else np.empty(0)
    rank = _rank(scores.size, level)
    if rank > scores.size:
        return PredictionInterval(float("nan"), level, scores.size, _too_few(scores.size, level))
    return PredictionInterval(float(scores[rank - 1]), level, scores.size)


def cv_plus(
    out_of_fold_scores: npt.ArrayLike, fold_predictions: npt.ArrayLike, level: float = 0.9
) -> tuple[Floats, Floats, str]:
    """Subject-grouped CV+ (Barber et al. 2021) where no subjects are left for calibration.

    `out_of_fold_scores` (n,): one per training subject, its largest |error| under the model that did not see it.
    `fold_predictions` (n, m): for each of those subjects, that same model's prediction of the m test recordings.
    Returns lower (m,), upper (m,) and a note. Its guarantee is weaker: 1 − 2·(1 − level), less a term of the order of
    1/√n, though coverage near `level` is usual; all NaN with the reason for too few subjects.
    """
    scores = np.abs(vector(out_of_fold_scores, "score"))
    predicted = np.asarray(fold_predictions, dtype=np.float64)
    if predicted.ndim != 2 or predicted.shape[0] != scores.size or not np.isfinite(predicted).all():
        raise UnusableInput(f"fold predictions have shape {predicted.shape}: give finite ({scores.size}, test) values")
    rank = _rank(scores.size, level)
    if rank > scores.size:
        nothing = np.full(predicted.shape[1], np.nan)
        return nothing, nothing.copy(), _too_few(scores.size, level)
    upper = np.sort(predicted + scores[:, None], axis=0)[rank - 1]
    lower = np.sort(predicted - scores[:, None], axis=0)[scores.size - rank]
    return lower, upper, f"CV+ over {scores.size} subjects: guaranteed only at {max(0.0, 2 * level - 1):.0%}"


def realised_coverage_range(n_subjects: int, level: float = 0.9, central: float = 0.9) -> tuple[float, float]:
    """The central range of the coverage that one calibration set of `n_subjects` really gives: Beta(k, n + 1 − k),
    k = ⌈(n + 1)·level⌉, for continuous scores. At 50 subjects and 90 % it is .83 to .96. NaN below the smallest n.
    """
    from scipy.special import betaincinv

    rank = _rank(n_subjects, level)
    if rank > n_subjects:
        return float("nan"), float("nan")
    tail = (1.0 - share(central, "central")) / 2.0
    low, high = betaincinv(rank, n_subjects + 1 - rank, np.array([tail, 1.0 - tail]))
    return float(low), float(high)


def measured_coverage(
    label: npt.ArrayLike, prediction: npt.ArrayLike, subject: npt.ArrayLike, half_width: float
) -> Measured:
    """How often label ∈ prediction ± `half_width` on test, by subjects and by recordings."""
    from scipy.special import betaincinv

    if not half_width >= 0:
        raise UnusableInput(f"half width {half_width!r}: there is no interval to measure")
    y, p = paired(label, prediction)
    inside = np.abs(p - y) <= half_width
    scores = subject_scores(y, p, subject)
    g, k = scores.size, int(np.sum(scores <= half_width))
    low = float(betaincinv(k, g - k + 1, 0.025)) if k > 0 else 0.0
    high = float(betaincinv(k + 1, g - k, 0.975)) if k < g else 1.0
    subjects = Interval(k / g, low, high, g, g, "subjects", "Clopper-Pearson")
    return Measured(subjects, float(inside.mean()))


def _rank(n: int, level: float) -> int:
    # The small term keeps a product that is whole in decimals, (9 + 1)·0.9, from being rounded up.
    return int(np.ceil((n + 1) * share(level, "level") - 1e-9))


def _too_few(n: int, level: float) -> str:
    needed = next(m for m in range(n, 10**7) if _rank(m, level) <= m)
    return f"{n} calibration subjects: a {level:.0%} interval needs at least {needed}"
