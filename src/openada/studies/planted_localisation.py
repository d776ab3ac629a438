"""How well relevance finds the planted episodes, on the run's recordings (protocol.md, "Localisation")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from openada.evaluation.localisation import (
    Localisation,
    RecordingRelevance,
    localise,
    random_control,
    uniform_control,
)
from openada.inference.recording import TrainedRun
from openada.studies.planted_material import PlantedRecording, measure_row, planted_recordings

if TYPE_CHECKING:
    import pandas as pd

ByRecording = Mapping[str, np.ndarray]
"""Values (N,) on the units of each recording, by recording_id."""


def planted_localisation(trained: TrainedRun, truth: Path, part: str) -> pd.DataFrame:
    """A row per measure: measure, value (mean AUROC over recordings), low, high, n, n_subjects, unit, recordings_excluded, note.

    Severity relevance with all scales projected onto units, and of scale 1 alone; the paper's SDR over all recordings and by
    predicted category; segment scores of both stages; random and uniform relevance as controls. `truth` is the folder that holds
    episodes.csv. Recordings whose units are all, or none, of the cue are left out and counted.
    """
    import pandas as pd

    return pd.DataFrame(auroc_rows(planted_recordings(trained, truth, part)))


def auroc_rows(
    recordings: Sequence[PlantedRecording], others: Mapping[str, ByRecording] | None = None
) -> list[dict[str, object]]:
    """The rows of `planted_localisation`; `others`, further measures by name, stand before the controls."""
    return [
        measure_row(name, "auroc", found.interval, found.recordings_excluded, found.units_left_out)
        for name, found in localisations(recordings, others).items()
    ]


def localisations(
    recordings: Sequence[PlantedRecording], others: Mapping[str, ByRecording] | None = None
) -> dict[str, Localisation]:
    """Measure → its AUROC of every recording and their mean; `others`, further measures, stand before the controls."""
    relevance = [
        RecordingRelevance(
            recording_id=one.recording_id,
            subject=one.subject,
            truth=one.truth,
            severity_relevance=one.on_units("severity_relevance"),
            category_support=one.on_units("category_support"),
            predicted_category=one.category,
        )
        for one in recordings
    ]
    alone = {one.recording_id: one.on_units("severity_relevance", scale=1) for one in recordings}
    more = {
        "stage-2 segment score": {one.recording_id: one.on_units("segment_score") for one in recordings},
        "stage-1 segment score": {one.recording_id: stage1_scores(one) for one in recordings},
        **(others or {}),
    }
    measures: list[tuple[str, Localisation]] = [
        ("severity relevance", localise(relevance, lambda r: r.severity_relevance)),
        ("severity relevance, scale 1 alone", _by_name(relevance, alone)),
        ("category support (SDR)", localise(relevance, _support)),
        *_by_category(relevance),
        *((name, _by_name(relevance, values)) for name, values in more.items()),
        ("random relevance", random_control(relevance)),
        ("uniform relevance", uniform_control(relevance)),
    ]
    return dict(measures)


def stage1_scores(recording: PlantedRecording) -> np.ndarray:
    """(N,) the encoder's own score of every unit, NaN where it is not usable."""
    return np.where(recording.units.usable, recording.units.score, np.nan)


def _by_name(recordings: list[RecordingRelevance], values: ByRecording) -> Localisation:
    return localise(recordings, lambda r: values[r.recording_id])


def _support(recording: RecordingRelevance) -> np.ndarray:
    assert recording.category_support is not None
    return recording.category_support


def _by_category(recordings: list[RecordingRelevance]) -> list[tuple[str, Localisation]]:
    names = dict.fromkeys(r.predicted_category for r in recordings)
    return [
        (f"SDR where {name} is predicted", localise([r for r in recordings if r.predicted_category == name], _support))
        for name in names
    ]
