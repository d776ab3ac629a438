"""Episodes and the agreement of segment lengths, in words; every sentence names the kind of relevance it is about."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

from openada.report.content import AssessmentContent, Episode, ScaleAgreement
from openada.report.page import clock, counted, number, percent, significant

NAMES = {"severity": "severity relevance", "category": "category support"}
LOW_CONTRAST = 1.5  # times the mean below which the page says that no moment stands out


def episode_groups(content: AssessmentContent) -> list[dict[str, Any]]:
    """One group per kind: name, sentence, agreement (sentences), and rows, the strongest episode first."""
    kinds: tuple[Literal["severity", "category"], ...] = ("severity", "category")
    groups = []
    for kind in kinds:
        own = [(index, one) for index, one in enumerate(content.episodes) if one.kind == kind]
        agreement = [one for one in content.scale_agreement if one.kind == kind]
        groups.append(
            {
                "kind": kind,
                "name": NAMES[kind],
                "sentence": headline(content, kind),
                "agreement": agreement_sentences(agreement),
                "rows": [
                    {**one._asdict(), "index": index} for index, one in sorted(own, key=lambda item: item[1].rank)
                ],
            }
        )
    return groups


def headline(content: AssessmentContent, kind: Literal["severity", "category"]) -> str:
    """Where relevance of this kind is highest, and what it is support for."""
    severest = content.bands[-1][0]
    own = [one for one in content.episodes if one.kind == kind]
    if kind == "severity":
        supported, end = f"the most severe category (“{severest}”)", ""
        if content.predicted_category not in (None, severest):
            end = (
                " The network chose another category; this kind of relevance is about the most severe one all the same."
            )
    else:
        supported, end = (
            "the category that the network chose",
            " It is support for that category, no evidence of severity.",
        )
        if content.predicted_category is not None:
            supported = f"“{content.predicted_category}”, the category that the network chose,"
        if content.predicted_category == severest:
            end = " As that is the most severe category, both kinds of relevance have the same values here."
    if not own:
        return f"No moment stands out in support for {supported.removesuffix(',')}.{end}"
    first = min(own, key=lambda one: one.rank)
    where = f"Support for {supported} is highest between {clock(first.start_s)} and {clock(first.end_s)}"
    return f"{where}{_times(first)}.{end}"


def _times(episode: Episode) -> str:
    if not math.isfinite(episode.times_even_share):
        return ""
    little = ", so it does not stand out much" if episode.times_even_share < LOW_CONTRAST else ""
    return f" ({significant(episode.times_even_share, 2)} times the even share{little})"


def agreement_sentences(rows: Sequence[ScaleAgreement]) -> list[str]:
    """How far each pair of segment lengths agrees, a sentence each."""
    said = []
    for one in rows:
        rank = f"rank correlation {number(one.spearman)} over {counted('unit', one.n_units)}"
        if not math.isfinite(one.spearman):
            rank = f"rank correlation not defined ({one.spearman_missing_reason})"
        share = f"{percent(one.overlap)} of the time that counts for either counts for both"
        share += f" ({percent(one.overlap_by_chance)} expected by chance)"
        if not math.isfinite(one.overlap):
            share = f"overlap not defined ({one.overlap_missing_reason})"
        said.append(f"{one.shorter_frames} and {one.longer_frames} frames: {rank}; {share}.")
    return said
