"""Settings and named sizes of DepNet. Free of torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from openada.errors import UnusableInput
from openada.models.clip_settings import CLIP_EXPLANATIONS, PIXEL_EXPLANATIONS, ClipSettings
from openada.models.frame_network.config import NORMALISATIONS, Normalisation
from openada.models.registry import register

Reduction = Literal["max8", "max4", "mean8", "conv"]
HeadName = Literal["published", "pooled"]
REDUCTIONS: tuple[Reduction, ...] = get_args(Reduction)

PRESETS: dict[str, dict[str, Any]] = {
    "paper": {},
    "planted": {"trunk": "legacy_seresnet18", "frozen": False, "head": "pooled", "filters": 16, "image_size": 64},
}


@register(
    "depnet",
    builder="openada.models.depnet.model:build",
    presets=PRESETS,
    explanation_methods=(*CLIP_EXPLANATIONS, *(name for name in PIXEL_EXPLANATIONS if name != "deeplift")),
    refusals={
        "relevance": "it scores a few frames of a recording at once and has no relevance of its own",
        "attention": "it has no attention over frames",
        "deeplift": "it takes maxima over channels and frames that are no layers, which DeepLift's rules cannot be put on",
    },
)
@dataclass(frozen=True)
class DepNetConfig(ClipSettings):
    """Settings of DepNet (He et al., Int. J. of Intelligent Systems 2022, section 4).

    `clip_frames` is T, the frames of a recording that are seen. `trunk` is a timm network; the paper's SE-ResNet-50 in caffe's
    layout is "legacy_seresnet50". `frozen`: the trunk is not trained, its BatchNorm statistics included. `normalisation` is as of
    `FrameNetworkConfig`. `reduction` of the trunk's channels: "max8", the largest of every 8 (2048 to 256, the paper's sizes);
    "max4" of every 4 (the paper's text); "mean8", the mean of every 8; "conv", a trained 1×1 convolution to an eighth.
    `filters` of each temporal convolution and `hidden` units of the head are not published. `head`: "published", fully connected
    to all of the aggregated feature (802,816 weights for each hidden unit); "pooled", to its mean over the places of the grid.
    """

    clip_frames: int = 5
    trunk: str = "legacy_seresnet50"
    frozen: bool = True
    normalisation: Normalisation = "network"
    reduction: Reduction = "max8"
    filters: int = 64
    head: HeadName = "published"
    hidden: int = 64
    dropout: float = 0.5

    def __post_init__(self) -> None:
        choices = {"normalisation": NORMALISATIONS, "reduction": REDUCTIONS, "head": get_args(HeadName)}
        self.check("depnet", choices, ("filters", "hidden"))
        if not isinstance(self.frozen, bool):
            raise UnusableInput(f"depnet: frozen={self.frozen!r}; it must be true or false")
        if not 0 <= self.dropout < 1:
            raise UnusableInput(f"depnet: dropout={self.dropout!r}; it must be at least 0 and below 1")
