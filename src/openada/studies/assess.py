"""One video and a trained run: `assessment.json`, a report, and relevance as files for other programs."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from openada.datasets.scales import SCALES, band_name
from openada.files import write_json
from openada.inference.checkpoint import CheckpointRun
from openada.inference.expada import ExpADAResult
from openada.inference.recording import RecordingResult, TrainedRun, infer
from openada.prepared.dataset import PreparedRecording
from openada.report.assessment import write_assessment_report
from openada.report.content import AssessmentContent, ScoreInterval, SegmentScore
from openada.studies.attribution import write_tables
from openada.studies.attribution_section import (
    ATTRIBUTION_FILES,
    ATTRIBUTION_PREFIX,
    OVERLAY_FILE,
    assessed_attribution,
    told,
)
from openada.studies.attribution_words import outside_sentences
from openada.studies.explainable import explainable, require_method
from openada.studies.model_facts import NO_RUN_LONG, critical_warnings, model_description, prediction_interval
from openada.studies.one_video import prepared_video, require_face
from openada.studies.pictures import frame_strip, media_for, segment_pictures
from openada.studies.relevance_content import MOST_LISTED, apart, shown_agreement, shown_episodes, shown_segments
from openada.studies.relevance_files import (
    RelevanceTables,
    exported,
    relevance_tables,
    without_relevance,
    write_relevance_files,
)
from openada.video import probe

if TYPE_CHECKING:
    import pandas as pd

RESPONSIBLE_USE = (
    "Research software, not a medical device. A score is an estimate by a model and no diagnosis; "
    "RESPONSIBLE_USE.md says what it does and does not mean."
)
RATE_TOLERANCE = 0.1
QUALITY_TOLD = ("tracked_share", "gaps", "brightness", "blur", "face_size_px", "faces_seen_max", "frames")


def assess_video(
    video: Path,
    model: Path,
    out: Path,
    *,
    tracker_model: Path | None = None,
    keep_prepared: bool = False,
    attribution: str | None = None,
) -> dict[str, Any]:
    """Assess `video` with the trained run, or the checkpoint without one, at `model`.

    Writes OUT/assessment.json, OUT/report.html and the files that `studies.relevance_files` describes; returns the first.

    The video is prepared as the run's training recordings were. tracker_model: where the tracker's model file lies now.
    attribution: a method of docs/attribution.md whose regions, movements and moments the page and three tables then show too, and
        a video with the map on it.

    Raises UnusableInput, with nothing written, if the video cannot be decoded, shows no face, or is shorter than one segment.
    """
    trained = CheckpointRun.load_or_run(model)
    if attribution is not None:
        require_method(explainable(trained), attribution)
    with prepared_video(video, trained.config["prepared"], tracker_model) as (recording, quality):
        require_face(video, recording, trained.source.segments(recording), trained.recipe.min_tracked_share)
        result = infer(trained, recording)
        tables = relevance_tables(result)
        assessment = describe(video.name, trained, recording, result, quality, tables)
        content = report_content(video, trained, recording, result, assessment, tables)
        out.mkdir(parents=True, exist_ok=True)
        if attribution is not None:
            section, found = assessed_attribution(explainable(trained), recording, attribution, video, out)
            assessment["attribution"] = {"method": attribution, **told(found)}
            assessment["files"] += [OVERLAY_FILE, *write_tables(out, found, ATTRIBUTION_PREFIX)]
            outside, flagged = outside_sentences(found)
            warned = outside if flagged else []
            assessment["warnings"] += warned
            content = replace(
                content,
                attribution=section,
                files=[*content.files, *ATTRIBUTION_FILES],
                warnings=[*content.warnings, *warned],
            )
        write_json(out / "assessment.json", assessment)
        write_assessment_report(out / "report.html", content)
        times = recording.time_s
        write_relevance_files(
            out,
            result,
            tables,
            video=video,
            starts_at_s=probe(video).starts_at_s,
            ends_at_s=float(times[-1] + np.diff(times).mean()),
            category=assessment["predicted_category"],
            piece=trained.kind.piece,
        )
        if keep_prepared:
            shutil.copytree(recording.folder, out / "prepared", dirs_exist_ok=True)
    return assessment


def describe(
    title: str,
    trained: TrainedRun,
    recording: PreparedRecording,
    result: RecordingResult,
    quality: dict[str, Any],
    tables: RelevanceTables | None,
) -> dict[str, Any]:
    """The content of `assessment.json`. Scores are on the label's scale and not clipped to it; the band's are."""
    config = trained.config
    scale = SCALES[config["scale"]]
    method = "selection" if "selection" in result.scores else next(iter(result.scores))
    score = result.scores[method]
    category = result.category
    interval, reason = prediction_interval(trained, method, score)
    listed = ["start_s", "end_s", "scale_frames", "segment_score"]
    if isinstance(result, ExpADAResult):
        listed += ["category_support", "severity_relevance", "selected", "stage1_score"]
    return {
        "video": title,
        "score": score,
        "scale": scale.name,
        "scale_range": [scale.low, scale.high],
        "band": band_name(score, scale),
        "predicted_category": None if category is None else scale.bands[category][0],
        "interval": interval,
        "interval_missing_reason": reason,
        "method": method,
        "segments": _records(result.segments[listed]),
        "relevance_missing_reason": without_relevance(trained) if tables is None else None,
        "episodes": [] if tables is None else _records(tables.episodes),
        "scale_agreement": [] if tables is None else _records(tables.agreement),
        "files": [file.name for file in exported(tables, trained.kind.piece)],
        "quality": quality_facts(quality),
        "warnings": [*critical_warnings(config), *_warnings(trained, recording, result), *quality["warnings"]],
        "trained_on": {key: config[key] for key in ("corpus", "planted", "recordings", "subjects", "split_sha256")},
        "model": {
            "name": config["system"],
            "preset": trained.kind.preset,
            "seed": None if isinstance(trained, CheckpointRun) else trained.recipe.seed,
        },
        "responsible_use": RESPONSIBLE_USE,
        "versions": {name: version(name) for name in ("openada", "torch", "mediapipe", "av")},
    }


def quality_facts(quality: dict[str, Any]) -> dict[str, Any]:
    """What is told of a recording's quality: figures, and neither where the file lay nor how it was prepared."""
    return {key: quality[key] for key in QUALITY_TOLD}


