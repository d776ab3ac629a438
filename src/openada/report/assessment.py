"""The page of one recording: score, video, relevance along time, quality, and what the model was trained on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from openada.errors import UnusableInput
from openada.report import plots, timeline
from openada.report.comparison import shown_section
from openada.report.content import (
    AssessmentContent,
    Bands,
    Episode,
    Picture,
    ScoreInterval,
    Segment,
    SegmentClip,
    SegmentPictures,
    SegmentScore,
    TestResult,
    WholeVideo,
)
from openada.report.episodes import LOW_CONTRAST, episode_groups
from openada.report.page import (
    MISSING,
    PLANTED_SCALE,
    clock,
    data_uri,
    integer,
    jpeg_uri,
    measured,
    number,
    percent,
    script_json,
    significant,
    write_page,
)

TOLERANCE_S = 0.05  # a copy may start or end this much inside the segment that it shows
QUALITY_NAMES = {
    "brightness": "Brightness (0 dark – 255 bright)",
    "blur": "Sharpness (small where blurred)",
    "face_size_px": "Height of the face in the video, pixels",
    "faces_seen_max": "Faces seen at once, at most",
}


def write_assessment_report(out_html: Path, content: AssessmentContent) -> None:
    """Write the page of one recording as a single HTML file that needs no network.

    Raises UnusableInput for content that cannot be shown truthfully: a score that is NaN, bands that do not ascend
    from the scale's low end, an interval neither given nor explained, a segment that ends before it starts.
    """
    from markupsafe import Markup

    _check(content)
    clip_of = _clips(content, content.segments)
    others: list[Episode | SegmentScore] = [*content.episodes, *content.unit_scores]
    clip_of_others = _clips(content, others)
    rows = [_row(index, segment, clip_of[index] is not None) for index, segment in enumerate(content.segments)]
    index_of = {_key(segment): index for index, segment in enumerate(content.segments)}
    strip = [{"time_s": picture.time_s, "uri": jpeg_uri(picture.rgb, 160)} for picture in content.frame_strip]
    severity = [segment.severity_relevance for segment in content.segments]
    contrast = timeline.contrast(severity)
    tracked_share = content.quality.get("tracked_share")
    whole = content.media if isinstance(content.media, WholeVideo) else None
    write_page(
        Path(out_html),
        "assessment.html.j2",
        "assessment.js",
        title=content.title,
        content=content,
        critical_warnings=list(content.critical_warnings),
        warnings=list(content.warnings),
        versions=dict(content.versions),
        measured=measured(content.scale_name),
        planted=content.scale_name == PLANTED_SCALE,
        bar=scale_bar(content.score, content.interval, content.scale_low, content.scale_high, content.bands),
        scale_label=_scale_label(content),
        has_media=bool(content.media),
        whole_video=data_uri(whole.data, whole.media_type) if whole else None,
        poster=jpeg_uri(content.frame_strip[0].rgb, 640) if content.frame_strip and whole is None else None,
        segments=rows,
        rows=sorted(rows, key=lambda row: _descending(row["severity_relevance"])),
        n_selected=sum(segment.selected for segment in content.segments),
        selected_share=_selected_share(content),
        episode_groups=episode_groups(content) if content.segments else [],
        unit_scores=[
            {"start_s": one.start_s, "end_s": one.end_s, "score": one.score, "index": len(content.episodes) + k}
            for k, one in enumerate(content.unit_scores)
        ],
        unit_scores_plot=Markup(plots.segment_scores(content.unit_scores, content.score, piece=content.piece))
        if content.unit_scores
        else "",
        stretch_playable=[clip is not None for clip in clip_of_others],
        most=[_look(item, index_of, clip_of) for item in content.most_relevant],
        least=[_look(item, index_of, clip_of) for item in content.least_relevant],
        contrast=contrast,
        contrast_low=contrast < LOW_CONTRAST,
        tracked_share=None if tracked_share is None else float(tracked_share),
        quality_facts=quality_facts(content.quality),
        quality_warnings=list(content.quality.get("warnings", ())),
        attribution=None if content.attribution is None else shown_section(content.attribution),
        result_sentences=[text for result in content.model.results if (text := beside_constant(result))],
        data=Markup(script_json(_timeline_data(content, strip, clip_of, others, clip_of_others))),
    )


def scale_bar(score: float, interval: ScoreInterval | None, low: float, high: float, bands: Bands) -> dict[str, Any]:
    """Positions on the drawn scale in percent of its width.

    The score and its interval are clipped to the scale for the drawing; the figures in words never are.
    """

    def position(value: float) -> float:
        return round(100 * (min(max(value, low), high) - low) / (high - low), 3)

    starts = [start for _, start in bands]
    ends = [*starts[1:], high]
    whole_numbers = all(float(start).is_integer() for start in starts)
    shown = []
    for order, ((name, start), end) in enumerate(zip(bands, ends, strict=True)):
        last = order == len(bands) - 1
        top = end if last or not whole_numbers else end - 1  # bands of whole scores: 0–13, 14–19
        limits = (
            f"{integer(start)}–{integer(top)}" if last or whole_numbers else f"{integer(start)} to under {integer(end)}"
        )
        width = round(position(end) - position(start), 3)
        shown.append({"name": name, "limits": limits, "width": width, "fill": min(order, 5)})
    span = None
    if interval is not None:
        span = (position(interval.low), round(position(interval.high) - position(interval.low), 3))
    return {
        "score": position(score),
        "label": min(max(position(score), 4), 96),  # keeps the figure inside the drawing
        "outside": not low <= score <= high,
        "interval": span,
        "bands": shown,
        "ticks": [{"value": value, "position": position(value)} for value in [*starts, high]],
    }


def quality_facts(quality: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is known about quality, as (name, text); unknown keys are kept under their own names."""
    facts: list[tuple[str, str]] = []
    if "gaps" in quality:
        gaps = [(float(gap["start_s"]), float(gap["end_s"])) for gap in quality["gaps"]]
        if gaps:
            total = sum(end - start for start, end in gaps)
            listed = ", ".join(f"{clock(start)}–{clock(end)}" for start, end in gaps[:6])
            more = f" and {len(gaps) - 6} more" if len(gaps) > 6 else ""
            facts.append(("Gaps in tracking", f"{len(gaps)}, {number(total, 1)} s in all: {listed}{more}"))
        else:
            facts.append(("Gaps in tracking", "none"))
    for key, value in quality.items():
        if key in ("tracked_share", "gaps", "warnings"):
            continue
        text = (
            significant(float(value))
            if isinstance(value, float | np.floating)
            else MISSING
            if value is None
            else str(value)
        )
        facts.append((QUALITY_NAMES.get(key, key.replace("_", " ")), text))
    return facts


