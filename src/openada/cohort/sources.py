"""Where a cohort's per-frame tables lie: a file per recording, folders that openada measured, or Parquet files of many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from openada.behaviour.csv_columns import column_names, is_parquet
from openada.behaviour.tables import OURS, read_behaviour_table
from openada.errors import UnusableInput

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".csv", ".txt", ".parquet")
RECORDING_COLUMN = "recording_id"
"""The column by which a Parquet file that holds many recordings is known."""
_MEASURED = ("behaviour.parquet", "behaviour.csv")


@dataclass(frozen=True)
class Source:
    """One recording's table: a file, or the rows from `rows[0]` up to `rows[1]` of a Parquet file."""

    recording_id: str
    path: Path
    rows: tuple[int, int] | None = None


def find_sources(tables: Path) -> list[Source]:
    """The recordings below a folder, or in one file, in order.

    - A folder that `openada prepare` or `openada features` wrote: every behaviour.parquet (or .csv) below it; the recording is
      called like its folder.
    - Any other folder: every .csv, .txt and .parquet file below it. A file is one recording, called like the file; where two
      have one name, like its path with `__` for `/`.
    - A Parquet file with a column `recording_id` holds many recordings, each on rows that follow one another.

    Raises UnusableInput where nothing is found, a recording occurs twice, or its rows are scattered.
    """
    if tables.is_file():
        files, base = [tables], tables.parent
    elif tables.is_dir():
        base = tables
        files = [path for path in sorted(tables.rglob("*")) if _is_table(path.relative_to(tables)) and path.is_file()]
        measured = [path for path in files if path.name in _MEASURED]
        if measured:
            return _once([Source(_folder_name(path, tables), path) for path in measured], tables)
    else:
        raise UnusableInput(f"{tables} does not exist; give a folder of per-frame tables or one Parquet file")
    if not files:
        raise UnusableInput(f"{tables}: there is no {', '.join(SUFFIXES)} file; give a folder of per-frame tables")
    stems = Counter(path.stem for path in files)
    found: list[Source] = []
    for path in files:
        if path.suffix == ".parquet" and _holds_many(path):
            found += _in_set(path)
            continue
        parts = path.relative_to(base).with_suffix("").parts
        found.append(Source(path.stem if stems[path.stem] == 1 else "__".join(parts), path))
    return _once(found, tables)


def read_source(source: Source, *, fps: float | None = None) -> pd.DataFrame:
    """The recording's table as `read_behaviour_table` gives it, with landmarks where the file has them.

    fps: frames per second, for tables without times. Of several people in a table the one whose face is the largest is read.
    """
    if source.rows is None:
        return read_behaviour_table(source.path, fps=fps, landmarks=True)
    import pyarrow.parquet as pq

    first, stop = source.rows
    with pq.ParquetFile(source.path) as file:
        counts = [file.metadata.row_group(group).num_rows for group in range(file.metadata.num_row_groups)]
        ends = np.cumsum(counts)
        groups = [group for group, end in enumerate(ends) if end > first and end - counts[group] < stop]
        table = file.read_row_groups(groups, use_threads=False)
        table = table.slice(first - int(ends[groups[0]] - counts[groups[0]]), stop - first).drop([RECORDING_COLUMN])
    if set(OURS) <= set(table.column_names):
        return table.to_pandas()
    with TemporaryDirectory(prefix="openada-") as folder:
        alone = Path(folder) / "recording.parquet"
        pq.write_table(table, alone)
        try:
            return read_behaviour_table(alone, fps=fps, landmarks=True)
        except UnusableInput as error:
            raise UnusableInput(
                str(error).replace(str(alone), f"{source.path}, recording {source.recording_id}")
            ) from error


def _is_table(relative: Path) -> bool:
    return relative.suffix.lower() in SUFFIXES and not any(part.startswith(".") for part in relative.parts)


def _holds_many(path: Path) -> bool:
    """Whether a file has the column that tells recordings apart; one that cannot be read is one recording, which will fail."""
    try:
        return is_parquet(path) and RECORDING_COLUMN in column_names(path)
    except UnusableInput:
        return False


def _folder_name(path: Path, tables: Path) -> str:
    parts = path.parent.relative_to(tables).parts
    parts = parts[1:] if len(parts) > 1 and parts[0] == "recordings" else parts
    return "__".join(parts) or tables.absolute().name


def _in_set(path: Path) -> list[Source]:
    import pyarrow.parquet as pq

    table = pq.read_table(path, columns=[RECORDING_COLUMN], read_dictionary=[RECORDING_COLUMN])
    if not table.num_rows:
        return []
    column = table.column(0).combine_chunks()
    if column.null_count:
        raise UnusableInput(f"{path}: {column.null_count} rows have no {RECORDING_COLUMN}; fill it in")
    codes, names = column.indices.to_numpy(), column.dictionary.to_pylist()
    starts = np.r_[0, np.flatnonzero(np.diff(codes)) + 1]
    stops = np.r_[starts[1:], len(codes)]
    found = [
        Source(str(names[codes[first]]), path, (int(first), int(stop)))
        for first, stop in zip(starts, stops, strict=True)
    ]
    scattered = [name for name, times in Counter(source.recording_id for source in found).items() if times > 1]
    if scattered:
        raise UnusableInput(
            f"{path}: the rows of recording {scattered[0]!r} are scattered; sort the file by recording_id"
        )
    return found


def _once(found: Sequence[Source], tables: Path) -> list[Source]:
    if not found:
        raise UnusableInput(f"{tables}: the tables hold no rows; give tables with a row per frame")
    for name, times in Counter(source.recording_id for source in found).items():
        if times > 1:
            places = ", ".join(str(source.path) for source in found if source.recording_id == name)
            raise UnusableInput(f"recording {name!r} occurs {times} times ({places}); give each a name of its own")
    return list(found)
