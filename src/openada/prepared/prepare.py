"""A manifest of recordings in, a prepared dataset out; interrupted and started again it goes on where it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openada.batch import Item, Outcome, run
from openada.datasets.manifest import read_manifest
from openada.datasets.splits import official, subject_disjoint
from openada.errors import UnusableInput
from openada.files import atomic_path, read_json, write_json
from openada.prepared import layout
from openada.prepared.job import Job, Parameters
from openada.prepared.passes import tracker_of
from openada.prepared.writer import finished, prepare_recording, remove_leftovers

if TYPE_CHECKING:
    import pandas as pd

RECORDED_VERSIONS = ("openada", "mediapipe", "av", "opencv-python-headless", "numpy")


def prepare(
    manifest: Path,
    prepared: Path,
    *,
    parameters: Parameters | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: bool = True,
) -> list[Outcome]:
    """Prepare every recording of `manifest` into the folder `prepared`.

    Recordings already prepared from the same file with the same parameters are kept. Failures are recorded in the
    outcomes and in the prepared manifest (`status`, `error`); the others go on.
    Raises UnusableInput if the manifest cannot be used or `prepared` holds a dataset made with other parameters.
    """
    parameters, prepared = parameters or Parameters(), prepared.absolute()
    if parameters.subject == "all":
        raise UnusableInput("A recording has one subject: subject 'all' is for 'openada features'.")
    tracker_of(parameters.tracker, parameters.tracker_model)  # a model that cannot be used stops the batch at once
    table = read_manifest(manifest)
    if "kind" in table and (table["kind"] == "behaviour").any():
        raise UnusableInput(
            f"{manifest} lists behaviour tables, not videos, for {int((table['kind'] == 'behaviour').sum())} recordings: "
            "there is nothing to track. docs/corpora.md says how to read them."
        )
    _describe(prepared, manifest, parameters, table)
    jobs = [
        Job(row.recording_id, Path(row.video), layout.recording_folder(prepared, row.recording_id), parameters)
        for row in table.itertuples()
    ]
    outcomes = run(
        prepare_recording,
        [Item(job.recording_id, job) for job in jobs],
        finished=lambda item: finished(item.payload),
        begin=lambda: remove_leftovers(prepared / layout.RECORDINGS_FOLDER),
        lock=prepared / ".lock",
        title="Preparing",
        workers=workers,
        scheduler=scheduler,
        progress=progress,
    )
    _write_manifest(prepared, table, outcomes)
    return outcomes


def versions() -> dict[str, str]:
    """Versions of what a recording's tables depend on, by package."""
    return {name: version(name) for name in RECORDED_VERSIONS}


def _describe(prepared: Path, manifest: Path, parameters: Parameters, table: pd.DataFrame) -> None:
    """Write `dataset.json`, or check that the one there says the same."""
    path = prepared / layout.DATASET_FILE
    description: dict[str, Any] = {
        "format_version": layout.FORMAT_VERSION,
        "source_manifest": str(manifest.resolve()),
        "parameters": asdict(parameters),
        "corpus": sorted(table["corpus"].unique()) if "corpus" in table else [],
        "scale": sorted(table["scale"].unique()),
        "versions": versions(),
    }
    if path.is_file():
        there = read_json(path)
        for key in ("format_version", "parameters", "source_manifest"):
            if there.get(key) != description[key]:
                raise UnusableInput(
                    f"{prepared} was prepared with {key} = {there.get(key)}, now {description[key]}; choose another --out"
                )
    write_json(path, description)


def _write_manifest(prepared: Path, table: pd.DataFrame, outcomes: Sequence[Outcome]) -> None:
    by_id = {outcome.key: outcome for outcome in outcomes}
    results = [by_id[recording].result or {} for recording in table["recording_id"]]
    errors = [by_id[recording].error for recording in table["recording_id"]]
    shares = [result.get("tracked_share", float("nan")) for result in results]
    complete = table.assign(
        video=table["video"].astype(str),
        status=[
            "failed" if error else ("no face" if share == 0 else "prepared")
            for error, share in zip(errors, shares, strict=True)
        ],
        error=[error or "" for error in errors],
        frames=[int(result.get("frames", 0)) for result in results],
        tracked_share=shares,
    )
    with atomic_path(prepared / layout.MANIFEST_FILE) as temporary:
        complete.to_parquet(temporary, compression="zstd", index=False)
    splits = prepared / layout.SPLITS_FOLDER
    if (table["split"] != "").all():
        official(table).save(splits / "official.json")
    if _people_fill_three_parts(table):
        subject_disjoint(table, seed=0).save(splits / "subject-disjoint.json")


def _people_fill_three_parts(table: pd.DataFrame) -> bool:
    known = "subject_known" not in table or bool(table["subject_known"].all())
    return known and table["subject"].nunique() >= 3
