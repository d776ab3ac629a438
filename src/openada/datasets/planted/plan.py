"""Who is recorded, with which label, in which part of the split, and with which object in view."""

from __future__ import annotations

import numpy as np
import pandas as pd

from openada.datasets.planted.draws import strength_of
from openada.datasets.planted.severity import HIGHEST_SCORE, draw_labels, draw_severities
from openada.datasets.planted.signals import TASKS
from openada.datasets.scales import SCALES, band_index
from openada.datasets.splits import assign_parts

DEFAULT_SHARES = (0.5, 0.15, 0.35)
OBJECT_VARIANTS = ("shortcut", "shortcut-control")


def plan_recordings(subjects: int, seed: int, variant: str, shares: tuple[float, float, float]) -> pd.DataFrame:
    """All recordings of a benchmark, two tasks for each of `subjects`, a row each.

    Columns: recording_id, subject, session, task, split, score (label), severity (true s), index (subject's number from 0),
    object_value (0 to 1, NaN in variants without an object). In `shortcut` the object follows the label in training and
    development and is independent of it in test; in `shortcut-control` it is independent everywhere, drawn from the
    same distribution. In `null` labels are permuted over subjects before splitting.
    """
    strength_of(variant)
    people, objects, parts = (
        np.random.default_rng(child) for child in np.random.SeedSequence(seed, spawn_key=(0,)).spawn(3)
    )
    severities = draw_severities(people, subjects)
    labels = draw_labels(people, severities)
    if variant == "null":
        labels = people.permutation(labels)
    width = max(3, len(str(subjects)))
    names = [f"s{number:0{width}d}" for number in range(1, subjects + 1)]
    bands = {name: band_index(int(label), SCALES["planted"]) for name, label in zip(names, labels, strict=True)}
    part = assign_parts(bands, parts, shares)
    unrelated = draw_severities(objects, subjects) / HIGHEST_SCORE
    rows = []
    for index, name in enumerate(names):
        value = float("nan")
        if variant in OBJECT_VARIANTS:
            follows = variant == "shortcut" and part[name] != "test"
            value = float(labels[index] / HIGHEST_SCORE if follows else unrelated[index])
        for task in TASKS:
            rows.append(
                {
                    "recording_id": f"{name}_1_{task}",
                    "subject": name,
                    "session": "1",
                    "task": task,
                    "split": part[name],
                    "score": int(labels[index]),
                    "severity": float(severities[index]),
                    "index": index,
                    "object_value": value,
                }
            )
    return pd.DataFrame(rows)
