"""The benchmark's card: what was made, with what, and what it can and cannot say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from openada.datasets.planted.eyes import EYEBALL_RADIUS_MM, INTEROCULAR_MM
from openada.datasets.planted.schedule import (
    LONGEST_EPISODE_S,
    SHORTEST_EPISODE_S,
    TRAIN_SHARE,
    TRAIN_SHARE_RELATIVE_SD,
)
from openada.datasets.planted.severity import CUE_SHARE_AT_HIGHEST, CUE_SHARE_AT_ZERO, LABEL_NOISE_SD
from openada.files import write_json

STANDARD_SECONDS = 30.0
STATEMENT = (
    "Figures on this data are planted-benchmark figures: they say whether a method finds a known signal in place and time, "
    "and nothing about depression in people. The portrait is a stand-in: no statement is made about any real person."
)
VARIANT_NOTES = {
    "standard": "The cue is the coincidence of brows, mouth and lids; its share of the time follows the score.",
    "hard": "As standard, with weaker movements, more camera noise and more head movement.",
    "dynamic": "Cue and decoy hold the same frames and differ only in order: brows 0.3 s before the mouth, or after.",
    "shortcut": "As standard, with a lamp that follows the label in training and development, and not in test.",
    "shortcut-control": "As standard, with the lamp of `shortcut`, independent of the label everywhere.",
    "null": "As standard, with labels permuted over subjects before splitting: nothing can be learnt.",
}


def write_card(out: Path, parameters: dict[str, Any], plan: pd.DataFrame, truth: pd.DataFrame) -> None:
    """Write card.json: parameters, versions, portrait, design, sizes and the statement of what figures mean."""
    from openada.datasets.planted.portrait import DEFAULT_SOURCE

    with np.load(out / "truth" / "portrait.npz") as stored:
        source = str(stored["source"])
    sessions = plan.groupby("subject").agg(split=("split", "first"), score=("score", "first"))
    notes = [VARIANT_NOTES[parameters["variant"]], STATEMENT]
    if parameters["seconds"] < STANDARD_SECONDS:
        notes.append(
            f"Recordings last {parameters['seconds']:g} s: shorter than the standard {STANDARD_SECONDS:g} s, so that the cue's "
            "share of the time tells the score less exactly; not comparable with standard figures."
        )
    card = {
        "name": f"planted-{parameters['variant']}",
        **parameters,
        "portrait": {"source": source, "public_domain": True if source == DEFAULT_SOURCE else None},
        "recordings": len(plan),
        "subjects_per_split": sessions["split"].value_counts().to_dict(),
        "score": {
            "scale": "planted",
            "mean": float(sessions["score"].mean()),
            "sd": float(sessions["score"].std(ddof=0)),
            "label_noise_sd": LABEL_NOISE_SD,
        },
        "cue": {
            "expected_share_at_0": CUE_SHARE_AT_ZERO,
            "expected_share_at_63": CUE_SHARE_AT_HIGHEST,
            "mean_share": float(truth["cue_share"].mean()),
            "recordings_without": int((truth["cue_episodes"] == 0).sum()),
            "train_share": TRAIN_SHARE,
            "train_share_relative_sd": TRAIN_SHARE_RELATIVE_SD,
            "episode_s": [SHORTEST_EPISODE_S, LONGEST_EPISODE_S],
        },
        "eyeball_radius_mm": EYEBALL_RADIUS_MM,
        "interocular_mm": INTEROCULAR_MM,
        "angles": "head angles are those turned from the portrait's own pose; gaze angles are those of the eyes in the head",
        "versions": _versions(),
        "notes": notes,
    }
    write_json(out / "card.json", card)


def _versions() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for package in ("openada", "numpy", "scikit-image", "opencv-python-headless", "av", "mediapipe"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "unknown"
    return found
