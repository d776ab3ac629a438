"""Settings and named sizes of Expresso-AI's networks. Free of torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from openada.models.clip_settings import CLIP_EXPLANATIONS, PIXEL_EXPLANATIONS, ClipSettings
from openada.models.registry import register

Backbone = Literal["r3d_18", "mc3_18", "r2plus1d_18", "r2plus1d_50"]
BACKBONES: tuple[Backbone, ...] = get_args(Backbone)

PRESETS: dict[str, dict[str, Any]] = {
    "paper": {},
    "r3d_18": {"backbone": "r3d_18"},
    "mc3_18": {"backbone": "mc3_18"},
    "r2plus1d_50": {"backbone": "r2plus1d_50"},
    "planted": {"backbone": "mc3_18", "width": 16, "image_size": 64, "clip_frames": 32},
}


@register(
    "expresso-ai",
    builder="openada.models.expresso.model:build",
    presets=PRESETS,
    explanation_methods=(*CLIP_EXPLANATIONS, *PIXEL_EXPLANATIONS),
    refusals={
        "relevance": "it scores single clips and has no relevance of its own",
        "attention": "it has no attention",
    },
)
@dataclass(frozen=True)
class ExpressoConfig(ClipSettings):
    """Settings of the networks of Expresso-AI (Moreno et al., ACII 2023).

    `backbone`: torchvision's "r3d_18", "mc3_18" or "r2plus1d_18", whose public weights are of Kinetics-400; or "r2plus1d_50",
    whose public weights are of Kinetics-700 (Hara et al.). Each brings the mean and standard deviation of pixels that its weights
    were trained with. `width`: channels of the first stage, doubled in each of the next three; only at 64 the public weights
    fit. `clip_frames` is 16 and `image_size` 112, as in their training. The paper's text at hand does not say which backbone is
    its main one: "r2plus1d_18" is our choice.
    """

    clip_frames: int = 16
    image_size: int = 112
    backbone: Backbone = "r2plus1d_18"
    width: int = 64

    def __post_init__(self) -> None:
        self.check("expresso-ai", {"backbone": BACKBONES}, ("width",))
