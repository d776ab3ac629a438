"""Metrics recomputed on resampled subjects, many resamples at once, without touching the recordings again.

A resample is a weight per subject (how often the subject was drawn). Every metric but the AUROC is a function of sums
over recordings, so per-subject sums (g, k) turn 10,000 resamples into one matrix product; the AUROC is computed from
the recordings sorted once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np

from openada.evaluation.checks import Bools, Floats, Ints
from openada.evaluation.metrics import SAME, Metric

_CHUNK = 4_000_000  # weights held at a time: 32 MB


class Statistic(Protocol):
    """A figure as a function of the subjects it is computed on."""

    def delete_one(self) -> Floats:
        """(g,): the figure without each of the g subjects."""

    def weighted(self, weights: Floats) -> Floats:
        """(r,): the figure where subject j counts weights[i, j] times; weights (r, g). NaN where it is undefined."""


class SubjectSums:
    """A figure that is a function of sums over recordings: `sums` (g, k) per subject, `figure` of (…, k) → (…)."""

    def __init__(self, sums: Floats, figure: Callable[[Floats], Floats]) -> None:
        self.sums, self.figure = sums, figure

    def delete_one(self) -> Floats:
        """(g,): the figure without each subject."""
        # What comes before plus what comes after: subtracting from the total would cancel.
        zero = np.zeros((1, self.sums.shape[1]))
        before = np.concatenate([zero, np.cumsum(self.sums, axis=0)[:-1]])
        after = np.concatenate([np.cumsum(self.sums[::-1], axis=0)[::-1][1:], zero])
        return self.figure(before + after)

    def weighted(self, weights: Floats) -> Floats:
        """(r,) from weights (r, g)."""
        return self.figure(weights @ self.sums)


class SubjectAuroc:
    """AUROC over all recordings: `truth`, `score`, `codes` (n,), subjects coded 0 … g − 1."""

    def __init__(self, truth: Bools, score: Floats, codes: Ints, n_subjects: int) -> None:
        order = np.argsort(score, kind="stable")
        ordered = score[order]
        self.truth, self.codes, self.n_subjects = truth[order], codes[order], n_subjects
        self.ties = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])

    def delete_one(self) -> Floats:
        """(g,): the figure without each subject."""
        if self.truth.size == self.n_subjects:
            return self._without_one_row()
        blocks = without_each(self.n_subjects, self.truth.size)
        return np.concatenate([self.weighted(block) for block in blocks])

    def _without_one_row(self) -> Floats:
        """As `delete_one` where each subject has one recording: the sum of pairs less those that the recording is in."""
        block = np.repeat(np.arange(self.ties.size), np.diff(np.r_[self.ties, self.truth.size]))
        positive = np.bincount(block, weights=self.truth)
        negative = np.bincount(block, weights=~self.truth)
        m, n = positive.sum(), negative.sum()
        below = (np.cumsum(negative) - negative / 2.0)[block]  # pairs that a positive here wins, a tie counting half
        above = (m - np.cumsum(positive) + positive / 2.0)[block]  # and that a negative here loses
        won = np.where(self.truth, below, above)
        pairs = np.where(self.truth, (m - 1) * n, m * (n - 1))
        with np.errstate(invalid="ignore", divide="ignore"):
            left = (below[self.truth].sum() - won) / pairs
        out = np.empty(self.n_subjects)
        out[self.codes] = left
        return out

    def weighted(self, weights: Floats) -> Floats:
        """(r,) from weights (r, g)."""
        per_recording = weights[:, self.codes]
        positive = np.add.reduceat(per_recording * self.truth, self.ties, axis=1)
        negative = np.add.reduceat(per_recording * ~self.truth, self.ties, axis=1)
        below = np.cumsum(negative, axis=1) - negative / 2.0
        with np.errstate(invalid="ignore"):
            return np.sum(positive * below, axis=1) / (positive.sum(axis=1) * negative.sum(axis=1))


class Combination:
    """A weighted sum of figures on the same subjects: a difference (1, −1), a mean over seeds (1/s, …)."""

    def __init__(self, parts: Sequence[Statistic], factors: Sequence[float]) -> None:
        self.parts, self.factors = parts, factors

    def delete_one(self) -> Floats:
        """(g,): the figure without each subject."""
        return np.sum([f * part.delete_one() for f, part in zip(self.factors, self.parts, strict=True)], axis=0)

    def weighted(self, weights: Floats) -> Floats:
        """(r,) from weights (r, g)."""
        return np.sum([f * part.weighted(weights) for f, part in zip(self.factors, self.parts, strict=True)], axis=0)


def statistic(
    metric: Metric, label: Floats, prediction: Floats, codes: Ints, n_subjects: int, cut: float | None
) -> Statistic:
    """The statistic of a registered metric, from checked arrays (n,) and subject codes (n,)."""
    if metric.name == "auroc_at_cut":
        assert cut is not None  # `intervals.inputs` has asked for it
        return SubjectAuroc(label >= cut, prediction, codes, n_subjects)
    if metric.takes == "bands":
        size = int(max(label.max(), prediction.max())) + 1
        cell = (label * size + prediction).astype(np.int64)
        sums = np.bincount(codes * size * size + cell, minlength=n_subjects * size * size).astype(np.float64)
        figure = _OF_COUNTS[metric.name]
        return SubjectSums(
            sums.reshape(n_subjects, size * size), lambda s: figure(s.reshape(*s.shape[:-1], size, size))
        )
    error = prediction - label
    y, p = _centred(label), _centred(prediction)
    columns = (np.ones_like(y), y, p, y * y, p * p, y * p, error, np.abs(error), error * error)
    return SubjectSums(subject_sums(columns, codes, n_subjects), _OF_SUMS[metric.name])


def subject_sums(columns: Sequence[Floats], codes: Ints, n_subjects: int) -> Floats:
    """(g, k): each column (n,) summed over each subject's recordings."""
    return np.stack([np.bincount(codes, weights=column, minlength=n_subjects) for column in columns], axis=1)


