"""A run's folder: what is in it, and that it never mixes two runs."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from openada.datasets.splits import Split, load
from openada.errors import UnusableInput
from openada.files import read_json, write_json
from openada.training.systems import Recipe, RunKind, recipe_of

RECORDED_VERSIONS = ("openada", "torch", "torchvision", "lightning", "numpy", "mediapipe", "av")
FORMAT_VERSION = 1
IDENTITY = ("format_version", "system", "recipe", "data", "split_sha256", "encoder_of")
DIFFERENCES_NAMED = 4


def flat(settings: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """Settings within settings under one dotted name each."""
    found: dict[str, Any] = {}
    for key, value in settings.items():
        found |= flat(value, f"{path}{key}.") if isinstance(value, Mapping) else {f"{path}{key}": value}
    return found


def _identity(config: Mapping[str, Any]) -> dict[str, Any]:
    """What makes a run another one if it differs. Of weights that is the content of their file, not its name or `meta`."""
    weights = config.get("pretrained") or {}
    return {**flat({key: config.get(key) for key in IDENTITY}), "pretrained.sha256": weights.get("sha256")}


@dataclass(frozen=True)
class RunFolder:
    """Paths of a run: config.json, environment.json, split.json, recordings.parquet, metrics.csv, predictions.parquet, …"""

    folder: Path

    def __truediv__(self, name: str) -> Path:
        return self.folder / name

    @property
    def metrics(self) -> Path:
        """Loss and development figures of every epoch, a long table."""
        return self.folder / "metrics.csv"

    @property
    def checkpoint(self) -> Path:
        """Published weights (safetensors and JSON), resume files and cached feature units."""
        return self.folder / "checkpoint"

    @property
    def pretext(self) -> Path:
        """The encoder's weights after the pretext stage, if the recipe has one."""
        return self.checkpoint / "pretext.safetensors"

    @property
    def encoder(self) -> Path:
        """The stage-1 encoder's weights, until the whole model is there."""
        return self.checkpoint / "encoder.safetensors"

    def kept(self, stage: str, epoch: int) -> Path:
        """A stage's weights after one of its epochs (counted from 1), where training was asked to keep them."""
        return self.checkpoint / f"{stage}_epoch_{epoch}.safetensors"

    def best(self, stage: str) -> Path:
        """A stage's best weights so far, by the development part; gone when the run is complete."""
        return self.checkpoint / f"{stage}_best.safetensors"

    @property
    def model(self) -> Path:
        """The whole model's weights; a run is complete when this is there."""
        return self.checkpoint / "model.safetensors"

    @property
    def units(self) -> Path:
        """Cached feature units, one file per recording."""
        return self.checkpoint / "units"

    @property
    def predictions(self) -> Path:
        """One row per recording and method."""
        return self.folder / "predictions.parquet"

    @property
    def segments(self) -> Path:
        """One row per clip, or per representation of a selecting model: its time range, score, and relevance if it has any."""
        return self.folder / "segments.parquet"

    @property
    def recordings(self) -> Path:
        """The recordings with their labels and splits."""
        return self.folder / "recordings.parquet"

    def config(self) -> dict[str, Any]:
        """What `config.json` says. Raises UnusableInput if this is no run."""
        path = self.folder / "config.json"
        if not path.is_file():
            raise UnusableInput(f"{self.folder} is not a run: make one with 'openada train'")
        config: dict[str, Any] = read_json(path)
        return config

    def require_complete(self) -> None:
        """Raise UnusableInput if training has not ended."""
        self.config()
        if not self.model.is_file():
            raise UnusableInput(f"{self.folder} is not trained to the end: run 'openada train' again, it goes on")

    def recipe(self) -> Recipe:
        """How the run was trained."""
        return recipe_of(self.config())

    def kind(self) -> RunKind:
        """What kind of run it is."""
        return RunKind(self.config())

    def checkpoint_meta(self, *, method: str) -> dict[str, Any]:
        """What the published checkpoint says of where it comes from."""
        config = self.config()
        names = ("corpus", "planted", "scale", "split_sha256", "frame_rate_hz", "source_manifest")
        recipe = {name: config["recipe"][name] for name in ("seed", "split")}
        return {**{name: config[name] for name in names}, "method": method, **recipe}

    def split(self) -> Split:
        """The split of the run."""
        return load(self.folder / "split.json")

    def begin(self, recipe: Recipe, split: Split, data: Path, facts: dict[str, Any], *, system: str) -> None:
        """Write what the run of `system` is, or check that the run there is the same one.

        Raises UnusableInput if the folder holds a run of another system, recipe, split or data set, or with other weights.
        """
        config = {
            "format_version": FORMAT_VERSION,
            "system": system,
            "recipe": asdict(recipe),
            "data": str(data.resolve()),
            "split_sha256": split.sha256,
            **facts,
        }
        path = self.folder / "config.json"
        if path.is_file():
            there = read_json(path)
            if there.get("system") == system:
                there["recipe"] = asdict(recipe_of(there))  # settings that are newer than the run take their defaults
            held, now = _identity(there), _identity(config)
            other = [key for key in {**held, **now} if held.get(key) != now.get(key)]
            if other:
                told = "; ".join(f"{key} = {held.get(key)}, now {now.get(key)}" for key in other[:DIFFERENCES_NAMED])
                more = (
                    f"; {len(other) - DIFFERENCES_NAMED} more settings differ" if len(other) > DIFFERENCES_NAMED else ""
                )
                raise UnusableInput(f"{self.folder} holds a run with {told}{more}; choose another --out")
            return
        import torch

        split.save(self.folder / "split.json")
        environment = {
            "python": platform.python_version(),
            "system": platform.platform(),
            "threads": torch.get_num_threads(),
            "versions": {name: version(name) for name in RECORDED_VERSIONS},
        }
        write_json(self.folder / "environment.json", environment)
        write_json(path, config)
