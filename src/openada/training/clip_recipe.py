"""How clip models are trained: every number, and the named recipes of each system. Free of torch.

A clip model gives a clip (B, 3, T, H, W) a score (B,); a recording's score is the mean over its clips, each weighing the same.
How faces are aligned is `openada prepare --alignment`'s business, and recorded with every run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Generic, Literal, TypeVar

from openada.clips.sampling import SamplingName
from openada.clips.strengths import Augmentation
from openada.errors import UnusableInput
from openada.models.clip_settings import ClipSettings
from openada.models.registry import config_for
from openada.training import expresso_recipes
from openada.training.recipe import StageRecipe

M = TypeVar("M", bound=ClipSettings)

ScoreUnit = Literal["points", "share", "standardised"]
LossName = Literal["mse", "mse+smooth-l1", "half-mse"]
InputName = Literal["face", "mosaic"]
WindowsName = Literal["drawn", "all"]
ScheduleName = Literal["constant", "warm-cosine", "cosine-restarts", "inverse"]
OptimiserName = Literal["adam", "sgd"]
NO_AUGMENTATION = Augmentation(flip=0, brightness=0, contrast=0, saturation=0, hue=0)
LEAST = {
    **dict.fromkeys(
        ("frame_step", "clips_per_recording", "epochs", "batch", "accumulate", "restart_epochs", "restart_growth"), 1
    ),
    **dict.fromkeys(("learning_rate", "label_noise", "momentum", "decay_gamma"), 0),
    **dict.fromkeys(("test_frames", "cached_features", "stop_after", "unfreeze_epochs", "overlap", "least_rate"), 0),
}
"""Setting → the least value that it may have."""


@dataclass(frozen=True)
class ClipRecipe(Generic[M]):
    """The training of one clip model, and the model's settings. The defaults are those of Pan et al. 2023, section 4.2."""

    model: M
    preset: str = "published"
    """Named recipe; it sets the defaults below and the size of the model."""
    seed: int = 0
    split: str = "official"
    """Name of the prepared data set's split."""
    task: str = ""
    """Train on, and predict, the recordings of this task alone (the manifest's column); "" for all."""
    input: InputName = "face"
    """ "face": the aligned crop. "mosaic": mouth, eyes, eyebrows, nose and jaw of every frame, joined in a fixed picture."""
    reference: Literal["none", "median"] = "none"
    """What is subtracted from every crop; "median", the recording's median face, is an option of ours."""
    frame_order: Literal["time", "shuffled"] = "time"
    """ "shuffled": the frames of every clip in an order of its own, at test too. A control: what a model still predicts, it does
    not read from movement."""
    cached: bool = False
    """Read crops from an uncompressed memory map beside the face videos (built once) instead of decoding them."""
    sampling: SamplingName = "clip"
    """ "clip": frames that follow each other, in training from a random start, at test end to end. "spread": frames of the whole
    recording, in training at random, at test evenly spaced; lost frames are never among them. "still": the middle frame of each
    clip in all its places, a control that has the same faces and no movement."""
    test_frames: int = 0
    """With "spread": frames of a recording at test; 0 for as many as in training."""
    frame_step: int = 1
    """A clip takes every so-manieth frame, in training and at test."""
    overlap: float = 0.0
    """Share of a clip that the next one shares with it, at test and where training takes all of them."""
    windows: WindowsName = "drawn"
    """Training clips: "drawn", `clips_per_recording` from random starts; "all", in every epoch all that there are at test."""
    cached_features: int = 0
    """With "spread" and a frozen trunk: its features of so many evenly spaced frames of every recording are computed once and
    drawn from in training, in place of all frames; nothing is augmented then. 0: the trunk is run at every step."""
    clips_per_recording: int = 1
    """Clips drawn at random from every recording in every epoch."""
    min_tracked_share: float = 0.5
    """Clips with a smaller share of tracked frames are left out."""
    pretext: StageRecipe = field(default_factory=lambda: StageRecipe(epochs=0, learning_rate=2e-3, batch=8))
    """Before the scores, learn to read the measured behaviour signals; no labels. 0 epochs in the papers' recipes."""
    epochs: int = 200
    batch: int = 5
    accumulate: int = 1
    """Batches whose gradients make one step."""
    optimiser: OptimiserName = "adam"
    learning_rate: float = 1e-3
    momentum: float = 0.9
    """Of "sgd"."""
    weight_decay: float = 0.0
    """Decoupled from the gradient (AdamW); of "sgd" part of it."""
    schedule: ScheduleName = "cosine-restarts"
    """How the learning rate runs: constant; up over `warm_up` of all steps and down a half cosine; half cosines, restarted; or
    (1 + decay_gamma · steps)^−decay_power ("inverse", as caffe's)."""
    restart_epochs: int = 50
    """Epochs to the first restart (T_0)."""
    restart_growth: int = 2
    """By how much each interval is longer than the one before."""
    least_rate: float = 0.0
    """Of "cosine-restarts": the share of the learning rate that it falls to."""
    unfreeze_epochs: int = 0
    """Gradual unfreezing: the last layer is trained first, and after every so many epochs one more part before it; what is still
    frozen keeps its BatchNorm statistics too. 0: everything is trained from the start."""
    warm_up: float = 0.05
    decay_gamma: float = 1e-4
    decay_power: float = 0.75
    stop_after: int = 0
    """End training at the first epoch after which the mean training loss of an epoch has not been below its lowest for so many
    steps; 0: never."""
    clip_norm: float | None = None
    """Limit of the gradient's norm; None for none."""
    loss: LossName = "mse"
    """Of the score in its unit; "mse+smooth-l1" adds the smooth L1 loss, "half-mse" is half of it (the Euclidean loss)."""
    score_unit: ScoreUnit = "points"
    """What the network's output counts: points of the scale; the share of the scale's highest score (label/63 on the BDI-II); or
    standard deviations of the training labels from their mean. The loss is taken in that unit, scores are given in points."""
    label_noise: float = 0.0
    """Standard deviation, in points, of Gaussian noise on the label of every training clip."""
    keep: Literal["best", "last"] = "best"
    """Which epoch's weights: those of the lowest development loss (then the development part has selected the model, which is
    recorded and bars it from being reported or calibrated on), or the last ones."""
    accelerator: str = "auto"
    devices: str = "auto"
    precision: str = "32-true"
    """Lightning's name; "bf16-mixed" saves memory and time on a GPU."""
    augmentation: Augmentation = field(default_factory=lambda: Augmentation(hue=0.1))

    def __post_init__(self) -> None:
        for name, low in LEAST.items():
            value = getattr(self, name)
            if value < low:
                raise UnusableInput(f"{name.replace('_', '-')} {value!r}: it must be at least {low}")
        for name in ("overlap", "least_rate"):
            if not getattr(self, name) < 1:
                raise UnusableInput(f"{name.replace('_', '-')} {getattr(self, name)!r}: it must be below 1")
        if self.sampling == "spread" and (self.overlap or self.windows == "all"):
            raise UnusableInput("sampling spread: a recording is one clip; set --overlap 0 and --windows drawn")
        for name in ("test_frames", "cached_features"):
            if getattr(self, name) and self.sampling != "spread":
                raise UnusableInput(
                    f"{name.replace('_', '-')} {getattr(self, name)}: it goes with --sampling spread alone"
                )
        if 0 < self.cached_features < self.model.clip_frames:
            raise UnusableInput(
                f"cached-features {self.cached_features}: a clip takes {self.model.clip_frames} of them, keep at least as many"
            )
        if self.input == "mosaic" and self.model.image_size % 4:
            raise UnusableInput(f"input mosaic: image-size {self.model.image_size} must be a multiple of 4")
        if self.cached_features and self.input == "mosaic":
            raise UnusableInput("input mosaic: cached features are those of whole faces; set --cached-features 0")
        if self.cached_features and self.frame_order != "time":
            raise UnusableInput("frame-order shuffled: cached features are read in time; set --cached-features 0")
        if self.cached_features and self.augmentation != NO_AUGMENTATION:
            raise UnusableInput(
                f"cached-features {self.cached_features}: features that are computed once cannot be those of augmented frames; "
                "set every strength of --augmentation to 0, or --cached-features 0"
            )


