"""From one prediction per recording to one per session (protocol, rule 3): the mean, at decision level."""

from __future__ import annotations

from collections.abc import Hashable

import pandas as pd

from openada.errors import UnusableInput
from openada.evaluation.checks import vector

# What a column of one row per recording / per session is counted in; printed beside every figure.
UNITS = {"recording": "recordings", "session": "sessions"}

_KEYS = ["subject", "session"]
_OF_A_RECORDING = {"recording_id", "video", "task", "band", "predicted_band"}


def one_row_per_recording(predictions: pd.DataFrame) -> pd.DataFrame:
    """`predictions` itself, once checked: the columns are there, no recording twice, one scale, no NaN.

    Needs recording_id, subject, session, score, prediction. Raises UnusableInput naming columns or recordings.
    """
    missing = [c for c in ("recording_id", *_KEYS, "score", "prediction") if c not in predictions.columns]
    if missing:
        raise UnusableInput(
            f"predictions lack {', '.join(missing)} (they have {', '.join(map(str, predictions.columns))})"
        )
    twice = predictions["recording_id"][predictions["recording_id"].duplicated()]
    if len(twice):
        raise UnusableInput(
            f"recording {twice.iloc[0]!r} has several predictions ({len(twice)} rows too many): pass one method, seed "
            "and split at a time, and fuse clips or segments first"
        )
    if "scale" in predictions and predictions["scale"].nunique(dropna=False) > 1:
        scales = sorted(predictions["scale"].astype(str).unique())
        raise UnusableInput(f"predictions mix the scales {', '.join(scales)}: evaluate one scale at a time")
    ids = predictions["recording_id"].tolist()
    vector(predictions["score"], "score", ids)
    vector(predictions["prediction"], "prediction", ids)
    for key in _KEYS:
        unnamed = predictions["recording_id"][predictions[key].isna()]
        if len(unnamed):
            raise UnusableInput(f"{key} is missing for recording {unnamed.iloc[0]!r}: name it in the manifest")
    return predictions


def by_session(predictions: pd.DataFrame) -> pd.DataFrame:
    """One row per (subject, session), sorted: score and prediction are means over its recordings, `recordings` their
    number. Other columns stay if no session holds two values of them; those of a recording (its id, task, bands) go:
    bands are made anew from the fused score. A session is named within its subject.
    """
    table = one_row_per_recording(predictions)
    grouped = table.groupby(_KEYS, sort=True, dropna=False)
    fused = grouped[["score", "prediction"]].mean().assign(recordings=grouped.size())
    for column in table.columns:
        kept = column not in {*_KEYS, "score", "prediction", *_OF_A_RECORDING}
        if (
            kept
            and all(isinstance(v, Hashable) for v in table[column])
            and (grouped[column].nunique(dropna=False) <= 1).all()
        ):
            fused[column] = grouped[column].first()
    return fused.reset_index()
