"""Maps over space and time of one video: overlay, heat map, pictures, tables, a page, and the values themselves."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from openada.clips.segments import Segments
from openada.datasets.scales import SCALES
from openada.explanation.explanation import Spans
from openada.explanation.recording_maps import ClipMap, FrameMaps, explain_recording
from openada.files import atomic_path, write_json
from openada.prepared.dataset import PreparedRecording
from openada.report.comparison import write_comparison_report
from openada.studies.assess import RESPONSIBLE_USE, critical_warnings
from openada.studies.attribution import COMPLETENESS, attribute, write_tables
from openada.studies.attribution_section import EXTREMES, section_of, told
from openada.studies.evaluation_drawings import write_drawings
from openada.studies.explainable import ExplainableRun, load_explainable, missing, require_method
from openada.studies.one_video import prepared_video, require_face
from openada.studies.saliency_videos import (
    SCALE_QUANTILE,
    chosen_frames,
    colour_scale,
    columns_picture,
    write_heat_map,
    write_overlay,
)

GUIDED = "guided-backpropagation"
OVERLAY_FILE, HEAT_MAP_FILE, PICTURE_FILE = "overlay.mp4", "heatmap.mp4", "three_columns.png"
EXTREMES_FILE, PAGE_FILE = "top_and_bottom.png", "report.html"
VALUES_FILE, FACTS_FILE = "explanation.npz", "explanation.json"
ROWS = 4


def explain_video(
    video: Path, run: Path, out: Path, *, method: str, tracker_model: Path | None = None
) -> dict[str, Any]:
    """Explain the scores that the trained `run` gives the clips of `video`; write OUT and return what OUT/explanation.json says.

    Refuses, before the video is touched, a method that the run's model does not support, with the reason. Raises UnusableInput,
    with nothing written, if the video cannot be decoded, shows no face, or is shorter than one clip.
    """
    explainable = load_explainable(run)
    require_method(explainable, method)
    with prepared_video(video, explainable.config["prepared"], tracker_model) as (recording, _):
        return explain_prepared(explainable, recording, video, out, method=method)


def explain_prepared(
    run: ExplainableRun, recording: PreparedRecording, video: Path, out: Path, *, method: str, rows: int = ROWS
) -> dict[str, Any]:
    """The same for a recording that is prepared; `video` is its source. rows: moments in the picture."""
    require_method(run, method)
    cut = run.segments(recording)
    require_face(video, recording, cut, run.min_tracked_share)
    reader, size_px = run.reader(recording), recording.reference().shape[0]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        maps = explain_recording(run.model, reader, cut, method, size_px=size_px)
        shown = chosen_frames(maps, recording.tracked, rows)
        no_guided = missing(run, GUIDED)
        guided: Sequence[ClipMap] | None = None
        if not no_guided:
            places = cut.first_frame[cut.usable][[place for place, _ in shown]]
            guided = explain_recording(run.model, reader, _only(cut, places), GUIDED, size_px=size_px, batch=1)
    drawn = FrameMaps(maps, len(recording.time_s))
    scale = colour_scale(maps, drawn)
    picture = columns_picture(recording, maps, shown, scale, method, guided)
    attribution = attribute(recording, maps)
    section, extremes = section_of(recording, maps, attribution, scale)
    facts = describe(video.name, run, maps, scale.limit, len(recording.time_s), no_guided)
    facts |= told(attribution)
    facts["warnings"] += list(dict.fromkeys(str(one.message) for one in caught))
    out.mkdir(parents=True, exist_ok=True)
    for name, rgb in ((PICTURE_FILE, picture), (EXTREMES_FILE, extremes)):
        with atomic_path(out / name) as temporary:
            cv2.imwrite(str(temporary), rgb[..., ::-1])
    facts["files"] += [EXTREMES_FILE, *write_tables(out, attribution), PAGE_FILE]
    write_drawings(out / "figures", [drawing for drawing in section.drawings if drawing.name != EXTREMES])
    write_comparison_report(
        out / PAGE_FILE,
        kind="explanation of one recording",
        title=video.name,
        lead=f"{method} of {run.explained}, model {run.name} ({run.preset}). {maps[0].explanation.meaning[0].upper()}"
        f"{maps[0].explanation.meaning[1:]}. Values: {maps[0].explanation.unit}.",
        sections=[section],
        critical_warnings=critical_warnings(run.config),
        warnings=[text for text in facts["warnings"] if text not in critical_warnings(run.config)],
        versions=facts["versions"],
    )
    title = f"{method}: {scale.unit}"
    write_heat_map(out / HEAT_MAP_FILE, recording, drawn, scale, title)
    write_overlay(out / OVERLAY_FILE, video, recording, drawn, scale, title)
    save_values(out / VALUES_FILE, maps)
    write_json(out / FACTS_FILE, facts)
    return facts


def _only(cut: Segments, firsts: np.ndarray) -> Segments:
    """The segments that begin with the frames `firsts`, as the usable ones of all."""
    return replace(cut, usable=cut.usable & np.isin(cut.first_frame, firsts))


def describe(
    title: str, run: ExplainableRun, maps: Sequence[ClipMap], scale_end: float, frames: int, no_guided: str
) -> dict[str, Any]:
    """The content of `explanation.json`: what was explained, what the values are, and what they do not say."""
    one = maps[0].explanation
    grid = one.values.shape[-3:]
    said = critical_warnings(run.config)
    left = frames - len(set(np.concatenate([clip.covered for clip in maps]).tolist()))
    if left:
        why = (
            "the face was lost there, or the rest is shorter than a clip"
            if maps[0].single is None
            else f"this run sees {len(maps[0].places)} frames of a recording"
        )
        said.append(f"{left} of {frames} frames have no map: {why}.")
    if grid[1] == grid[2] == 1:
        said.append("This model's map has one cell over the whole face: it says when, never where.")
    return {
        "video": title,
        "method": one.method,
        "meaning": one.meaning,
        "unit": one.unit,
        "signed": one.signed,
        "parameters": {key: value for key, value in one.parameters.items() if key not in COMPLETENESS},
        "explained": run.explained,
        "scale": SCALES[run.config["scale"]].name,
        "clips": [
            {
                "start_s": float(clip.explanation.axes[-3].spans_s[0, 0]),
                "end_s": float(clip.explanation.axes[-3].spans_s[-1, 1]),
                "score": clip.explanation.score,
                "baseline_score": clip.explanation.baseline_score,
                **{key: clip.explanation.parameters[key] for key in COMPLETENESS if key in clip.explanation.parameters},
            }
            for clip in maps
            if isinstance(clip.explanation.axes[-3], Spans)
        ],
        "grid": {"cells": list(grid), "crop_px": one.axes[-1].size_px},  # type: ignore[union-attr]
        "colour_scale_end": scale_end,
        "colour_scale_rule": f"the quantile {SCALE_QUANTILE:g} of the size of all values of the recording",
        "largest": float(max(np.abs(clip.explanation.values).max() for clip in maps)),
        "guided_backpropagation_missing_reason": no_guided or None,
        "files": [OVERLAY_FILE, HEAT_MAP_FILE, PICTURE_FILE, VALUES_FILE],
        "warnings": said,
        "model": {"name": run.name, "preset": run.preset},
        "responsible_use": RESPONSIBLE_USE,
        "versions": {name: version(name) for name in ("openada", "torch", "mediapipe", "av")},
    }


def save_values(path: Path, maps: Sequence[ClipMap]) -> None:
    """Values (clips, t, h, w), with colours (clips, 3, t, h, w); spans_s (clips, t, 2) of cells; first_frame, score (clips,)."""
    with atomic_path(path) as temporary:
        np.savez_compressed(
            temporary,
            values=np.stack([one.explanation.values for one in maps]),
            spans_s=np.stack([one.explanation.axes[-3].spans_s for one in maps]),  # type: ignore[union-attr]
            first_frame=np.array([one.first_frame for one in maps]),
            score=np.array([one.explanation.score for one in maps]),
        )
