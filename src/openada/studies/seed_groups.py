"""Several runs as recipes with their seeds: which differ in nothing but the seed, and on which recordings each was tested."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openada.errors import UnusableInput
from openada.evaluation.footer import Footing
from openada.inference.predict import predict
from openada.studies.evaluation_facts import by_method, data_set_of, footing, require_reportable
from openada.studies.progress import bar
from openada.training.run_folder import RunFolder, flat
from openada.training.systems import RunKind

if TYPE_CHECKING:
    import pandas as pd

NAMED = 5  # recordings that a refusal names
SETTINGS_NAMED = 6  # differing settings that the table of runs names; the others are counted


@dataclass(frozen=True)
class TestedRun:
    """A run with its main method's predictions of one part, a row per recording in the order of their ids."""

    __test__ = False  # not a test class, whatever its name tells pytest

    path: Path
    folder: RunFolder
    config: dict[str, Any]
    method: str
    rows: pd.DataFrame
    foot: Footing

    @property
    def seed(self) -> int:
        """The seed of the recipe."""
        return int(self.config["recipe"]["seed"])


@dataclass(frozen=True)
class SeedGroup:
    """Runs of one recipe on one split of one data set that differ only in their seeds."""

    name: str
    runs: tuple[TestedRun, ...]

    @property
    def seeds(self) -> list[int]:
        """The seeds in rising order."""
        return [run.seed for run in self.runs]

    @property
    def predictions(self) -> dict[int, pd.DataFrame]:
        """Seed → its predictions. They are never averaged: that would be an ensemble, another model."""
        return {run.seed: run.rows for run in self.runs}

    @property
    def foot(self) -> Footing:
        """The counts behind the group's figures, the same for every seed."""
        return replace(self.runs[0].foot, seeds=self.seeds)


def read_tested_run(path: Path, part: str, data: Path | None = None) -> TestedRun:
    """Read a run, predicting what is not predicted yet. Raises UnusableInput as `require_reportable` does."""
    folder = RunFolder(path)
    folder.require_complete()
    config = folder.config()
    require_reportable(config, part)
    with bar(f"Predicting {path.name}") as tick:
        methods = by_method(predict(path, data=data, tick=tick), part)
    method, rows = next(iter(methods.items()))
    rows = rows.sort_values("recording_id").reset_index(drop=True)
    return TestedRun(path, folder, config, method, rows, footing(folder, rows, part, data_set_of(folder, data)))


def seed_groups(runs: Sequence[TestedRun]) -> list[SeedGroup]:
    """The runs by recipe, in the order given, each group's seeds rising.

    Raises UnusableInput if two runs are the same recipe with the same seed, or if runs of one recipe were tested on
    different recordings.
    """
    by_recipe: dict[str, list[TestedRun]] = {}
    for run in runs:
        by_recipe.setdefault(_recipe_key(run.config), []).append(run)
    names = _names(list(by_recipe.values()))
    groups = []
    for name, members in zip(names, by_recipe.values(), strict=True):
        ordered = sorted(members, key=lambda run: run.seed)
        for first, second in pairwise(ordered):
            if first.seed == second.seed:
                raise UnusableInput(
                    f"{first.path} and {second.path} are one recipe with one seed ({first.seed}): give one of them, or train "
                    "with another --seed"
                )
        require_same_recordings(ordered)
        groups.append(SeedGroup(name, tuple(ordered)))
    return groups


