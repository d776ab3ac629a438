"""What simple measurements of rendered recordings say about the planted score: the benchmark's check baselines.

Each is a small vector per recording, given to a ridge regression whose scaling and penalty are fitted on training
recordings. By the benchmark's design the first five families should not beat the constant predictor; peak energy and pairs
are coincidences themselves and may (protocol.md, "The planted benchmark").
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from openada.evaluation.baselines import ridge_predictions
from openada.prepared.dataset import PreparedDataset, PreparedRecording
from openada.video import encoded_bytes_per_frame

if TYPE_CHECKING:
    import pandas as pd

PICTURE_PX = 16
MAP_PX = 64
GRID = 8
PEAK_WINDOW_S = 1.0
GROUP_SIGNALS = {"brows": ("AU01_g", "AU04_g"), "mouth": ("AU15_g",), "lids": ("gaze_pitch_deg",)}


def planted_baselines(dataset: PreparedDataset, table: pd.DataFrame, part: str) -> dict[str, np.ndarray]:
    """Predictions of every baseline for the recordings of `part`, in the order of `table`; fitted on its training rows."""
    training, asked = table[table["split"] == "training"], table[table["split"] == part]
    features = {
        recording: _features(dataset.recording(recording))
        for recording in [*training["recording_id"], *asked["recording_id"]]
    }
    predictions = {}
    for name in FAMILIES:
        train, test = (
            np.stack([features[recording][name] for recording in rows["recording_id"]]) for rows in (training, asked)
        )
        predictions[name] = ridge_predictions(train, training["score"].to_numpy(float), test, training["subject"].to_numpy())
    return predictions


def _features(recording: PreparedRecording) -> dict[str, np.ndarray]:
    return {name: family(recording) for name, family in FAMILIES.items()}


def _moments(values: np.ndarray) -> np.ndarray:
    """Mean and standard deviation along time, the first axis, of the tracked frames."""
    return np.concatenate([np.atleast_1d(np.nanmean(values, axis=0)), np.atleast_1d(np.nanstd(values, axis=0))])


def _differences(recording: PreparedRecording) -> np.ndarray:
    """Absolute grey differences of neighbouring crops, (frames − 1, MAP_PX, MAP_PX); NaN where one of them was not tracked."""
    grey = recording.memory_map(MAP_PX).astype(np.float32).mean(axis=-1)
    tracked = recording.tracked
    differences = np.abs(np.diff(grey, axis=0))
    differences[~(tracked[1:] & tracked[:-1])] = np.nan
    return differences


def _region_grid_motion(recording: PreparedRecording) -> np.ndarray:
    differences = _differences(recording)
    cell = MAP_PX // GRID
    cells = differences.reshape(len(differences), GRID, cell, GRID, cell).mean(axis=(2, 4))
    return _moments(cells.reshape(len(cells), -1))


def _frame_difference(recording: PreparedRecording) -> np.ndarray:
    return _moments(_differences(recording).mean(axis=(1, 2)))


def _encoded_bytes(recording: PreparedRecording) -> np.ndarray:
    return _moments(encoded_bytes_per_frame(recording.face_file).astype(float))


def _median_face(recording: PreparedRecording) -> np.ndarray:
    return recording.reference(PICTURE_PX).astype(float).ravel() / 255


def _single_frame(recording: PreparedRecording) -> np.ndarray:
    tracked = np.flatnonzero(recording.tracked)
    middle = int(tracked[len(tracked) // 2])
    return recording.crops(middle, middle + 1, PICTURE_PX)[0].astype(float).ravel() / 255


def _groups(recording: PreparedRecording) -> np.ndarray:
    """How far each group is on, (frames, 3): its signals between their 10th and 95th percentile of the recording, 0 to 1."""
    table = recording.behaviour
    columns = []
    for names in GROUP_SIGNALS.values():
        values = table[list(names)].to_numpy(float)
        low, high = np.nanpercentile(values, [10, 95], axis=0)
        columns.append(np.clip((values - low) / np.maximum(high - low, 1e-9), 0, 1).mean(axis=1))
    return np.stack(columns, axis=1)


def _peak_energy(recording: PreparedRecording) -> np.ndarray:
    """The 98th percentile, and the largest moving mean over a second, of the sum of the groups' signals."""
    energy = np.nan_to_num(_groups(recording).sum(axis=1))
    times = recording.time_s
    frames = max(1, round(PEAK_WINDOW_S / max(float(np.median(np.diff(times))), 1e-6)))
    moving = np.convolve(energy, np.full(frames, 1 / frames), mode="valid") if len(energy) >= frames else energy
    return np.array([np.percentile(energy, 98), moving.max()])


def _pairs(recording: PreparedRecording) -> np.ndarray:
    groups = _groups(recording)
    return np.array([np.nanmean(groups[:, i] * groups[:, j]) for i, j in ((0, 1), (0, 2), (1, 2))])


FAMILIES: dict[str, Callable[[PreparedRecording], np.ndarray]] = {
    "region-grid motion": _region_grid_motion,
    "frame difference": _frame_difference,
    "encoded bytes": _encoded_bytes,
    "median face": _median_face,
    "single frame": _single_frame,
    "pairs of groups": _pairs,
    "peak energy": _peak_energy,
}
MAY_BEAT_CONSTANT = ("pairs of groups", "peak energy")
