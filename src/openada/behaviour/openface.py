"""Tables written by OpenFace (2.x, the older format, and forks that add columns), in our names, signs and units.

Source: the table's description in OpenFace's wiki ("Output Format"); Baltrušaitis et al., "OpenFace 2.0", FG 2018.
OpenFace's camera frame is ours: x to image right, y down, z away from the camera. Its head rotation is
R = Rx(pose_Rx) · Ry(pose_Ry) · Rz(pose_Rz) and takes the frontal head to the observed one; ours has other Euler angles of
the same matrix (`face/pose.py`), so angles are converted through it. Which head counts as level is OpenFace's own
mean face: its pitch can differ from that of our tracker by a constant of some degrees.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from openada.behaviour.csv_columns import checked_fps, column_names, numbers, read_columns
from openada.errors import UnusableInput
from openada.face.pose import angles_from_rotation_deg

if TYPE_CHECKING:
    import pandas as pd

REQUIRED = ("frame", "timestamp", "confidence", "success")
"""Columns that every per-frame table of OpenFace has."""
GAZE_VECTORS = tuple(f"gaze_{eye}_{axis}" for eye in (0, 1) for axis in "xyz")
GAZE_ANGLES = ("gaze_angle_x", "gaze_angle_y")
POSITION = ("pose_Tx", "pose_Ty", "pose_Tz")
ROTATION = ("pose_Rx", "pose_Ry", "pose_Rz")
LANDMARKS_2D = tuple(f"{axis}_{point}" for axis in "xy" for point in range(68))
HEAD_ANGLES = ("head_yaw_deg", "head_pitch_deg", "head_roll_deg")
HEAD_POSITION = ("head_x_mm", "head_y_mm", "head_z_mm")
HEAD_GAZE = ("gaze_yaw_deg", "gaze_pitch_deg")

_UNITS = re.compile(r"AU\d\d_[rc]")
_LEFT_OUT = re.compile(r"face_id|eye_lmk_[xyXYZ]_\d+|[XYZ]_\d+|p_(scale|r[xyz]|t[xy]|\d+)")
_EXTENT = ("x_0", "y_0", "x_16", "y_16", "x_27", "y_27", "x_8", "y_8")  # both ends of the jaw, nose root, chin


def read_openface(
    path: Path,
    *,
    face: int | Literal["largest"] = "largest",
    min_confidence: float = 0.0,
    landmarks: bool = False,
    fps: float | None = None,
) -> pd.DataFrame:
    """One person's table, a row per source frame, in time order.

    face: which `face_id`. "largest" takes one for the whole file: the one whose face areas, added over its successful
        frames, are the largest (by landmarks, else by distance, else by frames), and warns when there are several. OpenFace
        gives the number to a tracking slot: after a loss another person can get it.
    min_confidence: 0 to 1; a frame is tracked when `success` is 1 and `confidence` is at least this. The default leaves the
        decision to OpenFace, whose `success` is a threshold on the same number (0.725 in version 2).
    landmarks: also give x_0 … x_67, y_0 … y_67 (source pixels, iBUG-68 order).
    fps: frames per second; replaces the file's times by frame / fps.

    Columns, those that the file has something for: `frame` (counted from 0; OpenFace counts from 1), `time_s`, `tracked`,
    `confidence`, `gaze_yaw_deg` and `gaze_pitch_deg` (the mean of both eyes' vectors, turned from the camera's frame, where
    OpenFace gives it, into the head's by the head's rotation), `head_yaw_deg`, `head_pitch_deg`, `head_roll_deg`,
    `head_x_mm`, `head_y_mm`, `head_z_mm` (camera at the origin), then OpenFace's own `gaze_angle_x` and `gaze_angle_y`
    (radians, camera's frame, + to image right and down; from the vectors where the file lacks them), `AUxx_r` (0 to 5),
    `AUxx_c` (0 or 1) and columns that OpenFace does not know, unchanged. Its remaining columns are left out.

    Frame numbers that the file skips become rows that are not tracked, their time interpolated. Where not tracked every
    measurement is NaN, though the file has numbers there; both gaze vectors zero count as no gaze.

    Raises UnusableInput when the file is no per-frame table of OpenFace, a frame repeats, or times do not run forwards.
    """
    import pandas as pd

    names = column_names(path)
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise UnusableInput(f"{path} is no per-frame table of OpenFace: it has no column {', '.join(missing)}")
    kept = [name for name in names if name and not _LEFT_OUT.fullmatch(name)]
    if not landmarks:
        kept = [name for name in kept if name not in LANDMARKS_2D or name in _EXTENT]
    raw = read_columns(path, {*kept, *({"face_id"} & set(names))})
    ours = {*REQUIRED, *GAZE_VECTORS, *GAZE_ANGLES, *POSITION, *ROTATION, *LANDMARKS_2D, "face_id"}
    measured = [name for name in raw.columns if name in ours or _UNITS.fullmatch(name)]
    raw = numbers(raw, measured, path)
    raw["frame"] = _frame_numbers(raw["frame"], path)
    every = _times(raw, path, fps)
    person = _of_one_face(raw, face, path)
    repeated = person["frame"].duplicated()
    if repeated.any():
        number = person.loc[repeated, "frame"].iloc[0]
        raise UnusableInput(f"{path}: frame {number:g} occurs twice for one face; give one recording per file")
    person = person.set_index("frame").reindex(every.index)

    tracked = (person["success"] == 1) & (person["confidence"] >= min_confidence)
    columns: dict[str, np.ndarray | pd.Series] = {
        "time_s": every,
        "tracked": tracked,
        "confidence": person["confidence"],
    }
    signals = _head_and_gaze(person)
    added_by_forks = [name for name in raw.columns if name not in measured and name not in {*columns, *signals}]
    units = [name for name in raw.columns if _UNITS.fullmatch(name)]
    points = [name for name in LANDMARKS_2D if landmarks and name in raw.columns]
    signals |= {name: person[name] for name in (*units, *added_by_forks, *points)}
    columns |= {name: pd.Series(values, every.index).where(tracked) for name, values in signals.items()}
    table = pd.DataFrame(columns)
    table.insert(0, "frame", every.index - min(1, every.index[0]))
    return table.reset_index(drop=True)


def rotation_from_openface(rotation_rad: np.ndarray) -> np.ndarray:
    """Rotation matrices (..., 3, 3) from pose_Rx, pose_Ry, pose_Rz (..., 3) in radians: Rx · Ry · Rz."""
    (cx, cy, cz), (sx, sy, sz) = (np.moveaxis(part, -1, 0) for part in (np.cos(rotation_rad), np.sin(rotation_rad)))
    entries = [
        *(cy * cz, -cy * sz, sy),
        *(cx * sz + sx * sy * cz, cx * cz - sx * sy * sz, -sx * cy),
        *(sx * sz - cx * sy * cz, sx * cz + cx * sy * sz, cx * cy),
    ]
    return np.stack(entries, axis=-1).reshape(*np.shape(rotation_rad)[:-1], 3, 3)


def openface_from_rotation(rotation: np.ndarray) -> np.ndarray:
    """pose_Rx, pose_Ry, pose_Rz (..., 3) in radians of rotations (..., 3, 3): the inverse of `rotation_from_openface`."""
    about_x = np.arctan2(-rotation[..., 1, 2], rotation[..., 2, 2])
    about_y = np.arcsin(np.clip(rotation[..., 0, 2], -1.0, 1.0))
    about_z = np.arctan2(-rotation[..., 0, 1], rotation[..., 0, 0])
    return np.stack([about_x, about_y, about_z], axis=-1)


def _frame_numbers(written: pd.Series, path: Path) -> pd.Series:
    wrong = (written % 1 != 0).to_numpy()
    if wrong.any():
        row = int(wrong.argmax())
        raise UnusableInput(f"{path}, row {row + 1}: frame {written.iloc[row]} is no whole number; correct the cell")
    return written.astype("int64")


def _times(raw: pd.DataFrame, path: Path, fps: float | None) -> pd.Series:
    """Times in s of all frames from the first to the last in the file, whoever is in them, indexed by frame number."""
    import pandas as pd

    index = pd.RangeIndex(int(raw["frame"].min()), int(raw["frame"].max()) + 1, name="frame")
    if fps is not None:
        return pd.Series((index - min(1, index[0])) / checked_fps(fps), index)
    times = raw.dropna(subset="timestamp").groupby("frame")["timestamp"].first()
    if len(times) < raw["frame"].nunique() or (times.diff() < 0).any() or (len(times) > 1 and times.nunique() == 1):
        raise UnusableInput(f"{path}: timestamps are missing, stand still or run backwards; give fps, the frame rate")
    return pd.Series(np.interp(index, times.index, times), index)


def _of_one_face(raw: pd.DataFrame, face: int | str, path: Path) -> pd.DataFrame:
    """The rows of the person asked for; the choice is made once for the whole file."""
    ids = raw["face_id"] if "face_id" in raw.columns else raw["frame"] * 0.0
    present = sorted(ids.dropna().unique())
    listed = ", ".join(f"{number:g}" for number in present)
    if face != "largest":
        if face not in present:
            raise UnusableInput(f"{path}: no face_id {face!r}; the file has {listed}")
        return raw[ids == face]
    size = _area(raw).where(raw["success"] == 1).groupby(ids).sum()
    chosen = size.idxmax()
    if len(present) > 1:
        warnings.warn(f"{path}: faces {listed}; reading {chosen:g}, the largest (choose with face)", stacklevel=3)
    return raw[ids == chosen]


def _area(raw: pd.DataFrame) -> pd.Series:
    """A number that grows with the area of the face in the picture, for each row."""
    if set(_EXTENT) <= set(raw.columns):
        width = np.hypot(raw["x_16"] - raw["x_0"], raw["y_16"] - raw["y_0"])
        return width * np.hypot(raw["x_8"] - raw["x_27"], raw["y_8"] - raw["y_27"])
    if "pose_Tz" in raw.columns:
        return 1 / raw["pose_Tz"].where(raw["pose_Tz"] > 0) ** 2
    return raw["success"]


def _head_and_gaze(person: pd.DataFrame) -> dict[str, np.ndarray | pd.Series]:
    signals: dict[str, np.ndarray | pd.Series] = {}
    has = set(person.columns)
    rotation = rotation_from_openface(person[list(ROTATION)].to_numpy()) if set(ROTATION) <= has else None
    if set(GAZE_VECTORS) <= has:
        gaze = person[list(GAZE_VECTORS)].to_numpy().reshape(-1, 2, 3).mean(axis=1)
        length = np.linalg.norm(gaze, axis=1, keepdims=True)
        gaze = gaze / np.where(length > 0, length, np.nan)
        if rotation is not None:
            across, down, away = np.einsum(
                "tji,tj->it", rotation, gaze
            )  # the transpose takes the camera's frame to the head's
            signals["gaze_yaw_deg"] = np.degrees(np.arctan2(across, -away))
            signals["gaze_pitch_deg"] = np.degrees(np.arcsin(np.clip(down, -1.0, 1.0)))
    if rotation is not None:
        signals |= zip(HEAD_ANGLES, angles_from_rotation_deg(rotation).T, strict=True)
    signals |= {ours: person[theirs] for ours, theirs in zip(HEAD_POSITION, POSITION, strict=True) if theirs in has}
    if set(GAZE_VECTORS) <= has:
        for name, part in zip(GAZE_ANGLES, gaze.T[:2], strict=True):
            derived = np.arctan2(part, -gaze[:, 2])
            signals[name] = person[name].where(np.isfinite(derived)) if name in has else derived
    else:
        signals |= {name: person[name] for name in GAZE_ANGLES if name in has}
    return signals
