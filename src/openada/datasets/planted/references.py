"""What the best possible reader of the planted cue reaches: the benchmark's references."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from openada.datasets.planted.draws import recording_seeds, strength_of
from openada.datasets.planted.schedule import draw_cue_share
from openada.datasets.planted.severity import draw_labels, draw_severities
from openada.datasets.planted.signals import TASKS
from openada.errors import UnusableInput
from openada.files import read_json

CONSTANT = "training mean"
TRUE_SHARE = "isotonic on true cue share"
MEASURED_SHARE = "isotonic on measured coincidence share"
NOISE_BOUND = "true score (label noise alone)"


def draw_shares(recordings: int, seconds: float, seed: int, variant: str) -> pd.DataFrame:
    """Drawn recordings, not rendered, two per subject: subject, task, severity, score (label), cue_share."""
    strength_of(variant)
    subjects = (recordings + len(TASKS) - 1) // len(TASKS)
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(8,)))
    severities = draw_severities(rng, subjects)
    labels = draw_labels(rng, severities)
    if variant == "null":
        labels = rng.permutation(labels)
    rows = []
    for subject in range(subjects):
        for task in TASKS:
            schedule_seed, _ = recording_seeds(seed, subject, task)
            share = draw_cue_share(schedule_seed, severities[subject], seconds, dynamic=variant == "dynamic")
            rows.append((subject, task, severities[subject], int(labels[subject]), share))
    return pd.DataFrame(rows, columns=["subject", "task", "severity", "score", "cue_share"])


def isotonic_prediction(train_share: np.ndarray, train_score: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Scores for `share` by isotonic regression (increasing, clipped at the ends) of `train_score` on `train_share`."""
    from sklearn.isotonic import IsotonicRegression

    model = IsotonicRegression(increasing=True, out_of_bounds="clip").fit(train_share, train_score)
    return np.asarray(model.predict(share), dtype=np.float64)


def references(
    recordings: int = 10_000, seconds: float = 30.0, seed: int = 0, variant: str = "standard"
) -> pd.DataFrame:
    """The references on recordings drawn without rendering: fitted on `recordings`, tested on as many others.

    Returns a row per reference and level ("recording", or "session", where a session's predictions are averaged):
    reference, level, rmse, ratio (to the training mean's RMSE), n. Variant `null` has no label-noise
    bound: its labels belong to others.
    """
    train = draw_shares(recordings, seconds, seed, variant)
    test = draw_shares(recordings, seconds, seed + 1, variant)
    test["prediction"] = isotonic_prediction(
        train["cue_share"].to_numpy(), train["score"].to_numpy(float), test["cue_share"].to_numpy()
    )
    columns = {TRUE_SHARE: "prediction"} | ({} if variant == "null" else {NOISE_BOUND: "severity"})
    return _rows(test, columns, float(train["score"].mean()))


def _rows(test: pd.DataFrame, columns: Mapping[str, str], constant: float) -> pd.DataFrame:
    rows = []
    for level, keys in (("recording", ["subject", "task"]), ("session", ["subject"])):
        table = test.groupby(keys)[["score", *columns.values()]].mean()
        label = table["score"].to_numpy(float)
        base = float(np.sqrt(((label - constant) ** 2).mean()))
        rows.append((CONSTANT, level, base, 1.0, len(table)))
        for name, column in columns.items():
            rmse = float(np.sqrt(((label - table[column].to_numpy(float)) ** 2).mean()))
            rows.append((name, level, rmse, rmse / base, len(table)))
    return pd.DataFrame(rows, columns=["reference", "level", "rmse", "ratio", "n"])


def coincidence_share(
    brow: np.ndarray, mouth: np.ndarray, gaze: np.ndarray, time_s: np.ndarray, level: float = 0.4, window_s: float = 0.2
) -> float:
    """Share of the measured time in which brow, mouth and gaze signals are on together.

    Signals are (T,), higher when the group is on, NaN where not tracked; each is smoothed by a running median of `window_s`
    and is on above `level` of the way from its 10th to its 95th percentile in the recording. NaN if nothing was tracked.
    """
    from scipy.ndimage import median_filter

    signals = np.stack([np.asarray(signal, dtype=np.float64) for signal in (brow, mouth, gaze)])
    measured = np.isfinite(signals).all(axis=0)
    if measured.sum() < 2:
        return float("nan")
    times = np.asarray(time_s, dtype=np.float64)
    frames = max(1, round(window_s / max(float(np.median(np.diff(times))), 1e-6)))
    smooth = np.stack([median_filter(signal[measured], size=frames, mode="nearest") for signal in signals])
    low, high = np.quantile(smooth, (0.10, 0.95), axis=1)
    together = (smooth > (low + level * (high - low))[:, None]).all(axis=0)
    return float(together.mean())


def references_for(
    folder: Path, measured: Mapping[str, float] | None = None, recordings: int = 10_000
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The references on the test recordings of a generated benchmark: (table as of `references`, predictions).

    The true cue share's curve is fitted on `recordings` drawn ones. `measured` maps recording_id to `coincidence_share` of
    tracked signals; its curve is fitted on the folder's training recordings. Predictions: recording_id,
    subject, task, score, and a column per reference.
    """
    from openada.datasets.manifest import read_manifest

    card = _card(folder)
    table = read_manifest(folder / "manifest.csv")
    truth = pd.read_csv(folder / "truth" / "recordings.csv", dtype={"recording_id": str})
    table = table.merge(truth[["recording_id", "severity", "cue_share"]], on="recording_id", validate="one_to_one")
    drawn = draw_shares(recordings, card["seconds"], card["seed"] + 1, card["variant"])
    train, test = table[table["split"] == "training"], table[table["split"] == "test"].copy()
    if train.empty or test.empty:
        raise UnusableInput(
            f"{folder}: the references need training and test recordings; the manifest lacks one of them"
        )
    test["true_share"] = isotonic_prediction(
        drawn["cue_share"].to_numpy(), drawn["score"].to_numpy(float), test["cue_share"].to_numpy()
    )
    columns = {TRUE_SHARE: "true_share"} | ({} if card["variant"] == "null" else {NOISE_BOUND: "severity"})
    if measured is not None:
        shares = table["recording_id"].map(measured)
        if shares.isna().any():
            lacking = table.loc[shares.isna(), "recording_id"].tolist()
            raise UnusableInput(f"no measured coincidence share for {lacking[:5]}: measure every recording of {folder}")
        test["measured_share"] = isotonic_prediction(
            shares[train.index].to_numpy(), train["score"].to_numpy(float), shares[test.index].to_numpy()
        )
        columns[MEASURED_SHARE] = "measured_share"
    kept = ["recording_id", "subject", "task", "score", *columns.values()]
    return _rows(test, columns, float(train["score"].mean())), test[kept].reset_index(drop=True)


def _card(folder: Path) -> dict[str, Any]:
    path = folder / "card.json"
    if not path.is_file():
        raise UnusableInput(f"{path} is missing: {folder} was not written by `openada synth`, or not to its end")
    content: dict[str, Any] = read_json(path)
    return content
