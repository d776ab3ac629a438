"""Does a relevance point at the moments where the planted cue is? (protocol, Localisation)

Measured per recording on scale-1 units: a unit is positive if at least half of it overlaps the cue; other scales are
projected onto units by their mean; a recording whose tracked units are all of one class is excluded and counted. The
figure is the mean of the recordings' AUROCs, every recording weighing the same however many its subject has; its
interval is the jackknife-t over subjects, who leave with all their recordings.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from openada.errors import UnusableInput
from openada.evaluation.checks import Bools, Floats
from openada.evaluation.intervals import Interval
from openada.evaluation.means import mean_over_subjects
from openada.evaluation.metrics import auroc

_ROUNDING_S = 1e-9
COLUMNS = (
    "measure",
    "predicted_category",
    "value",
    "low",
    "high",
    "n",
    "n_subjects",
    "unit",
    "method",
    "recordings_excluded",
    "units_left_out",
    "note",
)


@dataclass(frozen=True)
class RecordingRelevance:
    """One recording on its N scale-1 units.

    `truth` (N,) from `unit_truth`; `severity_relevance` (N,) and, where the model has one, `category_support` (N,) with
    the category it supports: NaN marks units that were not tracked. Relevance is read by rank only.
    """

    recording_id: str
    subject: str
    truth: Bools
    severity_relevance: Floats
    category_support: Floats | None = None
    predicted_category: str | None = None


@dataclass(frozen=True)
class Localisation:
    """The interval of one measure, the AUROC of each recording used, and what was not used."""

    interval: Interval
    per_recording: dict[str, float] = field(default_factory=dict)
    recordings_excluded: int = 0
    units_left_out: int = 0


def unit_truth(unit_spans_s: npt.ArrayLike, episodes: npt.ArrayLike, min_overlap: float = 0.5) -> Bools:
    """(N,) whether at least `min_overlap` of each unit [start_s, end_s) lies within the episodes (E, 2), E ≥ 0.

    The overlap is with all episodes together: those that overlap each other count once, those that both touch a unit
    add up. Raises UnusableInput for a span that does not end after it starts.
    """
    if not 0.0 < min_overlap <= 1.0:
        raise UnusableInput(f"min_overlap is {min_overlap!r}: give a share of the unit, above 0 and at most 1")
    units, overlap_s = _overlap(unit_spans_s, episodes)
    return overlap_s >= min_overlap * (units[:, 1] - units[:, 0]) - _ROUNDING_S


def cue_share(unit_spans_s: npt.ArrayLike, episodes: npt.ArrayLike) -> Floats:
    """(N,) the share, 0 to 1, of each unit [start_s, end_s) that lies within the episodes (E, 2) together."""
    units, overlap_s = _overlap(unit_spans_s, episodes)
    return np.minimum(overlap_s / (units[:, 1] - units[:, 0]), 1.0)


def project_to_units(values: npt.ArrayLike, spans_of_segments: npt.ArrayLike, n_units: int) -> Floats:
    """(n_units,) the mean over the segments that contain each unit; NaN for a unit in none.

    `values` (M,), NaN for segments to leave out; `spans_of_segments` (M, 2) in units, first and last + 1.
    """
    v, spans = np.asarray(values, dtype=np.float64), np.asarray(spans_of_segments, dtype=np.int64)
    if v.ndim != 1 or spans.shape != (v.size, 2):
        raise UnusableInput(f"{v.shape} values and spans of shape {spans.shape}: give (M,) and (M, 2)")
    wrong = np.flatnonzero((spans[:, 0] < 0) | (spans[:, 1] <= spans[:, 0]) | (spans[:, 1] > n_units))
    if wrong.size:
        raise UnusableInput(f"segment {wrong[0]} spans units {spans[wrong[0]].tolist()} of {n_units}: out of range")
    unit = np.arange(n_units)
    inside = (unit >= spans[:, :1]) & (unit < spans[:, 1:]) & ~np.isnan(v)[:, None]
    count = inside.sum(axis=0)
    total = np.where(np.isnan(v), 0.0, v) @ inside
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def localise(
    recordings: Sequence[RecordingRelevance],
    score: Callable[[RecordingRelevance], npt.ArrayLike],
    *,
    level: float = 0.95,
) -> Localisation:
    """Mean over recordings of AUROC(truth, score of the recording), with its interval over subjects."""
    return _mean_auroc(recordings, lambda recording: [score(recording)], level)


def own_generator(seed: int, recording_id: str) -> np.random.Generator:
    """A generator that depends on `seed` and the recording's id alone, not on the order of the recordings."""
    return np.random.default_rng([seed, zlib.crc32(recording_id.encode())])


def random_control(
    recordings: Sequence[RecordingRelevance], *, draws: int = 20, seed: int = 0, level: float = 0.95
) -> Localisation:
    """Random scores on the units that severity relevance has, each recording's AUROC averaged over `draws` draws.

    A recording's draws depend on `seed` and its id alone, not on the order of the recordings.
    """
    if draws < 1:
        raise UnusableInput(f"{draws} draws: give at least one")

    def drawn(recording: RecordingRelevance) -> list[npt.ArrayLike]:
        rng = own_generator(seed, recording.recording_id)
        lost = np.isnan(recording.severity_relevance)
        return [np.where(lost, np.nan, rng.random(lost.size)) for _ in range(draws)]

    return _mean_auroc(recordings, drawn, level)