# The smaller networks learn from some hundred people alone: what moves first (the pretext stage), then the scores, briefly and
# at a lower rate; no selection, so that the development part stays free to calibrate intervals.
_PLANTED: dict[str, Any] = {
    "reference": "median",
    "cached": True,
    "clips_per_recording": 2,
    "pretext": StageRecipe(epochs=8, learning_rate=2e-3, batch=8, weight_decay=1e-2),
    "epochs": 8,
    "batch": 8,
    "learning_rate": 5e-4,
    "weight_decay": 1e-2,
    "schedule": "warm-cosine",
    "clip_norm": 5.0,
    "score_unit": "standardised",
    "keep": "last",
    "augmentation": Augmentation(brightness=0.4, contrast=0.4, saturation=0.4, hue=0.05, shift=0.03, noise=0.02),
}
# The authors' two training scripts differ from each other as well. These are the newer one's numbers; its label noise is set to
# 0, the older one's to 1 point. Both also set negative scores to 0 at test, which is not done here.
_RELEASED: dict[str, Any] = {
    "frame_step": 3,
    "epochs": 500,
    "accumulate": 10,
    "learning_rate": 1e-6,
    "schedule": "constant",
    "loss": "mse+smooth-l1",
    "score_unit": "share",
    "label_noise": 1.0,
    "augmentation": Augmentation(brightness=0.2, contrast=0.2, saturation=0.2, hue=0.2),
}
_PUBLISHED_SIZES: dict[str, tuple[str, dict[str, Any]]] = {
    "published": ("paper", {}),
    "published_50": ("depth_50", {}),
    "published_152": ("depth_152", {}),
}
# Table 5 of Pan et al. 2023 fine-tunes face recognition networks on single frames and gives no numbers; these are ours.
_FRAMES: dict[str, Any] = {
    "sampling": "spread",
    "test_frames": 32,
    "epochs": 100,
    "batch": 10,
    "learning_rate": 1e-4,
    "schedule": "warm-cosine",
    "score_unit": "standardised",
}
_PLANTED_FRAMES: dict[str, Any] = {
    **_PLANTED,
    "pretext": StageRecipe(epochs=0, learning_rate=2e-3, batch=8),
    "epochs": 20,
    "sampling": "spread",
    "test_frames": 16,
}
# Five frames say little of a label, and other five are as good: eight draws of a recording in each epoch.
_PLANTED_DEPNET: dict[str, Any] = {
    **_PLANTED,
    "sampling": "spread",
    "clips_per_recording": 8,
    "pretext": StageRecipe(epochs=3, learning_rate=2e-3, batch=8, weight_decay=1e-2),
    "epochs": 6,
}
# He et al. 2022, section 5.2.1. Batch, number of epochs, clips per epoch and candidate frames are not published.
_DEPNET: dict[str, Any] = {
    "sampling": "spread",
    "cached_features": 64,
    "clips_per_recording": 4,
    "epochs": 500,
    "batch": 10,
    "optimiser": "sgd",
    "learning_rate": 1e-5,
    "momentum": 0.9,
    "weight_decay": 5e-4,
    "schedule": "inverse",
    "stop_after": 200,
    "loss": "half-mse",
    "keep": "last",
    "augmentation": NO_AUGMENTATION,
}
RECIPES: dict[str, dict[str, tuple[str, dict[str, Any]]]] = {
    "sta-drn": {**_PUBLISHED_SIZES, "released": ("released", _RELEASED), "planted": ("planted", _PLANTED)},
    "resnet3d": {**_PUBLISHED_SIZES, "planted": ("planted", _PLANTED)},
    "frame-network": {"published": ("paper", _FRAMES), "planted": ("planted", _PLANTED_FRAMES)},
    "depnet": {
        "published": ("paper", _DEPNET),
        "planted": ("planted", _PLANTED_DEPNET),
    },
    "expresso-ai": {
        "published": ("paper", expresso_recipes.PUBLISHED),
        "planted": ("planted", {**_PLANTED, **expresso_recipes.PLANTED}),
    },
}
"""System → named recipe → the model's preset, and what differs from `ClipRecipe`'s defaults. The first is the default."""


