"""One recording: from the video file to its prepared folder, published in one step or kept as it is."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from openada.face.quality import several_faces
from openada.files import atomic_path, read_json, write_json
from openada.prepared import layout
from openada.prepared.export import export, exported
from openada.prepared.job import Job
from openada.prepared.passes import follow, follow_subject, tracker_of


def signature(job: Job) -> str:
    """Changes when a source file, the parameters or the format do; a folder with another signature is made anew."""
    facts: list[Any] = [layout.FORMAT_VERSION, asdict(job.parameters)]
    for path in (job.video, job.baseline, job.parameters.tracker_model):
        stat = path and Path(path).stat()
        facts.append(stat and (stat.st_size, stat.st_mtime_ns))
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def prepare_recording(job: Job) -> dict[str, Any]:
    """Track, align and measure `job.video`; publish the folder in one step; return its `quality.json`.

    A video in which no face is found is prepared too: its rows are NaN, its crops grey, and the quality says so. With the
    subject rule "all" every person gets a folder `person_<n>` of their own, and the quality above them names them.
    Raises UnusableInput if the video cannot be decoded.
    """
    quality = _tables_done(job)
    if quality is None:
        with atomic_path(job.folder) as folder:
            folder.mkdir(parents=True)
            everyone = job.parameters.subject == "all"
            quality = _everyones_tables(job, folder) if everyone else follow_subject(job, folder).quality
            quality["recording_id"] = job.recording_id
            quality["source"] = str(job.video)
            quality["parameters"] = asdict(job.parameters)
            quality["baseline"] = None if job.baseline is None else str(job.baseline)
            quality["tracker"] = tracker_of(job.parameters.tracker, job.parameters.tracker_model).parameters
            quality["signature"] = signature(job)
            write_json(folder / layout.QUALITY_FILE, quality)
    if job.export:
        export(job.folder, job.export)
    return quality


def finished(job: Job) -> dict[str, Any] | None:
    """The stored quality of a recording that is already prepared from the same file with the same parameters."""
    quality = _tables_done(job)
    return quality if quality is not None and (not job.export or exported(job.folder, job.export)) else None


def _tables_done(job: Job) -> dict[str, Any] | None:
    """The stored quality, if it is that of this job and no table is missing."""
    quality = stored_quality(job.folder)
    if quality is None or not job.video.is_file() or quality.get("signature") != signature(job):
        return None
    folders = [job.folder / name for name in quality.get("people", ())] or [job.folder]
    needed = layout.TABLES + (layout.CROPS if job.parameters.crops else ())
    return quality if all((folder / name).is_file() for folder in folders for name in needed) else None


def stored_quality(folder: Path) -> dict[str, Any] | None:
    """The `quality.json` of a recording's folder; None if there is none that can be read."""
    try:
        quality = read_json(folder / layout.QUALITY_FILE)
    except (OSError, ValueError):
        return None
    return quality if isinstance(quality, dict) else None


def _everyones_tables(job: Job, folder: Path) -> dict[str, Any]:
    first = folder / "first"
    first.mkdir()
    overall = follow(job, first, "largest")
    if not overall.people:  # nobody at all: the rows of lost frames belong to the recording itself
        for file in first.iterdir():
            file.rename(folder / file.name)
        first.rmdir()
        return overall.quality
    shares = {}
    for person in overall.people:
        place = layout.person_folder(folder, person.number)
        if overall.followed is not None and person.number == overall.followed.number:
            made = overall
            first.rename(place)
        else:
            place.mkdir()
            made = follow(job, place, person)
        write_json(place / layout.QUALITY_FILE, made.quality)
        shares[place.name] = made.quality["tracked_share"]
    shutil.rmtree(first, ignore_errors=True)
    said = [warning for warning in overall.quality["warnings"] if warning != several_faces(overall.quality)]
    best = "nobody" if overall.followed is None else layout.person_folder(folder, overall.followed.number).name
    told = f"{len(shares)} people were followed, each in a folder; the figures here are those of {best}."
    return {**overall.quality, "people": shares, "warnings": [*said, told]}


def remove_leftovers(recordings: Path) -> None:
    """Clear the partial folders that a killed run left among recordings."""
    for leftover in recordings.glob(".*.partial*"):
        shutil.rmtree(leftover, ignore_errors=True)
