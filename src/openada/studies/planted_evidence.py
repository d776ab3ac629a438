"""Evidence that relevance means something, on the planted benchmark: where it points, which segments it finds, and whether the
score follows it. Beside it the simpler readings it has to beat: attention, gradient × input and plain segment scores.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from openada.errors import UnusableInput
from openada.evaluation.deletion import RANDOM, UNIFORM, RecordingPoints, deletion_intervals, recording_points
from openada.evaluation.localisation import cue_share, own_generator
from openada.evaluation.temporal_detection import (
    RecordingDetections,
    mean_average_precision,
    runs_above,
    suppress,
)
from openada.explanation.attention import attention_concentration
from openada.explanation.gradient import gradient_times_input
from openada.explanation.masking import score_of_kept
from openada.inference.expada import ExpADARun
from openada.inference.recording import TrainedRun
from openada.prepared.dataset import PreparedDataset
from openada.studies.planted_localisation import ByRecording, auroc_rows, stage1_scores
from openada.studies.planted_material import PlantedRecording, measure_row, planted_recordings

if TYPE_CHECKING:
    import pandas as pd

SEVERITY, SDR = "severity relevance", "category support (SDR)"
ATTENTION, GRADIENT = "attention concentration", "gradient × input"
CEILING = "true share of cue in each unit (the most these units allow)"
OWN = ", its own segments"
COLUMNS_OF_SEGMENTS = {
    SEVERITY: "severity_relevance",
    SDR: "category_support",
    "stage-2 segment score": "segment_score",
}


def planted_evidence(
    trained: ExpADARun,
    truth: Path,
    part: str,
    *,
    data: Path | None = None,
    draws: int = 20,
    seed: int = 0,
    tick: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """A row per measure and metric, columns as in `planted_localisation`.

    Metrics: "auroc" (mean over recordings); "map_iou_0.3", "_0.5", "_0.7", "_mean" (segments of all recordings, ranked together);
    "deletion_points" and "insertion_points", and the paired differences "…_over_random" and "…_over_uniform" (points of the
    scale). All work on the recordings' scale-1 units; mAP also on the selection's own segments of several scales ("its own
    segments"). Deletion is reported by predicted category too.

    `truth` holds episodes.csv; `data` is where the prepared data set lies now: the recordings are encoded again for attention.
    `draws` random orders and random relevances, made with `seed`; `tick(done, all)` is told of progress. Raises UnusableInput for
    a run without stage 2.
    """
    import pandas as pd

    require_evidence(trained, truth)
    recordings = planted_recordings(trained, truth, part)
    dataset = PreparedDataset(data or Path(trained.folder.config()["data"]))
    slow: dict[str, dict[str, np.ndarray]] = {ATTENTION: {}, GRADIENT: {}}
    points = []
    for done, one in enumerate(recordings, start=1):
        slow[ATTENTION][one.recording_id] = _attention(trained, dataset, one)
        slow[GRADIENT][one.recording_id] = gradient_times_input(
            trained.model.selector, one.units.feature, one.units.usable, one.unit_spans_s
        ).values
        own = {name: values[one.recording_id] for name, values in unit_measures([one], slow).items()}
        score = score_of_kept(trained.model.selector, one.units.feature)
        points.append(
            recording_points(one.recording_id, one.subject, own, one.units.usable, score, draws=draws, seed=seed)
        )
        if tick:
            tick(done, len(recordings))
    measures = unit_measures(recordings, slow)
    rows = [
        *auroc_rows(recordings, slow),
        *detection_rows(recordings, measures, draws=draws, seed=seed),
        *deletion_rows(recordings, points, list(measures)),
    ]
    return pd.DataFrame(rows)


def require_evidence(trained: TrainedRun, truth: Path | None) -> Path:
    """The planted truth; raises UnusableInput where there is none, and for a run of ExpADA without the selection of stage 2."""
    if isinstance(trained, ExpADARun) and trained.recipe.method != "selection":
        raise UnusableInput(
            f"{trained.folder.folder} was trained with method {trained.kind.method!r}: evidence needs the selection of stage 2"
        )
    if truth is None or not (truth / "episodes.csv").is_file():
        raise UnusableInput(
            f"{trained.folder.folder} is no run on a planted benchmark whose truth/episodes.csv is at hand; without the truth "
            "there is no evidence to make: leave out --evidence"
        )
    return truth


def unit_measures(
    recordings: Sequence[PlantedRecording], others: Mapping[str, ByRecording]
) -> dict[str, dict[str, np.ndarray]]:
    """Every measure's values (N,) on units, by recording; `others` are those of which the run's folder holds nothing."""
    ids = [one.recording_id for one in recordings]
    return {
        SEVERITY: {one.recording_id: one.on_units("severity_relevance") for one in recordings},
        SDR: {one.recording_id: one.on_units("category_support") for one in recordings},
        **{name: {key: values[key] for key in ids} for name, values in others.items()},
        "stage-2 segment score": {one.recording_id: one.on_units("segment_score") for one in recordings},
        "stage-1 segment score": {one.recording_id: stage1_scores(one) for one in recordings},
    }


def detection_rows(
    recordings: Sequence[PlantedRecording], measures: Mapping[str, ByRecording], *, draws: int, seed: int
) -> list[dict[str, object]]:
    """mAP of every measure's runs of units and of the selection's own segments; of SDR by category too; controls and ceiling."""

    def runs(values: Callable[[PlantedRecording], np.ndarray]) -> list[RecordingDetections]:
        return [_detections(one, *runs_above(values(one), one.unit_spans_s)) for one in recordings]

    detectors = {name: [runs(lambda one, of=of: of[one.recording_id])] for name, of in measures.items()}  # type: ignore[misc]
    own = {
        name + OWN: [[_own_segments(one, column) for one in recordings]] for name, column in COLUMNS_OF_SEGMENTS.items()
    }
    by_category = {}
    for category, chosen in _by_category(recordings).items():
        names = {one.recording_id for one in chosen}
        by_category[f"SDR where {category} is predicted"] = [
            [found for found in detectors[SDR][0] if found.recording_id in names]
        ]
    usable = {one.recording_id: np.where(one.units.usable, 1.0, np.nan) for one in recordings}
    random = {one.recording_id: own_generator(seed, one.recording_id) for one in recordings}
    controls = {
        "random relevance": [
            runs(lambda one: usable[one.recording_id] * random[one.recording_id].random(len(one.units.usable)))
            for _ in range(draws)
        ],
        "uniform relevance": [runs(lambda one: usable[one.recording_id])],
        CEILING: [runs(lambda one: usable[one.recording_id] * cue_share(one.unit_spans_s, one.episodes_s))],
    }
    rows = []
    for name, found in {**detectors, **own, **by_category, **controls}.items():
        lost = sum(int((~one.units.usable).sum()) for one in recordings if one.recording_id in _ids(found[0]))
        note = f"{sum(len(one.episodes_s) for one in found[0])} episodes"
        for metric, interval in mean_average_precision(found).items():
            rows.append(measure_row(name, metric, interval, 0, lost, note))
    return rows


def deletion_rows(
    recordings: Sequence[PlantedRecording], points: Sequence[RecordingPoints | None], measures: Sequence[str]
) -> list[dict[str, object]]:
    """Deletion and insertion of every measure's order and of both controls, then of the network's relevance by category."""
    found = {one.recording_id: one for one in points if one is not None}

    def rows_of(name: str, measure: str, chosen: Sequence[PlantedRecording]) -> list[dict[str, object]]:
        used = [found[one.recording_id] for one in chosen if one.recording_id in found]
        lost = sum(int((~one.units.usable).sum()) for one in chosen)
        return [
            measure_row(measure, metric, interval, len(chosen) - len(used), lost)
            for metric, interval in deletion_intervals(used, name).items()
        ]

    rows = [row for name in (*measures, RANDOM, UNIFORM) for row in rows_of(name, name, recordings)]
    for category, chosen in _by_category(recordings).items():
        for name, short in ((SEVERITY, SEVERITY), (SDR, "SDR")):
            rows += rows_of(name, f"{short} where {category} is predicted", chosen)
    return rows


def _attention(trained: ExpADARun, dataset: PreparedDataset, one: PlantedRecording) -> np.ndarray:
    prepared = dataset.recording(one.recording_id)
    segments = trained.source.segments(prepared)
    if len(segments) != len(one.units.usable) or np.any(segments.usable != one.units.usable):
        raise UnusableInput(
            f"{one.recording_id}: the prepared recording has other segments than those the run encoded; give the data set "
            "that the run was trained on"
        )
    return attention_concentration(trained.model.encoder, trained.source.reader(prepared), segments).values


def _detections(one: PlantedRecording, spans_s: np.ndarray, score: np.ndarray) -> RecordingDetections:
    return RecordingDetections(one.recording_id, one.subject, spans_s, score, one.episodes_s)


def _own_segments(one: PlantedRecording, column: str) -> RecordingDetections:
    spans = one.segments[["start_s", "end_s"]].to_numpy(float)
    values = one.segments[column].to_numpy(float)
    kept = suppress(spans, values)
    return _detections(one, spans[kept], values[kept])


def _by_category(recordings: Sequence[PlantedRecording]) -> dict[str, list[PlantedRecording]]:
    names = dict.fromkeys(one.category for one in recordings)
    return {name: [one for one in recordings if one.category == name] for name in names}


def _ids(found: Sequence[RecordingDetections]) -> set[str]:
    return {one.recording_id for one in found}
