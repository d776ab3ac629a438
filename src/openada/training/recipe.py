"""How ExpADA is trained: every number of both stages. Free of torch.

The paper gives epochs, optimisers, augmentation and T; learning rates, batch sizes and the score's scaling are not public and
are our choices (systems.md §1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from openada.clips.strengths import Augmentation
from openada.errors import UnusableInput
from openada.models.expada.config import ExpADAConfig
from openada.models.registry import config_for


@dataclass(frozen=True)
class StageRecipe:
    """One stage. The learning rate warms up linearly over `warm_up` of all steps, then falls to zero by half a cosine."""

    epochs: int
    learning_rate: float
    batch: int
    weight_decay: float = 0.0
    warm_up: float = 0.05
    momentum: float = 0.9
    clip_norm: float = 5.0


@dataclass(frozen=True)
class ExpADARecipe:
    """Both stages of ExpADA, and the model's settings."""

    preset: str = "paper"
    """Named size of the model; it sets the defaults below. "paper" is the published one."""
    method: Literal["selection", "ordinal", "base"] = "selection"
    """"base": encoder on the score alone; "ordinal": plus three ordered logits; "selection": plus stage 2."""
    seed: int = 0
    split: str = "official"
    """Name of the prepared data set's split."""
    task: str = ""
    """Train on, and predict, the recordings of this task alone (the manifest's column); "" for all."""
    reference: Literal["none", "median"] = "none"
    """What is subtracted from every crop; "median", the recording's median face, is an option of ours."""
    frame_order: Literal["time", "shuffled"] = "time"
    """ "shuffled": the frames of every segment in an order of its own, the same in every epoch and at test. A control: what a
    model still predicts, it does not read from movement inside segments. The order of whole segments is kept."""
    cached: bool = False
    """Read crops from an uncompressed memory map beside the face videos (built once) instead of decoding them."""
    stride: int | None = None
    """Frames from one of stage 1's training segments to the next; None: half a segment, rounded up, as in the paper. Stage 2 and
    prediction take segments end to end."""
    average_thresholds: bool = False
    """Average the ordinal term over its thresholds, as the text beside eq. 12 says, not sum as it writes: a factor of C − 1."""
    min_tracked_share: float = 0.5
    """Segments with a smaller share of tracked frames are left out."""
    accelerator: str = "auto"
    devices: str = "auto"
    precision: str = "32-true"
    """Lightning's name; "bf16-mixed" saves memory and time on a GPU. Softmaxes, norms, scores and losses stay in float32."""
    checkpoint_trunk: bool = False
    """Stage 1 keeps what enters the trunk's stages and computes them again in the backward pass: less memory, more time."""
    pretext: StageRecipe = field(default_factory=lambda: StageRecipe(epochs=0, learning_rate=2e-3, batch=16))
    """Before stage 1, learn to read the measured behaviour signals; no labels. 0 epochs in the paper's recipes."""
    encoder: StageRecipe = field(default_factory=lambda: StageRecipe(epochs=15, learning_rate=1e-4, batch=8))
    selector: StageRecipe = field(default_factory=lambda: StageRecipe(epochs=80, learning_rate=1e-2, batch=8))
    augmentation: Augmentation = field(default_factory=Augmentation)
    model: ExpADAConfig = field(default_factory=ExpADAConfig)


PRESETS: dict[str, dict[str, Any]] = {
    "demo": {
        "reference": "median",
        "cached": True,
        "augmentation": Augmentation(brightness=0.4, contrast=0.4, saturation=0.4, hue=0.05, shift=0.03, noise=0.02),
        "pretext": StageRecipe(epochs=4, learning_rate=2e-3, batch=16, weight_decay=1e-2),
        "encoder": StageRecipe(epochs=6, learning_rate=1e-3, batch=16, weight_decay=1e-2),
        "selector": StageRecipe(epochs=60, learning_rate=3e-2, batch=8, weight_decay=3e-3),
    },
}


def recipe(preset: str = "paper", **given: Any) -> ExpADARecipe:
    """The recipe that goes with a preset of the model, with the given values in place of its own.

    Raises UnusableInput for an unknown preset or key.
    """
    _only_known(given)
    values = {"model": config_for("expada", preset), **PRESETS.get(preset, {}), **given}
    made = ExpADARecipe(preset=preset, **values)
    return replace(made, model=replace(made.model, input_range="difference" if made.reference == "median" else "unit"))


def from_json(content: Mapping[str, Any]) -> ExpADARecipe:
    """The recipe that `dataclasses.asdict` wrote. Raises UnusableInput for an unknown key."""
    _only_known(content)
    stages = dict.fromkeys(("pretext", "encoder", "selector"), StageRecipe)
    nested: dict[str, Any] = {**stages, "augmentation": Augmentation, "model": ExpADAConfig}
    return ExpADARecipe(**{key: nested[key](**value) if key in nested else value for key, value in content.items()})


def _only_known(given: Mapping[str, Any]) -> None:
    known = {entry.name for entry in fields(ExpADARecipe)}
    unknown = sorted(set(given) - known)
    if unknown:
        raise UnusableInput(f"an ExpADA recipe has no setting {unknown[0]!r}; it has: {', '.join(sorted(known))}")
