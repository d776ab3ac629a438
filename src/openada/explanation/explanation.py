"""The `Explanation`: un-normalised values, the grid they live on, and what they were computed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from openada.errors import UnusableInput


@dataclass(frozen=True, eq=False)
class Spans:
    """An axis of time spans, which may overlap: `spans_s` (n, 2) start and end in seconds of the recording."""

    spans_s: np.ndarray

    def __post_init__(self) -> None:
        spans = np.asarray(self.spans_s, dtype=np.float64)
        if spans.ndim != 2 or spans.shape[1] != 2 or not np.all(spans[:, 1] > spans[:, 0]):
            raise UnusableInput(
                f"time spans of shape {spans.shape}; they must be (n, 2), finite, each end after its start"
            )
        object.__setattr__(self, "spans_s", spans)

    def __len__(self) -> int:
        return len(self.spans_s)


@dataclass(frozen=True, eq=False)
class Instants:
    """An axis of frames: `time_s` (n,) presentation times in seconds, strictly increasing."""

    time_s: np.ndarray

    def __post_init__(self) -> None:
        time = np.asarray(self.time_s, dtype=np.float64)
        if time.ndim != 1 or not np.all(np.diff(time) > 0) or not np.all(np.isfinite(time)):
            raise UnusableInput(f"frame times of shape {time.shape}; they must be (n,), finite and strictly increasing")
        object.__setattr__(self, "time_s", time)

    def __len__(self) -> int:
        return len(self.time_s)


@dataclass(frozen=True)
class Pixels:
    """An axis across the aligned crop: `cells` equal cells over `size_px` pixels, from the top or the left."""

    cells: int
    size_px: int

    def __post_init__(self) -> None:
        if self.cells < 1 or self.size_px < 1:
            raise UnusableInput(f"{self.cells} cells over {self.size_px} pixels; both must be at least 1")

    def __len__(self) -> int:
        return self.cells


@dataclass(frozen=True)
class Regions:
    """An axis of named face regions."""

    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class Channels:
    """An axis of named colour channels."""

    names: tuple[str, ...] = ("red", "green", "blue")

    def __len__(self) -> int:
        return len(self.names)


Axis = Spans | Instants | Pixels | Regions | Channels


@dataclass(frozen=True, eq=False)
class Explanation:
    """Values of one explanation of one recording or clip.

    `values` has one axis per entry of `axes`, of the same length; nothing is normalised (that is for the picture), and NaN is
    missing. `signed` says whether a negative value means "lowered the score"; without it values say how much, not which way.
    `meaning` is what a caption must say, `unit` what a value of 1 is, where the method says. `parameters` are those of `method`.
    `score` is the model's output for the input explained, on the label's scale; `baseline_score` its output for the method's
    baseline, None where the method has none.
    """

    values: np.ndarray
    axes: tuple[Axis, ...]
    method: str
    meaning: str
    signed: bool
    score: float
    baseline_score: float | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    unit: str = ""

    def __post_init__(self) -> None:
        values = np.asarray(self.values)
        grid = tuple(len(axis) for axis in self.axes)
        if values.shape != grid:
            raise UnusableInput(
                f"{self.method}: values of shape {values.shape} do not live on the grid {grid} of their axes"
            )
        if not self.signed and np.any(values < 0):
            raise UnusableInput(
                f"{self.method}: {np.sum(values < 0)} negative values in an explanation that is not signed"
            )
        object.__setattr__(self, "values", values)

    def table(self) -> pd.DataFrame:
        """One row per value of an explanation with a single axis: start_s, end_s or time_s or region or
        channel or cell, then value."""
        if len(self.axes) != 1:
            raise UnusableInput(f"{self.method}: a table needs one axis, this explanation has {len(self.axes)}")
        axis = self.axes[0]
        if isinstance(axis, Spans):
            columns: dict[str, Any] = {"start_s": axis.spans_s[:, 0], "end_s": axis.spans_s[:, 1]}
        elif isinstance(axis, Instants):
            columns = {"time_s": axis.time_s}
        elif isinstance(axis, Regions):
            columns = {"region": list(axis.names)}
        elif isinstance(axis, Channels):
            columns = {"channel": list(axis.names)}
        else:
            columns = {"cell": np.arange(len(axis))}
        return pd.DataFrame({**columns, "value": self.values})
