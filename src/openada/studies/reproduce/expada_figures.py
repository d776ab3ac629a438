"""ExpADA's pictures and its stability figure (Liao et al. 2026, Fig. 3-5, Interpretability)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from openada.inference.expada import ExpADAResult
from openada.report.comparison import Section
from openada.report.figures import Drawing
from openada.report.relevance_figures import relevance_along_time
from openada.studies.pictures import frame_strip
from openada.studies.planted_material import planted_truth
from openada.studies.reproduce.agreement import agreement
from openada.studies.reproduce.result import Result
from openada.studies.reproduce.subset_figures import subsets
from openada.training.run_folder import RunFolder

if TYPE_CHECKING:
    from openada.studies.reproduce.job import Job

KINDS = {
    "category_support": "category support (the paper's SDR): support for the category that was predicted",
    "severity_relevance": "severity relevance: support for the most severe category, whatever was predicted",
}
FACES = "It shows faces of the data set: its licence decides who may see it."


def figure3(name: str, job: Job) -> Result:
    """Relevance of all scales along time, with the heat strip and frames, of three recordings of the first seed's run.

    The paper shows three videos without saying how they were chosen. Here: those at the lowest, middle and highest predicted
    score of the part, so that nothing is picked for its looks.
    """
    runs = job.train("expada-selection", job.seeds[0], method="selection")
    rows = job.predictions(runs)["selection"].sort_values(["prediction", "recording_id"], kind="stable")
    chosen = rows.iloc[np.unique([0, len(rows) // 2, len(rows) - 1])]
    cues = _planted_episodes(runs)
    bands = [band for band, _ in job.scale(runs[0]).bands]
    drawings, values = [], []
    for number, row in enumerate(chosen.itertuples()):
        result = job.infer(runs, str(row.recording_id))
        values.append(result.segments.assign(recording_id=row.recording_id))
        own = cues[cues["recording_id"] == row.recording_id][["start_s", "end_s"]].to_numpy(float)
        for kind, words in KINDS.items():
            stem = f"relevance_{number}_{kind}"
            drawings.append(
                Drawing(
                    stem,
                    f"{row.recording_id}: {words.split(':', maxsplit=1)[0]}",
                    _along_time(job, str(row.recording_id), result, kind, own, stem),
                    f"{words}. Predicted {row.prediction:.1f}, label {row.score:g}, category {bands[row.category]}. "
                    + (f"Shaded: {len(own)} planted cue episodes. " if len(cues) else "")
                    + "Dark in the strip: little. "
                    + FACES,
                )
            )
    sentences = [
        "Recordings with the lowest, the middle and the highest predicted score of the part; values un-normalised."
    ]
    section = Section("Relevance along time", sentences, drawings=drawings, footer=job.foot(runs))
    return Result(name, [section], pd.concat(values, ignore_index=True), job.corpora(runs[0])[1], runs)


def _along_time(job: Job, recording_id: str, result: ExpADAResult, kind: str, cues: np.ndarray, stem: str) -> str:
    recording = job.dataset.recording(recording_id)
    start_s = float(recording.time_s[0])
    points = {}
    for frames, own in result.segments.groupby("scale_frames", sort=True):
        middle = own[["start_s", "end_s"]].mean(axis=1).to_numpy(float) - start_s
        points[f"{frames} frames"] = (middle, own[kind].to_numpy(float))
    units = result.units
    borders_s = np.append(units.start_s, units.end_s[-1]) - start_s
    alone = result.segments[result.segments["end_unit"] - result.segments["first_unit"] == 1]
    heat = np.full(len(units.usable), np.nan)
    heat[alone["first_unit"].to_numpy(int)] = alone[kind].to_numpy(float)
    name = kind.replace("_", " ")
    return relevance_along_time(
        points, (borders_s, heat), frame_strip(recording), cues - start_s, float(borders_s[-1]), name, stem
    )


def _planted_episodes(runs: list[Path]) -> pd.DataFrame:
    """The cues of a planted benchmark, no rows elsewhere."""
    truth = planted_truth(RunFolder(runs[0]).config())
    if truth is None:
        return pd.DataFrame({"recording_id": [], "start_s": [], "end_s": []})
    return pd.read_csv(truth / "episodes.csv", dtype={"recording_id": str})


def figure5(name: str, job: Job) -> Result:
    """Prediction against label with the fitted line, per subset and seed; slope, PCC and CCC as means over seeds."""
    selection = job.selection_runs()
    predictions = {seed: job.predictions(runs)["selection"] for seed, runs in selection.items()}
    runs = [run for group in selection.values() for run in group]
    return agreement(name, job, {"selection": predictions}, runs, subsets(predictions[job.seeds[0]]))