def _warnings(trained: TrainedRun, recording: PreparedRecording, result: RecordingResult) -> list[str]:
    config, piece = trained.config, trained.kind.piece
    said = [NO_RUN_LONG] if isinstance(trained, CheckpointRun) else []
    times = recording.time_s
    rate = (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else math.nan
    trained_rate = config["frame_rate_hz"]
    if trained_rate and abs(rate / trained_rate - 1) > RATE_TOLERANCE:
        said.append(
            f"The video has {rate:.1f} frames per second, the training recordings had {trained_rate:.1f}: {piece}s of the same "
            "number of frames cover another length of time than the model has learnt."
        )
    pieces = len(result.usable)
    lost = pieces - int(result.usable.sum())
    if lost:
        said.append(
            f"{lost} of {pieces} {piece}s ({lost / pieces:.0%}) were left out because the face was not "
            "tracked in them; the assessment is of the rest."
        )
    scale = SCALES[config["scale"]]
    score = result.scores.get("selection", next(iter(result.scores.values())))
    if not scale.low <= score <= scale.high:
        said.append(f"The score {score:.1f} lies outside the scale ({scale.low:g} to {scale.high:g}).")
    return said


def report_content(
    video: Path,
    trained: TrainedRun,
    recording: PreparedRecording,
    result: RecordingResult,
    assessment: dict[str, Any],
    tables: RelevanceTables | None,
) -> AssessmentContent:
    """What the page shows."""
    config, kind = trained.config, trained.kind
    scale = SCALES[config["scale"]]
    segments = shown_segments(result, kind.frames)
    found = [] if tables is None else shown_episodes(tables.episodes)
    ranked = sorted(
        (segment for segment in segments if math.isfinite(segment.severity_relevance)),
        key=lambda segment: -segment.severity_relevance,
    )
    most, least = apart(ranked), apart(ranked[::-1])
    interval = assessment["interval"]
    critical = critical_warnings(config)
    times = recording.time_s
    return AssessmentContent(
        title=video.name,
        score=assessment["score"],
        scale_name=scale.name,
        scale_low=scale.low,
        scale_high=scale.high,
        bands=scale.bands,
        band_name=assessment["band"],
        model=model_description(trained),
        duration_s=float(times[-1]),
        interval=ScoreInterval(interval["low"], interval["high"], interval["level"]) if interval else None,
        interval_missing_reason=assessment["interval_missing_reason"] or "",
        predicted_category=assessment["predicted_category"],
        segments=segments,
        relevance_missing_reason=assessment["relevance_missing_reason"] or "",
        unit_scores=[
            SegmentScore(*row)
            for row in result.segments[["start_s", "end_s", "stage1_score"]].itertuples(index=False)
            if tables is None
        ],
        episodes=found,
        scale_agreement=[] if tables is None else shown_agreement(tables.agreement),
        files=exported(tables, kind.piece),
        piece=kind.piece,
        lost_spans_s=[(gap["start_s"], gap["end_s"]) for gap in assessment["quality"]["gaps"]],
        frame_strip=frame_strip(recording),
        most_relevant=segment_pictures(recording, most),
        least_relevant=segment_pictures(recording, least),
        quality=assessment["quality"],
        critical_warnings=critical,
        warnings=[text for text in assessment["warnings"] if text not in critical],
        media=media_for(video, times, [*most, *least, *(one for one in found if one.rank <= MOST_LISTED)]),
        versions=assessment["versions"],
    )


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): _plain(value) for name, value in row.items()} for row in table.to_dict("records")]


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
