"""What kind of run a run is: the one place that tells ExpADA's two stages from a clip model. Free of torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openada.training.clip_recipe import ClipRecipe, clip_recipe_from_json
from openada.training.recipe import ExpADARecipe
from openada.training.recipe import from_json as expada_from_json

EXPADA = "expada"
TITLES = {
    EXPADA: "ExpADA",
    "sta-drn": "STA-DRN",
    "resnet3d": "3-D ResNet",
    "frame-network": "frame network",
    "depnet": "DepNet",
    "expresso-ai": "Expresso-AI",
}

Recipe = ExpADARecipe | ClipRecipe[Any]


def title_of(system: str) -> str:
    """A system as tables and pages call it."""
    return TITLES.get(system, system)


def recipe_of(config: Mapping[str, Any]) -> Recipe:
    """How the run with this config.json was trained. Raises UnusableInput for a setting that no longer exists."""
    system = config["system"]
    return expada_from_json(config["recipe"]) if system == EXPADA else clip_recipe_from_json(system, config["recipe"])


@dataclass(frozen=True)
class RunKind:
    """What pages and tables say differently of each kind of run, from its config.json."""

    config: Mapping[str, Any]

    @property
    def is_clip_model(self) -> bool:
        """Whether the recording's score is the mean over its clips, and nothing selects among them."""
        return bool(self.config["system"] != EXPADA)

    @property
    def title(self) -> str:
        """The system's name."""
        return title_of(self.config["system"])

    @property
    def method(self) -> str:
        """What the run was trained for: the method of its main predictions."""
        return str(self.config["system"] if self.is_clip_model else self.config["recipe"]["method"])

    @property
    def described(self) -> str:
        """System, method and named recipe."""
        method = "" if self.is_clip_model else f" {self.method}"
        return f"{self.title}{method}, preset {self.preset}"

    @property
    def preset(self) -> str:
        """The named recipe."""
        return str(self.config["recipe"]["preset"])

    @property
    def frames(self) -> int:
        """Frames of one segment or clip at test."""
        if not self.is_clip_model:
            return int(self.config["model"]["segment_frames"])
        return int(self.config["recipe"].get("test_frames") or self.config["model"]["clip_frames"])

    @property
    def image_size(self) -> int:
        """The side of a crop as the model reads it, px."""
        return int(self.config["model"]["image_size"])

    @property
    def piece(self) -> str:
        """What the model reads at a time."""
        return "clip" if self.is_clip_model else "segment"

    @property
    def stages(self) -> str:
        """The numbers of every stage, in words."""
        recipe = self.config["recipe"]
        named = [("", recipe)] if self.is_clip_model else [
            (f"{name} ", recipe[name]) for name in ("pretext", "encoder", "selector") if recipe.get(name, {}).get("epochs")
        ]  # fmt: skip
        return "; ".join(
            f"{name}{own['epochs']} epochs, learning rate {own['learning_rate']:g}, batch {own['batch']}"
            for name, own in named
        )

    @property
    def kept(self) -> str:
        """Which epoch's weights are the model's, in words."""
        if self.config["selected_on"]:
            return f"epoch with the lowest loss on {self.config['selected_on']} recordings kept, nothing else tuned in this run"
        return "last epoch kept, nothing tuned in this run"

    @property
    def score_scaling(self) -> str:
        """What the network's output counts, in words."""
        unit = self.config["recipe"]["score_unit"] if self.is_clip_model else "standardised"
        return {
            "points": "the score is not scaled",
            "share": "the score is taken as a share of the scale's highest",
            "standardised": "the score is standardised by mean and standard deviation of the training labels alone",
        }[unit]

    @property
    def aggregation(self) -> str:
        """How a recording's score comes about, in words."""
        if not self.is_clip_model:
            return "Mean over the segments the model selects, per recording"
        recipe = self.config["recipe"]
        shown = " (a mosaic of face regions)" if recipe.get("input") == "mosaic" else ""
        if recipe.get("sampling") == "spread":
            return f"One score from {self.frames} frames{shown} spread evenly over the tracked frames of a recording"
        still = ", which stand still at their middle frame" if recipe.get("sampling") == "still" else ""
        overlap = f", overlapping by {recipe['overlap']:g}" if recipe.get("overlap") else ""
        return f"Mean over the clips of a recording{shown}{still}{overlap}, each weighing the same"

    @property
    def curves(self) -> Mapping[str, str]:
        """Stage as metrics.csv names it → what its development RMSE is called in a drawing."""
        if self.is_clip_model:
            return {"clips": "development RMSE"}
        return {"encoder": "stage 1, development RMSE", "selector": "stage 2, development RMSE"}
