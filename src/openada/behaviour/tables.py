"""One way in for per-frame behaviour tables, whichever tool wrote them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from openada.behaviour import openface, pyfeat
from openada.behaviour.csv_columns import column_names, is_parquet, numbers, read_columns
from openada.errors import UnusableInput

if TYPE_CHECKING:
    import pandas as pd

OURS = ("time_s", "tracked")
"""Columns by which a table of this project is known."""


def read_behaviour_table(
    path: Path, *, face: int | str = "largest", fps: float | None = None, landmarks: bool = False
) -> pd.DataFrame:
    """The table of a person's behaviour in `path`: `time_s`, `tracked`, then its signals, a row per frame.

    The columns say which tool wrote it: this project, OpenFace (`read_openface`), Py-Feat (`read_pyfeat`); CSV or Parquet.
    `face`, `fps` and `landmarks` are theirs; a table of ours holds one person and true times, and takes none of them.
    Raises UnusableInput for any other file.
    """
    names = set(column_names(path))
    if set(OURS) <= names:
        return _our_parquet(path) if is_parquet(path) else _our_csv(path)
    if set(openface.REQUIRED) <= names:
        if face != "largest" and not isinstance(face, int):
            raise UnusableInput(f"face {face!r}: people in a table of OpenFace are numbers (face_id); give one")
        return openface.read_openface(path, face=face, fps=fps, landmarks=landmarks)  # type: ignore[arg-type]  # a str here is "largest"
    if set(pyfeat.REQUIRED) <= names:
        return pyfeat.read_pyfeat(path, face=face, fps=fps, landmarks=landmarks)
    raise _unknown(path)


def _unknown(path: Path) -> UnusableInput:
    looked_for = "; ".join(
        f"{', '.join(columns)} ({tool})"
        for tool, columns in (("ours", OURS), ("OpenFace", openface.REQUIRED), ("Py-Feat", pyfeat.REQUIRED))
    )
    return UnusableInput(f"{path} is no known behaviour table; looked for the columns {looked_for}")


def _our_parquet(path: Path) -> pd.DataFrame:
    import pandas as pd
    import pyarrow as pa

    try:
        table = pd.read_parquet(path)
    except (OSError, pa.ArrowException) as error:
        raise UnusableInput(f"{path} cannot be read as Parquet ({error}); write it again") from error
    return table


def _our_csv(path: Path) -> pd.DataFrame:
    names = [name for name in column_names(path) if name]
    table = numbers(read_columns(path, names), ["time_s"], path)
    words = table["tracked"].astype("str").str.strip().str.lower()
    known = words.isin(["true", "false", "1", "0", "1.0", "0.0"])
    if not known.all():
        row = int((~known).to_numpy().argmax())
        raise UnusableInput(f"{path}, row {row + 1}: tracked {table['tracked'].iloc[row]!r}; write true or false")
    table["tracked"] = words.isin(["true", "1", "1.0"])
    return table
