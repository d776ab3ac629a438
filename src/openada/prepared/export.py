"""A recording's tables in other formats, beside its Parquet files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from openada.files import atomic_path
from openada.prepared import layout
from openada.prepared.track import iterate_track

if TYPE_CHECKING:
    import pandas as pd

FORMATS = ("csv", "openface")
_CSV_FILES = (layout.BEHAVIOUR_FILE, layout.EVENTS_FILE, layout.STATISTICS_FILE)
_TRACK_COLUMNS = ["confidence", "landmark_x_px", "landmark_y_px"]


def export(recording: Path, kind: str) -> None:
    """Write the tables of a recording's folder, or of each of its people's.

    "csv": behaviour.csv, events.csv and statistics.csv. "openface": openface.csv, the columns that we have as OpenFace 2.2 names
    and writes them.
    """
    for folder in _folders(recording):
        if kind == "openface":
            from openada.behaviour.openface_writer import write_openface

            write_openface(folder / layout.OPENFACE_FILE, _chunks(folder))
            continue
        for name in _CSV_FILES:
            _to_csv(folder / name)


def exported(recording: Path, kind: str) -> bool:
    """Whether `export` has been done."""
    names = (
        [layout.OPENFACE_FILE] if kind == "openface" else [Path(name).with_suffix(".csv").name for name in _CSV_FILES]
    )
    return all((folder / name).is_file() for folder in _folders(recording) for name in names)


def _folders(recording: Path) -> list[Path]:
    """The folder itself, or those of its people."""
    return [recording] if (recording / layout.TRACK_FILE).is_file() else sorted(recording.glob("person_*"))


def _chunks(folder: Path) -> Iterator[pd.DataFrame]:
    """Behaviour and track side by side, a row group of the track at a time."""
    import pandas as pd
    import pyarrow.parquet as pq

    behaviour = pq.read_table(folder / layout.BEHAVIOUR_FILE)
    placed = np.isfinite(behaviour["head_z_mm"].to_numpy()).any()
    unknown = [] if placed else ["head_x_mm", "head_y_mm", "head_z_mm"]
    start = 0
    for track in iterate_track(folder / layout.TRACK_FILE, _TRACK_COLUMNS):
        part = behaviour.slice(start, len(track)).to_pandas()
        start += len(track)
        yield pd.concat([part.drop(columns=unknown), track], axis=1)


def _to_csv(parquet: Path) -> None:
    import pyarrow.parquet as pq

    with atomic_path(parquet.with_suffix(".csv")) as temporary, pq.ParquetFile(parquet) as file:
        for index, batch in enumerate(file.iter_batches()):
            batch.to_pandas().to_csv(temporary, mode="a", header=index == 0, index=False)
        if not file.metadata.num_rows:
            file.schema_arrow.empty_table().to_pandas().to_csv(temporary, index=False)
