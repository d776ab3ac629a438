"""Deletion and insertion of units: does the score follow what a relevance calls important? (after Petsiuk et al. 2018)

Units are taken out of a recording from the most relevant on, or put into an empty one in the same order, and the model is
asked again. Per recording, in points of the scale,

    deletion points  = mean over the shares of  full score − score without that share of the units
    insertion points = mean over the shares of  score with that share of the units alone − full score,

the area between the curve and the full score, every share weighing the same. Both are above zero where the units called
relevant raised the score: for severity relevance both should be, and most where a high score was predicted. At least one unit
is
taken and at least one stays. Beside them stand the same areas for random orders and for an order spread evenly in time,
since taking anything away changes the score; the difference from these, paired by recording, is what the relevance is worth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from openada.errors import UnusableInput
from openada.evaluation.checks import Bools, Ints
from openada.evaluation.intervals import Interval
from openada.evaluation.localisation import own_generator
from openada.evaluation.means import mean_over_subjects

SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
RANDOM, UNIFORM = "random order", "uniform order"

Scorer = Callable[[Bools], npt.ArrayLike]
"""Masks (k, N), True for units that are kept, to k scores; every mask keeps at least one unit."""


class Points(NamedTuple):
    """Deletion and insertion points of one recording and one order, in points of the scale."""

    deletion: float
    insertion: float


class RecordingPoints(NamedTuple):
    """One recording: what each order of its units gave, by name; `RANDOM` and `UNIFORM` are always among them."""

    recording_id: str
    subject: str
    points: Mapping[str, Points]


def spread_order(n: int) -> Ints:
    """(n,) positions 0 … n − 1 in an order whose every beginning is spread evenly, from the middle on: those that van der
    Corput's sequence ½, ¼, ¾, ⅛, … meets along the way.
    """
    bits = max(n - 1, 1).bit_length() + 1
    k = np.arange(1, 1 << bits)
    inverse = sum(((k >> bit) & 1) << (bits - 1 - bit) for bit in range(bits))
    met, first = np.unique(n * inverse >> bits, return_index=True)
    return met[np.argsort(first)]


def relevance_order(relevance: npt.ArrayLike) -> Ints:
    """(n,) positions from the most relevant on; equal values in `spread_order`, so that ties favour no stretch of time."""
    values = np.asarray(relevance, dtype=np.float64)
    place = np.empty(values.size, np.int64)
    place[spread_order(values.size)] = np.arange(values.size)
    return np.lexsort((place, -values))


def kept_masks(order: Ints, units: Ints, n_units: int, shares: Sequence[float] = SHARES) -> Bools:
    """(2 · shares, N) masks of what is kept: first the deletions, then the insertions, each by rising share.

    `order` (n,) are positions in `units` (n,), the usable units of N. Of a share q, max(1, min(n − 1, round(q · n))) units are
    taken or put in.
    """
    n = units.size
    counts = np.clip(np.floor(np.asarray(shares) * n + 0.5).astype(int), 1, n - 1)
    rank = np.empty(n, np.int64)
    rank[order] = np.arange(n)
    masks = np.zeros((2, len(counts), n_units), bool)
    masks[:, :, units] = np.stack([rank >= counts[:, None], rank < counts[:, None]])
    return masks.reshape(-1, n_units)


def recording_points(
    recording_id: str,
    subject: str,
    relevance: Mapping[str, npt.ArrayLike],
    usable: npt.ArrayLike,
    score: Scorer,
    *,
    shares: Sequence[float] = SHARES,
    draws: int = 20,
    seed: int = 0,
) -> RecordingPoints | None:
    """Points of every relevance (N,), of the mean over `draws` random orders, and of the evenly spread order.

    `usable` (N,) bool are the units that the model may see; a relevance must have a number on each of them. All masks go to
    `score` in one call. A recording's random orders depend on `seed` and its id alone. None for a recording of fewer than two
    usable units: nothing can be taken from it. Raises UnusableInput for shares outside 0 to 1 and for a relevance without a
    number.
    """
    mask = np.asarray(usable, dtype=bool)
    units = np.flatnonzero(mask)
    if draws < 1 or not len(shares) or not all(0.0 < share < 1.0 for share in shares):
        raise UnusableInput(
            f"shares {tuple(shares)} and {draws} draws: give shares between 0 and 1, and a draw or more"
        )
    if units.size < 2:
        return None
    orders: list[tuple[str, Ints]] = []
    for name, values in relevance.items():
        numbers = np.asarray(values, dtype=np.float64)
        if numbers.shape != mask.shape or np.isnan(numbers[units]).any():
            raise UnusableInput(f"recording {recording_id!r}: {name} must have a number on each of its usable units")
        orders.append((name, relevance_order(numbers[units])))
    orders.append((UNIFORM, spread_order(units.size)))
    rng = own_generator(seed, recording_id)
    orders += [(RANDOM, rng.permutation(units.size)) for _ in range(draws)]
    masks = np.concatenate([mask[None], *(kept_masks(order, units, mask.size, shares) for _, order in orders)])
    different, place = np.unique(masks, axis=0, return_inverse=True)
    scores = np.asarray(score(different), dtype=np.float64)[place.reshape(-1)]
    full, curves = scores[0], scores[1:].reshape(len(orders), 2, len(shares)).mean(axis=2)
    gaps: dict[str, list[tuple[float, float]]] = {}
    for (name, _), (deleted, inserted) in zip(orders, curves, strict=True):
        gaps.setdefault(name, []).append((full - deleted, inserted - full))
    points = {name: Points(*np.mean(each, axis=0).tolist()) for name, each in gaps.items()}
    return RecordingPoints(recording_id, subject, points)


def deletion_intervals(recordings: Sequence[RecordingPoints], name: str, level: float = 0.95) -> dict[str, Interval]:
    """Means over recordings, intervals over subjects, in points of the scale: "deletion_points", "insertion_points" and, for a
    relevance, its paired differences "<…>_over_random" and "<…>_over_uniform" (above zero: better than that order).
    """
    subjects = [recording.subject for recording in recordings]
    found = {}
    for kind in Points._fields:
        own = np.array([getattr(recording.points[name], kind) for recording in recordings])
        found[f"{kind}_points"] = mean_over_subjects(own, subjects, level=level)
        for control, short in ((RANDOM, "random"), (UNIFORM, "uniform")):
            if name not in (RANDOM, UNIFORM):
                other = np.array([getattr(recording.points[control], kind) for recording in recordings])
                found[f"{kind}_points_over_{short}"] = mean_over_subjects(own - other, subjects, level=level)
    return found
