"""Relevance along time, made ready for drawing: values stay un-normalised, only their layout is computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from openada.errors import UnusableInput
from openada.report.content import Segment


def coverage_mean(start_s: np.ndarray, end_s: np.ndarray, value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean of the values of all segments that cover each moment, as a step function.

    Returns edges (E,), ascending, in seconds, and the values (E − 1,) between them; NaN where nothing covers.
    Overlapping segments of the longer scales are projected onto time in this way, as localisation does with units. A
    segment whose value is NaN keeps its edges and covers nothing.
    """
    known = np.isfinite(value)
    # one unit's end and the next one's start are computed apart: rounding keeps slivers from appearing between them
    start_s, end_s = np.round(start_s, 6), np.round(end_s, 6)
    edges = np.unique(np.concatenate([start_s, end_s]))
    if len(edges) < 2:
        return np.empty(0), np.empty(0)
    first, last = np.searchsorted(edges, start_s), np.searchsorted(edges, end_s)
    total, count = np.zeros(len(edges)), np.zeros(len(edges))
    for sums, weight in ((total, np.where(known, value, 0.0)), (count, known.astype(float))):
        np.add.at(sums, first, weight)
        np.subtract.at(sums, last, weight)
    total, count = np.cumsum(total)[:-1], np.rint(np.cumsum(count)[:-1])
    return edges, np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)


def check_segments(segments: Sequence[Segment]) -> None:
    """Refuse what cannot be drawn truthfully."""
    for position, segment in enumerate(segments):
        if not segment.end_s > segment.start_s:
            raise UnusableInput(
                f"segment {position} runs from {segment.start_s} s to {segment.end_s} s: its end must lie after its start"
            )


def tracks(segments: Sequence[Segment]) -> list[dict[str, Any]]:
    """One heat track per scale, the shortest scale first: {scale_frames, edges_s, severity, category}."""
    out = []
    for scale in sorted({segment.scale_frames for segment in segments}):
        chosen = [segment for segment in segments if segment.scale_frames == scale]
        start = np.array([segment.start_s for segment in chosen])
        end = np.array([segment.end_s for segment in chosen])
        edges, severity = coverage_mean(start, end, np.array([segment.severity_relevance for segment in chosen]))
        _, category = coverage_mean(start, end, np.array([segment.category_support for segment in chosen]))
        out.append({"scale_frames": scale, "edges_s": edges, "severity": severity, "category": category})
    return out


def merged(spans: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Spans joined where they overlap or touch, ascending."""
    out: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1] + 1e-6:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def contrast(values: Sequence[float]) -> float:
    """The largest value over the mean: near 1 means that no moment stands out. NaN without a positive mean."""
    finite = np.asarray([value for value in values if np.isfinite(value)], dtype=float)
    return float(finite.max() / finite.mean()) if finite.size and finite.mean() > 0 else float("nan")
