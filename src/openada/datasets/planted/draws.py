"""Drawing recordings without rendering them: what the check, the references and the generator have in common."""

from __future__ import annotations

import numpy as np
import pandas as pd

from openada.datasets.planted.schedule import Schedule, draw_schedule
from openada.datasets.planted.signals import TASKS, Strength, draw_signals
from openada.errors import UnusableInput

VARIANTS = ("standard", "hard", "dynamic", "shortcut", "shortcut-control", "null")
HARD = Strength(amplitude=0.6, pose=1.8)


def strength_of(variant: str) -> Strength:
    """How strongly recordings of a variant move; UnusableInput for an unknown variant."""
    if variant not in VARIANTS:
        raise UnusableInput(f"variant {variant!r} is unknown: use one of {', '.join(VARIANTS)}")
    return HARD if variant == "hard" else Strength()


def recording_seeds(seed: int, subject: int, task: str) -> tuple[np.random.SeedSequence, np.random.Generator]:
    """The streams of one recording: its schedule's seed, and the generator of everything independent of it."""
    root = np.random.SeedSequence(seed, spawn_key=(1, subject, TASKS.index(task)))
    schedule, others = root.spawn(2)
    return schedule, np.random.default_rng(others)


def draw_recording(
    seed: int, subject: int, task: str, severity: float, seconds: float, fps: float, variant: str
) -> tuple[Schedule, pd.DataFrame]:
    """Schedule and truth per frame of one recording, fully determined by the arguments."""
    strength = strength_of(variant)
    schedule_seed, rng = recording_seeds(seed, subject, task)
    schedule = draw_schedule(schedule_seed, severity, seconds, dynamic=variant == "dynamic")
    time_s = np.arange(int(seconds * fps + 1e-6)) / fps
    return schedule, draw_signals(rng, schedule, time_s, task, strength)
