"""Tables written by Py-Feat (its `Fex` as CSV), in names that say what they hold.

Source: the program's own code, versions 0.4 to 0.7 (github.com/cosanlab/py-feat). Action units are probabilities (0 to 1,
or 0 and 1 from its SVM), neither OpenFace's intensities nor our displacements: they get the suffix `_p`.

Units of its head angles, which no version writes into the file, follow from the columns:
- `Pitch, Roll, Yaw` without `X, Y, Z` (up to 0.6): degrees, of the transposed rotation, so that R = Rx(-Pitch) · Ry(Yaw) ·
  Rz(Roll) in the camera's frame (x to image right, y down, z away). They become our head angles through the matrix.
- with `X, Y, Z` (from 0.7 on, all detectors): radians. What turns about which axis, and in which sense, differs between its
  detectors (the modular one labels the turn about the vertical axis "Roll"), and the file does not say which one ran. They
  are given in degrees under Py-Feat's names, `pyfeat_pitch_deg` and so on, never as our head angles.
Gaze (from 0.7 on, radians) is likewise `pyfeat_gaze_pitch_deg`, `pyfeat_gaze_yaw_deg` and `pyfeat_gaze_angle_deg`.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from openada.behaviour.csv_columns import checked_fps, column_names, numbers, read_columns
from openada.behaviour.openface import HEAD_ANGLES, rotation_from_openface
from openada.errors import UnusableInput
from openada.face.pose import angles_from_rotation_deg

if TYPE_CHECKING:
    import pandas as pd

REQUIRED = ("frame", "FaceRectX", "FaceRectY", "FaceRectWidth", "FaceRectHeight", "FaceScore")
"""Columns by which a table of Py-Feat is known."""
_BOX = dict(zip(REQUIRED[1:5], ("box_x_px", "box_y_px", "box_width_px", "box_height_px"), strict=True))
_ANGLES = ("Pitch", "Roll", "Yaw")
_POSITION = ("X", "Y", "Z")
_GAZE = ("gaze_pitch", "gaze_yaw", "gaze_angle")
_UNIT = re.compile(r"AU\d\d")
_LANDMARK = re.compile(r"[xyz]_\d+")
_LEFT_OUT = re.compile(r"(Unnamed.*|Identity_\d+|mesh_[xyz]_\d+|[XYZ]|FrameHeight|FrameWidth)?")
_LABELS = ("input", "approx_time", "Identity")


def read_pyfeat(
    path: Path,
    *,
    fps: float | None = None,
    face: int | str = "largest",
    min_confidence: float = 0.0,
    landmarks: bool = False,
) -> pd.DataFrame:
    """One person's table, a row per frame that Py-Feat processed, in time order.

    fps: frames per second; times are then frame / fps. Without it the file must hold times in seconds (`approx_time`), which
        video tables do not: Py-Feat rounds theirs down to whole seconds, as text ("01:07").
    face: which person, a label of the column `Identity` ("Person_1"). "largest": the label whose face areas, added over all
        frames, are the largest; warns when there are several. Without labels "largest" needs one face per frame; a number
        takes the face at that place (from 0) among each frame's rows, whoever it is.
    min_confidence: 0 to 1; a frame is tracked when a box was found and `FaceScore` is at least this.
    landmarks: also give the points x_0, …, y_0, … in source pixels.

    Columns: `frame` (counted from 0), `time_s`, `tracked`, `confidence`, `box_x_px`, `box_y_px`, `box_width_px`,
    `box_height_px`, the head angles (see above), `AUxx_p`, then emotions and what else there is, under Py-Feat's names.
    Identity embeddings, mesh and position are left out. Where not tracked every measurement is NaN, though some versions
    write numbers there. Frames that Py-Feat skipped have no row.

    Raises UnusableInput when the file is no table of Py-Feat, holds several videos, or people cannot be told apart.
    """
    import pandas as pd

    names = column_names(path)
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise UnusableInput(f"{path} is no table of Py-Feat: it has no column {', '.join(missing)}")
    kept = {name for name in names if not _LEFT_OUT.fullmatch(name) and (landmarks or not _LANDMARK.fullmatch(name))}
    raw = read_columns(path, kept)
    measured = [name for name in raw.columns if name in {*REQUIRED, *_ANGLES, *_GAZE} or _UNIT.fullmatch(name)]
    raw = numbers(raw, measured, path)
    if "input" in raw.columns and raw["input"].nunique() > 1:
        raise UnusableInput(
            f"{path} holds {raw['input'].nunique()} files (column input); split it, one table per video"
        )
    if raw["frame"].isna().any():
        raise UnusableInput(
            f"{path}, row {int(raw['frame'].isna().to_numpy().argmax()) + 1}: frame is empty; correct it"
        )
    times = _times(raw, path, fps)
    found = raw[raw[[*_BOX, "FaceScore"]].notna().all(axis=1)]
    person = _of_one_face(found, face, path).set_index("frame").reindex(times.index)

    tracked = person["FaceScore"] >= min_confidence
    signals = {ours: person[theirs] for theirs, ours in _BOX.items()}
    signals |= _angles(person, path, has_position=set(_POSITION) <= set(names))
    for name in raw.columns:
        if _UNIT.fullmatch(name):
            signals[f"{name}_p"] = person[name]
        elif name not in {*REQUIRED, *_ANGLES, *_GAZE, *_LABELS}:
            signals[name] = person[name]
    table = pd.DataFrame(
        {"time_s": times, "tracked": tracked, "confidence": person["FaceScore"]}
        | {name: values.where(tracked) for name, values in signals.items()}
    )
    return table.rename_axis("frame").reset_index().astype({"frame": "int64"})


def _times(raw: pd.DataFrame, path: Path, fps: float | None) -> pd.Series:
    """Times in s of the frames in the file, indexed by frame number, in order."""
    import pandas as pd

    if fps is not None:
        frames = pd.Index(np.sort(raw["frame"].unique()), name="frame")
        return pd.Series(frames / checked_fps(fps), frames)
    written = raw["approx_time"] if "approx_time" in raw.columns else pd.Series(np.nan, raw.index)
    seconds = pd.to_numeric(written, errors="coerce").groupby(raw["frame"]).first()
    if seconds.isna().any():
        example = "has no column approx_time" if "approx_time" not in raw else f"has approx_time {written.iloc[0]!r}"
        raise UnusableInput(f"{path} {example}, no times in seconds; give fps, the video's frames per second")
    return seconds


def _of_one_face(found: pd.DataFrame, face: int | str, path: Path) -> pd.DataFrame:
    """At most one row per frame: those of the person asked for."""
    found = found.assign(area=found["FaceRectWidth"] * found["FaceRectHeight"])
    if isinstance(face, int):
        return found[found.groupby("frame").cumcount() == face]
    labelled = "Identity" in found.columns and found["Identity"].notna().any()
    if not labelled:
        crowded = found["frame"][found["frame"].duplicated()]
        if face != "largest" or len(crowded):
            reason = f"frame {crowded.iloc[0]:g} has several faces" if len(crowded) else f"face {face!r} is unknown"
            raise UnusableInput(f"{path}: {reason} and no column Identity tells people apart; give face as a number")
        return found
    areas = found.groupby("Identity")["area"].sum()
    listed = ", ".join(map(str, areas.index))
    if face != "largest" and face not in areas.index:
        raise UnusableInput(f"{path}: no face {face!r} in column Identity; the file has {listed}")
    chosen = areas.idxmax() if face == "largest" else face
    if face == "largest" and len(areas) > 1:
        warnings.warn(f"{path}: people {listed}; reading {chosen}, the largest (choose with face)", stacklevel=3)
    rows = found[found["Identity"] == chosen]
    return rows.loc[rows.groupby("frame")["area"].idxmax()]  # one label given twice in a frame: the larger face


def _angles(person: pd.DataFrame, path: Path, *, has_position: bool) -> dict[str, pd.Series]:
    import pandas as pd

    signals: dict[str, pd.Series] = {}
    if set(_ANGLES) <= set(person.columns):
        written = person[list(_ANGLES)]
        if has_position:
            if (written.abs() > np.pi).to_numpy().any():
                worst = written.abs().max().max()
                raise UnusableInput(
                    f"{path}: a head angle of {worst:g} beside X, Y, Z cannot be radians; "
                    "if the angles are degrees, remove the columns X, Y and Z"
                )
            signals = {f"pyfeat_{name.lower()}_deg": np.degrees(written[name]) for name in _ANGLES}
        else:
            pitch, roll, yaw = np.radians(written.to_numpy()).T
            rotation = rotation_from_openface(np.column_stack([-pitch, yaw, roll]))
            degrees = angles_from_rotation_deg(rotation).T
            signals = {name: pd.Series(row, person.index) for name, row in zip(HEAD_ANGLES, degrees, strict=True)}
    return signals | {f"pyfeat_{name}_deg": np.degrees(person[name]) for name in _GAZE if name in person.columns}