def uniform_control(recordings: Sequence[RecordingRelevance], *, level: float = 0.95) -> Localisation:
    """The same score on every unit that severity relevance has: all ties, 0.5 through the same computation."""
    return localise(recordings, lambda r: np.where(np.isnan(r.severity_relevance), np.nan, 1.0), level=level)


def localisation_table(
    recordings: Sequence[RecordingRelevance], *, draws: int = 20, seed: int = 0, level: float = 0.95
) -> pd.DataFrame:
    """Severity relevance, its two controls and, by predicted category, category support (SDR) beside severity
    relevance on the same recordings. One row each, columns `COLUMNS`; categories in the order they first occur.
    """
    rows = [
        _row("severity relevance", "all", localise(recordings, _severity, level=level)),
        _row("random control", "all", random_control(recordings, draws=draws, seed=seed, level=level)),
        _row("uniform control", "all", uniform_control(recordings, level=level)),
    ]
    with_support = [r for r in recordings if r.category_support is not None]
    for category in dict.fromkeys(r.predicted_category for r in with_support):
        chosen = [r for r in with_support if r.predicted_category == category]
        rows.append(_row("category support", str(category), localise(chosen, _support, level=level)))
        rows.append(_row("severity relevance", str(category), localise(chosen, _severity, level=level)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _severity(recording: RecordingRelevance) -> npt.ArrayLike:
    return recording.severity_relevance


def _support(recording: RecordingRelevance) -> npt.ArrayLike:
    return recording.category_support if recording.category_support is not None else []


def _mean_auroc(
    recordings: Sequence[RecordingRelevance],
    scores: Callable[[RecordingRelevance], Sequence[npt.ArrayLike]],
    level: float,
) -> Localisation:
    areas: dict[str, float] = {}
    seen: set[str] = set()
    subjects: list[str] = []
    left_out = 0
    for recording in recordings:
        if recording.recording_id in seen:
            raise UnusableInput(f"recording {recording.recording_id!r} is given twice: give each once")
        seen.add(recording.recording_id)
        draws = [_scored(recording, one) for one in scores(recording)]
        left_out += int(np.sum(~draws[0][2]))
        area = float(np.mean([auroc(t[kept], s[kept]) if kept.any() else np.nan for t, s, kept in draws]))
        if not np.isnan(area):
            areas[recording.recording_id] = area
            subjects.append(recording.subject)
    values = np.array(list(areas.values()), dtype=np.float64)
    found = mean_over_subjects(values, subjects, bounds=(0.0, 1.0), level=level)
    if not areas:
        found = replace(found, note="no recording has both cue and other units")
    return Localisation(found, areas, len(seen) - len(areas), left_out)


def _scored(recording: RecordingRelevance, score: npt.ArrayLike) -> tuple[Bools, Floats, Bools]:
    truth, values = np.asarray(recording.truth), np.asarray(score, dtype=np.float64)
    if truth.ndim != 1 or truth.dtype != np.bool_ or values.shape != truth.shape:
        raise UnusableInput(
            f"recording {recording.recording_id!r}: truth is {truth.dtype} {truth.shape} and its score "
            f"{values.shape}: give boolean truth and one score for each scale-1 unit"
        )
    return truth, values, ~np.isnan(values)


def _row(measure: str, category: str, found: Localisation) -> dict[str, object]:
    of = {name: getattr(found.interval, name) for name in COLUMNS if hasattr(found.interval, name)}
    return of | {
        "measure": measure,
        "predicted_category": category,
        "recordings_excluded": found.recordings_excluded,
        "units_left_out": found.units_left_out,
    }


def _overlap(unit_spans_s: npt.ArrayLike, episodes: npt.ArrayLike) -> tuple[Floats, Floats]:
    units, cues = checked_spans(unit_spans_s, "unit"), _merged(checked_spans(episodes, "episode"))
    start = np.maximum(units[:, None, 0], cues[None, :, 0])
    end = np.minimum(units[:, None, 1], cues[None, :, 1])
    return units, np.maximum(end - start, 0.0).sum(axis=1)


def checked_spans(values: npt.ArrayLike, name: str) -> Floats:
    """(count, 2) float64 seconds, each span's end after its start; UnusableInput that says which `name` otherwise."""
    spans = np.asarray(values, dtype=np.float64)
    if spans.size == 0:
        return np.empty((0, 2))
    if spans.ndim != 2 or spans.shape[1] != 2:
        raise UnusableInput(f"{name} spans have shape {spans.shape}: give (count, 2), start and end in seconds")
    wrong = np.flatnonzero(~(spans[:, 1] > spans[:, 0]) | ~np.isfinite(spans).all(axis=1))
    if wrong.size:
        raise UnusableInput(f"{name} {wrong[0]} spans {spans[wrong[0]].tolist()} s: its end must come after its start")
    return spans


def _merged(spans: Floats) -> Floats:
    merged: list[list[float]] = []
    for start, end in sorted(spans.tolist()):
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    return np.array(merged, dtype=np.float64).reshape(-1, 2)
