"""The five CLNF text files that DAIC-WOZ has for each participant, joined on the frame, in our names, signs and units.

Columns as in the corpus's documentation ("CLNF framework output"). Gaze comes in the camera's and in the head's frame (`x_h0` …);
rotation is Rx · Ry · Rz as in later OpenFace, so the angles are those of `behaviour.openface`.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from openada.behaviour.csv_columns import column_names, numbers, read_columns
from openada.behaviour.openface import HEAD_ANGLES, HEAD_POSITION, rotation_from_openface
from openada.errors import UnusableInput
from openada.face.pose import angles_from_rotation_deg

if TYPE_CHECKING:
    import pandas as pd

PARTS = ("AUs", "pose", "gaze", "features", "features3D")
_NAME = re.compile(r"(\d+)_CLNF_(?:AUs|pose|gaze|features3D|features)\.(?:txt|csv)", re.IGNORECASE)
_SUCCESS = ("success", "detection_success")
_HEAD_GAZE = tuple(f"{axis}_h{eye}" for eye in (0, 1) for axis in "xyz")
_CAMERA_GAZE = tuple(f"{axis}_{eye}" for eye in (0, 1) for axis in "xyz")
_POSE = ("X", "Y", "Z", "Rx", "Ry", "Rz")
_UNIT = re.compile(r"AU\d\d_[rc]")
_POINT = re.compile(r"([xyXYZ])(\d+)")


def is_clnf(path: Path) -> bool:
    """Whether a path is named like one of the five files."""
    return _NAME.fullmatch(path.name) is not None


def part_beside(path: Path, part: str) -> Path | None:
    """The file of the same participant with this part in the same folder, upper and lower case alike; None if not there."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        raise UnusableInput(f"{path} is not named like 300_CLNF_AUs.txt; give one of a participant's CLNF files")
    usual = path.with_name(f"{match[1]}_CLNF_{part}.txt")
    if usual.is_file():
        return usual
    wanted = [f"{match[1]}_clnf_{part.lower()}{suffix}" for suffix in (".txt", ".csv")]
    found = {name.name.lower(): name for name in path.parent.iterdir()}
    return next((found[name] for name in wanted if name in found), None)


def read_clnf(path: Path, *, landmarks: bool = False) -> pd.DataFrame:
    """One participant's table, a row per frame, in time order.

    path: one of the files; those beside it are joined on the frame. landmarks: also the 2-D points x_0 … y_67 (pixels) and 3-D
    points X_0 … Z_67 (mm, camera at the origin).

    Columns: `frame` (from 0; the files count from 1), `time_s`, `tracked`, `confidence`, and where the files are there
    `gaze_yaw_deg`, `gaze_pitch_deg` (mean of both eyes, in the head's frame), `head_yaw_deg`, `head_pitch_deg`, `head_roll_deg`,
    `head_x_mm` …, `AUxx_r`, `AUxx_c`. A frame is tracked when every file that was read has it with success; else its
    measurements are NaN. Frames that the files skip become rows that are not tracked, their time interpolated.

    Raises UnusableInput for a file without frame, timestamp and success, with repeated frames or times that run backwards.
    """
    import pandas as pd

    parts = {part: found for part in PARTS[: None if landmarks else 3] if (found := part_beside(path, part))}
    if not parts:
        raise UnusableInput(f"{path}: no AUs, pose or gaze file beside it; read it with landmarks=True")
    raw = {part: _part(found, part) for part, found in parts.items()}
    first, last = min(int(t.index.min()) for t in raw.values()), max(int(t.index.max()) for t in raw.values())
    frames = pd.RangeIndex(first, last + 1, name="frame")
    rows = sorted({len(table) for table in raw.values()})
    if len(rows) > 1:
        warnings.warn(f"{path}: the files of this participant have {rows[0]} to {rows[-1]} rows", stacklevel=2)
    times = pd.concat([table["time_s"] for table in raw.values()]).groupby(level=0).first()
    if times.isna().any() or (times.diff() < 0).any():
        raise UnusableInput(f"{path}: timestamps are missing or run backwards; extract the file again")
    tracked = np.all([table["success"].reindex(frames).to_numpy() == 1 for table in raw.values()], axis=0)
    columns: dict[str, pd.Series] = {}
    for part, table in raw.items():
        columns |= {name: values.reindex(frames) for name, values in _signals(part, table).items()}
    table = pd.DataFrame({name: values.where(tracked) for name, values in columns.items()}, index=frames)
    confidence = next(iter(raw.values()))["confidence"].reindex(frames)
    times_s = np.interp(frames, times.index, times)
    for place, (name, values) in enumerate((("time_s", times_s), ("tracked", tracked), ("confidence", confidence))):
        table.insert(place, name, values)
    table.insert(0, "frame", frames - min(1, first))
    return table.reset_index(drop=True)


