"""Relevance of one recording as tables and as files that other programs open; docs/relevance.md describes each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from openada.explanation.episodes import COLUMNS, KINDS, counting_segments, episodes, stretches
from openada.explanation.relevance import CATEGORY_SUPPORT, SEVERITY_RELEVANCE
from openada.explanation.scale_agreement import scale_agreement
from openada.files import atomic_path
from openada.inference.expada import ExpADAResult
from openada.inference.recording import RecordingResult, TrainedRun
from openada.report.content import ExportedFile
from openada.report.elan import write_eaf
from openada.report.page import significant
from openada.report.textgrid import write_textgrid
from openada.report.tiers import Interval, Tier

if TYPE_CHECKING:
    import pandas as pd

NO_STAGE_2 = (
    'A run of method "{method}" has no second stage, and so no relevance: nothing says which moments its score rests on. '
    "It is the mean of the scores that the encoder gave to the single segments."
)
ONE_BY_ONE = (
    "This model scores a clip at a time and takes the mean, in which every clip weighs the same: nothing in it says that its "
    "score rests on one moment more than on another."
)
NAMES = {SEVERITY_RELEVANCE: "severity relevance", CATEGORY_SUPPORT: "category support"}
SEGMENT_COLUMNS = (
    "scale",
    "scale_frames",
    "start_s",
    "end_s",
    "category_support",
    "severity_relevance",
    "selected",
    "counts_for_severity",
    "segment_score",
    "stage1_score",
)
EPISODE_COLUMNS = tuple(name for name in COLUMNS if not name.endswith("_unit"))
_SEGMENTS = ExportedFile("relevance.csv", "a row per segment of every length: both kinds of relevance, scores")
_EPISODES = ExportedFile("episodes.csv", "a row per episode of either kind")
_ELAN = ExportedFile("relevance.eaf", "annotation tiers for ELAN, linked to the video")
_PRAAT = ExportedFile("relevance.TextGrid", "the same tiers for Praat")
SCORES = "segment_scores.csv"
WITH_RELEVANCE = (_SEGMENTS, _EPISODES, _ELAN, _PRAAT)


@dataclass(frozen=True)
class RelevanceTables:
    """What the files and the page hold.

    segments: columns `SEGMENT_COLUMNS`, shorter segments first, then by time. episodes, stretches and agreement: as
    `explanation.episodes` and `explanation.scale_agreement` give them.
    """

    segments: pd.DataFrame
    episodes: pd.DataFrame
    stretches: pd.DataFrame
    agreement: pd.DataFrame


def without_relevance(trained: TrainedRun) -> str:
    """Why there is no relevance, for a run that gives none."""
    return ONE_BY_ONE if trained.kind.is_clip_model else NO_STAGE_2.format(method=trained.kind.method)


def relevance_tables(result: RecordingResult) -> RelevanceTables | None:
    """The tables of one recording, or None without a selection; `counting_segments` takes its p."""
    if not isinstance(result, ExpADAResult) or result.selection is None:
        return None
    segments = result.segments
    counts = counting_segments(segments, result.percent)
    listed = segments.assign(
        scale=segments["end_unit"] - segments["first_unit"], counts_for_severity=counts[SEVERITY_RELEVANCE]
    )
    listed = listed.sort_values(["scale", "first_unit"], kind="stable")[list(SEGMENT_COLUMNS)]
    return RelevanceTables(
        listed, episodes(segments, counts), stretches(segments, counts), scale_agreement(segments, counts)
    )


def exported(tables: RelevanceTables | None, piece: str = "segment") -> Sequence[ExportedFile]:
    """The files that `write_relevance_files` leaves for these tables; `piece` is what the model reads at a time."""
    if tables is not None:
        return WITH_RELEVANCE
    return (ExportedFile(SCORES, f"a row per {piece}: its own score"),)


def write_relevance_files(
    out: Path,
    result: RecordingResult,
    tables: RelevanceTables | None,
    *,
    video: Path,
    starts_at_s: float,
    ends_at_s: float,
    category: str | None,
    piece: str = "segment",
) -> None:
    """Write the files of `exported` to the folder `out` and remove those that an earlier, other method left there.

    CSV files are on the recording's own clock (presentation times); annotation tiers start with the video, at `starts_at_s` of
    that clock. `ends_at_s`: the end of the last frame. `category`: the predicted category's name.
    """
    left = {file.name for file in exported(tables, piece)}
    for name in {SCORES, *(file.name for file in WITH_RELEVANCE)} - left:
        (out / name).unlink(missing_ok=True)
    if tables is None:
        _write_csv(out / SCORES, result.segments[["start_s", "end_s", "stage1_score"]])
        return
    _write_csv(out / _SEGMENTS.name, tables.segments)
    _write_csv(out / _EPISODES.name, tables.episodes[list(EPISODE_COLUMNS)])
    tiers = relevance_tiers(tables, starts_at_s, category)
    write_eaf(out / _ELAN.name, tiers, video, written=datetime.now(UTC))
    write_textgrid(out / _PRAAT.name, tiers, max(ends_at_s, float(result.segments["end_s"].max())) - starts_at_s)


def relevance_tiers(tables: RelevanceTables, starts_at_s: float, category: str | None) -> list[Tier]:
    """Per kind, a tier of episodes and one per segment length; the same names in the same order for every recording.

    Segments of a longer length overlap, which a tier cannot hold: overlapping and touching ones of a length are one
    annotation, and its label says how many they are. `relevance.csv` has each by itself.
    """
    lengths = sorted(int(frames) for frames in tables.segments["scale_frames"].unique())
    tiers = []
    for kind in KINDS:
        supported = "" if kind == SEVERITY_RELEVANCE else f"support for {category}: "
        tiers.append(Tier(f"{NAMES[kind]}, episodes", [*_annotations(tables.episodes, kind, starts_at_s, supported)]))
        for frames in lengths:
            own = tables.stretches[tables.stretches["scales_frames"] == str(frames)]
            name = f"{NAMES[kind]}, segments of {frames} frames"
            tiers.append(Tier(name, [*_annotations(own, kind, starts_at_s, supported, count=True)]))
    return tiers


def _annotations(
    table: pd.DataFrame, kind: str, starts_at_s: float, supported: str, count: bool = False
) -> Iterator[Interval]:
    for row in table[table["kind"] == kind].itertuples():
        label = f"{supported}{significant(row.times_even_share, 2)} times the even share, strength {significant(row.strength, 2)}"
        if not np.isfinite(row.times_even_share):
            label = f"{supported}strength {significant(row.strength, 2)}"
        if count and row.segments > 1:
            label += f" (mean of {row.segments} segments)"
        yield Interval(row.start_s - starts_at_s, row.end_s - starts_at_s, label)


def _write_csv(path: Path, table: pd.DataFrame) -> None:
    with atomic_path(path) as temporary:
        table.to_csv(temporary, index=False)
