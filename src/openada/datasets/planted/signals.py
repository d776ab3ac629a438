"""From a schedule to the truth per frame: unit intensities, group flags, gaze and head angles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from openada.datasets.planted.schedule import GROUPS, Schedule
from openada.errors import UnusableInput

UNITS = ("AU01", "AU02", "AU04", "AU06", "AU12", "AU15", "AU26", "AU45")
TASKS = ("talk", "read")
RAMP_S = {"brows": 0.25, "mouth": 0.25, "lids": 0.40}
LIDS_GAZE_PITCH_DEG = 20.0
LIDS_CLOSURE = 0.35
SPEECH_SHARE = {"talk": 0.6, "read": 0.8}


@dataclass(frozen=True)
class Strength:
    """How strongly a variant moves: a factor on unit amplitudes and the lids' gaze, and one on the head's angles."""

    amplitude: float = 1.0
    pose: float = 1.0


def profile(time_s: np.ndarray, start_s: float, end_s: float, ramp_s: float) -> np.ndarray:
    """Intensity 0 to 1 of one episode, (T,): raised-cosine onset and offset of `ramp_s`, symmetric in time, zero outside."""
    ramp = min(ramp_s, (end_s - start_s) / 2)
    distance = np.minimum(time_s - start_s, end_s - time_s)
    return 0.5 - 0.5 * np.cos(np.pi * np.clip(distance / ramp, 0.0, 1.0))


def _add_episodes(time_s: np.ndarray, spans: list[tuple[float, float, float]], ramp_s: float) -> np.ndarray:
    """Sum of profiles of (start_s, end_s, amplitude); the spans of one signal do not overlap."""
    total = np.zeros(len(time_s))
    for start, end, amplitude in spans:
        first, last = np.searchsorted(time_s, (start, end))
        total[first:last] += amplitude * profile(time_s[first:last], start, end, ramp_s)
    return total


def _train(
    rng: np.random.Generator, seconds: float, pause_s: float, durations_s: tuple[float, float], low: float
) -> list[tuple[float, float, float]]:
    """Distractor episodes: exponential pauses of mean `pause_s`, durations and amplitudes (`low` to 1) uniform."""
    spans: list[tuple[float, float, float]] = []
    start = rng.exponential(pause_s)
    while start < seconds:
        end = start + rng.uniform(*durations_s)
        spans.append((start, end, rng.uniform(low, 1.0)))
        start = end + 0.2 + rng.exponential(pause_s)
    return spans


def _speech(rng: np.random.Generator, time_s: np.ndarray, task: str) -> np.ndarray:
    """Jaw opening 0 to 1, (T,): bursts of syllables at about 4 Hz, each with its own opening."""
    seconds = float(time_s[-1]) if len(time_s) else 0.0
    share = SPEECH_SHARE[task]
    jaw = np.zeros(len(time_s))
    start = rng.exponential(0.5)
    while start < seconds:
        burst = rng.uniform(1.0, 5.0)
        spans = []
        while burst > 0 and start < seconds:
            length = rng.uniform(0.18, 0.34)
            spans.append((start, start + length, rng.uniform(0.25, 1.0)))
            start, burst = start + length, burst - length
        jaw += _add_episodes(time_s, spans, 0.2)
        start += rng.exponential(3.0 * (1 - share) / share)
    return jaw


def _sway(rng: np.random.Generator, time_s: np.ndarray, sd: float) -> np.ndarray:
    """Slow wandering of standard deviation `sd`, (T,): five sinusoids of 0.05–0.6 Hz with random phases."""
    frequency = rng.uniform(0.05, 0.6, 5)
    weight = rng.normal(0.0, 1.0, 5) / np.sqrt(frequency / 0.05)
    waves = np.sin(2 * np.pi * frequency[:, None] * time_s + rng.uniform(0, 2 * np.pi, (5, 1)))
    return np.asarray(sd * (weight @ waves) / np.sqrt((weight**2).sum() / 2))


def _looks(rng: np.random.Generator, time_s: np.ndarray, task: str) -> np.ndarray:
    """Gaze yaw in degrees, (T,): looks aside, and in `read` also the eyes' travel along lines of text."""
    seconds = float(time_s[-1]) if len(time_s) else 0.0
    spans = [(a, b, size * rng.choice([-18.0, 18.0])) for a, b, size in _train(rng, seconds, 4.0, (0.5, 2.0), 0.5)]
    yaw = _add_episodes(time_s, spans, 0.1) + rng.normal(0.0, 1.0)
    if task == "read":
        period = rng.uniform(2.0, 3.0)
        yaw += 8.0 * (((time_s + rng.uniform(0, period)) / period) % 1.0) - 4.0
    return yaw


