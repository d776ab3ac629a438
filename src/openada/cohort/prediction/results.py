"""What a prediction study leaves behind: its tables, and study.json, the same for every kind of learner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from openada.batch import Outcome
from openada.cohort.layout import Cohort
from openada.cohort.prediction import summary
from openada.cohort.prediction.inputs import Inputs
from openada.files import atomic_path, write_json

STUDY_FILE = "study.json"


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


class Folded(NamedTuple):
    """Results and tested people of all folds; `names` of all predictors, `learners` of those that are no reference."""

    done: summary.Done
    tests: summary.Tests
    names: Sequence[str]
    learners: Sequence[str]


def write_results(
    cohort: Cohort,
    scale: str,
    out: Path,
    inputs: Inputs,
    folds: Folded,
    *,
    about: Mapping[str, Any],
    outcomes: list[Outcome],
) -> Predicted:
    """Tables of all `folds` in `out`, and study.json with `about`."""
    done, tests, names, learners = folds
    predictions = summary.predictions_of(inputs, done, tests, names, learners)
    per_fold = summary.per_fold_table(inputs, predictions, tests)
    parts = int(per_fold["fold"].max())
    demographics = cohort.of_kind("demographic")
    tables = {
        "figures": summary.figure_table(inputs, predictions, per_fold, folds=parts),
        "per_fold": per_fold,
        "subgroups": summary.subgroup_table(inputs, predictions, cohort.people, demographics, folds=parts),
        "importance": summary.importance_table(done, learners),
        "chosen": summary.chosen_table(done, learners),
    }
    for name, table in tables.items():
        with atomic_path(out / f"{name}.csv") as temporary:
            table.to_csv(temporary, index=False)
    with atomic_path(out / "predictions.parquet") as temporary:
        summary.long_predictions(inputs, predictions).to_parquet(temporary, index=False)
    facts = {
        "scale": cohort.instruments[scale].scale,
        "total": scale,
        "task": inputs.task,
        "classes": list(inputs.classes),
        "people": len(inputs.y),
        "in_classes": [int((inputs.y == k).sum()) for k in range(len(inputs.classes))],
        "features": len(inputs.names),
        "learners": list(learners),
        "inputs_sha256": inputs.sha256,
        "processor_seconds": sum(result.seconds for result in done.values()),
    }
    write_json(out / STUDY_FILE, facts | dict(about))
    figures, groups, importance = (tables[name] for name in ("figures", "subgroups", "importance"))
    return Predicted(out, inputs, figures, per_fold, groups, importance, outcomes)
