"""Our tables as OpenFace 2.2 would write them, so that scripts made for its CSV run.

Names, order, units and decimals are those of OpenFace 2.2.0 (its class `RecorderCSV`); parts that we do not measure are
left out, as OpenFace leaves out what it was not asked for. Its action-unit columns (`AUxx_r`, `AUxx_c`) are never written:
our `AUxx_g` mean something else and follow at the end, where forks add columns too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from openada.behaviour.openface import (
    GAZE_ANGLES,
    GAZE_VECTORS,
    HEAD_ANGLES,
    HEAD_GAZE,
    HEAD_POSITION,
    LANDMARKS_2D,
    POSITION,
    ROTATION,
    openface_from_rotation,
)
from openada.errors import UnusableInput
from openada.face.pose import rotation_from_angles_deg
from openada.files import atomic_path

if TYPE_CHECKING:
    import pandas as pd

LANDMARK_COLUMNS = ("landmark_x_px", "landmark_y_px")
"""Columns of a chunk that hold one array of 478 coordinates per row, as in a track."""
_FIRST = (("frame", "%d"), ("face_id", "%d"), ("timestamp", "%.3f"), ("confidence", "%.2f"), ("success", "%d"))
_UNITS = re.compile(r"AU\d\d_g")
_UNIT_FORMAT = "%.4f"  # ours: 2 decimals, OpenFace's for intensities 0 to 5, would leave nothing of them


def write_openface(path: Path, chunks: Iterable[pd.DataFrame]) -> None:
    """Write the rows of all `chunks`, one after the other, as one CSV; the file appears when it is whole.

    Memory holds one chunk at a time. A chunk is a table with a row per source frame, in time order: `time_s` and `tracked`,
    and of the following what there is (the first chunk decides for all):
    `confidence` (0 to 1; 1 in every tracked row of a table without it);
    `head_yaw_deg, head_pitch_deg, head_roll_deg`, written as pose_Rx, pose_Ry, pose_Rz;
    `head_x_mm, head_y_mm, head_z_mm`, written as pose_Tx, pose_Ty, pose_Tz;
    `gaze_yaw_deg, gaze_pitch_deg` (needs the head angles): ours lie in the head's frame and become, turned by the head's
    rotation, the unit vector in the camera's frame that stands for both eyes, and gaze_angle_x, gaze_angle_y;
    `landmark_x_px, landmark_y_px` (478 per row): x_0 … y_67, the iBUG-68 points in source pixels;
    every `AUxx_g`, in inter-ocular distances, 4 decimals.

    Frames are counted from 1, face_id is 0. A row that is not tracked has success 0 and zeros, as OpenFace writes it before
    it has found a face; a measurement missing in a tracked row is `nan`. Raises UnusableInput for a chunk without time_s
    or tracked, or without a column that the first one had.
    """
    with atomic_path(path) as temporary, temporary.open("w", encoding="ascii", newline="\n") as file:
        columns: dict[str, str] = {}
        before = 0
        for chunk in chunks:
            if not columns:
                columns = _columns(chunk, path)
                file.write(",".join(columns) + "\n")
            file.writelines(_lines(chunk, columns, before, path))
            before += len(chunk)
        if not columns:
            file.write(",".join(name for name, _ in _FIRST) + "\n")


def _columns(chunk: pd.DataFrame, path: Path) -> dict[str, str]:
    """Name and number format of every column that is written for such chunks, in OpenFace's order."""
    has = set(chunk.columns)
    if not {"time_s", "tracked"} <= has:
        raise UnusableInput(f"{path}: a table without time_s and tracked cannot be written; it has {', '.join(chunk)}")
    columns = dict(_FIRST)
    if {*HEAD_GAZE, *HEAD_ANGLES} <= has:
        columns |= dict.fromkeys(GAZE_VECTORS, "%.6f") | dict.fromkeys(GAZE_ANGLES, "%.3f")
    if set(HEAD_POSITION) <= has:
        columns |= dict.fromkeys(POSITION, "%.1f")
    if set(HEAD_ANGLES) <= has:
        columns |= dict.fromkeys(ROTATION, "%.3f")
    if set(LANDMARK_COLUMNS) <= has:
        columns |= dict.fromkeys(LANDMARKS_2D, "%.1f")
    return columns | {name: _UNIT_FORMAT for name in chunk.columns if _UNITS.fullmatch(name)}


def _lines(chunk: pd.DataFrame, columns: dict[str, str], before: int, path: Path) -> Iterator[str]:
    """The chunk's rows as text; `before`: how many rows came earlier."""
    if list(_columns(chunk, path)) != list(columns):
        raise UnusableInput(f"{path}: a later table has other columns than the first: {', '.join(chunk)}")
    tracked = chunk["tracked"].to_numpy(bool)
    measured = {**_gaze_and_rotation(chunk, columns), **_points(chunk, columns)}
    measured |= {
        theirs: _floats(chunk, ours) for theirs, ours in zip(POSITION, HEAD_POSITION, strict=True) if theirs in columns
    }
    measured |= {name: _floats(chunk, name) for name in columns if _UNITS.fullmatch(name)}
    measured["confidence"] = _floats(chunk, "confidence") if "confidence" in chunk else np.ones(len(chunk))
    values = {name: np.where(tracked, column, 0.0) for name, column in measured.items()}
    values |= {"frame": before + 1.0 + np.arange(len(chunk)), "face_id": np.zeros(len(chunk))}
    values |= {"timestamp": _floats(chunk, "time_s"), "success": tracked.astype(np.float64)}
    line = ",".join(columns.values()) + "\n"
    for row in np.column_stack([values[name] for name in columns]).tolist():
        yield line % tuple(row)


def _gaze_and_rotation(chunk: pd.DataFrame, columns: dict[str, str]) -> dict[str, np.ndarray]:
    if ROTATION[0] not in columns:
        return {}
    rotation = rotation_from_angles_deg(np.column_stack([_floats(chunk, name) for name in HEAD_ANGLES]))
    values = dict(zip(ROTATION, openface_from_rotation(rotation).T, strict=True))
    if GAZE_VECTORS[0] in columns:
        yaw, pitch = (np.radians(_floats(chunk, name)) for name in HEAD_GAZE)
        in_head = np.column_stack([np.sin(yaw) * np.cos(pitch), np.sin(pitch), -np.cos(yaw) * np.cos(pitch)])
        x, y, z = np.einsum("tij,tj->it", rotation, in_head)
        values |= dict(zip(GAZE_VECTORS, (x, y, z, x, y, z), strict=True))
        values |= dict(zip(GAZE_ANGLES, (np.arctan2(x, -z), np.arctan2(y, -z)), strict=True))
    return values


def _points(chunk: pd.DataFrame, columns: dict[str, str]) -> dict[str, np.ndarray]:
    if LANDMARKS_2D[0] not in columns or not len(chunk):
        return {name: np.empty(0) for name in LANDMARKS_2D if name in columns}
    from openada.face.ibug68 import ibug68

    mesh = np.stack([np.stack(list(chunk[name])) for name in LANDMARK_COLUMNS], axis=-1)
    return dict(zip(LANDMARKS_2D, ibug68(mesh).transpose(2, 1, 0).reshape(2 * 68, -1), strict=True))


def _floats(chunk: pd.DataFrame, name: str) -> np.ndarray:
    return np.asarray(chunk[name].to_numpy(np.float64))