def check_header(path: Path) -> None:
    """Raises UnusableInput when the file's header is not that of a CLNF file, or no whole row follows it."""
    _columns(path)
    check_first_row(path)


def check_first_row(path: Path) -> None:
    """Raises UnusableInput when the line after a table's header is missing or shorter. The rest of the file is not read."""
    names = column_names(path)
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        file.readline()
        cells = file.readline().split(",")
    if len(cells) < len(names):
        raise UnusableInput(f"{path} has a header of {len(names)} columns and no whole row; copy or extract it again")


def _columns(path: Path) -> dict[str, str]:
    """Our names of the columns that every part has -> the file's."""
    names = column_names(path)
    success = next((name for name in _SUCCESS if name in names), None)
    frame = next((name for name in ("frame", "frame_number") if name in names), None)
    time = next((name for name in names if name.startswith("timestamp")), None)
    if not (success and frame and time and "confidence" in names):
        raise UnusableInput(
            f"{path} has no columns frame, timestamp, confidence and success; extract it from its archive again"
        )
    return {"frame": frame, "time_s": time, "confidence": "confidence", "success": success}


def _part(path: Path, part: str) -> pd.DataFrame:
    """One file, indexed by frame, with time_s, confidence, success and its own columns as numbers."""
    common = _columns(path)
    names = column_names(path)
    own = {
        "AUs": [name for name in names if _UNIT.fullmatch(name)],
        "pose": list(_POSE),
        "gaze": [*_CAMERA_GAZE, *_HEAD_GAZE],
    }.get(part, [name for name in names if _POINT.fullmatch(name)])
    missing = [name for name in own if name not in names]
    if missing or not own:
        raise UnusableInput(
            f"{path} lacks {', '.join(missing) or 'its measurements'}; extract it from its archive again"
        )
    wanted = [*common.values(), *own]
    table = numbers(read_columns(path, wanted), wanted, path).rename(columns={v: k for k, v in common.items()})
    if table["frame"].isna().any() or table["frame"].duplicated().any():
        raise UnusableInput(f"{path}: frame numbers are missing or occur twice; extract it from its archive again")
    return table.set_index(table["frame"].astype("int64")).drop(columns="frame").sort_index()


def _signals(part: str, table: pd.DataFrame) -> dict[str, pd.Series]:
    import pandas as pd

    def series(values: np.ndarray) -> pd.Series:
        return pd.Series(values, table.index)

    if part == "pose":
        angles = angles_from_rotation_deg(rotation_from_openface(table[["Rx", "Ry", "Rz"]].to_numpy()))
        return {
            **{name: series(values) for name, values in zip(HEAD_ANGLES, angles.T, strict=True)},
            **{name: table[axis] for name, axis in zip(HEAD_POSITION, "XYZ", strict=True)},
        }
    if part == "gaze":
        gaze = table[list(_HEAD_GAZE)].to_numpy().reshape(-1, 2, 3).mean(axis=1)
        length = np.linalg.norm(gaze, axis=1, keepdims=True)
        across, down, away = (gaze / np.where(length > 0, length, np.nan)).T
        return {
            "gaze_yaw_deg": series(np.degrees(np.arctan2(across, -away))),
            "gaze_pitch_deg": series(np.degrees(np.arcsin(np.clip(down, -1.0, 1.0)))),
        }
    own = [name for name in table.columns if _UNIT.fullmatch(name) or _POINT.fullmatch(name)]
    return {_POINT.sub(r"\1_\2", name) if part != "AUs" else name: table[name] for name in own}
