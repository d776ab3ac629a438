"""STA-DRN's scatter and its degraded inputs (Pan et al. 2023, Fig. 7-10)."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from openada.clips.corrupted import CorruptedRecording
from openada.clips.corruptions import KINDS, KindName
from openada.evaluation.fusion import UNITS
from openada.evaluation.seeds import rows_over_seeds
from openada.evaluation.table import evaluation_rows, wide
from openada.prepared.dataset import resized
from openada.report.comparison import Section
from openada.report.content import NamedTable
from openada.report.crop_rows import Captioned, picture_row
from openada.report.figures import Drawing
from openada.report.sweep import Step, sweep
from openada.studies.reproduce.agreement import agreement
from openada.studies.reproduce.expada_figures import FACES
from openada.studies.reproduce.result import Result
from openada.studies.reproduce.sta_drn_runs import (
    PRETRAINING,
    all_runs,
    counted,
    main_runs,
    methods_of,
    variant_runs,
)
from openada.studies.robustness import study_robustness

if TYPE_CHECKING:
    from openada.studies.reproduce.job import Job

ERRORS = ("mae", "rmse")
PICTURE_PX = 112
NO_NUMBERS = "The paper draws its curves and gives no numbers, so none stand beside."


def figure7(name: str, job: Job) -> Result:
    """Prediction against label for the four fusions at the recipe's number of groups."""
    runs = variant_runs(job, [job.clips.model.groups])
    methods, every = methods_of(job, runs), all_runs(runs)
    among, _ = counted(job, methods, every[: len(job.task_names)])
    return agreement(name, job, methods, every, among)


def figure8(name: str, job: Job) -> Result:
    """What degraded inputs look like: one crop with all strengths of noise and blur, as stored and as the model reads it."""
    example = job.dataset.recording(_middle(job))
    read_px = job.clips.model.image_size
    drawings = []
    for kind in ("noise", "blur"):
        about = KINDS[kind]
        crops = [
            (strength, _crop(example.folder, example.recording_id, kind, strength)) for strength in _strengths(kind)
        ]
        for side, words in ((PICTURE_PX, "as stored"), (read_px, f"at {read_px} pixels, as the model reads them")):
            if words != "as stored" and read_px >= crops[0][1].shape[0]:
                continue
            shown = [Captioned(resized(crop, side), f"{strength:g}") for strength, crop in crops]
            stem = f"{kind}_{side}"
            drawings.append(
                Drawing(
                    stem, f"{about.title}, {words}; {about.axis}", picture_row(shown, stem), f"{about.meaning} {FACES}"
                )
            )
    said = [
        "The middle tracked crop of the part's middle recording, in the order of ids: nothing is picked for its looks."
    ]
    table = pd.DataFrame([(kind, strength) for kind in ("noise", "blur") for strength in _strengths(kind)])
    table.columns = ["kind", "strength"]
    return Result(name, [Section("Degraded inputs", said, drawings=drawings)], table, _planted(job), [])


def figure9(name: str, job: Job) -> Result:
    """MAE and RMSE under Gaussian noise on intensities in 0–1, before anything else is done to them."""
    return _degraded(name, job, "noise")


def figure10(name: str, job: Job) -> Result:
    """MAE and RMSE under Gaussian blur."""
    return _degraded(name, job, "blur")


def _degraded(name: str, job: Job, kind: KindName) -> Result:
    runs = main_runs(job)
    first = runs[job.seeds[0]]
    by_strength: dict[float, dict[int, pd.DataFrame]] = {strength: {} for strength in _strengths(kind)}
    for seed, group in runs.items():
        found = [
            study_robustness(run, kinds=[kind], part=job.part, data=job.data, progress=job.progress) for run in group
        ]
        for strength, by_seed in by_strength.items():
            rows = pd.concat([study.predictions[kind, strength] for study in found], ignore_index=True)
            by_seed[seed] = rows.sort_values("recording_id").reset_index(drop=True)
    table = _table(by_strength, job.known(first))
    about = KINDS[kind]
    among, _ = counted(job, methods_of(job, {"": runs}), first)
    drawings = []
    for subset in (one for one in among if one.name in ("all recordings",)):
        for metric in ERRORS:
            own = table[(table["unit"] == UNITS[subset.unit]) & (table["metric"] == metric)].set_index("predictor")
            steps = [Step(strength, *own.loc[f"{strength:g}", ["value", "low", "high"]]) for strength in by_strength]
            constant = float(own.loc["training mean", "value"])
            drawings.append(
                Drawing(
                    f"{kind}_{metric}",
                    f"{about.title}: {metric.upper()}, {subset.name}",
                    sweep(steps, about.axis, metric.upper(), constant, f"{kind}_{metric}"),
                    "Bars: 95 % intervals over subjects; dashed: the training mean. An error that comes to rest at the dashed "
                    "line is that of a model that no longer reads the face.",
                )
            )
    said = [about.meaning, "Crops were corrupted after tracking, and nothing was trained again.", NO_NUMBERS]
    section = Section(
        f"{about.title} on {job.part} recordings",
        said if job.weights else [*said, PRETRAINING],
        tables=[
            NamedTable(
                f"Errors by {about.axis}",
                wide(table, ERRORS),
                "Mean over seeds ± sd over seeds [95 % interval over subjects, of the seed-averaged figure].",
            )
        ],
        drawings=drawings,
        footer=job.foot(first),
    )
    return Result(name, [section], table, job.corpora(first[0])[1], all_runs({"": runs}))


def _table(by_strength: Mapping[float, Mapping[int, pd.DataFrame]], known: pd.DataFrame) -> pd.DataFrame:
    """Constants and look-ups first, then a predictor per strength, by recordings and by sessions."""
    rows = next(iter(next(iter(by_strength.values())).values()))
    baselines = evaluation_rows(rows, training=known[known["split"] == "training"], predictor="", metrics=ERRORS)
    baselines = baselines[(baselines["predictor"] != "") & ~baselines["predictor"].str.contains(" − ")]
    parts = [baselines.assign(sd_over_seeds=np.nan, seeds="")]
    for strength, by_seed in by_strength.items():
        found = rows_over_seeds(by_seed, predictor=f"{strength:g}")
        parts.append(found[found["metric"].isin(ERRORS)].assign(strength=strength))
    return pd.concat(parts, ignore_index=True)


def _strengths(kind: KindName) -> list[float]:
    return [KINDS[kind].neutral, *KINDS[kind].strengths]


def _middle(job: Job) -> str:
    """The middle recording of the part, by id."""
    manifest = job.dataset.manifest
    prepared = set(manifest.loc[manifest["status"] == "prepared", "recording_id"])
    ids = [name for name in job.dataset.split(job.recipe.split).ids[job.part] if name in prepared]
    return ids[len(ids) // 2]


def _planted(job: Job) -> bool:
    manifest = job.dataset.manifest
    return "corpus" in manifest and bool(manifest["corpus"].astype(str).str.startswith("planted").any())


def _crop(folder: Path, recording_id: str, kind: KindName, strength: float) -> np.ndarray:
    with tempfile.TemporaryDirectory(prefix="openada-") as scratch:
        recording = CorruptedRecording(recording_id, folder, kind, strength, Path(scratch))
        tracked = np.flatnonzero(recording.tracked)
        middle = int(tracked[len(tracked) // 2])
        return next(iter(recording.iterate_crops(middle, middle + 1)))
