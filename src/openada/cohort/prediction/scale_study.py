"""How well prediction does with few people and with many, and how much better the best fold looks at each number.

With fifty people a test fold has ten, and some fold of many is good by chance alone; that is the kind of figure that small
studies have reported. At every number of people the same nested cross-validation is repeated on people drawn anew, with a best
fold beside its mean.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from openada.batch import default_workers
from openada.cohort.layout import Cohort
from openada.cohort.prediction.figures import HEADLINE, figure
from openada.cohort.prediction.fits import run_fits
from openada.cohort.prediction.fold import Fitting, fit_fold
from openada.cohort.prediction.hours import seconds_of_fold, sum_of, told
from openada.cohort.prediction.inputs import Inputs, inputs_of, read_inputs, write_inputs
from openada.cohort.prediction.jobs import FORMAT, folds_of, plans_of
from openada.cohort.prediction.targets import Task
from openada.errors import UnusableInput
from openada.files import atomic_path, read_json, write_json

FOLDER = "scale_study"
SIZES = (50, 100, 200, 500, 1000, 2000, 5000)
FEWEST = 30


@dataclass(frozen=True)
class SizeJob:
    """One nested cross-validation on `people` of the study's people, drawn by `repeat`; stored in `file`."""

    inputs: Path
    sha256: str
    file: Path
    people: int
    repeat: int
    scale: str
    learner: str
    outer: int
    inner: int
    fitting: Fitting

    @property
    def signature(self) -> str:
        """Of everything that the result hangs on."""
        import sklearn

        parts = asdict(self) | {"file": "", "inputs": "", "format": FORMAT, "scikit-learn": sklearn.__version__}
        return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def scale_study(
    cohort: Cohort,
    out: Path,
    *,
    scale: str,
    task: Task = "two-class",
    learner: str = "gradient-boosting",
    sizes: Sequence[int] = SIZES,
    columns: Sequence[str] = ("*",),
    adjust: Sequence[str] = ("age", "sex", "site"),
    outer: int = 5,
    inner: int = 3,
    repeats: int = 5,
    fitting: Fitting = Fitting(),  # noqa: B008 - frozen
    workers: int | None = None,
    progress: bool = True,
    say: Callable[[str], None] = print,
) -> pd.DataFrame:
    """A row per number of people, those of `sizes` that there are and everyone: people, repeats, folds, mean and sd of the
    headline figure over all folds of all repeats, sd_repeats (of the repeats' means), best_fold. Written to `out`/curve.csv.

    A repeat draws people at random (of everyone it has only other folds); smaller numbers are parts of larger ones. Folds whose
    figure is undefined are left out of the mean and counted (`undefined`). Resumable by number and repeat; `say` is told the
    hours first. Raises UnusableInput as `inputs_of` and for numbers under `FEWEST`; SomeItemsFailed where a cross-validation
    failed.
    """
    inputs = inputs_of(cohort, scale, task, columns=columns, adjust=adjust)
    n = len(inputs.y)
    tried = sorted({*(size for size in sizes if size < n), n})
    if tried[0] < FEWEST or repeats < 1:
        raise UnusableInput(f"{tried[0]} people, {repeats} repeats: give {FEWEST} or more and 1 or more")
    out = out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    path, sha256 = out / "inputs.npz", inputs.sha256
    write_inputs(path, inputs)
    name = cohort.instruments[scale].scale
    jobs = [
        SizeJob(
            path,
            sha256,
            out / "fits" / f"people-{size}-repeat-{repeat + 1}.json",
            size,
            repeat,
            name,
            learner,
            outer,
            inner,
            fitting,
        )
        for size in tried
        for repeat in range(repeats)
    ]
    pending = [job for job in jobs if stored_values(job) is None]
    if pending:
        costs = {
            size: seconds_of_fold(inputs, learner, size, outer, inner, fitting)
            for size in {job.people for job in pending}
        }
        estimate = sum_of([(costs[job.people], outer) for job in pending])
        say(told(estimate, len(pending) * outer, min(workers or default_workers(), len(pending))))
    outcomes = run_fits(do_size, jobs, stored_values, lock=out / ".lock", workers=workers, progress=progress)
    table = curve([(job.people, (outcome.result or {})["values"]) for job, outcome in zip(jobs, outcomes, strict=True)])
    with atomic_path(out / "curve.csv") as temporary:
        table.to_csv(temporary, index=False)
    about: dict[str, Any] = {"scale": name, "total": scale, "task": task, "learner": learner, "metric": HEADLINE[task]}
    about |= {"outer": outer, "inner": inner, "repeats": repeats, "adjusted_for": list(adjust)}
    write_json(out / "study.json", about | {"inputs_sha256": sha256, "fitting": asdict(fitting)})
    return table


def curve(found: Sequence[tuple[int, Sequence[float | None]]]) -> pd.DataFrame:
    """The table of `scale_study` from (people, values of the folds, None where undefined) of every repeat."""
    rows = []
    for people in dict.fromkeys(size for size, _ in found):
        repeats = [np.array([np.nan if v is None else v for v in values]) for size, values in found if size == people]
        values = np.concatenate(repeats)
        known = values[np.isfinite(values)]
        means = np.array([one[np.isfinite(one)].mean() for one in repeats if np.isfinite(one).any()])
        row: dict[str, Any] = {"people": people, "repeats": len(repeats), "folds": len(values)}
        row |= {"mean": known.mean() if known.size else np.nan, "sd": known.std(ddof=1) if known.size > 1 else np.nan}
        row |= {"sd_repeats": means.std(ddof=1) if means.size > 1 else np.nan}
        row |= {"best_fold": known.max() if known.size else np.nan, "undefined": len(values) - len(known)}
        rows.append(row)
    return pd.DataFrame(rows)


def drawn(inputs: Inputs, people: int, seed: int) -> Inputs:
    """A random `people` of the inputs' people; of a smaller number the first of the same drawing."""
    order = np.random.default_rng([seed, 0x5343414C]).permutation(len(inputs.y))
    part = np.sort(order[:people])
    fields = {name: getattr(inputs, name)[part] for name in ("people", "features", "covariates", "y", "total")}
    return replace(inputs, **fields)


def do_size(job: SizeJob) -> dict[str, Any]:
    """One nested cross-validation; gives and stores the headline figure of each fold."""
    part = drawn(read_inputs(job.inputs, job.sha256), job.people, job.fitting.seed + job.repeat)
    folds = folds_of(part, job.scale, job.outer, job.inner, job.fitting.seed + job.repeat)
    values: list[float | None] = []
    for plan in plans_of(folds, part.people):
        found = fit_fold(part, job.learner, plan.train, plan.test, plan.inner, job.fitting)
        value = figure(HEADLINE[part.task], part.y[plan.test], found.prediction)
        values.append(value if np.isfinite(value) else None)
    write_json(job.file, {"signature": job.signature, "folds": folds.sha256, "values": values})
    return {"values": values}


def stored_values(job: SizeJob) -> dict[str, Any] | None:
    """What was stored with the same signature, else None."""
    if not job.file.is_file():
        return None
    try:
        found = read_json(job.file)
        return {"values": found["values"]} if found["signature"] == job.signature else None
    except (OSError, ValueError, KeyError):
        return None