def require_same_recordings(runs: Iterable[TestedRun]) -> None:
    """Raise UnusableInput, naming how they differ, unless all runs were tested on the same recordings and labels."""
    first, *others = runs
    for other in others:
        if first.config["scale"] != other.config["scale"]:
            raise UnusableInput(
                f"{first.path} predicts {first.config['scale']} and {other.path} {other.config['scale']}: runs on different "
                "scales cannot be compared"
            )
        a, b = first.rows.set_index("recording_id"), other.rows.set_index("recording_id")
        lacking, added = sorted(set(a.index) - set(b.index)), sorted(set(b.index) - set(a.index))
        if lacking or added:
            raise UnusableInput(
                f"{first.path} and {other.path} were tested on different recordings: {_only(lacking, first)}"
                f"{' and ' if lacking and added else ''}{_only(added, other)}; train both on one split and data set"
            )
        for column in ("score", "subject", "session"):
            differing = a.index[(a[column] != b.loc[a.index, column]).to_numpy()]
            if len(differing):
                name = differing[0]
                raise UnusableInput(
                    f"recording {name} has {'label' if column == 'score' else column} {a.loc[name, column]} in {first.path} "
                    f"and {b.loc[name, column]} in {other.path} ({len(differing)} differ): compare runs on the same labels"
                )


def _only(names: Sequence[str], run: TestedRun) -> str:
    if not names:
        return ""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{len(names)} only in {run.path} ({', '.join(names[:NAMED])}{more})"


def _recipe_key(config: Mapping[str, Any]) -> str:
    recipe = {key: value for key, value in config["recipe"].items() if key != "seed"}
    facts = [config.get(key) for key in ("system", "split_sha256", "data", "pretrained")]
    return json.dumps([recipe, *facts], sort_keys=True)


def _names(groups: Sequence[Sequence[TestedRun]]) -> list[str]:
    """A name per recipe, from its runs' folders: what the names have in common, and the number of seeds."""
    names = [common_name([run.path.resolve().name for run in runs]) for runs in groups]
    counts = Counter(names)
    unique = [
        name if counts[name] == 1 else str(runs[0].path.resolve()) for name, runs in zip(names, groups, strict=True)
    ]
    return [f"{name} ({len(runs)} seeds)" if len(runs) > 1 else name for name, runs in zip(unique, groups, strict=True)]


def common_name(names: Sequence[str], numbered: str = "s|seed", otherwise: str | None = None) -> str:
    """What folder names begin with alike, less a trailing "-s", "_seed" and the like (`numbered`); else the first of them."""
    if len(names) == 1:
        return names[0]
    letters = takewhile(lambda column: len(set(column)) == 1, zip(*names, strict=False))
    alike = "".join(column[0] for column in letters)
    # Where nothing else is alike, "fold-1" and "fold-2" have no name of their own.
    return re.sub(rf"(?:(?:^|[-_. ]+)(?:{numbered}))?[-_. =]*\d*$", "", alike) or (
        names[0] if otherwise is None else otherwise
    )


def runs_table(groups: Sequence[SeedGroup]) -> pd.DataFrame:
    """A row per run: its name in the tables, model, seed, folder, and the settings in which the recipes differ."""
    import pandas as pd

    settings = {group.name: _settings(group.runs[0].config) for group in groups}
    keys = list(dict.fromkeys(key for own in settings.values() for key in own))
    telling = [key for key in keys if len({str(own.get(key)) for own in settings.values()}) > 1]
    rows = []
    for group in groups:
        shown = [f"{key} = {settings[group.name].get(key, 'none')}" for key in telling[:SETTINGS_NAMED]]
        more = [f"{len(telling) - SETTINGS_NAMED} more in config.json"] if len(telling) > SETTINGS_NAMED else []
        for run in group.runs:
            model = RunKind(run.config).described
            rows.append((group.name, model, str(run.seed), str(run.path), "; ".join([*shown, *more]) or "–"))
    return pd.DataFrame(rows, columns=["name", "model", "seed", "run", "differs in"])


def _settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """What may tell two recipes apart, under short names."""
    weights = config.get("pretrained")
    facts = {
        "split": f"{config['recipe']['split']} {config['split_sha256'][:8]}",
        "data": Path(config["data"]).name,
        "weights": "none" if not weights else weights.get("name", weights.get("source", "given")),
    }
    own = {key: value for key, value in config["recipe"].items() if key not in ("seed", "split", "preset", "method")}
    return {**facts, **flat(own)}