def beside_constant(result: TestResult) -> str:
    """One sentence on an error beside the constant predictor's; empty for metrics that are not errors."""
    if result.metric.upper() not in ("MAE", "RMSE") or not all(
        map(math.isfinite, (result.value, result.low, result.high, result.constant))
    ):
        return ""
    if result.value >= result.constant:
        return f"{result.metric}: the model did no better than always predicting a constant."
    if result.high >= result.constant:
        return (
            f"{result.metric}: the constant predictor's error lies inside the model's interval, "
            "so the test does not show that the face adds anything."
        )
    share = percent(1 - result.value / result.constant)
    return f"{result.metric}: {share} lower than the constant predictor's error."


def _check(content: AssessmentContent) -> None:
    starts = [start for _, start in content.bands]
    if not math.isfinite(content.score):
        raise UnusableInput(f"a score of {content.score}: a report needs a finite score")
    if (
        not starts
        or starts != sorted(set(starts))
        or starts[0] != content.scale_low
        or starts[-1] >= content.scale_high
    ):
        raise UnusableInput(
            f"bands {list(content.bands)}: they must ascend from {content.scale_low} to below {content.scale_high}"
        )
    if content.interval is None and not content.interval_missing_reason:
        raise UnusableInput("no interval and no reason for it: give one of `interval` and `interval_missing_reason`")
    timeline.check_segments(content.segments)


def _key(segment: Segment) -> tuple[float, float, int]:
    return segment.start_s, segment.end_s, segment.scale_frames


