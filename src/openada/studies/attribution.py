"""What the maps of one recording say by region, by movement and along time; docs/attribution.md describes the tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from openada.explanation.frame_attribution import (
    along_recording,
    extreme_frames,
    frame_sizes,
    frame_sums,
    places_of,
)
from openada.explanation.recording_maps import ClipMap
from openada.explanation.region_pooling import POOLS, pool_regions, region_table
from openada.explanation.unit_correlation import unit_correlations
from openada.files import atomic_path
from openada.prepared.dataset import PreparedRecording
from openada.prepared.layout import LANDMARK_COLUMNS
from openada.prepared.track import landmarks_of

if TYPE_CHECKING:
    from collections.abc import Mapping

EXTREME_FRAMES = 5
REGIONS_FILE, UNITS_FILE, FRAMES_FILE = "regions.csv", "units.csv", "frames.csv"
CONTRIBUTIONS = ("grad-cam", "gradient_x_input", "integrated-gradients", "deeplift")
COMPLETENESS = ("completeness_error", "completeness_error_relative")


@dataclass(frozen=True)
class RecordingAttribution:
    """One recording, one method.

    series (F,): the maps summed over the picture of each frame, NaN where none. region_along (F, len(POOLS)): what raised the
    score in each pool, along the recording; of methods whose values are no parts of the score (not `contributes`), their size.
    regions, units: a row per pool (`region_table`), per signal (`unit_correlations`).
    """

    method: str
    unit: str
    signed: bool
    time_s: np.ndarray
    series: np.ndarray
    region_along: np.ndarray
    regions: pd.DataFrame
    units: pd.DataFrame
    completeness: Mapping[str, Any] | None

    @property
    def contributes(self) -> bool:
        """Whether the values are parts of the score, to first order at least, so that positive ones raised it."""
        return self.method in CONTRIBUTIONS

    @property
    def frames(self) -> pd.DataFrame:
        """frames.csv: a row per frame of the recording with its sum, and `region_along`."""
        kind = "raised" if self.contributes else "absolute"
        columns = {f"{kind}: {name}": self.region_along[:, place] for place, name in enumerate(POOLS)}
        return pd.DataFrame({"time_s": self.time_s, "attribution": self.series, **columns})

    @property
    def extremes(self) -> tuple[list[int], list[int]]:
        """Frames with the largest and with the smallest sums, each apart from the others by a hundredth of the recording."""
        apart_s = float(self.time_s[-1] - self.time_s[0]) / 100 if len(self.time_s) else 0.0
        return extreme_frames(self.series, self.time_s, count=EXTREME_FRAMES, apart_s=apart_s)


def attribute(recording: PreparedRecording, maps: Sequence[ClipMap]) -> RecordingAttribution:
    """The tables of one prepared recording from the maps of its clips, which are all by one method."""
    track = recording.track([*LANDMARK_COLUMNS, "crop_from_frame"])
    matrices = np.stack(list(track["crop_from_frame"])).reshape(-1, 2, 3)
    pooled = pool_regions(maps, landmarks_of(track), matrices, recording.reference().shape[0])
    sums, places, tracked = frame_sums(maps), places_of(maps), recording.tracked
    series = along_recording(sums, places, tracked)
    one = maps[0].explanation
    parts = pooled.raised if one.method in CONTRIBUTIONS else pooled.absolute
    along = np.stack([along_recording(parts[..., place], places, tracked) for place in range(len(POOLS))], axis=1)
    return RecordingAttribution(
        method=one.method,
        unit=one.unit,
        signed=one.signed,
        time_s=recording.time_s,
        series=series,
        region_along=along,
        regions=region_table(pooled),
        units=unit_correlations(recording.behaviour, sums, frame_sizes(maps), places, series),
        completeness=completeness_of(maps),
    )


def completeness_of(maps: Sequence[ClipMap]) -> dict[str, Any] | None:
    """How far the attributions of a recording's clips are from adding up; None for methods that do not compare with a baseline.

    The recording's score is the mean over clips, and so are its attribution and its baseline's score: error in points of
    the scale. largest_clip_error: of a single clip. baseline: what it shows, in words.
    """
    clips = [one.explanation for one in maps]
    if clips[0].baseline_score is None:
        return None
    score = float(np.mean([one.score for one in clips]))
    baseline = float(np.mean([one.baseline_score for one in clips]))
    total = float(np.mean([one.values.astype(np.float64).sum() for one in clips]))
    difference = score - baseline
    return {
        "score": score,
        "baseline_score": baseline,
        "attribution_sum": total,
        "error": abs(total - difference),
        "error_relative": abs(total - difference) / abs(difference) if abs(difference) > 1e-6 else None,
        "largest_clip_error": max(one.parameters[COMPLETENESS[0]] for one in clips),
        "baseline": clips[0].parameters["baseline"],
    }


def completeness_sentence(found: Mapping[str, Any]) -> str:
    """The completeness in a sentence."""
    relative = found["error_relative"]
    share = "" if relative is None else f", {relative:.1%} of the difference"
    score, start = found["score"], found["baseline_score"]
    return (
        f"Completeness: the values add up to {found['attribution_sum']:.3f} points; the score, {score:.3f}, less the "
        f"baseline's ({found['baseline']}), {start:.3f}, is {score - start:.3f}. That is an error of "
        f"{found['error']:.2g} points{share} (largest of a single clip: {found['largest_clip_error']:.2g} points)."
    )


def write_tables(folder: Path, found: RecordingAttribution, prefix: str = "") -> list[str]:
    """Write regions.csv, units.csv and frames.csv, their names after `prefix`; the names."""
    tables = {REGIONS_FILE: found.regions, UNITS_FILE: found.units, FRAMES_FILE: found.frames}
    for name, table in tables.items():
        with atomic_path(folder / (prefix + name)) as temporary:
            table.to_csv(temporary, index=False)
    return [prefix + name for name in tables]
