"""The outer folds of a study as pieces of work, each stored in a file of its own, so that a study goes on where it was."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import pandas as pd

from openada.cohort.prediction.fold import Fitting, FoldResult, fit_fold
from openada.cohort.prediction.inputs import Inputs, read_inputs
from openada.datasets.folds import Folds, nested_folds
from openada.files import read_json, write_json

FORMAT = 1


@dataclass(frozen=True)
class Plan:
    """Positions of one outer fold: `train`, `test` (m,), and inner pairs of positions among `train`."""

    train: np.ndarray
    test: np.ndarray
    inner: tuple[tuple[np.ndarray, np.ndarray], ...]


@dataclass(frozen=True)
class FoldJob:
    """One outer fold of one learner, read from `inputs` (of that hash) and stored in `file`; `folds`: the hash of the folds."""

    inputs: Path
    sha256: str
    file: Path
    learner: str
    repeat: int
    fold: int
    folds: str
    plan: Plan
    fitting: Fitting

    @property
    def signature(self) -> str:
        """Of everything that the result hangs on."""
        import sklearn

        parts = {
            "format": FORMAT,
            "scikit-learn": sklearn.__version__,
            "inputs": self.sha256,
            "folds": self.folds,
            "fold": self.fold,
            "learner": self.learner,
            "fitting": asdict(self.fitting),
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def folds_of(inputs: Inputs, scale_name: str, outer: int, inner: int, seed: int) -> Folds:
    """Nested folds of people, stratified by severity band, each person on one side."""
    manifest = pd.DataFrame(
        {"recording_id": inputs.people, "subject": inputs.people, "scale": scale_name, "score": inputs.total}
    )
    return nested_folds(manifest, outer, inner, seed)


def plans_of(folds: Folds, people: np.ndarray) -> list[Plan]:
    """A plan per outer fold; people: (n,) sorted names, whose positions are meant."""
    plans = []
    for split, inner in zip(folds.splits, folds.inner, strict=True):
        train, test = (_positions(people, split.ids[part]) for part in ("training", "test"))
        names = people[train]
        pairs = [tuple(_positions(names, one.ids[part]) for part in ("training", "test")) for one in inner.splits]
        plans.append(Plan(train, test, tuple((a, b) for a, b in pairs)))
    return plans


class PlannedFold(NamedTuple):
    """An outer fold of one repeat, both counted from 0, and the hash of the folds that it is of."""

    repeat: int
    fold: int
    folds_sha256: str
    plan: Plan


def planned_folds(
    inputs: Inputs, scale_name: str, folder: Path, *, outer: int, inner: int, repeats: int, seed: int
) -> list[PlannedFold]:
    """All outer folds of all repeats, whose seeds are `seed`, `seed` + 1 and so on; the folds are saved in `folder`."""
    found = []
    for repeat in range(repeats):
        folds = folds_of(inputs, scale_name, outer, inner, seed + repeat)
        folds.save(folder / f"seed-{seed + repeat}-{folds.sha256[:12]}.json")
        plans = plans_of(folds, inputs.people)
        found += [PlannedFold(repeat, fold, folds.sha256, plan) for fold, plan in enumerate(plans)]
    return found


def _positions(people: np.ndarray, asked: Any) -> np.ndarray:
    return np.searchsorted(people, np.sort(np.asarray(list(asked), dtype=people.dtype)))


class StoredFold(Protocol):
    """A fold that knows its file and the signature that a result in it must have."""

    @property
    def file(self) -> Path: ...  # noqa: D102

    @property
    def signature(self) -> str: ...  # noqa: D102


def do_fold(job: FoldJob) -> dict[str, Any]:
    """Fit, predict, store; gives the seconds."""
    inputs = read_inputs(job.inputs, job.sha256)
    found = fit_fold(inputs, job.learner, job.plan.train, job.plan.test, job.plan.inner, job.fitting)
    content = {
        "signature": job.signature,
        "learner": job.learner,
        "repeat": job.repeat,
        "fold": job.fold,
        "seconds": found.seconds,
        "chosen": found.chosen,
        "inner_score": None if np.isnan(found.inner_score) else found.inner_score,
        "kept": list(found.kept),
        "importance": found.importance,
        "prediction": found.prediction.tolist(),
    }
    write_json(job.file, content)
    return {"seconds": found.seconds}


def stored_seconds(job: StoredFold) -> dict[str, Any] | None:
    """The seconds of a fold that was stored with the same signature, else None."""
    found = _stored(job)
    return None if found is None else {"seconds": found["seconds"]}


def stored_fold(job: StoredFold) -> FoldResult:
    """A fold that is done."""
    found = _stored(job)
    assert found is not None  # the batch has said that it is done
    score = float("nan") if found["inner_score"] is None else found["inner_score"]
    return FoldResult(
        np.array(found["prediction"]),
        found["chosen"],
        score,
        tuple(found["kept"]),
        found["importance"],
        found["seconds"],
    )


def _stored(job: StoredFold) -> dict[str, Any] | None:
    if not job.file.is_file():
        return None
    try:
        found = read_json(job.file)
        return dict(found) if found["signature"] == job.signature else None
    except (OSError, ValueError, KeyError):
        return None
