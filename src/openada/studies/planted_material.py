"""A run's recordings beside the truth of the planted benchmark: what localisation and evidence read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from openada.datasets.scales import SCALES
from openada.evaluation.intervals import Interval
from openada.evaluation.localisation import project_to_units, unit_truth
from openada.inference.recording import TrainedRun
from openada.training.units import Units

if TYPE_CHECKING:
    import pandas as pd


def planted_truth(config: Mapping[str, Any]) -> Path | None:
    """The folder with the planted truth behind a run's data, from the run's config; None where there is none at hand."""
    truth = Path(config["source_manifest"]).parent / "truth"
    return truth if config["planted"] and (truth / "episodes.csv").is_file() else None


@dataclass(frozen=True)
class PlantedRecording:
    """One recording: its N scale-1 units, its representations, and its cue.

    segments: its rows of segments.parquet. episodes_s (E, 2): the cue's episodes. truth (N,) bool: at least half of the
    unit is cue. category: the name of the category that the selection predicted.
    """

    recording_id: str
    subject: str
    category: str
    units: Units
    segments: pd.DataFrame
    episodes_s: np.ndarray
    truth: np.ndarray

    @property
    def unit_spans_s(self) -> np.ndarray:
        """(N, 2) start and end of every unit, s."""
        return np.stack([self.units.start_s, self.units.end_s], axis=1)

    def on_units(self, column: str, scale: int | None = None) -> np.ndarray:
        """(N,) a column of `segments`, of all scales or of one, projected onto units by the mean; NaN where there is none."""
        first, end = (self.segments[name].to_numpy() for name in ("first_unit", "end_unit"))
        values = self.segments[column].to_numpy(float)
        alone = values if scale is None else np.where(end - first == scale, values, np.nan)
        return project_to_units(alone, np.stack([first, end], axis=1), len(self.units.usable))


def planted_recordings(trained: TrainedRun, truth: Path, part: str) -> list[PlantedRecording]:
    """The recordings of `part` that the run's selection predicted. `truth` is the folder that holds episodes.csv."""
    import pandas as pd

    episodes = pd.read_csv(truth / "episodes.csv", dtype={"recording_id": str})
    predictions = pd.read_parquet(trained.folder.predictions)
    predictions = predictions[(predictions["split"] == part) & (predictions["method"] == "selection")]
    segments = pd.read_parquet(trained.folder.segments)
    bands = SCALES[trained.folder.config()["scale"]].bands
    found = []
    for row in predictions.itertuples():
        units = Units.load(trained.folder.units / f"{row.recording_id}.npz")
        cues = episodes.loc[episodes["recording_id"] == row.recording_id, ["start_s", "end_s"]].to_numpy(float)
        cues = cues.reshape(-1, 2)
        found.append(
            PlantedRecording(
                recording_id=row.recording_id,
                subject=str(row.subject),
                category=bands[row.category][0],
                units=units,
                segments=segments[segments["recording_id"] == row.recording_id].reset_index(drop=True),
                episodes_s=cues,
                truth=unit_truth(np.stack([units.start_s, units.end_s], axis=1), cues),
            )
        )
    return found


def measure_row(
    measure: str, metric: str, interval: Interval, excluded: int = 0, left_out: int = 0, note: str = ""
) -> dict[str, object]:
    """A row of localisation.csv or evidence.csv."""
    return {
        "measure": measure,
        "metric": metric,
        "value": interval.value,
        "low": interval.low,
        "high": interval.high,
        "n": interval.n,
        "n_subjects": interval.n_subjects,
        "unit": interval.unit,
        "recordings_excluded": excluded,
        "units_left_out": left_out,
        "note": "; ".join(text for text in (interval.note, note) if text),
    }