def draw_signals(
    rng: np.random.Generator, schedule: Schedule, time_s: np.ndarray, task: str, strength: Strength
) -> pd.DataFrame:
    """The truth of one recording, a row per frame at `time_s` (T,), in seconds.

    Columns: time_s; AU01 … AU45 (0 to 1); brows, mouth, lids, cue (bool); gaze_yaw_deg, gaze_pitch_deg (eyes in the
    head; + image right, + down); head_yaw_deg (+ the subject turns to image right), head_pitch_deg (+ looks down),
    head_roll_deg (+ clockwise in the image); shift_x, shift_y (head position, in inter-ocular distances).
    Everything but the groups is drawn from `rng` without a look at the schedule, so it is independent of cue and score.
    """
    if task not in TASKS:
        raise UnusableInput(f"task {task!r} is unknown: use one of {', '.join(TASKS)}")
    seconds = schedule.seconds
    level: dict[str, np.ndarray] = {}
    flags: dict[str, np.ndarray] = {}
    for group in GROUPS:
        spans = [(e.start_s, e.end_s, e.amplitude) for e in schedule.of(group)]
        level[group] = strength.amplitude * _add_episodes(time_s, spans, RAMP_S[group])
        flags[group] = _inside(time_s, [(a, b) for a, b, _ in spans])
    smile = _add_episodes(time_s, _train(rng, seconds, 3.0 if task == "talk" else 6.0, (0.6, 3.0), 0.4), 0.3)
    cheek = _add_episodes(time_s, _train(rng, seconds, 5.0, (0.5, 2.5), 0.4), 0.25)
    outer = _add_episodes(time_s, _train(rng, seconds, 5.0, (0.4, 1.5), 0.4), 0.2)
    blink = _add_episodes(time_s, _train(rng, seconds, 3.5, (0.24, 0.4), 0.95), 0.12)
    return pd.DataFrame(
        {
            "time_s": time_s,
            "AU01": level["brows"],
            "AU02": strength.amplitude * outer,
            "AU04": level["brows"],
            "AU06": strength.amplitude * cheek,
            "AU12": strength.amplitude * smile,
            "AU15": level["mouth"],
            "AU26": _speech(rng, time_s, task),
            "AU45": np.maximum(blink, LIDS_CLOSURE * level["lids"]),
            **flags,
            "cue": _inside(time_s, list(schedule.cues)),
            "gaze_yaw_deg": _looks(rng, time_s, task),
            "gaze_pitch_deg": LIDS_GAZE_PITCH_DEG * level["lids"] + _sway(rng, time_s, 1.0),
            "head_yaw_deg": strength.pose * (_sway(rng, time_s, 3.0) + rng.normal(0.0, 2.0)),
            "head_pitch_deg": strength.pose * (_sway(rng, time_s, 2.0) + rng.normal(0.0, 1.5)),
            "head_roll_deg": strength.pose * (_sway(rng, time_s, 1.5) + rng.normal(0.0, 1.5)),
            "shift_x": _sway(rng, time_s, 0.04),
            "shift_y": _sway(rng, time_s, 0.025),
        }
    )


def _inside(time_s: np.ndarray, spans: list[tuple[float, float]]) -> np.ndarray:
    """(T,) bool: which times lie in one of the half-open spans [start, end)."""
    flag = np.zeros(len(time_s), dtype=bool)
    for start, end in spans:
        first, last = np.searchsorted(time_s, (start - 1e-9, end - 1e-9))
        flag[first:last] = True
    return flag
