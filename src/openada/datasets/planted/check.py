"""Proof that no single movement tells the score: simple features of drawn recordings against the constant predictor."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from openada.datasets.planted.draws import draw_recording
from openada.datasets.planted.ridge import cross_validated_ratio
from openada.datasets.planted.schedule import Schedule
from openada.datasets.planted.severity import draw_labels, draw_severities
from openada.datasets.planted.signals import TASKS, UNITS
from openada.errors import UnusableInput

LOWEST_ALLOWED_RATIO = 0.95
ON_LEVEL = 0.3  # a unit counts as on above this share of the strongest possible amplitude
Draw = Callable[..., tuple[Schedule, pd.DataFrame]]


def unit_features(truth: pd.DataFrame, on_level: float = ON_LEVEL) -> dict[str, float]:
    """What one recording's truth tells about each signal by itself.

    For every unit, gaze and head angle its mean; for every unit also the number of episodes, their mean duration (s) and
    mean amplitude; for the three groups the same from their flags; over all units the summed intensity and the total motion.
    """
    step_s = float(np.diff(truth["time_s"]).mean())
    features: dict[str, float] = {}
    intensity = truth[list(UNITS)].to_numpy()
    for column in ("gaze_yaw_deg", "gaze_pitch_deg", "head_yaw_deg", "head_pitch_deg", "head_roll_deg"):
        features[f"{column} mean"] = float(truth[column].mean())
    for name, values in zip(UNITS, intensity.T, strict=True):
        features |= {f"{name} {key}": value for key, value in _episodes(values, values > on_level, step_s).items()}
        features[f"{name} mean"] = float(values.mean())
    for name, unit in (("brows", "AU01"), ("mouth", "AU15"), ("lids", "gaze_pitch_deg")):
        found = _episodes(truth[unit].to_numpy(), truth[name].to_numpy(), step_s)
        features |= {f"{name} {key}": value for key, value in found.items()}
        features[f"{name} time"] = float(truth[name].mean())
    features["sum of units"] = float(intensity.sum(axis=1).mean())
    features["total motion"] = float(np.abs(np.diff(intensity, axis=0)).sum(axis=1).mean())
    return features


def coincidence_features(truth: pd.DataFrame) -> dict[str, float]:
    """Features that are coincidences themselves, and may tell the score: peak energy, and products of two groups."""
    groups = {"brows": truth["AU01"], "mouth": truth["AU15"], "lids": truth["gaze_pitch_deg"] / 20.0}
    energy = truth[list(UNITS)].to_numpy().sum(axis=1)
    return {
        "peak energy": float(np.quantile(energy, 0.98)),
        "brows x mouth": float((groups["brows"] * groups["mouth"]).mean()),
        "brows x lids": float((groups["brows"] * groups["lids"]).mean()),
        "mouth x lids": float((groups["mouth"] * groups["lids"]).mean()),
        "true cue share": float(truth["cue"].mean()),
    }


def _episodes(values: np.ndarray, on: np.ndarray, step_s: float) -> dict[str, float]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], on, [False]]).astype(int)))
    starts, ends = edges[::2], edges[1::2]
    if len(starts) == 0:
        return {"count": 0.0, "duration": 0.0, "amplitude": 0.0}
    return {
        "count": float(len(starts)),
        "duration": float((ends - starts).mean() * step_s),
        "amplitude": float(np.maximum.reduceat(np.append(values, 0.0), edges)[::2].mean()),
    }


def check(
    recordings: int = 2000,
    seconds: float = 30.0,
    fps: float = 10.0,
    seed: int = 0,
    variant: str = "standard",
    draw: Draw = draw_recording,
) -> pd.DataFrame:
    """Draw `recordings` (one per subject, not rendered) and see what simple features say about their labels.

    Returns a row per baseline: baseline, ratio (out-of-sample RMSE over the constant predictor's), limit, passed.
    Every mean, count, duration and amplitude enters as itself and its square, their joint ridge as all of them. Rows without
    a limit (NaN) are coincidences or the cue itself, shown for comparison and passed by definition. `draw` is replaced in tests.
    """
    if recordings < 100:
        raise UnusableInput(f"recordings = {recordings}: the check needs at least 100 to tell 0.95 from 1")
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(9,)))
    severities = draw_severities(rng, recordings)
    label = draw_labels(rng, severities).astype(float)
    marginal, joint = [], []
    for subject, severity in enumerate(severities):
        task = TASKS[subject % len(TASKS)]
        _, truth = draw(seed, subject, task, float(severity), seconds, fps, variant)
        marginal.append(unit_features(truth))
        joint.append(coincidence_features(truth))
    alone, together = pd.DataFrame(marginal), pd.DataFrame(joint)
    ratios = {name: _curve_ratio(alone[name].to_numpy(), label) for name in alone}
    ratios["joint ridge of all above"] = cross_validated_ratio(alone.to_numpy(), label)
    rows = [(name, ratio, LOWEST_ALLOWED_RATIO, ratio >= LOWEST_ALLOWED_RATIO) for name, ratio in ratios.items()]
    rows += [(name, _curve_ratio(together[name].to_numpy(), label), np.nan, True) for name in together]
    return pd.DataFrame(rows, columns=["baseline", "ratio", "limit", "passed"])


def _curve_ratio(values: np.ndarray, label: np.ndarray) -> float:
    return cross_validated_ratio(np.stack([values, values**2], axis=1), label)