def recipe_names(system: str) -> tuple[str, ...]:
    """The named recipes of a system, the default first. Raises UnusableInput for a system that has none."""
    if system not in RECIPES:
        raise UnusableInput(f"no recipe trains {system!r}; there are recipes for: {', '.join(RECIPES)}")
    return tuple(RECIPES[system])


def model_preset(system: str, preset: str) -> str:
    """The preset of the model that goes with a named recipe."""
    if preset not in recipe_names(system):
        raise UnusableInput(f"{system} has no recipe {preset!r}; choose one of: {', '.join(recipe_names(system))}")
    return RECIPES[system][preset][0]


def clip_recipe(system: str, preset: str | None = None, **given: Any) -> ClipRecipe[Any]:
    """A named recipe of a system, with the given values in place of its own. Raises UnusableInput for an unknown one."""
    preset = recipe_names(system)[0] if preset is None else preset
    size = model_preset(system, preset)
    values = {"model": config_for(system, size), **RECIPES[system][preset][1], **given}
    return ClipRecipe(preset=preset, **_known(values))


def clip_recipe_from_json(system: str, content: Mapping[str, Any]) -> ClipRecipe[Any]:
    """The recipe that `dataclasses.asdict` wrote. Raises UnusableInput for an unknown key."""
    values = dict(_known(content))
    values["model"] = config_for(system, **values["model"])
    for name, made in (("augmentation", Augmentation), ("pretext", StageRecipe)):
        if name in values:
            values[name] = made(**values[name])
    return ClipRecipe(**values)


def resolved(recipe: ClipRecipe[M], *, scale_high: float, label_mean: float, label_sd: float) -> ClipRecipe[M]:
    """The recipe with the settings of the model that follow from others and from the training labels.

    They are how the network's output becomes a score (`score_unit`), and what range its input has (`reference`).
    """
    mean, sd = {
        "points": (0.0, 1.0),
        "share": (0.0, scale_high),
        "standardised": (label_mean, max(label_sd, 1e-6)),
    }[recipe.score_unit]
    own = recipe.model.input_range
    read = "difference" if recipe.reference == "median" else "unit" if own == "difference" else own
    return replace(recipe, model=replace(recipe.model, input_range=read, score_mean=mean, score_sd=sd))


def _known(given: Mapping[str, Any]) -> Mapping[str, Any]:
    known = {entry.name for entry in fields(ClipRecipe)}
    unknown = sorted(set(given) - known)
    if unknown:
        raise UnusableInput(
            f"a recipe of a clip model has no setting {unknown[0]!r}; it has: {', '.join(sorted(known))}"
        )
    return given
