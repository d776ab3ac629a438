"""Inputs and labels of a prediction study, made once and read by every fold; no column of a questionnaire among the inputs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path

import numpy as np

from openada.cohort.covariates import covariate_design
from openada.cohort.instruments import of_questionnaire
from openada.cohort.layout import Cohort
from openada.cohort.prediction.targets import Task, target_of
from openada.cohort.questionnaire import PERSON
from openada.errors import UnusableInput
from openada.evaluation.guards import require_no_label_among
from openada.files import atomic_path

FEWEST_PEOPLE = 20


@dataclass(frozen=True)
class Inputs:
    """People in rows, sorted by name: `features` (n, d) named `names`, NaN where missing; `covariates` (n, c), words as 0 or 1;
    `y` (n,), total or class; `total` (n,); `classes`: names of the classes, none for a total.
    """

    people: np.ndarray
    names: tuple[str, ...]
    features: np.ndarray
    covariates: np.ndarray
    y: np.ndarray
    total: np.ndarray
    classes: tuple[str, ...]

    @property
    def task(self) -> Task:
        """What is predicted."""
        return "regression" if not self.classes else "two-class" if len(self.classes) == 2 else "three-class"

    @property
    def sha256(self) -> str:
        """Of everything that is in them."""
        made = hashlib.sha256(repr((self.people.tolist(), self.names, self.classes)).encode())
        for values in (self.features, self.covariates, self.y, self.total):
            made.update(np.ascontiguousarray(values, np.float64).tobytes())
        return made.hexdigest()


def inputs_of(
    cohort: Cohort, scale: str, task: Task, *, columns: Sequence[str] = ("*",), adjust: Sequence[str] = ()
) -> Inputs:
    """The people with behaviour, a label and all covariates.

    scale: the total's column, such as dass21_depression. columns: names or patterns (`gaze_*`) of features. adjust: demographics.
    Raises UnusableInput for a column of a questionnaire, by its name, or because it is, copies or adds up to the label; for a
    column that is not there; and for fewer than `FEWEST_PEOPLE`, or a class with none.
    """
    if scale not in cohort.instruments:
        raise UnusableInput(f"there is no scale {scale!r}; the cohort has {', '.join(cohort.instruments)}")
    names = _chosen(cohort, columns)
    demographics = cohort.of_kind("demographic")
    lacking = [name for name in adjust if name not in demographics]
    if lacking:
        raise UnusableInput(
            f"there is no {lacking[0]!r} to adjust for; the cohort has {', '.join(demographics) or 'no demographics'}"
        )
    ordered = cohort.features.sort_values(PERSON, kind="stable")
    people = cohort.people.set_index(PERSON).loc[ordered[PERSON]]
    total = people[scale].to_numpy(np.float64)
    target = target_of(total, cohort.instruments[scale].bands, task)
    design, whole = covariate_design(people[list(adjust)].reset_index(drop=True), len(people))
    there = whole & ~np.isnan(target.y)
    if there.sum() < FEWEST_PEOPLE:
        raise UnusableInput(
            f"{int(there.sum())} people have behaviour, a label and covariates: {FEWEST_PEOPLE} at least"
        )
    y = target.y[there]
    for k, name in enumerate(target.classes):
        if not (y == k).any():
            raise UnusableInput(f"nobody is {name!r} on {scale}: predict another scale, or the total (regression)")
    features = ordered.loc[there, names]
    require_no_label_among(features, total[there])
    return Inputs(
        ordered[PERSON].to_numpy()[there].astype(str),
        tuple(names),
        features.to_numpy(np.float64),
        design[there, 1:],
        y,
        total[there],
        target.classes,
    )


def _chosen(cohort: Cohort, columns: Sequence[str]) -> list[str]:
    features = [name for name in cohort.features if name != PERSON]
    asked = [name for name in features if of_questionnaire(name)]
    labels = [name for name in cohort.people if of_questionnaire(name)]
    asked += [name for name in labels for pattern in columns if pattern != "*" and fnmatchcase(name, pattern)]
    if asked:
        raise UnusableInput(
            f"{asked[0]!r} is of a questionnaire, which is what is predicted: inputs are measured in the face"
        )
    for pattern in columns:
        if not any(fnmatchcase(name, pattern) for name in features):
            raise UnusableInput(f"no feature is called {pattern!r}; the cohort's dictionary.csv lists them")
    return [name for name in features if any(fnmatchcase(name, pattern) for pattern in columns)]


def write_inputs(path: Path, inputs: Inputs) -> None:
    """As one file, for the processes that fit."""
    with atomic_path(path) as temporary:
        np.savez(
            temporary,
            people=inputs.people,
            names=np.array(inputs.names),
            features=inputs.features,
            covariates=inputs.covariates,
            y=inputs.y,
            total=inputs.total,
            classes=np.array(inputs.classes, dtype=str),
        )


@lru_cache(maxsize=1)
def read_inputs(path: Path, sha256: str) -> Inputs:
    """What `write_inputs` wrote. Raises UnusableInput if it is another's."""
    with np.load(path) as stored:
        found = Inputs(
            stored["people"],
            tuple(stored["names"].tolist()),
            stored["features"],
            stored["covariates"],
            stored["y"],
            stored["total"],
            tuple(stored["classes"].tolist()),
        )
    if found.sha256 != sha256:
        raise UnusableInput(f"{path} was changed while its study ran: start the study again")
    return found
