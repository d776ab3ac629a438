"""Does a signal go with an attribution, frame by frame? Spearman's correlation within windows, and its p from circular shifts.

Neighbouring frames are alike, in faces as in attributions, so that a few frames count as many and textbook p-values are far too
small. Here the signal is turned round within its recording against the attribution, which keeps how either follows itself and
breaks what ties them: p is the share of turns whose correlation is at least as far from 0, the untouched one included.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from openada.errors import UnusableInput
from openada.evaluation.checks import Bools, Floats

LEAST_FRAMES = 8
"""A window with fewer frames known in both has no correlation."""
LEAST_SHIFTS = 20
"""With fewer frames to turn by, there is no p."""
MOST_SHIFTS = 500
LARGEST_R = 0.999
"""Size to which a window's correlation is cut before Fisher's z, so that one short window cannot outweigh all others."""
_ROUNDING = 1e-9
CONSTANT_SIGNAL, CONSTANT_ATTRIBUTION = "the signal is constant in every window", "the attribution is constant"
NOT_MEASURED, TOO_FEW = "the signal was not measured", f"no window has {LEAST_FRAMES} frames with both"


class ShiftedCorrelation(NamedTuple):
    """z: mean over windows of Fisher's z, r its hyperbolic tangent; NaN with the `reason` where undefined.

    n_frames and n_windows are those that were used; shifts: how many turns p rests on.
    """

    r: float
    z: float
    p_value: float
    n_frames: int
    n_windows: int
    shifts: int
    reason: str = ""


def shifted_spearman(
    signal: npt.ArrayLike, attribution: npt.ArrayLike, places: npt.ArrayLike, *, most_shifts: int = MOST_SHIFTS
) -> ShiftedCorrelation:
    """Correlation of a recording's signal (F,) with the attribution (W, T) of its windows; NaN is missing.

    places (W, T): the frame of the recording that each value belongs to; one window with all frames correlates the recording as
    a whole. Ranks are taken within each window, ties at their mean, over the frames known in both; windows weigh the same.
    Turns are by whole frames, all F of them or `most_shifts` evenly spaced ones. A turn without any correlation counts as 0.
    """
    values, given, where = _checked(signal, attribution, places)
    frames = len(values)
    reason = _undefined(values, given)
    if reason:
        return ShiftedCorrelation(np.nan, np.nan, np.nan, 0, 0, 0, reason)
    shifts = np.unique(np.linspace(0, frames, min(frames, most_shifts), endpoint=False).astype(int))
    found, n = _mean_z(values[where][None], given[None])
    if not np.isfinite(found[0]):
        known = np.isfinite(values[where]) & np.isfinite(given)
        enough = (known.sum(1) >= LEAST_FRAMES).any()
        return ShiftedCorrelation(np.nan, np.nan, np.nan, 0, 0, 0, CONSTANT_SIGNAL if enough else TOO_FEW)
    p = np.nan
    if len(shifts) >= LEAST_SHIFTS:
        turned = np.concatenate(
            [_mean_z(values[(where[None] + part[:, None, None]) % frames], given[None])[0] for part in _parts(shifts)]
        )
        p = float(np.mean(np.abs(np.nan_to_num(turned)) >= abs(found[0]) - _ROUNDING))
    z = float(found[0])
    used = int((n[0] > 0).sum())
    return ShiftedCorrelation(float(np.tanh(z)), z, p, int(n[0].sum()), used, len(shifts) if np.isfinite(p) else 0)


def _checked(signal: npt.ArrayLike, attribution: npt.ArrayLike, places: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
    values, given = np.asarray(signal, dtype=np.float64), np.asarray(attribution, dtype=np.float64)
    where = np.asarray(places)
    if values.ndim != 1 or given.ndim != 2 or where.shape != given.shape:
        raise UnusableInput(
            f"a signal of shape {values.shape}, an attribution of {given.shape} and its places of {where.shape}: give (frames,), "
            "and (windows, frames of a window) twice"
        )
    if where.size and not (where.min() >= 0 and where.max() < len(values)):
        raise UnusableInput(f"windows reach from frame {where.min()} to {where.max()} of a recording of {len(values)}")
    return values, given, where


def _undefined(values: Floats, given: Floats) -> str:
    known, shown = values[np.isfinite(values)], given[np.isfinite(given)]
    if not known.size:
        return NOT_MEASURED
    if np.ptp(known) == 0:
        return CONSTANT_SIGNAL
    return CONSTANT_ATTRIBUTION if not shown.size or np.ptp(shown) == 0 else ""


def _parts(shifts: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    return np.array_split(shifts, max(1, len(shifts) // 50))


def _mean_z(signal: Floats, attribution: Floats) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Mean over windows of Fisher's z, (K,), NaN without one, and the frames used in each window, (K, W).

    signal (K, W, T), attribution (1, W, T).
    """
    known = np.isfinite(signal) & np.isfinite(attribution)
    a, b = _centred_ranks(signal, known), _centred_ranks(np.broadcast_to(attribution, signal.shape), known)
    size = np.sqrt((a * a).sum(2) * (b * b).sum(2))
    n = known.sum(2)
    usable = (n >= LEAST_FRAMES) & (size > 0)
    r = np.divide((a * b).sum(2), size, out=np.zeros_like(size), where=usable)
    z = np.arctanh(np.clip(r, -LARGEST_R, LARGEST_R))
    counted = usable.sum(1)
    mean = np.divide((z * usable).sum(1), counted, out=np.full(len(z), np.nan), where=counted > 0)
    return mean, np.where(usable, n, 0)


def _centred_ranks(values: Floats, known: Bools) -> Floats:
    """Ranks along the last axis among what is known, less their mean; 0 where not known."""
    from scipy.stats import rankdata

    ranks = rankdata(np.where(known, values, np.inf), axis=-1)
    mean = (known.sum(-1, keepdims=True) + 1) / 2
    return np.where(known, ranks - mean, 0.0)
