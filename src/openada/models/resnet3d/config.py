"""Settings and named sizes of the plain 3-D ResNet. Free of torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from openada.models.clip_settings import CLIP_EXPLANATIONS, PIXEL_EXPLANATIONS, ResidualSettings
from openada.models.registry import register

LAYERS = {18: (2, 2, 2, 2), 50: (3, 4, 6, 3), 152: (3, 8, 36, 3)}
"""Blocks of each stage: two convolutions each at depth 18, bottlenecks of three at 50 and 152."""

PRESETS: dict[str, dict[str, Any]] = {
    "paper": {},
    "depth_50": {"depth": 50},
    "depth_152": {"depth": 152},
    "planted": {"width": 12, "stem_channels": 8, "stem_temporal_stride": 1, "clip_frames": 32, "image_size": 112},
}


@register(
    "resnet3d",
    builder="openada.models.resnet3d.model:build",
    presets=PRESETS,
    explanation_methods=(*CLIP_EXPLANATIONS, *PIXEL_EXPLANATIONS),
    refusals={
        "relevance": "it scores single clips and has no relevance of its own",
        "attention": "it has no attention",
    },
)
@dataclass(frozen=True)
class ResNet3DConfig(ResidualSettings):
    """Settings of the 3-D ResNet in Table 4 of the STA-DRN paper, from the same stem, stages and head as STA-DRN.

    `depth` is 18 (the default, and preset "paper"), 50 or 152: 33.20, 46.20 and 117.41 M parameters, as Table 4 prints them.
    `width` is the first stage's, doubled in each of the next three. `stem_temporal_stride` is that of the stem's convolution and
    of its pooling: at 2 the multiply-accumulates at 64×224×224 are Table 4's (65.8, 80.0, 148.4 G, within 0.5 %), a stride that
    the paper does not mention; at 1 the stem is STA-DRN's own, for a comparison on the same grid (210, 266, 539 G). Parameters
    are the same.
    """

    depth: int = 18
    width: int = 64
    stem_temporal_stride: int = 2

    def __post_init__(self) -> None:
        self.check("resnet3d", {"depth": tuple(LAYERS), "stem_temporal_stride": (1, 2)}, ("width",))