def draws(n_subjects: int, resamples: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Bootstrap weights (r, g), g subjects drawn with replacement per row, in blocks that sum to `resamples` rows."""
    rows = rows_at_a_time(n_subjects)
    for first in range(0, resamples, rows):
        r = min(rows, resamples - first)
        drawn = rng.integers(0, n_subjects, size=(r, n_subjects)) + np.arange(r)[:, None] * n_subjects
        counts = np.bincount(drawn.ravel(), minlength=r * n_subjects)
        yield counts.reshape(r, n_subjects).astype(np.float64)


def without_each(n_subjects: int, columns: int) -> Iterator[Floats]:
    """Weights (r, g) that leave out one subject after the other, in blocks that fit beside `columns` numbers per row."""
    rows = rows_at_a_time(max(columns, n_subjects))
    for first in range(0, n_subjects, rows):
        left_out = np.arange(first, min(first + rows, n_subjects))
        yield (left_out[:, None] != np.arange(n_subjects)).astype(np.float64)


def bootstrap(statistics: Sequence[Statistic], n_subjects: int, resamples: int, rng: np.random.Generator) -> Floats:
    """(resamples, number of statistics): every statistic on the same resamples of the subjects."""
    return np.concatenate(
        [
            np.stack([one.weighted(weights) for one in statistics], axis=1)
            for weights in draws(n_subjects, resamples, rng)
        ]
    )


def mean_of_sums(s: Floats) -> Floats:
    """s[…, 1] / s[…, 0]: a mean over recordings from (count, sum)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return s[..., 1] / s[..., 0]


def rows_at_a_time(columns: int) -> int:
    """How many rows of so many numbers are held at a time."""
    return max(1, _CHUNK // max(columns, 1))


def _centred(values: Floats) -> Floats:
    """Distance from a member, so that the sums of a constant are exactly zero; near the mean, so that the others cancel
    little. Rounding (`metrics.is_constant`) counts as no distance.
    """
    distance = values - values[np.argmin(np.abs(values - values.mean()))]
    return np.where(np.abs(distance) <= SAME * np.abs(values).max(), 0.0, distance)


def _variance(total: Floats, squares: Floats, n: Floats) -> Floats:
    variance = squares / n - np.square(total / n)
    return np.where(variance > 1e-12 * squares / n, variance, 0.0)  # below: rounding of a constant resample


def _moments(s: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    n, y, p, yy, pp, yp, e = (s[..., k] for k in range(7))
    return _variance(y, yy, n), _variance(p, pp, n), yp / n - (y / n) * (p / n), e / n, n


def _pcc(s: Floats) -> Floats:
    vy, vp, cov, _, _ = _moments(s)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((vy > 0) & (vp > 0), np.clip(cov / np.sqrt(vy * vp), -1.0, 1.0), np.nan)


def _ccc(s: Floats) -> Floats:
    vy, vp, cov, bias, _ = _moments(s)
    varies = (vy > 0) & (vp > 0)
    return np.where(varies, np.clip(2.0 * cov / np.where(varies, vy + vp + bias * bias, 1.0), -1.0, 1.0), 0.0)


def _slope(s: Floats) -> Floats:
    _, vp, cov, _, _ = _moments(s)
    return np.where(vp > 0, cov / np.where(vp > 0, vp, 1.0), np.nan)


_OF_SUMS: dict[str, Callable[[Floats], Floats]] = {
    "mae": lambda s: s[..., 7] / s[..., 0],
    "rmse": lambda s: np.sqrt(s[..., 8] / s[..., 0]),
    "pcc": _pcc,
    "ccc": _ccc,
    "calibration_slope": _slope,
}


def _accuracy(counts: Floats) -> Floats:
    return np.trace(counts, axis1=-2, axis2=-1) / counts.sum(axis=(-2, -1))


def _macro_f1(counts: Floats) -> Floats:
    of_label, of_prediction = counts.sum(axis=-1), counts.sum(axis=-2)
    f1 = 2.0 * np.diagonal(counts, axis1=-2, axis2=-1) / np.maximum(of_label + of_prediction, 1.0)
    present = of_label > 0
    return np.sum(f1 * present, axis=-1) / present.sum(axis=-1)


def _kappa(counts: Floats) -> Floats:
    step = np.arange(counts.shape[-1])
    weight = np.square(step[:, None] - step[None, :])
    observed = np.einsum("...ij,ij->...", counts, weight)
    marginals = np.einsum("...i,...j,ij->...", counts.sum(axis=-1), counts.sum(axis=-2), weight)
    expected = marginals / counts.sum(axis=(-2, -1))
    return np.where(expected > 0, 1.0 - observed / np.where(expected > 0, expected, 1.0), np.nan)


_OF_COUNTS: dict[str, Callable[[Floats], Floats]] = {
    "band_accuracy": _accuracy,
    "macro_f1": _macro_f1,
    "quadratic_kappa": _kappa,
}
