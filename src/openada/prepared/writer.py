"""One recording: from the video file to its prepared folder, published in one step or kept as it is."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from openada.files import atomic_path, read_json, write_json
from openada.prepared import layout
from openada.prepared.export import export, exported
from openada.prepared.job import Job
from openada.prepared.passes import follow, tracker_of


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
            quality = _tables(job, folder)
            quality["recording_id"] = job.recording_id
            quality["source"] = str(job.video.absolute())
            quality["parameters"] = asdict(job.parameters)
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
    path = job.folder / layout.QUALITY_FILE
    if not path.is_file() or not job.video.is_file():
        return None
    quality: dict[str, Any] = read_json(path)
    return quality if quality.get("signature") == signature(job) else None


def _tables(job: Job, folder: Path) -> dict[str, Any]:
    """Passes over the video until the right person was followed: a stream tells who that is only at its end."""
    from openada.face.people import choose

    rule = job.parameters.subject
    if rule == "all":
        return _everyones_tables(job, folder)
    quality, people, followed = follow(job, folder, rule)
    wanted = choose(people, rule)
    if wanted is not None and (followed is None or wanted.number != followed.number):
        quality, _, _ = follow(job, folder, wanted)
    return quality


def _everyones_tables(job: Job, folder: Path) -> dict[str, Any]:
    first = folder / "first"
    first.mkdir()
    overall, people, followed = follow(job, first, "largest")
    shares = {}
    for person in people:
        place = layout.person_folder(folder, person.number)
        if followed is not None and person.number == followed.number:
            quality = overall
            first.rename(place)
        else:
            place.mkdir()
            quality, _, _ = follow(job, place, person)
        write_json(place / layout.QUALITY_FILE, quality)
        shares[place.name] = quality["tracked_share"]
    shutil.rmtree(first, ignore_errors=True)
    return {**overall, "people": shares}


def remove_leftovers(recordings: Path) -> None:
    """Clear the partial folders that a killed run left among recordings."""
    for leftover in recordings.glob(".*.partial*"):
        shutil.rmtree(leftover, ignore_errors=True)
