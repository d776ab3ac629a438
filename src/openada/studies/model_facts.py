"""What is known of a trained model when it is used: on what it was trained, how good it is, how sure a score of it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from openada.datasets.scales import SCALES
from openada.evaluation.conformal import split_conformal, subject_scores
from openada.files import read_json
from openada.inference.checkpoint import CheckpointRun
from openada.inference.recording import TrainedRun
from openada.report.content import ModelDescription, TestResult

LEVEL = 0.9
UNNAMED = ("a corpus that the manifest does not name", "not stated")
NO_RUN = "the checkpoint came without a run: nothing is known that an interval could be calibrated on"
NO_RUN_LONG = (
    "A checkpoint without its run: which people it was trained on, how large its error on others is and how well its scores are "
    "calibrated are not known here."
)


def critical_warnings(config: Mapping[str, Any]) -> list[str]:
    """What must stand in red above everything else."""
    if not config["planted"]:
        return []
    return [
        f"This model was trained on the planted benchmark ({', '.join(config['corpus'])}): rendered movements of one "
        "portrait, in which the cue is made up. On a real face its score, its band and its highlighted moments say nothing "
        "about that person. This page shows how the software works, and no more."
    ]


def prediction_interval(trained: TrainedRun, method: str, score: float) -> tuple[dict[str, Any] | None, str | None]:
    """A split-conformal interval from the run's development subjects, or None and the reason.

    They were used neither to train nor to select (protocol, rule 9); a run that selected on them gets none.
    """
    import pandas as pd

    folder, config = trained.folder, trained.config
    if isinstance(trained, CheckpointRun):
        return None, NO_RUN
    if config["selected_on"] == "development":
        return None, "the development subjects selected the model, so none are left to calibrate an interval on"
    if not folder.predictions.is_file():
        return None, "the run has no predictions to calibrate on: run 'openada evaluate' on it first"
    table = pd.read_parquet(folder.predictions)
    rows = table[(table["split"] == "development") & (table["method"] == method)]
    if rows.empty:
        return None, "the run has no development recordings to calibrate an interval on"
    found = split_conformal(subject_scores(rows["score"], rows["prediction"], rows["subject"]), LEVEL)
    if not math.isfinite(found.half_width):
        return None, found.note
    scale = SCALES[config["scale"]]
    low, high = (float(np.clip(score + sign * found.half_width, scale.low, scale.high)) for sign in (-1, 1))
    return {
        "low": low,
        "high": high,
        "level": LEVEL,
        "calibration_subjects": found.n_subjects,
        "method": "split conformal on development subjects",
        "valid_for": "people like those of the training corpus; never claimed for another one",
    }, None


def model_description(trained: TrainedRun) -> ModelDescription:
    """Which model, trained on what, and its errors on test recordings if the run was evaluated."""
    config, kind = trained.config, trained.kind
    results: list[TestResult] = []
    path = trained.folder / "evaluation.json"
    if path.is_file() and not isinstance(trained, CheckpointRun):
        figures = read_json(path)
        for row in figures["headline"]:
            value, low, high, constant = (
                math.nan if row[key] is None else row[key] for key in ("value", "low", "high", "constant")
            )
            counts = (row["n"], row["n_subjects"], row["unit"])
            results.append(TestResult(row["metric"].upper(), value, low, high, constant, *counts))
    return ModelDescription(
        name=kind.title,
        preset=kind.preset,
        method="" if kind.is_clip_model else kind.method,
        corpus=", ".join(config["corpus"]) or UNNAMED[isinstance(trained, CheckpointRun)],
        n_recordings=config["recordings"]["training"],
        n_subjects=config["subjects"]["training"],
        split="" if isinstance(trained, CheckpointRun) else trained.recipe.split,
        split_sha256=config["split_sha256"],
        seeds=[] if isinstance(trained, CheckpointRun) else [trained.recipe.seed],
        results=results,
        notes=[NO_RUN_LONG] if isinstance(trained, CheckpointRun) else [],
    )
