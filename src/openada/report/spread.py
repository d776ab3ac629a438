"""The figures of a recording's quality, their limits, and how each is spread over a batch."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from openada.face.quality import BLUR_LOW, BRIGHTNESS_HIGH, BRIGHTNESS_LOW, FACE_SIZE_LOW_PX, TRACKED_SHARE_LOW
from openada.report.assessment import QUALITY_NAMES
from openada.report.page import integer, number, percent

FACES_DRAWN = 9  # more are drawn as this many


class Measure(NamedTuple):
    """A figure of `quality`: a warning is given under `low` and over `high`."""

    key: str
    heading: str  # of its column
    unit: str
    low: float | None = None
    high: float | None = None

    def beyond(self, value: float | None) -> bool:
        """Whether a warning is given at this value."""
        if value is None:
            return False
        return (self.low is not None and value < self.low) or (self.high is not None and value > self.high)

    def text(self, value: float | None) -> str:
        """A value as it stands in the table."""
        return percent(value, 1) if self.key == "tracked_share" else number(value, 1 if self.key == "blur" else 0)

    def short(self, value: float) -> str:
        """A limit or a tick, without needless decimals."""
        return percent(value) if self.key == "tracked_share" else integer(value)


MEASURES = (
    Measure("tracked_share", "Tracked", "of frames", low=TRACKED_SHARE_LOW),
    Measure("blur", "Sharpness", "", low=BLUR_LOW),
    Measure("brightness", "Brightness", "0–255", low=BRIGHTNESS_LOW, high=BRIGHTNESS_HIGH),
    Measure("face_size_px", "Face height", "px", low=FACE_SIZE_LOW_PX),
    Measure("faces_seen_max", "Faces seen", "at once", high=1),
)


def histogram(measure: Measure, figures: Sequence[float | None]) -> dict[str, Any]:
    """How one figure of every recording (None where not measured) is spread over the batch, ready for drawing.

    Places lie along the axis from 0 to 1.

    bars: {start, width, n, beyond (a warning is given there), text}; ticks and limits: (place, text). Bins of blur and
    face size are quarters of a doubling, counted from the limit, so that no bin lies on both sides of it.
    """
    found = [value for value in figures if value is not None]
    values = np.array(found, dtype=float)
    n_beyond = sum(map(measure.beyond, found))
    edges, ticks = _axis(measure, values)
    doubling = measure.key in ("blur", "face_size_px")

    def place(value: float) -> float:
        low, at, high = np.log2([edges[0], value, edges[-1]]) if doubling else (edges[0], value, edges[-1])
        return round(float((at - low) / (high - low)), 4)

    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
    faces = measure.key == "faces_seen_max"
    bars = []
    for (start, end), n in zip(pairwise(edges.tolist()), counts.tolist(), strict=True):
        span = measure.short((start + end) / 2) if faces else f"{measure.short(start)} to {measure.short(end)}"
        shown = {"start": place(start), "width": place(end) - place(start), "n": n, "text": f"{span}: {n}"}
        bars.append({**shown, "beyond": measure.beyond((start + end) / 2)})
    limits = []
    for word, limit, step in (("under", measure.low, 0.0), ("over", measure.high, 0.5 if faces else 0.0)):
        if limit is not None:
            limits.append((place(limit + step), f"{word} {measure.short(limit)}"))
    return {
        "name": QUALITY_NAMES.get(measure.key, "Frames with a tracked face"),
        "n": len(found),
        "missing": len(figures) - len(found),
        "n_beyond": n_beyond,
        "bars": [bar for bar in bars if bar["n"]],
        "most": int(counts.max()),
        "ticks": [(place(tick), measure.short(tick)) for tick in ticks],
        "limits": limits,
        "spread": [measure.text(value) for value in np.quantile(values, [0, 0.5, 1])] if found else [],
    }


def _axis(measure: Measure, values: np.ndarray) -> tuple[np.ndarray, Sequence[float]]:
    """Edges (B + 1,) of the bins, and the figures to write below them."""
    if measure.key == "tracked_share":
        return np.linspace(0, 1, 21), (0, 0.25, 0.5, 0.75, 1)
    if measure.key == "brightness":
        return np.linspace(0, 255, 52), (0, 50, 100, 150, 200, 255)
    if measure.key == "faces_seen_max":
        top = min(max(values.max(initial=0), 3), FACES_DRAWN)
        return np.arange(-0.5, top + 1), np.arange(top + 1).tolist()
    limit = measure.low or 1.0
    octaves = np.log2(values[values > 0] / limit)
    first, last = max(min(np.floor(octaves.min(initial=0)), -2), -4), max(np.floor(octaves.max(initial=0)) + 1, 2)
    edges = limit * 2.0 ** (np.arange(4 * first, 4 * last + 1) / 4)
    round_figures = [step * 10.0**power for power in range(7) for step in ((1, 2, 5) if last - first < 7 else (1, 3))]
    return edges, [figure for figure in round_figures if edges[0] <= figure <= edges[-1]]
