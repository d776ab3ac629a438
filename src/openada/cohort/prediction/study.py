"""A prediction study: nested cross-validation of several learners, resumable fold by fold, and its tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from openada.batch import Outcome, default_workers
from openada.cohort.layout import Cohort
from openada.cohort.prediction import summary
from openada.cohort.prediction.fits import run_fits
from openada.cohort.prediction.fold import Fitting
from openada.cohort.prediction.hours import seconds_of_fold, sum_of, told
from openada.cohort.prediction.inputs import Inputs, inputs_of, write_inputs
from openada.cohort.prediction.jobs import FoldJob, do_fold, folds_of, plans_of, stored_fold, stored_seconds
from openada.cohort.prediction.learners import CONSTANT, DEFAULT, DEMOGRAPHICS, pipeline
from openada.cohort.prediction.targets import Task
from openada.errors import UnusableInput
from openada.files import atomic_path, write_json

FOLDER = "prediction"
STUDY_FILE = "study.json"
ADJUSTED_FOR = ("age", "sex", "site")


@dataclass(frozen=True)
class Predicted:
    """A finished study: its folder, inputs, `figures`, `per_fold`, `subgroups`, `importance` (tables of `summary`)."""

    folder: Path
    inputs: Inputs
    figures: pd.DataFrame
    per_fold: pd.DataFrame
    subgroups: pd.DataFrame
    importance: pd.DataFrame
    outcomes: list[Outcome]


def predict_study(
    cohort: Cohort,
    out: Path,
    *,
    scale: str,
    task: Task = "two-class",
    learners: Sequence[str] = DEFAULT,
    columns: Sequence[str] = ("*",),
    adjust: Sequence[str] = ADJUSTED_FOR,
    outer: int = 5,
    inner: int = 3,
    repeats: int = 1,
    fitting: Fitting = Fitting(importance=3),  # noqa: B008 - frozen
    workers: int | None = None,
    progress: bool = True,
    say: Callable[[str], None] = print,
) -> Predicted:
    """Nested cross-validation of `learners` beside the constant and, with `adjust`, demographics alone; tables in `out`.

    adjust: demographics that features are freed of, by a regression fitted inside each fold; what is left is what the face tells
    beyond them. outer, inner: folds of people; repeats: with other folds each. say: is told the hours to expect before anything
    is fitted. `out`/fits keeps a file per repeat, outer fold and learner. Raises UnusableInput as `inputs_of` and `pipeline`, and
    SomeItemsFailed where a fold could not be fitted.
    """
    if repeats < 1 or not learners or len(set(learners)) < len(learners):
        raise UnusableInput(
            f"{repeats} repeats of {', '.join(learners) or 'no learner'}: give one or more of each, none twice"
        )
    inputs = inputs_of(cohort, scale, task, columns=columns, adjust=adjust)
    names = [CONSTANT, *([DEMOGRAPHICS] if inputs.covariates.shape[1] else []), *learners]
    for name in names:
        pipeline(name, task, keep=fitting.keep)
    out = out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    path, sha256 = out / "inputs.npz", inputs.sha256
    write_inputs(path, inputs)
    jobs: list[FoldJob] = []
    hashes = []
    for repeat in range(repeats):
        folds = folds_of(inputs, cohort.instruments[scale].scale, outer, inner, fitting.seed + repeat)
        folds.save(out / "folds" / f"seed-{fitting.seed + repeat}-{folds.sha256[:12]}.json")
        hashes.append(folds.sha256)
        for fold, plan in enumerate(plans_of(folds, inputs.people)):
            for name in names:
                file = out / "fits" / f"repeat-{repeat + 1}-fold-{fold + 1}-{name.replace(' ', '-')}.json"
                jobs.append(FoldJob(path, sha256, file, name, repeat, fold, folds.sha256, plan, fitting))
    used = min(workers or default_workers(), len(jobs))
    pending = [job for job in jobs if stored_seconds(job) is None]
    estimate = 0.0
    if pending:
        costs = {
            name: seconds_of_fold(inputs, name, len(inputs.y), outer, inner, fitting)
            for name in dict.fromkeys(job.learner for job in pending)
        }
        estimate = sum_of([(costs[name], sum(job.learner == name for job in pending)) for name in costs])
        say(told(estimate, len(pending), used))
    outcomes = run_fits(do_fold, jobs, stored_seconds, lock=out / ".lock", workers=workers, progress=progress)
    done = {(job.learner, job.repeat, job.fold): stored_fold(job) for job in jobs}
    tests = {(job.repeat, job.fold): job.plan.test for job in jobs}
    predictions = summary.predictions_of(inputs, done, tests, names, learners)
    per_fold = summary.per_fold_table(inputs, predictions, tests)
    figures = summary.figure_table(inputs, predictions, per_fold)
    groups = summary.subgroup_table(inputs, predictions, cohort.people, cohort.of_kind("demographic"))
    importance = summary.importance_table(done, learners)
    chosen = summary.chosen_table(done, learners)
    for name, table in (
        ("figures", figures),
        ("per_fold", per_fold),
        ("subgroups", groups),
        ("importance", importance),
        ("chosen", chosen),
    ):
        with atomic_path(out / f"{name}.csv") as temporary:
            table.to_csv(temporary, index=False)
    with atomic_path(out / "predictions.parquet") as temporary:
        summary.long_predictions(inputs, predictions).to_parquet(temporary, index=False)
    about = {
        "scale": cohort.instruments[scale].scale,
        "total": scale,
        "task": task,
        "classes": list(inputs.classes),
        "people": len(inputs.y),
        "in_classes": [int((inputs.y == k).sum()) for k in range(len(inputs.classes))],
        "features": len(inputs.names),
        "adjusted_for": list(adjust),
        "learners": list(learners),
        "outer": outer,
        "inner": inner,
        "repeats": repeats,
        "fitting": asdict(fitting),
        "inputs_sha256": sha256,
        "folds_sha256": hashes,
        "estimated_seconds": estimate,
        "processor_seconds": sum(result.seconds for result in done.values()),
    }
    write_json(out / STUDY_FILE, about)
    return Predicted(out, inputs, figures, per_fold, groups, importance, outcomes)
