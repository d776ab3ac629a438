"""A prediction study with the network on behaviour series, in the folds and with the tables of `openada cohort predict`."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from openada.batch import default_workers
from openada.cohort.layout import Cohort
from openada.cohort.prediction.figures import headline
from openada.cohort.prediction.fits import run_fits
from openada.cohort.prediction.fold import Fitting
from openada.cohort.prediction.inputs import inputs_of, read_inputs, write_inputs
from openada.cohort.prediction.jobs import FoldJob, Plan, do_fold, planned_folds, stored_fold, stored_seconds
from openada.cohort.prediction.learners import CONSTANT, DEMOGRAPHICS
from openada.cohort.prediction.results import Folded, Predicted, write_results
from openada.cohort.prediction.study import ADJUSTED_FOR, FOLDER
from openada.cohort.prediction.targets import Task
from openada.cohort.series import CohortSeries
from openada.errors import UnusableInput
from openada.files import atomic_path, write_json
from openada.training.behaviour_series import Series, SeriesFitting, Wanted, fit_series_fold

SEQUENCE = "sequence network"
FORMAT = 1


@dataclass(frozen=True)
class SequenceJob:
    """One outer fold of the network; fields as `FoldJob`'s, and `series`, the folder of the stacked series, with its hash."""

    inputs: Path
    sha256: str
    series: Path
    series_sha256: str
    file: Path
    repeat: int
    fold: int
    folds: str
    plan: Plan
    fitting: SeriesFitting

    @property
    def signature(self) -> str:
        """Of everything that the result hangs on, under the name by which `prediction.jobs` knows a stored fold."""
        import torch

        parts = {
            "format": FORMAT,
            "torch": torch.__version__.partition("+")[0],
            "inputs": self.sha256,
            "series": self.series_sha256,
            "folds": self.folds,
            "fold": self.fold,
            "learner": SEQUENCE,
            "fitting": asdict(self.fitting),
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def do_sequence(job: SequenceJob) -> dict[str, Any]:
    """Fit, predict, store; gives the seconds."""
    started = time.process_time()
    inputs = read_inputs(job.inputs, job.sha256)
    task = inputs.task
    found = fit_series_fold(
        _stored_series(job.series, job.series_sha256),
        Wanted(inputs.y, len(inputs.classes), inputs.covariates),
        job.plan.train,
        job.plan.test,
        job.plan.inner,
        lambda truth, said: headline(truth, said, task),
        job.fitting,
    )
    content = {
        "signature": job.signature,
        "learner": SEQUENCE,
        "repeat": job.repeat,
        "fold": job.fold,
        "seconds": time.process_time() - started,
        "chosen": {"epochs": found.epochs},
        "inner_score": None if np.isnan(found.inner_score) else found.inner_score,
        "kept": [],
        "importance": {},
        "prediction": found.prediction.tolist(),
    }
    write_json(job.file, content)
    return {"seconds": content["seconds"]}


def sequence_study(
    cohort: Cohort,
    series: CohortSeries,
    folder: Path,
    *,
    scale: str,
    task: Task = "two-class",
    adjust: tuple[str, ...] = ADJUSTED_FOR,
    outer: int = 5,
    inner: int = 3,
    repeats: int = 1,
    fitting: SeriesFitting = SeriesFitting(),  # noqa: B008 - frozen
    workers: int | None = None,
    progress: bool = True,
    say: Callable[[str], None] = print,
) -> Predicted:
    """Nested cross-validation of the network beside the constant and demographics alone.

    Tables go to COHORT/prediction/SCALE-TASK-sequence, whose `fits` keeps a file per repeat and outer fold. People and folds are
    those of `predict_study` with the same seed, so that figures can be held beside its learners'. adjust: level and spread of
    each signal are freed of these demographics inside each fold (`training.behaviour_series.standardised`). Raises
    UnusableInput where people of the cohort have no series.
    """
    if repeats < 1:
        raise UnusableInput(f"{repeats} repeats: give one or more")
    inputs = inputs_of(cohort, scale, task, adjust=adjust)
    out = (folder / FOLDER / f"{scale}-{task}-sequence").absolute()
    out.mkdir(parents=True, exist_ok=True)
    path, sha256 = out / "inputs.npz", inputs.sha256
    write_inputs(path, inputs)
    kept = np.isin(series.person, inputs.people)
    without = np.setdiff1d(inputs.people, series.person)
    if without.size:
        raise UnusableInput(f"{without[0]!r} and {without.size - 1} others of the cohort have no series: build it anew")
    owner = np.searchsorted(inputs.people, series.person[kept])
    stacked = Series(series.values[kept], series.known[kept], owner)
    series_sha256 = _write_series(out / "series", stacked)
    references = [CONSTANT, *([DEMOGRAPHICS] if inputs.covariates.shape[1] else [])]
    planned = planned_folds(
        inputs,
        cohort.instruments[scale].scale,
        out / "folds",
        outer=outer,
        inner=inner,
        repeats=repeats,
        seed=fitting.seed,
    )
    jobs: list[FoldJob | SequenceJob] = []
    for one in planned:
        start = out / "fits" / f"repeat-{one.repeat + 1}-fold-{one.fold + 1}"
        for name in references:
            file = start.with_name(f"{start.name}-{name.replace(' ', '-')}.json")
            jobs.append(FoldJob(path, sha256, file, name, *one, Fitting(seed=fitting.seed)))
        file = start.with_name(f"{start.name}-sequence-network.json")
        jobs.append(SequenceJob(path, sha256, out / "series", series_sha256, file, *one, fitting))
    pending = sum(stored_seconds(job) is None for job in jobs)
    n, steps, signals = stacked.values.shape
    say(
        f"{n} recordings of up to {steps} steps, {signals} signals; {pending} of {len(jobs)} fits to do "
        f"on {min(workers or default_workers(), len(jobs))} processes"
    )
    outcomes = run_fits(_do, jobs, stored_seconds, lock=out / ".lock", workers=workers, progress=progress)
    done = {(_name(job), job.repeat, job.fold): stored_fold(job) for job in jobs}
    tests = {(job.repeat, job.fold): job.plan.test for job in jobs}
    about = {
        "features": signals,
        "signals": list(series.signals),
        "steps": steps,
        "recordings": n,
        "adjusted_for": list(adjust),
        "outer": outer,
        "inner": inner,
        "repeats": repeats,
        "fitting": asdict(fitting),
        "folds_sha256": [one.folds_sha256 for one in planned if one.fold == 0],
    }
    folded = Folded(done, tests, [*references, SEQUENCE], [SEQUENCE])
    return write_results(cohort, scale, out, inputs, folded, about=about, outcomes=outcomes)


def _do(job: FoldJob | SequenceJob) -> dict[str, Any]:
    return do_sequence(job) if isinstance(job, SequenceJob) else do_fold(job)


def _name(job: FoldJob | SequenceJob) -> str:
    return job.learner if isinstance(job, FoldJob) else SEQUENCE


def _write_series(folder: Path, series: Series) -> str:
    """As files that several processes can map; gives their hash."""
    made = hashlib.sha256()
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in asdict(series).items():
        made.update(repr(array.shape).encode())
        made.update(np.ascontiguousarray(array).tobytes())
        with atomic_path(folder / f"{name}.npy") as temporary, temporary.open("wb") as file:
            np.save(file, array)
    return made.hexdigest()


@lru_cache(maxsize=1)
def _stored_series(folder: Path, sha256: str) -> Series:
    """Mapped, not read. sha256: tells two states of the folder apart."""
    values, known, owner = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("values", "known", "owner"))
    return Series(values, np.array(known), np.array(owner))
