"""Settings and named sizes of frame networks. Free of torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from openada.models.clip_settings import CLIP_EXPLANATIONS, PIXEL_EXPLANATIONS, ClipSettings
from openada.models.registry import register

Normalisation = Literal["network", "vggface2"]
NORMALISATIONS = get_args(Normalisation)

PRESETS: dict[str, dict[str, Any]] = {
    "paper": {},
    "planted": {"network": "resnet10t", "image_size": 112},
}


@register(
    "frame-network",
    builder="openada.models.frame_network.model:build",
    presets=PRESETS,
    explanation_methods=(*CLIP_EXPLANATIONS, *PIXEL_EXPLANATIONS),
    refusals={
        "relevance": "it scores single clips and has no relevance of its own",
        "attention": "it has no attention of its own",
    },
)
@dataclass(frozen=True)
class FrameNetworkConfig(ClipSettings):
    """Settings of a network that sees single frames: Table 5's kind in the STA-DRN paper, Tables 2-3's in DepNet's.

    `network` is the name of a timm architecture, with a tag of its weights or without ("resnet50.a1_in1k"); timm is asked for
    it when the model is built. `normalisation` says what the weights expect of pixels: "network", the mean and standard
    deviation that timm holds for them; "vggface2", blue-green-red in 0–255 less a mean, without scaling. `clip_frames` is 1:
    the network is trained on single frames, and a longer clip is scored by their mean.
    """

    clip_frames: int = 1
    network: str = "resnet50"
    normalisation: Normalisation = "network"

    def __post_init__(self) -> None:
        self.check("frame-network", {"normalisation": NORMALISATIONS}, ())
