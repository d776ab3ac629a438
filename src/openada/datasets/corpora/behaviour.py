"""Per-frame behaviour of a corpus's recording, for those that come without video."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from openada.behaviour.csv_columns import column_names
from openada.behaviour.openface import REQUIRED as OPENFACE_COLUMNS
from openada.behaviour.tables import read_behaviour_table
from openada.datasets.corpora.clnf import check_first_row, check_header, is_clnf, read_clnf
from openada.errors import UnusableInput

if TYPE_CHECKING:
    import pandas as pd

POINTS = 68
LANDMARKS = tuple(f"{axis}_{point}" for axis in "xy" for point in range(POINTS))
Order = Literal["auto", "all x then all y", "x and y in turn"]
_TURNS = ("start_time", "stop_time", "speaker")


def read_behaviour(row: Mapping[str, Any], *, landmarks: bool = False, mask_interviewer: bool = False) -> pd.DataFrame:
    """The behaviour table of a manifest row of kind "behaviour": `time_s`, `tracked`, then its signals, a row per frame.

    DAIC-WOZ: `clnf.read_clnf`, with 2-D and 3-D landmarks if asked. D-Vlog: `read_landmarks`. Anything else (E-DAIC, LMVD,
    tables of ours, of OpenFace and of Py-Feat): `behaviour.tables.read_behaviour_table`.
    mask_interviewer: rows inside the interviewer's turns of the row's `transcript` become untracked, their signals NaN: what
        the face does while listening to a question that depends on earlier answers then plays no part.

    Raises UnusableInput for a row of kind "video", for a file that cannot be read, and for a mask without interviewer's turns.
    """
    path = Path(row["video"])
    if row.get("kind", "behaviour") != "behaviour":
        raise UnusableInput(f"{row['recording_id']} is a video; prepare it, and read its behaviour.parquet")
    if is_clnf(path):
        table = read_clnf(path, landmarks=landmarks)
    elif path.suffix.lower() == ".npy":
        table = read_landmarks(path)
    else:
        table = read_behaviour_table(path)
    if not mask_interviewer:
        return table
    transcript = row.get("transcript") or ""
    if not isinstance(transcript, str) or not transcript:
        raise UnusableInput(
            f"{row['recording_id']} has no transcript: the interviewer's turns cannot be masked; leave it out"
        )
    turns = interviewer_turns(Path(transcript))
    if turns.empty:
        raise UnusableInput(f"{transcript} has no turn of the interviewer: none can be masked; leave the recording out")
    return _masked(table, turns)


def read_landmarks(path: Path, *, order: Order = "auto") -> pd.DataFrame:
    """D-Vlog's landmarks, an array (T, 136) or (T, 68, 2) at one row per second, in the file's own unit.

    Columns: `frame`, `time_s` (the row's number), `tracked` (False where a row is all zeros or not finite; its landmarks are then
    NaN), x_0 … x_67, y_0 … y_67 in iBUG-68 order.
    order: how the 136 numbers lie; copies of both kinds are in use. "auto" takes the one by which the points form an
        upright face in most tracked rows: the jaw runs from left to right and the chin lies below the root of the nose.

    Raises UnusableInput for another shape, and where neither order, or both, form a face.
    """
    import pandas as pd

    values = _array(path)
    values = np.asarray(values, np.float64)
    if values.ndim == 3:
        values, order = values.reshape(len(values), -1), "x and y in turn"
    tracked = np.isfinite(values).all(axis=1) & (values != 0).any(axis=1)
    points = {"all x then all y": values, "x and y in turn": np.concatenate([values[:, 0::2], values[:, 1::2]], axis=1)}
    if order == "auto":
        shares = {name: _share_of_faces(block[tracked]) for name, block in points.items()}
        fitting = [name for name, share in shares.items() if share > 0.5]
        if tracked.any() and len(fitting) != 1:
            told = ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
            raise UnusableInput(f"{path}: rows that form a face: {told}; give order, how the 136 numbers lie")
        order = fitting[0] if fitting else "all x then all y"  # type: ignore[assignment]  # a key of `points`
    chosen = np.where(tracked[:, None], points[order], np.nan)
    table = pd.DataFrame(chosen, columns=list(LANDMARKS))
    for place, (name, column) in enumerate(
        (("frame", np.arange(len(values))), ("time_s", np.arange(len(values), dtype=np.float64)), ("tracked", tracked))
    ):
        table.insert(place, name, column)
    return table


def interviewer_turns(transcript: Path) -> pd.DataFrame:
    """The turns of everyone but the participant in a DAIC-WOZ transcript: start_s, end_s, in the file's order.

    The file is tab separated with the columns start_time, stop_time, speaker, value; times in s.
    Raises UnusableInput when it is not, or a time is no number.
    """
    import pandas as pd

    try:
        table = pd.read_csv(
            transcript, sep="\t", dtype=str, keep_default_na=False, quoting=csv.QUOTE_NONE, encoding="utf-8-sig"
        )
    except (OSError, ValueError) as error:
        raise UnusableInput(f"{transcript} cannot be read as a transcript ({error}); extract it again") from error
    table.columns = [str(name).strip().lower() for name in table.columns]
    missing = [name for name in _TURNS if name not in table.columns]
    if missing:
        raise UnusableInput(f"{transcript} has no column {', '.join(missing)}; a transcript is separated by tabs")
    speaker = table["speaker"].str.strip().str.lower()
    table = table[(speaker != "participant") & (speaker != "")]
    times = table[["start_time", "stop_time"]].apply(pd.to_numeric, errors="coerce")
    if times.isna().any(axis=None):
        bad = table[times.isna().any(axis=1)].iloc[0]
        raise UnusableInput(
            f"{transcript}: turn {bad['start_time']!r} to {bad['stop_time']!r} has no times; correct it"
        )
    return times.set_axis(["start_s", "end_s"], axis=1).reset_index(drop=True)


def check_readable(path: Path) -> None:
    """Raises UnusableInput when a behaviour file's header, first rows or shape are not as they should be."""
    if is_clnf(path):
        check_header(path)
    elif path.suffix.lower() == ".npy":
        _array(path)
    elif path.suffix.lower() == ".csv" and set(OPENFACE_COLUMNS) <= set(column_names(path)):
        check_first_row(path)
    else:
        read_behaviour_table(path)


def _array(path: Path) -> np.ndarray:
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UnusableInput(f"{path} cannot be read as a NumPy array ({error}); copy it again") from error
    if values.shape[1:] not in ((2 * POINTS,), (POINTS, 2)) or not len(values):
        raise UnusableInput(f"{path} has shape {values.shape}; landmarks have (seconds, {2 * POINTS})")
    return values


def _share_of_faces(points: np.ndarray) -> float:
    """Share of rows (T, 136), all x then all y, whose points form an upright face."""
    if not len(points):
        return 0.0
    x, y = points[:, :POINTS], points[:, POINTS:]
    jaw = (np.diff(x[:, :17], axis=1) > 0).sum(axis=1) >= 12
    return float((jaw & (y[:, 8] > y[:, 27])).mean())


def _masked(table: pd.DataFrame, turns: pd.DataFrame) -> pd.DataFrame:
    time_s = table["time_s"].to_numpy()
    inside = np.zeros(len(table), bool)
    for start_s, end_s in turns.itertuples(index=False):
        inside |= (time_s >= start_s) & (time_s < end_s)
    signals = [name for name in table.columns if name not in ("frame", "time_s", "tracked", "confidence")]
    masked = table.copy()
    masked["tracked"] = masked["tracked"] & ~inside
    masked.loc[inside, signals] = np.nan
    return masked
