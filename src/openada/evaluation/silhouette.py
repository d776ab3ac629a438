"""How well groups separate in a space: the silhouette (Rousseeuw 1987) with an interval over subjects.

Points of one subject are alike and, where groups are severity bands, in one group: a silhouette of points alone says as much
about people as about groups. Leaving one subject out at a time shows how much hangs on each; `by_others` counts for a point
only the points of other subjects, so that it need not be near its own recording's.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from openada.errors import UnusableInput
from openada.evaluation.checks import Floats, subject_codes
from openada.evaluation.intervals import Interval, interval_of


class _Silhouette:
    """Sums of distances from every point to every (group, subject), from which any weighting of subjects follows."""

    def __init__(self, features: Floats, group: npt.NDArray[np.int64], codes: npt.NDArray[np.int64], by_others: bool):
        self.group, self.codes, self.by_others = group, codes, by_others
        self.n_groups, self.n_subjects = int(group.max()) + 1, int(codes.max()) + 1
        cell = group * self.n_subjects + codes
        cells = self.n_groups * self.n_subjects
        squares = np.einsum("nd,nd->n", features, features)
        sums = np.empty((len(features), cells))
        for first in range(0, len(features), 512):  # a block of rows at a time: memory grows with n, not n²
            rows = slice(first, first + 512)
            squared = squares[rows, None] + squares[None] - 2.0 * features[rows] @ features.T
            distance = np.sqrt(np.maximum(squared, 0.0))
            distance[np.arange(distance.shape[0]), np.arange(first, first + distance.shape[0])] = 0.0
            sums[rows] = np.stack([np.bincount(cell, row, cells) for row in distance])
        self.sums = sums.reshape(-1, self.n_groups, self.n_subjects)
        self.counts = np.bincount(cell, minlength=cells).reshape(self.n_groups, self.n_subjects).astype(np.float64)

    def _value(self, weight: Floats) -> float:
        """The mean silhouette where each subject's points count `weight` (g,) times."""
        total = self.sums @ weight
        count = np.broadcast_to(self.counts @ weight, total.shape).copy()
        place = np.arange(total.shape[0])
        own = weight[self.codes]
        if self.by_others:
            total -= self.sums[place, :, self.codes] * own[:, None]
            count -= self.counts[:, self.codes].T * own[:, None]
        else:
            count[place, self.group] -= 1.0  # the point itself, at distance 0
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(count > 0, total / count, np.nan)
        inside = mean[place, self.group]
        mean[place, self.group] = np.nan
        known = ~np.isnan(mean).all(axis=1) & (own > 0)
        if not known.any():
            return float("nan")
        outside = np.nanmin(mean[known], axis=1)
        inside = inside[known]
        with np.errstate(invalid="ignore", divide="ignore"):
            each = (outside - inside) / np.maximum(outside, inside)
        each = np.where(np.isnan(inside), 0.0, np.nan_to_num(each))  # alone in its group: 0, by definition
        return float(np.average(each, weights=own[known]))

    def value(self) -> float:
        """The mean silhouette of all points."""
        return self._value(np.ones(self.n_subjects))

    def delete_one(self) -> Floats:
        """(g,): the figure without each subject."""
        return np.array([self._value((np.arange(self.n_subjects) != k).astype(float)) for k in range(self.n_subjects)])

    def weighted(self, weights: Floats) -> Floats:
        """(r,) from weights (r, g)."""
        return np.array([self._value(weight) for weight in weights])


def silhouette(
    features: npt.ArrayLike,
    group: npt.ArrayLike,
    subject: npt.ArrayLike,
    *,
    by_others: bool = False,
    level: float = 0.95,
) -> Interval:
    """Mean silhouette of points (n, d) by their group (n,), Euclidean, with a jackknife-t interval over subjects (n,).

    `by_others` leaves a point's own subject out of its distances. Between −1 and 1; undefined (NaN) with one group. The n of
    the result counts points. Raises UnusableInput for shapes that do not fit and for values that are not finite.
    """
    points = np.asarray(features, dtype=np.float64)
    names, codes = np.unique(np.asarray(group).astype(str), return_inverse=True)
    if points.ndim != 2 or not len(points) or codes.shape != (len(points),) or not np.isfinite(points).all():
        raise UnusableInput(
            f"points of shape {points.shape} with groups of shape {codes.shape}: give finite (n, d) and (n,)"
        )
    people, subjects = subject_codes(subject, len(points))
    found = _Silhouette(points, codes.astype(np.int64), people, by_others)
    value = found.value() if len(names) > 1 else float("nan")
    return interval_of(
        value, found, n=len(points), n_subjects=len(subjects), bounds=(-1.0, 1.0), level=level, unit="representations"
    )
