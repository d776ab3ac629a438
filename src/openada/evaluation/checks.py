"""What every function here asks of its arrays: one dimension, equal lengths, finite numbers, a subject for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from openada.errors import UnusableInput

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_SHOWN = 10


def naming(positions: npt.NDArray[np.integer[Any]], ids: Sequence[Any] | None = None) -> str:
    """'positions 3, 17 (203_1, 204_1)': the first ten, and how many more there are."""
    shown = positions[:_SHOWN].tolist()
    more = f" and {len(positions) - _SHOWN} more" if len(positions) > _SHOWN else ""
    text = ("position " if len(positions) == 1 else "positions ") + ", ".join(str(k) for k in shown)
    if ids is not None:
        text += " (" + ", ".join(str(np.asarray(ids)[k]) for k in shown) + ")"
    return text + more


def vector(values: npt.ArrayLike, name: str, ids: Sequence[Any] | None = None) -> Floats:
    """`values` as (n,) float64, n ≥ 1, all finite; UnusableInput naming the positions otherwise."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as fault:
        raise UnusableInput(f"{name} holds something that is not a number ({fault}): give numbers only") from fault
    if array.ndim != 1:
        raise UnusableInput(f"{name} has shape {array.shape}: give one dimension, one value per recording or session")
    if array.size == 0:
        raise UnusableInput(f"{name} is empty: no metric exists without a recording")
    if ids is not None and len(ids) != array.size:
        raise UnusableInput(f"{len(ids)} ids for {array.size} values of {name}: give one id per value")
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        raise UnusableInput(
            f"{name} is NaN or infinite at {naming(bad, ids)}: leave these recordings out, and say how many were"
        )
    return array


def paired(label: npt.ArrayLike, prediction: npt.ArrayLike, ids: Sequence[Any] | None = None) -> tuple[Floats, Floats]:
    """Label and prediction as two finite (n,) float64 arrays."""
    y, p = vector(label, "label", ids), vector(prediction, "prediction", ids)
    if y.size != p.size:
        raise UnusableInput(f"{y.size} labels but {p.size} predictions: give one prediction per label")
    return y, p


def paired_bands(
    label: npt.ArrayLike, prediction: npt.ArrayLike, ids: Sequence[Any] | None = None
) -> tuple[Ints, Ints]:
    """Band indices (0, 1, …) of label and prediction as two (n,) int64 arrays."""
    y, p = paired(label, prediction, ids)
    for name, values in (("label", y), ("prediction", p)):
        bad = np.flatnonzero((values < 0) | (values != np.floor(values)))
        if bad.size:
            raise UnusableInput(
                f"band {values[bad[0]]:g} of {name} at {naming(bad, ids)}: bands are 0, 1, 2, …; "
                "turn scores into bands first"
            )
    return y.astype(np.int64), p.astype(np.int64)


def subject_codes(subject: npt.ArrayLike, n: int) -> tuple[Ints, list[str]]:
    """Codes (n,) into the sorted subject names, so that no result depends on the order of the rows."""
    names = np.asarray(subject, dtype=object)
    if names.shape != (n,):
        raise UnusableInput(f"subject has shape {names.shape} for {n} values: give one subject per value")
    missing = np.flatnonzero(np.asarray(pd.isna(names)))
    if missing.size:
        raise UnusableInput(f"subject is missing at {naming(missing)}: intervals resample subjects, so name each")
    unique, codes = np.unique(names.astype(str), return_inverse=True)
    return codes.astype(np.int64), unique.tolist()


def share(value: float, name: str) -> float:
    """A number strictly between 0 and 1."""
    if not 0.0 < value < 1.0:
        raise UnusableInput(f"{name} is {value!r}: give a number between 0 and 1, such as 0.95")
    return float(value)
