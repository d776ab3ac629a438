"""The attribution of one recording as a section of a page: sentences, tables, bars, and the frames that stand out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from openada.explanation.recording_maps import ClipMap, FrameMaps, explain_recording
from openada.explanation.region_pooling import OUTSIDE
from openada.prepared.dataset import PreparedRecording
from openada.report.attribution_figures import along_time, grouped_bars
from openada.report.comparison import Section
from openada.report.content import ExportedFile, NamedTable
from openada.report.figures import Drawing
from openada.report.page import plain
from openada.report.plots import picture
from openada.report.saliency_pictures import ColourScale, SaliencyRow, three_columns
from openada.studies.attribution import (
    FRAMES_FILE,
    REGIONS_FILE,
    UNITS_FILE,
    RecordingAttribution,
    attribute,
    completeness_sentence,
)
from openada.studies.attribution_words import NOT_SAID, outside_sentences, sentences
from openada.studies.explainable import ExplainableRun
from openada.studies.saliency_videos import colour_scale, write_overlay

if TYPE_CHECKING:
    import pandas as pd

REGION_NOTE = (
    "raw: raised less lowered, added up over the recording's windows and divided by their number. Shares are of the total of "
    "sizes (share) and of what raised the score (share_raised). area_normalised: share over the share of the picture; 1 is even."
)
EXTREMES = "attribution_frames"
ATTRIBUTION_PREFIX = "attribution_"
OVERLAY_FILE = ATTRIBUTION_PREFIX + "overlay.mp4"
ATTRIBUTION_FILES = (
    ExportedFile(OVERLAY_FILE, "the video with the attribution on the face"),
    ExportedFile(ATTRIBUTION_PREFIX + REGIONS_FILE, "a row per region of the face: attribution, shares, area"),
    ExportedFile(ATTRIBUTION_PREFIX + UNITS_FILE, "a row per movement: its correlation with the attribution"),
    ExportedFile(ATTRIBUTION_PREFIX + FRAMES_FILE, "a row per frame: attribution in all and by region"),
)
UNIT_NOTE = (
    "r: Spearman's correlation of a movement with the attribution of frames, within windows, their mean by Fisher's z. p: share "
    "of circular shifts within the recording that do as well; q: over all movements; of the size: with how much attribution "
    "lies in a frame, upwards or downwards. Undefined ones have their reason."
)


def section_of(
    recording: PreparedRecording, maps: Sequence[ClipMap], found: RecordingAttribution, scale: ColourScale
) -> tuple[Section, np.ndarray]:
    """The section, and the picture of the top and the bottom frames."""
    grid = extremes_picture(recording, maps, found, scale)
    bars = found.regions.assign(group=found.method, value=found.regions["share"], low=np.nan, high=np.nan)
    completeness = [] if found.completeness is None else [completeness_sentence(found.completeness)]
    section = Section(
        f"Attribution: {found.method}",
        [*sentences(found), *completeness, *NOT_SAID],
        tables=[
            NamedTable("By region of the face", found.regions.round(4), REGION_NOTE),
            NamedTable("By movement", shown_units(found), UNIT_NOTE),
        ],
        drawings=[
            Drawing(
                "attribution_time", "Along time", along_time(found.time_s, found.series, "sum over the picture", "at")
            ),
            Drawing("attribution_regions", "Regions", grouped_bars(bars, "region", "share of the attribution", "ar")),
            *_unit_bars(found),
            Drawing(EXTREMES, "Frames with the most and the least", picture(grid, "af"), scale.unit),
        ],
    )
    return section, grid


def _unit_bars(found: RecordingAttribution) -> list[Drawing]:
    """Bars of the movements that have a correlation; none where no movement has."""
    units = found.units.assign(group=found.method, value=found.units["r"], low=np.nan, high=np.nan).dropna(subset=["r"])
    if units.empty:
        return []
    return [Drawing("attribution_units", "Movements", grouped_bars(units, "name", "correlation r", "au"))]


def shown_units(found: RecordingAttribution) -> pd.DataFrame:
    """The table of movements for a page: the clearest first, what is undefined last."""
    table = found.units.sort_values(["p_value", "signal"], na_position="last")
    columns = {
        "name": "movement",
        "r": "r",
        "p_value": "p",
        "q_value": "q",
        **({"r_size": "r of the size", "q_size": "q of the size"} if found.signed else {}),
        "n_frames": "n",
        "undefined_reason": "undefined",
    }
    return table[list(columns)].rename(columns=columns).round(4)


def extremes_picture(
    recording: PreparedRecording, maps: Sequence[ClipMap], found: RecordingAttribution, scale: ColourScale
) -> np.ndarray:
    """A row per top frame, then per bottom frame: the map over the face and alone, (height, width, 3) uint8."""
    drawn = FrameMaps(maps, len(recording.time_s))
    rows = []
    for kind, frames in zip(("top", "bottom"), found.extremes, strict=True):
        for rank, frame in enumerate(frames, start=1):
            crop = recording.crops(frame, frame + 1)[0]
            values = drawn.at(frame, crop.shape[0])
            assert values is not None  # a frame with a sum is in a clip
            label = f"{kind} {rank}\nat {found.time_s[frame]:.1f} s\nsum {found.series[frame]:.3g}"
            rows.append(SaliencyRow(label, crop, values))
    return three_columns(rows, scale, name=found.method)


def assessed_attribution(
    run: ExplainableRun, recording: PreparedRecording, method: str, video: Path, folder: Path
) -> tuple[Section, RecordingAttribution]:
    """The section of a recording that is assessed, from maps made for it; `video`, its source, with them on it in `folder`."""
    maps = explain_recording(
        run.model, run.reader(recording), run.segments(recording), method, size_px=recording.reference().shape[0]
    )
    found = attribute(recording, maps)
    drawn = FrameMaps(maps, len(recording.time_s))
    scale = colour_scale(maps, drawn)
    write_overlay(folder / OVERLAY_FILE, video, recording, drawn, scale, f"{method}: {scale.unit}")
    return section_of(recording, maps, found, scale)[0], found


def told(found: RecordingAttribution) -> dict[str, Any]:
    """What `explanation.json` says of regions, movements and moments; the tables beside it say all."""
    top, bottom = found.extremes
    _, flagged = outside_sentences(found)
    outside = found.regions.set_index("region").loc[OUTSIDE]
    return {
        "completeness": found.completeness,
        "sentences": sentences(found),
        "outside_the_face": {
            **plain(outside[["share", "area_share", "area_normalised"]].to_dict()),
            "flagged": flagged,
        },
        "top_frames_s": [float(found.time_s[frame]) for frame in top],
        "bottom_frames_s": [float(found.time_s[frame]) for frame in bottom],
        "not_said": list(NOT_SAID),
    }
