"""The recording of a person who does not exist: behaviour signals per frame, with stretches lost or not to be trusted.

Of the frames that count (tracked, confidence from `measures.MIN_CONFIDENCE` on) every signal has exactly the mean and the
standard deviation that the person's traits give it, so that an effect planted on a mean or a standard deviation is not diluted by
the length of the recording. Between, it moves like an autoregressive process with a memory of half a second.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from openada.cohort.measures import MIN_CONFIDENCE
from openada.cohort.synthetic.people import person_generator
from openada.errors import UnusableInput


class _Signal(NamedTuple):
    """A person's mean is `level` + `level_sd` · trait; their sd `spread` · (1 + 0.2 · trait), a tenth of it at least."""

    name: str
    level: float
    level_sd: float
    spread: float


SIGNALS = (
    _Signal("AU01_g", 0.0, 0.01, 0.02),
    _Signal("AU02_g", 0.0, 0.01, 0.02),
    _Signal("AU04_g", 0.0, 0.01, 0.015),
    _Signal("AU05_g", 0.0, 0.008, 0.015),
    _Signal("AU06_g", 0.0, 0.008, 0.015),
    _Signal("AU09_g", 0.0, 0.006, 0.01),
    _Signal("AU10_g", 0.0, 0.006, 0.012),
    _Signal("AU12_g", 0.02, 0.02, 0.03),
    _Signal("AU15_g", 0.0, 0.015, 0.03),
    _Signal("AU17_g", 0.0, 0.01, 0.02),
    _Signal("AU24_g", 0.0, 0.008, 0.015),
    _Signal("AU25_g", 0.05, 0.02, 0.05),
    _Signal("AU26_g", 0.06, 0.02, 0.06),
    _Signal("expressivity", 0.08, 0.02, 0.03),
    _Signal("gaze_yaw_deg", 0.0, 2.0, 3.0),
    _Signal("gaze_pitch_deg", 4.0, 3.0, 2.5),
    _Signal("iris_left_diameter", 0.4, 0.02, 0.008),
    _Signal("iris_right_diameter", 0.4, 0.02, 0.008),
    _Signal("head_yaw_deg", 0.0, 4.0, 5.0),
    _Signal("head_pitch_deg", 3.0, 4.0, 4.0),
    _Signal("head_roll_deg", 0.0, 3.0, 3.0),
)
FEATURES = tuple(f"{signal.name}__{statistic}" for statistic in ("mean", "std") for signal in SIGNALS)
"""What traits are drawn for, in the order of the traits."""

MEMORY_S = 0.5
_OPEN, _OPEN_SD, _BLINK_S = 0.3, 0.01, 0.2
_LOST, _DOUBTFUL, _BADLY_TRACKED = 0.6, 0.5, 0.01


def draw_recordings(
    numbers: np.ndarray, traits: np.ndarray, seed: int, *, seconds: float, fps: float
) -> list[pd.DataFrame]:
    """Tables with the layout of behaviour.parquet and a column `confidence`, one per person, `seconds` · `fps` rows each.

    numbers: (n,); traits: (n, `FEATURES`). Person by person the same whoever else is drawn. `eye_openness` has blinks, at a rate
    of each person's own that goes with nothing. About three people in five have a stretch in which the face is lost, half
    have one that is tracked with low confidence and wrong values; one in a hundred is lost most of the time.
    Raises UnusableInput as `frames_of`.
    """
    frames = frames_of(seconds, fps)
    return [
        _recording(row, person_generator(seed, int(number), 1), frames, fps)
        for number, row in zip(numbers, traits, strict=True)
    ]


def frames_of(seconds: float, fps: float) -> int:
    """How many frames a recording has. Raises UnusableInput for fewer than 20, or a rate that is not 1 to 1000 per second."""
    frames = round(seconds * fps) if np.isfinite(seconds * fps) else 0
    if not 1 <= fps <= 1000 or frames < 20:
        raise UnusableInput(f"{seconds:g} s at {fps:g} frames per second: give 20 frames or more, 1 to 1000 a second")
    return frames


def _recording(traits: np.ndarray, rng: np.random.Generator, frames: int, fps: float) -> pd.DataFrame:
    time_s = np.arange(frames) / fps
    lost, doubtful = _stretches(rng, frames)
    counts = ~(lost | doubtful)
    moving = _moving(rng, frames, fps)
    means, spreads = traits[: len(SIGNALS)], traits[len(SIGNALS) :]
    level, level_sd, spread = np.array([signal[1:] for signal in SIGNALS]).T
    inside = moving[counts]
    moving = (moving - inside.mean(axis=0)) / inside.std(axis=0)
    values = level + level_sd * means + spread * np.maximum(1 + 0.2 * spreads, 0.1) * moving
    openness = _openness(rng, time_s)
    wrong = rng.normal(0.0, 1.0, len(SIGNALS)) * 4
    values[doubtful] += (spread * wrong)[None]
    values[lost], openness[lost] = np.nan, np.nan
    confidence = np.where(doubtful, rng.uniform(0.3, MIN_CONFIDENCE - 0.05), rng.uniform(0.9, 0.99))
    columns = {"time_s": time_s, "tracked": ~lost, "confidence": np.where(lost, 0.0, confidence).astype(np.float32)}
    columns |= {signal.name: column for signal, column in zip(SIGNALS, values.T.astype(np.float32), strict=True)}
    return pd.DataFrame(columns | {"eye_openness": openness.astype(np.float32)})


def _stretches(rng: np.random.Generator, frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Which frames are lost and which are tracked but wrong, (T,) bool each, never both; at least ten others are left."""
    chance, length, start, badly = rng.random(2), rng.random(2), rng.random(2), rng.random() < _BADLY_TRACKED
    found = []
    for k, often in enumerate((_LOST, _DOUBTFUL)):
        share = 0.6 + 0.3 * length[k] if badly and k == 0 else 0.02 + 0.13 * length[k]
        size = min(round(share * frames), frames - 10 if k == 0 else frames // 4)
        first = round(start[k] * (frames - size))
        inside = np.zeros(frames, bool)
        inside[first : first + size] = chance[k] < often or (badly and k == 0)
        found.append(inside)
    lost, doubtful = found
    doubtful &= ~lost
    if (~(lost | doubtful)).sum() < 10:
        doubtful[:] = False
    return lost, doubtful


def _moving(rng: np.random.Generator, frames: int, fps: float) -> np.ndarray:
    """(T, signals): stationary first-order autoregressive noise."""
    from scipy.signal import lfilter

    memory = np.exp(-1 / (MEMORY_S * fps))
    noise = rng.standard_normal((frames, len(SIGNALS)))
    noise[1:] *= np.sqrt(1 - memory**2)
    return np.asarray(lfilter([1.0], [1.0, -memory], noise, axis=0))


def _openness(rng: np.random.Generator, time_s: np.ndarray) -> np.ndarray:
    """Eye openness (T,) that dips at blinks, 4 to 30 of them a minute."""
    rate = np.exp(rng.normal(np.log(14.0), 0.4))
    level = rng.normal(_OPEN, 0.03)
    openness = level + _OPEN_SD * rng.standard_normal(len(time_s))
    for blink_s in np.sort(rng.uniform(0, time_s[-1], rng.poisson(rate * time_s[-1] / 60))):
        openness *= 1 - 0.9 * np.exp(-(((time_s - blink_s) / (_BLINK_S / 2.5)) ** 2))
    return openness
