"""Behaviour signals over time of every used recording, at one rate, for networks that read sequences."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from openada.batch import Item, run
from openada.behaviour.statistics import NOT_SIGNALS
from openada.cohort import layout
from openada.cohort.measures import counted_signals
from openada.cohort.rows import RowJob, row_file, signature_of
from openada.cohort.sources import find_sources, read_source
from openada.errors import SomeItemsFailed, UnusableInput
from openada.files import atomic_path, read_json

if TYPE_CHECKING:
    import pandas as pd

FOLDER = "series"
_KINDS = "fiub"


@dataclass(frozen=True)
class SeriesJob:
    """A recording to bring to `rate_hz` for `steps` steps at most, into `file`; `row`: its table, as a build reads it."""

    row: RowJob
    file: Path
    rate_hz: float
    steps: int

    @property
    def signature(self) -> str:
        """Of everything that the series hangs on."""
        parts = {"rate_hz": self.rate_hz, "steps": self.steps, **signature_of(self.row)}
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class CohortSeries:
    """Recordings in rows, sorted by person: `values` (n, T, S), NaN where missing; `known` (n, T), steps in which a frame
    counts; `person` (n,); `signals`: S names.
    """

    values: np.ndarray
    known: np.ndarray
    person: np.ndarray
    signals: tuple[str, ...]


def at_rate(table: pd.DataFrame, rate_hz: float, steps: int, *, min_confidence: float) -> tuple[np.ndarray, list[str]]:
    """(steps, S) float32 and the names of the signals: each the mean over the frames of a step of 1 / rate_hz s that count.

    table: as for `measures.measure_recording`; the first frame starts the first step. NaN where no frame counts or the signal
    is missing; steps after the end are cut off.
    """
    signals = counted_signals(table, min_confidence=min_confidence)
    names = [name for name in signals if signals[name].dtype.kind in _KINDS and name not in NOT_SIGNALS]
    counts = signals["tracked"].to_numpy(bool)
    time_s = signals["time_s"].to_numpy(np.float64)
    step = np.floor((time_s - time_s[0]) * rate_hz + 1e-6).astype(np.int64) if len(time_s) else np.empty(0, np.int64)
    counts = counts & (step >= 0) & (step < steps)  # a copy: pandas gives arrays that are read only
    last = int(min(step.max(initial=-1) + 1, steps))
    out = np.full((last, len(names)), np.nan, np.float32)
    inside = step[counts]
    for place, name in enumerate(names):
        column = signals[name].to_numpy(np.float64)[counts]
        finite = np.isfinite(column)
        n = np.bincount(inside[finite], minlength=last)
        total = np.bincount(inside[finite], weights=column[finite], minlength=last)
        out[n > 0, place] = (total[n > 0] / n[n > 0]).astype(np.float32)
    return out, names


def do_series(job: SeriesJob) -> dict[str, Any]:
    """Read, bring to the rate, store; gives the steps."""
    table = read_source(job.row.source, fps=job.row.fps)
    values, names = at_rate(table, job.rate_hz, job.steps, min_confidence=job.row.min_confidence)
    with atomic_path(job.file) as temporary, temporary.open("wb") as file:
        np.savez(file, values=values, names=np.array(names, dtype=str), signature=np.array(job.signature))
    return {"steps": len(values)}


def stored_series(job: SeriesJob) -> dict[str, Any] | None:
    """The steps of a series that was stored from the same table with the same settings, else None."""
    if not job.file.is_file():
        return None
    try:
        with np.load(job.file) as stored:
            return {"steps": len(stored["values"])} if str(stored["signature"]) == job.signature else None
    except (OSError, ValueError, KeyError):
        return None


def series_of(
    folder: Path,
    *,
    tables: Path | None = None,
    rate_hz: float = 10.0,
    longest_s: float = 60.0,
    workers: int | None = None,
    progress: bool = True,
) -> CohortSeries:
    """The series of every recording that the build of the cohort in `folder` used; COHORT/series keeps a file for each.

    tables: where the per-frame tables are, if no longer where the build found them. longest_s: so much from the start of a
    recording. Signals are those that all recordings have. Raises UnusableInput for a cohort without per-frame tables and for
    recordings that share no signal, and SomeItemsFailed where one could not be read.
    """
    steps = round(rate_hz * longest_s)
    if not (rate_hz > 0 and np.isfinite(rate_hz * longest_s) and steps >= 2):
        raise UnusableInput(f"{longest_s:g} s at {rate_hz:g} steps per second: give two steps or more")
    about = read_json(folder / layout.COHORT_FILE)
    made_from = about.get("made_from", {}).get("tables")
    if tables is None and made_from is None:
        raise UnusableInput(f"{folder} was made without per-frame tables, which a sequence is read from; give --tables")
    settings = about.get("settings", {"fps": None, "min_confidence": 0.75})
    owners = _used(folder)
    sources = {source.recording_id: source for source in find_sources(tables or Path(made_from))}
    lacking = [name for name in owners if name not in sources]
    if lacking:
        raise UnusableInput(f"{tables or made_from} has no table of {lacking[0]!r}, which the cohort was built from")
    jobs = []
    for name in owners:
        source = replace(sources[name], path=sources[name].path.absolute())
        file = row_file(folder.absolute() / FOLDER, name).with_suffix(".npz")
        jobs.append(SeriesJob(RowJob(source, file, settings["fps"], settings["min_confidence"]), file, rate_hz, steps))
    outcomes = run(
        do_series,
        [Item(job.row.source.recording_id, job) for job in jobs],
        finished=lambda item: stored_series(item.payload),
        lock=folder.absolute() / FOLDER / ".lock",
        title="Reading series",
        workers=workers,
        progress=progress,
    )
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    if failed:
        raise SomeItemsFailed(f"{len(failed)} series failed, first {failed[0].key}: {failed[0].error}")
    return _stacked(jobs, list(owners.values()), max(outcome.result["steps"] for outcome in outcomes if outcome.result))


def _used(folder: Path) -> dict[str, str]:
    """Recording → person of the recordings that were used, sorted by person."""
    import pandas as pd

    table = pd.read_csv(folder / layout.RECORDINGS_FILE, dtype=str, keep_default_na=False)
    used = table[table["status"] == "used"].sort_values(["person", "recording_id"])
    return dict(zip(used["recording_id"], used["person"], strict=True))


def _stacked(jobs: list[SeriesJob], person: list[str], steps: int) -> CohortSeries:
    read: list[tuple[np.ndarray, list[str]]] = []
    for job in jobs:
        with np.load(job.file) as stored:
            read.append((stored["values"], stored["names"].tolist()))
    common = set(read[0][1]).intersection(*(names for _, names in read))
    signals = tuple(name for name in read[0][1] if name in common)
    if not signals:
        raise UnusableInput("the recordings have no signal in common: give tables of one tool")
    values = np.full((len(read), steps, len(signals)), np.nan, np.float32)
    for row, (found, names) in enumerate(read):
        place = {name: k for k, name in enumerate(names)}
        values[row, : len(found)] = found[:, [place[name] for name in signals]]
    known = np.asarray(np.isfinite(values).any(axis=2))
    return CohortSeries(values, known, np.array(person), signals)
