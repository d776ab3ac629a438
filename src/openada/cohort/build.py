"""From per-frame tables and a questionnaire to the wide tables of a study."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from openada.batch import Item, Outcome, run
from openada.cohort import layout
from openada.cohort.measures import MIN_CONFIDENCE
from openada.cohort.questionnaire import PERSON, Questionnaire, Single, read_questionnaire
from openada.cohort.rows import RowJob, measure_row, read_row, row_file, stored_facts
from openada.cohort.sources import find_sources
from openada.errors import UnusableInput
from openada.files import atomic_path

LEAST_TRACKED = 0.5
"""A recording with a smaller share of frames that count is left out."""
FASTEST_FPS = 300


@dataclass(frozen=True)
class Built:
    """What a build gave: the cohort, an outcome per recording, and what the user should know, a line each."""

    cohort: layout.Cohort
    outcomes: list[Outcome]
    notes: list[str]


def build_cohort(
    tables: Path,
    questionnaire: Path,
    out: Path,
    *,
    fps: float | None = None,
    min_confidence: float = MIN_CONFIDENCE,
    least_tracked: float = LEAST_TRACKED,
    dass_totals: Single = "doubled",
    workers: int | None = None,
    scheduler: str | None = None,
    progress: bool = True,
) -> Built:
    """Measure every recording of `tables` and write the cohort to `out`; run again, it goes on where it was.

    tables: as `sources.find_sources` takes them. questionnaire: as `questionnaire.read_questionnaire` does.
    min_confidence: a frame below counts as not tracked, where the tables have a confidence. least_tracked: a recording with a
    smaller share of frames that count, or with none, is left out and said to be.

    A recording belongs to the person that the questionnaire's `recording_id` says; without that column, to the person it
    is called like, or whose name followed by `_` it starts with (the longest such). Recordings that belong to nobody are
    left out and counted. A person's features are the means over their usable recordings, each weighing the same.

    `out`/rows keeps a file per recording, recordings.csv says what became of each, `layout` names the rest. Recordings that
    cannot be read are failures of the batch; the rest goes on. Raises UnusableInput for a questionnaire with faults, and when
    no recording can be used.
    """
    _share(min_confidence, "min_confidence")
    _share(least_tracked, "least_tracked")
    asked = read_questionnaire(questionnaire, dass_totals=dass_totals)
    sources = [replace(source, path=source.path.absolute()) for source in find_sources(tables)]
    out = out.absolute()
    folder = out / layout.ROWS_FOLDER
    owners = person_of([source.recording_id for source in sources], asked)
    jobs = [
        RowJob(source, row_file(folder, source.recording_id), fps, min_confidence)
        for source in sources
        if source.recording_id in owners
    ]
    if not jobs:
        example = sources[0].recording_id
        raise UnusableInput(
            f"none of the {len(sources)} recordings is of a person in {questionnaire} (the first is {example!r}): give the "
            "questionnaire a column recording_id, or name tables after people"
        )
    outcomes = run(
        measure_row,
        [Item(job.source.recording_id, job) for job in jobs],
        finished=lambda item: stored_facts(item.payload),
        begin=lambda: _clear_leftovers(folder),
        lock=out / ".lock",
        title="Measuring",
        workers=workers,
        scheduler=scheduler,
        progress=progress,
    )
    records = _records([source.recording_id for source in sources], owners, outcomes, least_tracked)
    with atomic_path(out / layout.RECORDINGS_FILE) as temporary:
        records.to_csv(temporary, index=False)
    usable = records[records["status"] == "used"]
    if usable.empty:
        counts = ", ".join(f"{n} {status}" for status, n in Counter(records["status"]).items())
        raise UnusableInput(f"no recording can be used ({counts}); {out / layout.RECORDINGS_FILE} says why")
    features = _wide(folder, usable)
    per_person = usable["person"].value_counts()
    people = asked.people.assign(**{layout.RECORDINGS: asked.people[PERSON].map(per_person).fillna(0).astype(int)})
    about = {
        "made_from": {"tables": str(tables.absolute()), "questionnaire": str(questionnaire.absolute())},
        "settings": {"fps": fps, "min_confidence": min_confidence, "least_tracked": least_tracked},
        "dass_totals": dass_totals,
        "recordings": dict(Counter(records["status"])),
        "people": {"with_behaviour": len(features), "in_questionnaire": len(people)},
    }
    cohort = layout.write_cohort(out, features, replace(asked, people=people), about)
    return Built(cohort, outcomes, _notes(records, people))


def person_of(recordings: Sequence[str], asked: Questionnaire) -> dict[str, str]:
    """Recording id -> person, for the recordings that belong to someone in the questionnaire."""
    if asked.recordings is not None:
        return {name: asked.recordings[name] for name in recordings if name in asked.recordings}
    people = set(asked.people[PERSON])
    owners = {}
    for name in recordings:
        parts = name.split("_")
        starts = ("_".join(parts[:length]) for length in range(len(parts), 0, -1))
        owner = next((start for start in starts if start in people), None)
        if owner is not None:
            owners[name] = owner
    return owners


def _records(
    recordings: Sequence[str], owners: dict[str, str], outcomes: Sequence[Outcome], least_tracked: float
) -> pd.DataFrame:
    """A row per recording: recording_id, person, status, error, frames, tracked_share, duration_s."""
    by_id = {outcome.key: outcome for outcome in outcomes}
    rows = []
    for name in recordings:
        outcome = by_id.get(name)
        facts: dict[str, Any] = (outcome.result or {}) if outcome else {}
        if outcome is None:
            status = "nobody's"
        elif outcome.status == "failed":
            status = "failed"
        else:
            share = facts["tracked_share"]
            status = "used" if share > 0 and share >= least_tracked else "too little tracked"
        error = (outcome.error if outcome else None) or ""
        rows.append({"recording_id": name, "person": owners.get(name, ""), "status": status, "error": error, **facts})
    columns = ["recording_id", "person", "status", "error", "frames", "tracked_share", "duration_s"]
    return pd.DataFrame(rows).reindex(columns=columns)


def _wide(folder: Path, usable: pd.DataFrame) -> pd.DataFrame:
    """A row per person, in the order of their first recording: `person`, then the mean of each feature over recordings."""
    place: dict[str, int] = {}
    read: list[tuple[list[str], np.ndarray]] = []
    for name in usable["recording_id"]:
        names, values = read_row(row_file(folder, name))
        if read and names == read[-1][0]:
            names = read[-1][0]
        read.append((names, values))
        for feature in names:
            place.setdefault(feature, len(place))
    people = list(dict.fromkeys(usable["person"]))
    row_of = {person: row for row, person in enumerate(people)}
    total, count = np.zeros((len(people), len(place))), np.zeros((len(people), len(place)))
    columns: np.ndarray | None = None
    last: list[str] | None = None
    for person, (names, values) in zip(usable["person"], read, strict=True):
        if columns is None or names is not last:
            columns, last = np.array([place[name] for name in names]), names
        known = np.isfinite(values)
        total[row_of[person], columns[known]] += values[known]
        count[row_of[person], columns[known]] += 1
    mean = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    return pd.concat([pd.DataFrame({PERSON: people}), pd.DataFrame(mean, columns=list(place))], axis=1)


def _notes(records: pd.DataFrame, people: pd.DataFrame) -> list[str]:
    counts = Counter(records["status"])
    notes = []
    unowned = counts["nobody's"]
    if unowned:
        first = records["recording_id"][records["status"] == "nobody's"].iloc[0]
        notes.append(f"{unowned} recordings belong to nobody in the questionnaire (such as {first!r})")
    if counts["too little tracked"]:
        notes.append(f"{counts['too little tracked']} recordings are left out: too few frames with a face that counts")
    hasty = records[(records["status"] == "used") & (records["frames"] - 1 > FASTEST_FPS * records["duration_s"])]
    if len(hasty):
        notes.append(
            f"{len(hasty)} recordings (such as {hasty['recording_id'].iloc[0]!r}) claim more than {FASTEST_FPS} frames a second: "
            "their times are wrong, and with them rates and speeds; give fps"
        )
    without = int((people[layout.RECORDINGS] == 0).sum())
    if without:
        notes.append(f"{without} people of the questionnaire have no usable recording")
    return notes


def _clear_leftovers(folder: Path) -> None:
    """Remove what a killed run left half written."""
    if folder.is_dir():
        for path in folder.glob(".*.partial*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _share(value: float, name: str) -> None:
    if not 0.0 <= value <= 1.0:
        raise UnusableInput(f"{name} is {value:g}; give a number from 0 to 1")
