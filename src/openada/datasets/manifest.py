"""The manifest: a table of recordings, the one form in which every corpus enters openada."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pandas as pd

from openada.datasets.recording import REQUIRED, SPLITS
from openada.datasets.scales import SCALES, scale_named
from openada.errors import UnusableInput
from openada.files import atomic_path

_SPLIT_WORDS = {
    "training": "training",
    "train": "training",
    "development": "development",
    "dev": "development",
    "validation": "development",
    "val": "development",
    "test": "test",
    "testing": "test",
    "": "",
}
_TEXT = ("recording_id", "video", "subject", "session", "task", "split", "scale")
_NO_SCORE = ("", "na", "nan", "n/a", "none")
_UNSAFE = re.compile(r"[^\w.\-]", re.UNICODE)
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}


def read_manifest(path: Path) -> pd.DataFrame:
    """A manifest (.csv or .parquet) as a checked table, columns as in `recording.REQUIRED` first, others kept behind.

    Ids, subjects, sessions and tasks are text as written (007 stays 007); videos are absolute, resolved against the
    manifest's folder; splits are "training", "development", "test" or "" (train, dev, val, testing … are accepted); scores
    are float64, NaN where empty. Videos need not exist yet. Raises UnusableInput naming the row and the remedy.
    """
    path = Path(path)
    return validated(_table(path), source=str(path), folder=path.resolve().parent)


def validated(table: pd.DataFrame, source: str, folder: Path) -> pd.DataFrame:
    """A table of recordings checked as `read_manifest` does; `source` names it in errors, `folder` is where its videos start."""
    missing = [name for name in REQUIRED if name not in table.columns]
    if missing:
        raise UnusableInput(f"{source}: column {', '.join(missing)} missing; a manifest has {', '.join(REQUIRED)}")
    if table.empty:
        raise UnusableInput(f"{source}: no recordings; add a row per video")
    table = table[[*REQUIRED, *(name for name in table.columns if name not in REQUIRED)]].reset_index(drop=True)
    for name in _TEXT:
        table[name] = table[name].map(_as_text)
    _check_ids(table["recording_id"], source)
    for name in ("video", "subject"):
        empty = np.flatnonzero(table[name] == "")
        if len(empty):
            raise UnusableInput(f"{source}, row {empty[0] + 1}: {name} is empty; every recording needs one")
    words = table["split"].str.lower()
    _refuse(
        source, "split", table["split"], ~words.isin(list(_SPLIT_WORDS)), f"use {', '.join(SPLITS)}, or leave it empty"
    )
    table["split"] = words.map(_SPLIT_WORDS)
    _refuse(source, "scale", table["scale"], ~table["scale"].isin(list(SCALES)), f"use one of {', '.join(SCALES)}")
    table["score"] = _scores(table, source)
    table["video"] = [str(Path(os.path.normpath(folder / video))) for video in table["video"]]
    return table


def write_manifest(table: pd.DataFrame, path: Path) -> None:
    """Write a manifest as CSV in one step; videos are written relative to its folder, with forward slashes."""
    path = Path(path)
    folder = path.resolve().parent
    checked = validated(table, source=str(path), folder=folder)
    checked["video"] = [Path(os.path.relpath(video, folder)).as_posix() for video in checked["video"]]
    whole = checked["score"].dropna()
    if (whole == whole.round()).all():
        checked["score"] = checked["score"].astype("Int64")
    with atomic_path(path) as temporary:
        checked.to_csv(temporary, index=False, lineterminator="\n")


def _table(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise UnusableInput(f"manifest {path} does not exist; give the path of a CSV or Parquet file")
    try:
        if path.suffix.lower() == ".parquet":
            return pd.read_parquet(path)
        # The required columns are read as text: a guess would turn subject 007 into 7 and task "NA" into nothing.
        text = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
        guessed = pd.read_csv(path, encoding="utf-8-sig", index_col=False, low_memory=False)
        return guessed.assign(**{name: text[name] for name in REQUIRED if name in text.columns})
    except (ValueError, OSError) as error:
        raise UnusableInput(
            f"manifest {path} cannot be read as a table ({error}); save it as comma-separated UTF-8"
        ) from error


def _as_text(value: object) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _refuse(source: str, column: str, values: pd.Series, bad: pd.Series, remedy: str) -> None:
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise UnusableInput(f"{source}, row {row + 1}: {column} {values.iloc[row]!r} is not known; {remedy}")


def _check_ids(ids: pd.Series, source: str) -> None:
    for row, name in enumerate(ids):
        unsafe = _UNSAFE.search(name) or name in ("", ".", "..") or name.startswith(".")
        if unsafe or name.split(".")[0].lower() in _RESERVED or len(name) > 200:
            raise UnusableInput(
                f"{source}, row {row + 1}: recording_id {name!r} cannot be a file name; use letters, digits, '_', '-' and '.'"
            )
    folded = ids.str.casefold()
    repeated = ids[folded.duplicated(keep=False)]
    if len(repeated):
        raise UnusableInput(
            f"{source}: recording_id {repeated.iloc[0]!r} occurs {int((folded == repeated.iloc[0].casefold()).sum())} times; "
            "ids name files and must differ by more than upper and lower case"
        )


def _scores(table: pd.DataFrame, source: str) -> pd.Series:
    scores = pd.to_numeric(table["score"], errors="coerce").astype(np.float64)
    unreadable = scores.isna() & ~table["score"].map(_as_text).str.lower().isin(_NO_SCORE)
    for row in np.flatnonzero(unreadable):
        raise UnusableInput(
            f"{source}, row {row + 1}: score {table['score'].iloc[row]!r} is not a number; leave it empty if unknown"
        )
    for place, (score, name) in enumerate(zip(scores, table["scale"], strict=True)):
        scale = scale_named(name)
        if not np.isnan(score) and not scale.low <= score <= scale.high:
            raise UnusableInput(
                f"{source}, row {place + 1}: score {score:g} is outside {scale.low}–{scale.high} of {name}; "
                "correct the score or the scale"
            )
    return scores