def _descending(value: float) -> float:
    return -value if math.isfinite(value) else math.inf


def _clips(content: AssessmentContent, stretches: Sequence[Segment | Episode | SegmentScore]) -> list[int | None]:
    """For each stretch the shortest copy that holds it: its index, or None. 0 for a whole video."""
    if content.media is None:
        return [None] * len(stretches)
    if isinstance(content.media, WholeVideo):
        return [0] * len(stretches)
    clips: Sequence[SegmentClip] = content.media
    start, end = np.array([clip.start_s for clip in clips]), np.array([clip.end_s for clip in clips])
    out: list[int | None] = []
    for segment in stretches:
        holds = np.flatnonzero((start <= segment.start_s + TOLERANCE_S) & (end >= segment.end_s - TOLERANCE_S))
        out.append(int(holds[np.argmin((end - start)[holds])]) if holds.size else None)
    return out


def _row(index: int, segment: Segment, playable: bool) -> dict[str, Any]:
    return {
        "index": index,
        "start_s": segment.start_s,
        "end_s": segment.end_s,
        "scale_frames": segment.scale_frames,
        "severity_relevance": segment.severity_relevance,
        "category_support": segment.category_support,
        "selected": segment.selected,
        "playable": playable,
    }


def _look(item: SegmentPictures, index_of: Mapping[Any, int], clip_of: Sequence[int | None]) -> dict[str, Any]:
    index = index_of.get(_key(item.segment))
    playable = index is not None and clip_of[index] is not None
    stills = [{"time_s": picture.time_s, "uri": jpeg_uri(picture.rgb, 240)} for picture in item.pictures]
    return {**_row(0, item.segment, playable), "index": index, "stills": stills}


def _selected_share(content: AssessmentContent) -> float | None:
    spans = [(segment.start_s, segment.end_s) for segment in content.segments if segment.selected]
    if not spans or not content.duration_s > 0:
        return None
    return min(1.0, sum(end - start for start, end in timeline.merged(spans)) / content.duration_s)


def _scale_label(content: AssessmentContent) -> str:
    limits = f"{integer(content.scale_low)} to {integer(content.scale_high)}"
    text = f"Score {number(content.score, 1)} on a scale from {limits}, band {content.band_name}"
    if content.interval is not None:
        text += f", interval from {number(content.interval.low, 1)} to {number(content.interval.high, 1)}"
    return text


def _timeline_data(
    content: AssessmentContent,
    strip: Sequence[Mapping[str, Any]],
    clip_of: Sequence[int | None],
    others: Sequence[Episode | SegmentScore],
    clip_of_others: Sequence[int | None],
) -> dict[str, Any]:
    """What the page's script needs: segments by column, other stretches, tracks, lost spans, frames, copies of segments."""
    clips = [] if content.media is None or isinstance(content.media, WholeVideo) else content.media
    selected = [(segment.start_s, segment.end_s) for segment in content.segments if segment.selected]
    return {
        "title": content.title,
        "duration_s": content.duration_s,
        "starts_at_s": content.media.starts_at_s if isinstance(content.media, WholeVideo) else 0.0,
        "predicted_category": content.predicted_category,
        "severest": content.bands[-1][0],
        "segments": [
            {
                "start_s": segment.start_s,
                "end_s": segment.end_s,
                "scale_frames": segment.scale_frames,
                "severity": segment.severity_relevance,
                "category": segment.category_support,
                "selected": segment.selected,
                "clip": clip,
            }
            for segment, clip in zip(content.segments, clip_of, strict=True)
        ],
        "stretches": [{**one._asdict(), "clip": clip} for one, clip in zip(others, clip_of_others, strict=True)],
        "tracks": timeline.tracks(content.segments),
        "lost_s": [list(span) for span in content.lost_spans_s],
        "selected_s": [list(span) for span in timeline.merged(selected)],
        "frames": [dict(item) for item in strip],
        "clips": [{"start_s": clip.start_s, "uri": data_uri(clip.data, clip.media_type)} for clip in clips],
    }


__all__ = ["AssessmentContent", "Picture", "write_assessment_report"]
