"""How well relevance finds the planted episodes, on the run's recordings (protocol.md, "Localisation")."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from openada.datasets.scales import SCALES
from openada.evaluation.localisation import (
    Localisation,
    RecordingRelevance,
    localise,
    project_to_units,
    random_control,
    uniform_control,
    unit_truth,
)
from openada.inference.recording import TrainedRun
from openada.training.units import Units

if TYPE_CHECKING:
    import pandas as pd


def planted_localisation(trained: TrainedRun, truth: Path, part: str) -> pd.DataFrame:
    """A row per measure: measure, value (mean AUROC over recordings), low, high, n, n_subjects, unit, recordings_excluded, note.

    Severity relevance with all scales projected onto units, and of scale 1 alone; the paper's SDR over all recordings and by
    predicted category; segment scores of both stages; random and uniform relevance as controls. `truth` is the folder that holds
    episodes.csv. Recordings whose units are all, or none, of the cue are left out and counted.
    """
    import pandas as pd

    episodes = pd.read_csv(truth / "episodes.csv", dtype={"recording_id": str})
    predictions = pd.read_parquet(trained.folder.predictions)
    predictions = predictions[(predictions["split"] == part) & (predictions["method"] == "selection")]
    segments = pd.read_parquet(trained.folder.segments)
    recordings: list[RecordingRelevance] = []
    others: dict[str, dict[str, np.ndarray]] = {name: {} for name in ("scale 1", "stage 1", "stage 2")}
    for row in predictions.itertuples():
        units = Units.load(trained.folder.units / f"{row.recording_id}.npz")
        own = segments[segments["recording_id"] == row.recording_id]
        spans = own[["first_unit", "end_unit"]].to_numpy()

        def on_units(values: pd.Series, spans: np.ndarray = spans, count: int = len(units.usable)) -> np.ndarray:
            return project_to_units(values.to_numpy(float), spans, count)

        alone = own["severity_relevance"].where(own["end_unit"] - own["first_unit"] == 1)
        others["scale 1"][row.recording_id] = on_units(alone)
        others["stage 1"][row.recording_id] = np.where(units.usable, units.score, np.nan)
        others["stage 2"][row.recording_id] = on_units(own["segment_score"])
        cues = episodes.loc[episodes["recording_id"] == row.recording_id, ["start_s", "end_s"]].to_numpy(float)
        recordings.append(
            RecordingRelevance(
                recording_id=row.recording_id,
                subject=str(row.subject),
                truth=unit_truth(np.stack([units.start_s, units.end_s], axis=1), cues.reshape(-1, 2)),
                severity_relevance=on_units(own["severity_relevance"]),
                category_support=on_units(own["category_support"]),
                predicted_category=SCALES[trained.folder.config()["scale"]].bands[row.category][0],
            )
        )
    measures: list[tuple[str, Localisation]] = [
        ("severity relevance", localise(recordings, lambda r: r.severity_relevance)),
        ("severity relevance, scale 1 alone", localise(recordings, lambda r: others["scale 1"][r.recording_id])),
        ("category support (SDR)", localise(recordings, _support)),
        *_by_category(recordings),
        ("stage-2 segment score", localise(recordings, lambda r: others["stage 2"][r.recording_id])),
        ("stage-1 segment score", localise(recordings, lambda r: others["stage 1"][r.recording_id])),
        ("random relevance", random_control(recordings)),
        ("uniform relevance", uniform_control(recordings)),
    ]
    return pd.DataFrame([_row(name, found) for name, found in measures])


def _support(recording: RecordingRelevance) -> np.ndarray:
    assert recording.category_support is not None
    return recording.category_support


def _by_category(recordings: list[RecordingRelevance]) -> list[tuple[str, Localisation]]:
    names = dict.fromkeys(r.predicted_category for r in recordings)
    return [
        (f"SDR where {name} is predicted", localise([r for r in recordings if r.predicted_category == name], _support))
        for name in names
    ]


def _row(name: str, found: Localisation) -> dict[str, object]:
    interval = found.interval
    return {
        "measure": name,
        "metric": "auroc",
        "value": interval.value,
        "low": interval.low,
        "high": interval.high,
        "n": interval.n,
        "n_subjects": interval.n_subjects,
        "unit": interval.unit,
        "recordings_excluded": found.recordings_excluded,
        "units_left_out": found.units_left_out,
        "note": interval.note,
    }
