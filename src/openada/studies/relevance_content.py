"""Relevance of one recording as the page shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from openada.explanation.explanation import Spans
from openada.explanation.relevance import CATEGORY_SUPPORT, SEVERITY_RELEVANCE, relevance
from openada.inference.expada import ExpADAResult
from openada.inference.recording import RecordingResult
from openada.report.content import Episode, ScaleAgreement, Segment

if TYPE_CHECKING:
    import pandas as pd

MOST_LISTED = 3
_KINDS: dict[str, Literal["severity", "category"]] = {SEVERITY_RELEVANCE: "severity", CATEGORY_SUPPORT: "category"}


def shown_segments(result: RecordingResult, segment_frames: int) -> list[Segment]:
    """The model's two kinds of relevance; empty without a stage 2. segment_frames: length of a unit."""
    if not isinstance(result, ExpADAResult) or result.selection is None:
        return []
    units = result.units
    found = relevance(result.selection, np.stack([units.start_s, units.end_s], axis=1))
    half = len(found) // 2  # category support of every scale, then severity relevance of every scale
    segments = []
    for support, severity in zip(found[:half], found[half:], strict=True):
        (spans,) = support.axes
        assert isinstance(spans, Spans)
        frames = support.parameters["scale"] * segment_frames
        rows = zip(spans.spans_s, support.values, severity.values, support.parameters["selected"], strict=True)
        segments += [Segment(float(a), float(b), frames, float(c), float(d), bool(e)) for (a, b), c, d, e in rows]
    return segments


def apart(ranked: list[Segment]) -> list[Segment]:
    """The first few that do not overlap one another."""
    kept: list[Segment] = []
    for segment in ranked:
        if all(segment.end_s <= other.start_s or segment.start_s >= other.end_s for other in kept):
            kept.append(segment)
        if len(kept) == MOST_LISTED:
            break
    return kept


def shown_episodes(table: pd.DataFrame) -> list[Episode]:
    """Episodes as `explanation.episodes.episodes` gives them."""
    rows = table[list(Episode._fields)].to_dict("records")
    return [Episode(**{**row, "kind": _KINDS[row["kind"]]}) for row in rows]


def shown_agreement(table: pd.DataFrame) -> list[ScaleAgreement]:
    """Agreement as `explanation.scale_agreement.scale_agreement` gives it."""
    rows = table[list(ScaleAgreement._fields)].to_dict("records")
    return [ScaleAgreement(**{**row, "kind": _KINDS[row["kind"]]}) for row in rows]
