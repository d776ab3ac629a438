"""One recording's features as a small file, so that a build that was stopped goes on where it was."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from openada.cohort.measures import measure_recording
from openada.cohort.sources import Source, read_source
from openada.errors import UnusableInput
from openada.files import atomic_path

ROWS_VERSION = 1
_KEY = b"openada"
_EVENTS = {"behaviour.parquet": "events.parquet", "behaviour.csv": "events.csv"}


@dataclass(frozen=True)
class RowJob:
    """A recording to measure into `file`. fps and min_confidence as for `read_source` and `measure_recording`."""

    source: Source
    file: Path
    fps: float | None
    min_confidence: float


def row_file(folder: Path, recording_id: str) -> Path:
    """Where the row of a recording lies, whatever characters its id has."""
    return folder / f"{quote(recording_id, safe=' ')}.parquet"


def measure_row(job: RowJob) -> dict[str, Any]:
    """Measure a recording and write its row: columns feature and value, facts in the metadata. Gives the facts."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    signature = signature_of(job)
    table = read_source(job.source, fps=job.fps)
    measured = measure_recording(table, _events(job.source), min_confidence=job.min_confidence)
    facts = {"frames": measured.frames, "tracked_share": measured.tracked_share, "duration_s": measured.duration_s}
    content = {"feature": list(measured.features), "value": np.array(list(measured.features.values()), np.float64)}
    made = pa.table(content, metadata={_KEY: json.dumps({"signature": signature, "facts": facts})})
    with atomic_path(job.file) as temporary:
        pq.write_table(made, temporary, compression="zstd")
    return facts


def stored_facts(job: RowJob) -> dict[str, Any] | None:
    """The facts of a row that was measured before from the same table with the same settings, else None."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not job.file.is_file():
        return None
    try:
        stored = json.loads((pq.read_schema(job.file).metadata or {})[_KEY])
        return dict(stored["facts"]) if stored["signature"] == signature_of(job) else None
    except (OSError, pa.ArrowException, KeyError, ValueError):
        return None


def read_row(file: Path) -> tuple[list[str], np.ndarray]:
    """Names and values (F,) of a stored row."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(file) as stored:
        table = stored.read(use_threads=False)
    return table["feature"].to_pylist(), table["value"].to_numpy()


def _events(source: Source) -> Any:
    """The events that openada found when it measured the recording; None where there are none beside the table."""
    name = _EVENTS.get(source.path.name) if source.rows is None else None
    path = source.path.with_name(name) if name else None
    if path is None or not path.is_file():
        return None
    import pandas as pd

    return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)


def signature_of(job: RowJob) -> dict[str, Any]:
    """What a row hangs on: the table, its state, and the settings. Raises UnusableInput for a table that is gone."""
    try:
        stat = job.source.path.stat()
    except OSError as error:
        raise UnusableInput(f"{job.source.path} cannot be read ({error.strerror}); put it back or remove it") from error
    return {
        "version": ROWS_VERSION,
        "path": str(job.source.path),
        "rows": None if job.source.rows is None else list(job.source.rows),
        "bytes": stat.st_size,
        "changed_ns": stat.st_mtime_ns,
        "fps": job.fps,
        "min_confidence": job.min_confidence,
    }
