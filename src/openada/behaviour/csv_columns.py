"""Columns of the tables that other tools write, whatever their line ends, leading spaces, or a tail that was cut off.

They write CSV; a copy as Parquet with the same columns is read alike.
"""

from __future__ import annotations

import csv
import warnings
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from openada.errors import UnusableInput

if TYPE_CHECKING:
    import pandas as pd

_TAIL_BYTES = 1 << 20  # more than the longest row of any of these tables
_NOT_A_NUMBER = ("-nan(ind)", "nan(ind)", "nan(snan)")  # what C++ programs print on Windows


def column_names(path: Path) -> list[str]:
    """The names in the header, in order, freed of spaces and of a byte-order mark; "" where there is none.

    Raises UnusableInput when the file is missing, empty, or neither text nor Parquet.
    """
    if is_parquet(path):
        return [name.strip() for name in _parquet_names(path)]
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = next(csv.reader(file, skipinitialspace=True), [])
    except FileNotFoundError:
        raise UnusableInput(f"{path} does not exist; give the path of a table") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UnusableInput(f"{path} cannot be read as CSV ({error}); save it as comma-separated UTF-8") from error
    if not header:
        raise UnusableInput(f"{path} is empty; its first line must hold the names of the columns")
    return [name.strip() for name in header]


def read_columns(path: Path, wanted: Collection[str]) -> pd.DataFrame:
    """The columns `wanted`, by their names without spaces, in the file's order; of a name that occurs twice the first.

    A last line that breaks off (a file cut while it was copied) is left out, with one warning. Raises UnusableInput as
    `column_names`, and when the file has no rows.
    """
    import pandas as pd

    names = column_names(path)
    places = sorted(names.index(name) for name in wanted)
    if is_parquet(path):
        written = _parquet_names(path)
        table = pd.read_parquet(path, columns=[written[place] for place in places])
        if table.empty:
            raise UnusableInput(f"{path} has columns but no rows; process the video again")
        table.columns = [names[place] for place in places]
        return table
    try:
        table = pd.read_csv(
            path, header=0, names=[f"{place}" for place in range(len(names))], usecols=places, nrows=_whole_rows(path, names),
            index_col=False, skipinitialspace=True, na_values=list(_NOT_A_NUMBER), encoding="utf-8-sig", low_memory=False,
        )  # fmt: skip
    except (UnicodeDecodeError, pd.errors.ParserError) as error:
        raise UnusableInput(f"{path} cannot be read as CSV ({error}); save it as comma-separated UTF-8") from error
    if table.empty:
        raise UnusableInput(f"{path} has a header but no rows; process the video again")
    table.columns = [names[place] for place in places]
    return table


def numbers(table: pd.DataFrame, names: Collection[str], path: Path) -> pd.DataFrame:
    """The table with the columns `names` as float64. Raises UnusableInput for a cell that is neither number nor empty."""
    import pandas as pd

    columns = dict(table.items())
    for name in names:
        written = table[name]
        columns[name] = pd.to_numeric(written, errors="coerce").astype("float64")
        strange = (columns[name].isna() & written.notna()).to_numpy()
        if strange.any():
            row = int(strange.argmax())
            raise UnusableInput(
                f"{path}, row {row + 1}: {name} {written.iloc[row]!r} is not a number; correct the cell"
            )
    return pd.DataFrame(columns)


def is_parquet(path: Path) -> bool:
    """Whether a file is Parquet, by its first bytes. Raises UnusableInput when there is no such file."""
    if not path.is_file():
        raise UnusableInput(f"{path} does not exist; give the path of a table")
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def checked_fps(fps: float) -> float:
    """The same number. Raises UnusableInput when it is no frame rate."""
    if not 0 < fps < float("inf"):
        raise UnusableInput(f"fps {fps} is no frame rate; give frames per second, above 0")
    return fps


def _parquet_names(path: Path) -> list[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return list(pq.read_schema(path).names)
    except (OSError, pa.ArrowException) as error:
        raise UnusableInput(f"{path} cannot be read as Parquet ({error}); write it again") from error


def _whole_rows(path: Path, names: list[str]) -> int | None:
    """How many rows are whole when the last line breaks off, else None."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - _TAIL_BYTES, 0))
        tail = file.read()
        last = tail[tail.rfind(b"\n") + 1 :].decode("utf-8", errors="replace")
        fields = len(next(csv.reader([last]), []))
        if not last.strip() or fields >= len(names):
            return None
        file.seek(0)
        lines = sum(1 for line in file if line.strip())
    warnings.warn(
        f"{path}: the last line breaks off after {fields} of {len(names)} columns and is left out", stacklevel=4
    )
    return lines - 2
