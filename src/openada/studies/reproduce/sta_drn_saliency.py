"""STA-DRN's maps by severity (Pan et al. 2023, Fig. 11)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from openada.datasets.scales import Scale, band_index
from openada.explanation.recording_maps import ClipMap, FrameMaps, explain_recording
from openada.inference.recording import TrainedRun
from openada.report.comparison import Section
from openada.report.content import NamedTable
from openada.report.figures import Drawing
from openada.report.plots import picture
from openada.report.saliency_pictures import ColourScale, SaliencyRow, three_columns
from openada.studies.reproduce.result import Result
from openada.studies.reproduce.sta_drn_runs import PRETRAINING, main_runs
from openada.studies.saliency_videos import SCALE_QUANTILE, chosen_frames

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from openada.studies.reproduce.job import Job

METHOD, GUIDED = "modified-grad-cam++", "guided-backpropagation"
READING = (
    "A row per band of the labels: the recording of the part whose predicted score is the middle one among its band's, and of it "
    "the clip with the most mass; nothing is picked for its looks. All rows share one scale per column.",
    "A map says where the clip's score came from in this network, and nothing about whether the network is right.",
)


class Shown(NamedTuple):
    """One row of the figure before it has colours: its recording, and the maps and guided maps of the clip that is shown."""

    label: str
    row: dict[str, object]
    rgb: np.ndarray
    values: np.ndarray
    guided: np.ndarray
    unit: tuple[str, str]


def figure11(name: str, job: Job) -> Result:
    """Map over the face, map alone and guided backpropagation, a row per severity band, of the first seed's run."""
    import pandas as pd

    runs = main_runs(job)[job.seeds[0]]
    predictions = next(iter(job.predictions(runs).values()))
    scale = job.scale(runs[0])
    rows = [
        _shown(job, runs, band, chosen)
        for band, chosen in middle_of_each_band(predictions, scale).items()
        if chosen is not None
    ]
    columns = (
        _colours([row.values for row in rows], rows[0].unit[0], False),
        _colours([row.guided for row in rows], rows[0].unit[1], True),
    )
    drawn = three_columns(
        [SaliencyRow(row.label, row.rgb, row.values, row.guided) for row in rows], *columns, name=METHOD
    )
    table = pd.DataFrame([row.row for row in rows])
    empty = [band for band, chosen in middle_of_each_band(predictions, scale).items() if chosen is None]
    said = [*READING, *(f"No recording of the part has a label in the band {band!r}." for band in empty)]
    section = Section(
        f"Maps on {job.part} recordings, run {runs[0].name}",
        said if job.weights else [*said, PRETRAINING],
        tables=[NamedTable("What is shown", table)],
        drawings=[Drawing("figure11", "Maps by severity", picture(drawn, "figure11"), columns[0].unit)],
        footer=job.foot(runs),
    )
    planted = job.corpora(runs[0])[1]
    return Result(name, [section], table, planted, runs)


def middle_of_each_band(predictions: pd.DataFrame, scale: Scale) -> dict[str, str | None]:
    """Band of the label → the recording with the middle prediction in it (the lower of two), None for a band without any."""
    bands = np.array([band_index(score, scale) for score in predictions["score"]])
    found: dict[str, str | None] = {}
    for place, (band, _) in enumerate(scale.bands):
        of_band = predictions[bands == place].sort_values(["prediction", "recording_id"])
        found[band] = str(of_band["recording_id"].iloc[(len(of_band) - 1) // 2]) if len(of_band) else None
    return found


def _shown(job: Job, runs: Sequence[Path], band: str, recording_id: str) -> Shown:
    trained = _run_of(runs, recording_id)
    recording = job.dataset.recording(recording_id)
    reader, cut = trained.source.reader(recording), trained.source.segments(recording)
    size_px = recording.reference().shape[0]
    maps = explain_recording(trained.model, reader, cut, METHOD, size_px=size_px)
    strongest = int(np.argmax([one.explanation.values.sum() for one in maps]))
    guided = explain_recording(trained.model, reader, cut, GUIDED, size_px=size_px, batch=1)[strongest : strongest + 1]
    ((_, frame),) = chosen_frames(maps[strongest : strongest + 1], recording.tracked, 1)
    score = maps[strongest].explanation.score
    about: dict[str, object] = {
        "band": band,
        "recording": recording_id,
        "at (s)": round(float(recording.time_s[frame]), 2),
        "clip's score": round(float(score), 2),
    }
    frames = len(recording.time_s)
    return Shown(
        f"{band}\nat {recording.time_s[frame]:.1f} s\nclip's score {score:.1f}",
        about,
        recording.crops(frame, frame + 1)[0],
        _at(maps[strongest : strongest + 1], frame, frames, size_px),
        _at(guided, frame, frames, size_px),
        (maps[0].explanation.unit, guided[0].explanation.unit),
    )


def _run_of(runs: Sequence[Path], recording_id: str) -> TrainedRun:
    """The run (of several, one per task) that predicted the recording."""
    import pandas as pd

    for run in runs:
        trained = TrainedRun.load(run)
        if (pd.read_parquet(trained.folder.recordings)["recording_id"] == recording_id).any():
            return trained
    raise AssertionError(f"{recording_id} was predicted by none of the runs")


def _at(maps: Sequence[ClipMap], frame: int, frames: int, size_px: int) -> np.ndarray:
    values = FrameMaps(maps, frames).at(frame, size_px)
    assert values is not None  # the frame was chosen from the clip
    return values


def _colours(values: Sequence[np.ndarray], unit: str, signed: bool) -> ColourScale:
    """One scale for all rows; maps that are 0 throughout get one that ends at 1."""
    end = float(np.quantile(np.abs(np.stack(values)), SCALE_QUANTILE))
    return ColourScale(end or 1.0, signed, unit)
