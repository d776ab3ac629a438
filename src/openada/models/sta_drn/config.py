"""STA-DRN's settings and named sizes. Free of torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from openada.errors import UnusableInput
from openada.models.clip_settings import CLIP_EXPLANATIONS, PIXEL_EXPLANATIONS, ResidualSettings
from openada.models.registry import register

Fusion = Literal["spatial", "temporal", "feature", "vector"]

PRESETS: dict[str, dict[str, Any]] = {
    "paper": {},
    "depth_50": {"layers": (3, 4, 6, 3)},
    "depth_152": {"layers": (3, 8, 36, 3)},
    "released": {"width": 16},
    "planted": {"width": 8, "layers": (1, 1, 1, 1), "stem_channels": 8, "clip_frames": 32, "image_size": 112},
}


@register(
    "sta-drn",
    builder="openada.models.sta_drn.model:build",
    presets=PRESETS,
    explanation_methods=(*CLIP_EXPLANATIONS, *(name for name in PIXEL_EXPLANATIONS if name != "deeplift")),
    refusals={
        "relevance": "it scores single clips and has no relevance of its own",
        "attention": "every block weighs its own features; there is no one map of attention over the clip",
        "deeplift": "its attention multiplies two functions of the input, which DeepLift's rules do not cover",
    },
)
@dataclass(frozen=True)
class STADRNConfig(ResidualSettings):
    """Settings of STA-DRN. The defaults reproduce Table 4's smallest network, STA-18: 31.270 M parameters.

    `width` (w) is the bottlenecks' in the first stage, w · (1, 2, 4, 8) over the four; `groups` (k) are those of the attention;
    `fusion` is how space and time meet: "spatial" and "temporal" alone, "feature" (eq. 10) or "vector" (eq. 12, the paper's own).
    `layers` are the blocks of each stage before they are multiplied by k, as the released constructor does: (2, 2, 2, 2) with
    k = 2 builds four blocks a stage. `shortcut_kernel` is that of the convolution beside a stage's first block.
    Where the paper contradicts itself: Table 1 and the released scripts have width 16 (preset "released", 7.8 M), but Table 4's
    counts are met by width 32; Table 1 lets time stay at 64 frames, the released code halves it in stages 3-5, and Table 4's
    "FLOPs" are multiply-accumulates so counted. The defaults follow Table 4. `temporal_stride=1` follows Table 1.
    """

    width: int = 32
    groups: int = 2
    fusion: Fusion = "vector"
    layers: tuple[int, int, int, int] = (2, 2, 2, 2)
    shortcut_kernel: int = 3

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", tuple(self.layers))  # JSON has lists alone
        choices = {"groups": (1, 2, 4), "fusion": get_args(Fusion), "shortcut_kernel": (1, 3)}
        self.check("sta-drn", choices, ("width",))
        whole = all(isinstance(count, int) and not isinstance(count, bool) and count > 0 for count in self.layers)
        if len(self.layers) != 4 or not whole:
            raise UnusableInput(
                f"sta-drn: layers={self.layers!r}; give four whole numbers of at least 1, one per stage"
            )
        if self.width % self.groups:
            raise UnusableInput(f"sta-drn: width={self.width!r}; it must be a multiple of groups = {self.groups}")
