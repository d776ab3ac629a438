"""A prediction study: nested cross-validation of several learners, resumable fold by fold, and its tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from openada.batch import default_workers
from openada.cohort.layout import Cohort
from openada.cohort.prediction.fits import run_fits
from openada.cohort.prediction.fold import Fitting
from openada.cohort.prediction.hours import seconds_of_fold, sum_of, told
from openada.cohort.prediction.inputs import inputs_of, write_inputs
from openada.cohort.prediction.jobs import FoldJob, do_fold, planned_folds, stored_fold, stored_seconds
from openada.cohort.prediction.learners import CONSTANT, DEFAULT, DEMOGRAPHICS, pipeline
from openada.cohort.prediction.results import Folded, Predicted, write_results
from openada.cohort.prediction.targets import Task
from openada.errors import UnusableInput

FOLDER = "prediction"
ADJUSTED_FOR = ("age", "sex", "site")


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
    planned = planned_folds(
        inputs,
        cohort.instruments[scale].scale,
        out / "folds",
        outer=outer,
        inner=inner,
        repeats=repeats,
        seed=fitting.seed,
    )
    jobs: list[FoldJob] = []
    for one in planned:
        for name in names:
            file = out / "fits" / f"repeat-{one.repeat + 1}-fold-{one.fold + 1}-{name.replace(' ', '-')}.json"
            jobs.append(FoldJob(path, sha256, file, name, *one, fitting))
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
    about = {
        "adjusted_for": list(adjust),
        "outer": outer,
        "inner": inner,
        "repeats": repeats,
        "fitting": asdict(fitting),
        "folds_sha256": [one.folds_sha256 for one in planned if one.fold == 0],
        "estimated_seconds": estimate,
    }
    folded = Folded(done, tests, names, learners)
    return write_results(cohort, scale, out, inputs, folded, about=about, outcomes=outcomes)
