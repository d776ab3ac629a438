"""What a reproduction works on: the data set, the recipe, the seeds, and the runs that it trains or finds trained."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from openada.datasets.scales import SCALES, Scale
from openada.errors import UnusableInput
from openada.evaluation.footer import merged
from openada.evaluation.guards import require_unselected
from openada.inference.expada import ExpADAResult
from openada.inference.predict import predict
from openada.inference.recording import TrainedRun, infer
from openada.prepared.dataset import PreparedDataset
from openada.studies.evaluation_facts import by_method, footing, known_recordings, require_reportable
from openada.studies.progress import bar
from openada.training.clip_recipe import ClipRecipe
from openada.training.clips import train_clips
from openada.training.expada import train_expada
from openada.training.recipe import ExpADARecipe
from openada.training.run_folder import RunFolder
from openada.training.systems import EXPADA, Recipe

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from openada.models.weights import Weights


@dataclass(frozen=True)
class Job:
    """`data` a prepared data set, `out` the folder of all reproductions: OUT/runs/NAME-sSEED holds what was trained.

    `recipe` is that of every run of `system` but for what a target varies; its own seed and method play no part. `part` is
    reported.
    `tasks`: "together", one model on all recordings; "apart", one per task of the manifest (the paper does not say which it did).
    `networks`: timm networks of a target that compares some; () for the target's own list. `attribution`: the method of targets
    that explain.
    """

    data: Path
    out: Path
    recipe: Recipe
    seeds: Sequence[int]
    system: str = EXPADA
    weights: Weights | None = None
    download: bool = False
    part: str = "test"
    tasks: Literal["together", "apart"] = "together"
    networks: Sequence[str] = ()
    attribution: str = "deeplift"
    progress: bool = True
    _loaded: dict[Path, TrainedRun] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise UnusableInput(f"seeds {list(self.seeds)}: give at least one, each once")
        if self.part not in ("development", "test"):
            raise UnusableInput(f"part {self.part!r} cannot be reported; choose development or test")

    @property
    def expada(self) -> ExpADARecipe:
        """The recipe of a job on ExpADA."""
        if not isinstance(self.recipe, ExpADARecipe):
            raise UnusableInput(f"this target trains ExpADA, the recipe is one for {self.system}")
        return self.recipe

    @property
    def clips(self) -> ClipRecipe[Any]:
        """The recipe of a job on a clip model."""
        if not isinstance(self.recipe, ClipRecipe):
            raise UnusableInput("this target trains a clip model, the recipe is one for ExpADA")
        return self.recipe

    @cached_property
    def dataset(self) -> PreparedDataset:
        """The data set."""
        return PreparedDataset(self.data)

    @cached_property
    def task_names(self) -> tuple[str, ...]:
        """The tasks that get a model each; ("",) where one model sees all."""
        if self.tasks == "together":
            return ("",)
        return tuple(sorted(self.dataset.manifest["task"].astype(str).unique()))

    def train(
        self,
        name: str,
        seed: int,
        *,
        encoders_of: Sequence[Path] = (),
        pretexts_of: Sequence[Path] = (),
        keep_epochs: Sequence[int] = (),
        system: str | None = None,
        recipe: Recipe | None = None,
        weights: Weights | Literal["of the system"] | None = "of the system",
        **changes: Any,
    ) -> list[Path]:
        """The run `name` with `seed`, one folder per entry of `task_names`: trained now, gone on with, or found finished.

        `changes` replace values of the recipe. `encoders_of`: runs (one per entry) whose encoders are taken over, `pretexts_of`
        runs whose pretext stages are, where they have one (ExpADA). `system` is another clip model than the job's, to be trained
        alike, or by a `recipe` of its own. `weights`: pre-trained ones in place of the job's, which its own system gets.
        All targets share the names of runs, so one trains what the next needs; a run there with another recipe is refused, not
        mixed up.
        """
        folders = []
        for position, task in enumerate(self.task_names):
            folder = self.out / "runs" / "-".join([name, *([task] if task else []), f"s{seed}"])
            if self.progress and not RunFolder(folder).model.is_file():
                print(f"· training {folder.name} …", flush=True)
            trained = replace(recipe or self.recipe, seed=seed, task=task or self.recipe.task, **changes)
            if isinstance(trained, ClipRecipe):
                require_unselected("development" if trained.keep == "best" else None, self.part)
                own = self.weights if system in (None, self.system) else None
                train_clips(
                    system or self.system,
                    self.data,
                    folder,
                    trained,
                    weights=own if isinstance(weights, str) else weights,
                    download=self.download,
                    progress=self.progress,
                )
            else:
                pretext_of = pretexts_of[position] if pretexts_of else None
                train_expada(
                    self.data,
                    folder,
                    trained,
                    weights=self.weights,
                    download=self.download,
                    encoder_of=encoders_of[position] if encoders_of else None,
                    pretext_of=pretext_of if pretext_of and RunFolder(pretext_of).pretext.is_file() else None,
                    keep_epochs=keep_epochs,
                    progress=self.progress,
                )
            folders.append(folder)
        return folders

    def selection_runs(self) -> dict[int, list[Path]]:
        """Seed → the runs with the selection method, which most targets show."""
        return {seed: self.train("expada-selection", seed, method="selection") for seed in self.seeds}

    def predictions(self, runs: Sequence[Path]) -> dict[str, pd.DataFrame]:
        """Method → predictions of the part by the runs of all tasks, a row per recording in the order of their ids."""
        import pandas as pd

        found: dict[str, list[pd.DataFrame]] = {}
        for run in runs:
            require_reportable(RunFolder(run).config(), self.part)
            with bar(f"Predicting {run.name}") as tick:
                for name, rows in by_method(predict(run, data=self.data, tick=tick), self.part).items():
                    found.setdefault(name, []).append(rows)
        return {
            name: pd.concat(rows, ignore_index=True).sort_values("recording_id").reset_index(drop=True)
            for name, rows in found.items()
        }

    def infer(self, runs: Sequence[Path], recording_id: str) -> ExpADAResult:
        """What the run of ExpADA that saw the recording's task says of it, from the cached units."""
        for run in runs:
            trained = self._trained(run)
            rows = known_recordings(trained.folder)
            if (rows["recording_id"] == recording_id).any():
                result = infer(trained, self.dataset.recording(recording_id), cache=trained.folder.units)
                assert isinstance(result, ExpADAResult)
                return result
        raise UnusableInput(f"no run of {', '.join(run.name for run in runs)} used recording {recording_id!r}")

    def _trained(self, run: Path) -> TrainedRun:
        if run not in self._loaded:
            self._loaded[run] = TrainedRun.load(run)
        return self._loaded[run]

    def known(self, runs: Sequence[Path]) -> pd.DataFrame:
        """The recordings that the runs used, with labels, parts and all of the manifest's columns."""
        import pandas as pd

        return pd.concat([known_recordings(RunFolder(run)) for run in runs], ignore_index=True)

    def foot(self, runs: Sequence[Path]) -> list[str]:
        """The footer of every table: the counts behind the figures, with the job's seeds."""
        feet = {}
        for run, task in zip(runs, self.task_names, strict=True):
            rows = next(iter(self.predictions([run]).values()))
            found = footing(RunFolder(run), rows, self.part, self.dataset)
            feet[task or "all recordings"] = replace(found, seeds=list(self.seeds))
        return merged(feet)

    def scale(self, run: Path) -> Scale:
        """The clinical scale of the labels."""
        return SCALES[RunFolder(run).config()["scale"]]

    def corpora(self, run: Path) -> tuple[list[str], bool]:
        """The corpora of the data set by their manifest names, and whether it is the planted benchmark."""
        config = RunFolder(run).config()
        return list(config["corpus"]), bool(config["planted"])
