"""Runs trained on the folds of one cross-validation, found to be all of them, and put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openada.datasets.splits import FoldOf
from openada.errors import UnusableInput
from openada.evaluation.footer import Footing
from openada.studies.seed_groups import TestedRun, common_name
from openada.training.run_folder import RunFolder

if TYPE_CHECKING:
    import pandas as pd

OUT_OF_FOLD = "Out-of-fold predictions: intervals take the runs as they are and are approximate."
READING = (
    "Each recording is predicted once, by the run whose training did not see its subject. Training parts of folds overlap, so "
    "the sd over folds is no standard error; the interval of the pooled predictions takes the runs as they are, and is "
    "approximate. No subjects are left to calibrate on: no prediction interval for one person."
)


@dataclass(frozen=True)
class FoldSet:
    """Every fold of one cross-validation by one recipe with one seed, fold 1 first.

    `pooled`: all of them as one run, its rows the out-of-fold predictions with the column `fold` (from 1).
    """

    of: FoldOf
    runs: tuple[TestedRun, ...]
    pooled: TestedRun


def fold_of(run: Path) -> FoldOf | None:
    """Which fold a run was trained on, None for a run on an ordinary split."""
    folder = RunFolder(run)
    folder.config()
    return folder.split().fold_of


def only_folds(runs: Sequence[Path]) -> bool:
    """Whether all runs are of folds (or none is). Raises UnusableInput for both kinds together."""
    folds = [fold_of(run) for run in runs]
    if any(folds) and not all(folds):
        other = next(run for run, found in zip(runs, folds, strict=True) if not found)
        raise UnusableInput(f"{other} was not trained on a fold and others were: evaluate the folds by themselves")
    return all(folds)


def pooled(runs: Sequence[TestedRun]) -> list[TestedRun]:
    """Every complete set of folds as one run, other runs as they are. Raises UnusableInput as `fold_sets`."""
    folds = [run for run in runs if run.folder.split().fold_of]
    others = [run for run in runs if not run.folder.split().fold_of]
    return others + [found.pooled for found in fold_sets(folds)]


def fold_sets(runs: Sequence[TestedRun]) -> list[FoldSet]:
    """The runs by recipe, seed and set of folds, each complete, in the order given.

    Raises UnusableInput, naming the folds, for a set that lacks one (a fold's figure is no result, and those at hand may be
    the best) or has one twice.
    """
    found: dict[str, list[tuple[FoldOf, TestedRun]]] = {}
    for run in runs:
        of = run.folder.split().fold_of
        if of is None:
            raise UnusableInput(f"{run.path} was not trained on a fold: train with --split NAME/1, NAME/2, …")
        found.setdefault(repr((_but_for_the_fold(run.config), of.sha256)), []).append((of, run))
    return [_set(members) for members in found.values()]


def _set(members: list[tuple[FoldOf, TestedRun]]) -> FoldSet:
    members = sorted(members, key=lambda pair: pair[0].fold)
    of, first = members[0]
    numbers = [each.fold for each, _ in members]
    lacking = [str(k) for k in range(1, of.folds + 1) if k not in numbers]
    if lacking:
        raise UnusableInput(
            f"{first.path}: fold {', '.join(map(str, numbers))} of {of.folds} of {of.name} without fold {', '.join(lacking)}: "
            "a fold's figure is no result; train the others with the same settings and give the runs of all folds"
        )
    if len(numbers) > of.folds:
        twice = next(k for k in numbers if numbers.count(k) > 1)
        raise UnusableInput(
            f"fold {twice} of {of.name} is there {numbers.count(twice)} times "
            f"({', '.join(str(run.path) for each, run in members if each.fold == twice)}): give one run per fold"
        )
    runs = tuple(run for _, run in members)
    return FoldSet(of, runs, _pooled(of, runs))


def _pooled(of: FoldOf, runs: tuple[TestedRun, ...]) -> TestedRun:
    import pandas as pd

    first = runs[0]
    rows = pd.concat([run.rows.assign(fold=k) for k, run in enumerate(runs, start=1)])
    rows = rows.sort_values("recording_id").reset_index(drop=True)
    parent = first.path.resolve().parent
    name = common_name([run.path.resolve().name for run in runs], "fold", "")
    config = _but_for_the_fold(first.config)
    config["recipe"]["split"] = of.name
    config["split_sha256"] = of.sha256
    return replace(
        first, path=parent / name if name else parent, config=config, rows=rows, foot=_footing(of, runs, rows)
    )


def _but_for_the_fold(config: dict[str, Any]) -> dict[str, Any]:
    """What folds of one recipe have in common; counts and constants of a fold's training part are its own."""
    kept = {key: value for key, value in config.items() if key not in _OF_A_FOLD}
    return {**kept, "recipe": {key: value for key, value in config["recipe"].items() if key != "split"}}


_OF_A_FOLD = ("split_sha256", "model", "recordings", "subjects", "dropped", "frame_rate_hz")


def _footing(of: FoldOf, runs: tuple[TestedRun, ...], rows: pd.DataFrame) -> Footing:
    first = runs[0].foot
    dropped: dict[str, list[str]] = {}
    excluded: list[str] = []
    for run in runs:
        tested = set(run.folder.split().ids["test"])
        for row in run.config["dropped"]:
            if row["recording_id"] in tested:
                dropped.setdefault(row["reason"], []).append(row["recording_id"])
        excluded += run.foot.excluded_subjects.get("test", ())
    thin = [run.foot.thin_sessions for run in runs]
    people = rows["subject"].nunique()
    return replace(
        first,
        split=f"{of.folds} folds of {of.name}",
        split_sha256=of.sha256,
        n_recordings=len(rows),
        n_sessions=sum(run.foot.n_sessions for run in runs),
        n_subjects=people,
        parts={"every fold's test part": (len(rows), people)},
        dropped=dropped,
        excluded_subjects={"any fold": sorted(excluded)} if excluded else {},
        thin_sessions=None if None in thin else sum(each for each in thin if each is not None),
        findings=(*first.findings, OUT_OF_FOLD),
    )
