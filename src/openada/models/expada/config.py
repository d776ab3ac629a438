"""ExpADA's settings and named sizes. Free of torch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

from openada.errors import UnusableInput
from openada.models.clip_settings import PIXEL_EXPLANATIONS
from openada.models.registry import register

EncoderName = Literal["vat", "frames"]
TrunkName = Literal["s3d", "r3d_18", "r2plus1d_18", "small", "resnet50", "resnet18"]
InputRange = Literal["unit", "difference"]
SelectionRule = Literal["relevance", "mode"]

TRUNKS: dict[str, tuple[str, ...]] = {
    "vat": ("s3d", "r3d_18", "r2plus1d_18", "small"),
    "frames": ("resnet50", "resnet18"),
}
"""The trunks of each encoder: networks over space and time, and networks of single pictures."""

PRESETS: dict[str, dict[str, Any]] = {
    "paper": {},
    "r3d_18": {"trunk": "r3d_18", "image_size": 112},
    "r2plus1d_18": {"trunk": "r2plus1d_18", "image_size": 112},
    "frames": {"encoder": "frames", "trunk": "resnet50", "width": 64, "heads": 16, "feature_size": 1024},
    "frames_demo": {
        "encoder": "frames",
        "trunk": "resnet18",
        "segment_frames": 5,
        "image_size": 64,
        "width": 16,
        "heads": 4,
        "feature_size": 64,
        "hidden_size": 64,
    },
    "demo": {
        "trunk": "small",
        "segment_frames": 5,
        "image_size": 64,
        "width": 32,
        "query_channels": 8,
        "feature_size": 64,
        "hidden_size": 64,
    },
}

NEGATIVE_TOKENS = "its tokens can be negative, for which the weights of Grad-CAM++ are not defined; grad-cam is signed"


@register(
    "expada",
    builder="openada.models.expada.model:build",
    presets=PRESETS,
    explanation_methods=(
        *("relevance", "attention", "gradient_x_input", "grad-cam"),
        *(name for name in PIXEL_EXPLANATIONS if name != "deeplift"),
    ),
    refusals={
        "grad-cam++": NEGATIVE_TOKENS,
        "modified-grad-cam++": NEGATIVE_TOKENS,
        "deeplift": "attention multiplies two functions of the input, which DeepLift's rules do not cover",
        "guided-backpropagation": "its attention path passes no ReLU, so guiding would act on the trunk alone",
    },
)
@dataclass(frozen=True)
class ExpADAConfig:
    """Settings of ExpADA. The defaults are the paper's where it gives a number, and our choice where it does not.

    `encoder` is "vat", the paper's, on a 3-D trunk, or "frames", of the same group's earlier benchmark, on a 2-D one; its D is
    heads · width, and `query_channels` is the VAT's alone.
    `segment_frames` (T), `width` (d), `layers`, `heads`, `dropout`, `scales` (S), `categories` (C) and `percent` (p) are the
    paper's or those of Girdhar et al. 2019. Ours: `feature_size` (D) = 256 = heads · width, the size at which the heads leave
    the last layer; `query_channels` = 32 before the whole centre slice is flattened; `hidden_size` = 256 in the selector's MLPs;
    `head_layers` = 2, the linear layers of stage 2's prediction head (1: linear, 2: one hidden layer).
    `input_range` is "unit" for pixels in [0, 1] and "difference" for pixels less a reference image, roughly in [-1, 1].
    `selection` is "relevance" (eq. 8-10, the default) or "mode" (eq. 4-5).
    `score_mean` and `score_sd` are those of the training labels: both score heads give score_mean + score_sd · output, so that
    training starts at the constant prediction. At 0 and 1 the heads are the paper's plain ones.
    """

    encoder: EncoderName = "vat"
    trunk: TrunkName = "s3d"
    segment_frames: int = 32
    image_size: int = 224
    input_range: InputRange = "unit"
    width: int = 128
    query_channels: int = 32
    layers: int = 3
    heads: int = 2
    dropout: float = 0.3
    feature_size: int = 256
    scales: int = 3
    hidden_size: int = 256
    head_layers: int = 2
    selector_dropout: float = 0.0
    categories: int = 4
    percent: int = 20
    selection: SelectionRule = "relevance"
    score_mean: float = 0.0
    score_sd: float = 1.0

    def __post_init__(self) -> None:
        choices = {"encoder": EncoderName, "trunk": TrunkName, "input_range": InputRange, "selection": SelectionRule}
        for name, allowed in choices.items():
            value = getattr(self, name)
            if value not in get_args(allowed):
                raise UnusableInput(f"expada: {name}={value!r}; choose one of: {', '.join(get_args(allowed))}")
        counts = ("width", "query_channels", "layers", "heads", "feature_size", "scales", "hidden_size", "head_layers")
        lowest = {**dict.fromkeys(counts, 1), "segment_frames": 4, "image_size": 16, "categories": 2, "percent": 1}
        for name, low in lowest.items():
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < low:
                raise UnusableInput(f"expada: {name}={value!r}; it must be a whole number of at least {low}")
        if self.trunk not in TRUNKS[self.encoder]:
            raise UnusableInput(
                f"expada: trunk={self.trunk!r} with encoder={self.encoder!r}; choose one of: {', '.join(TRUNKS[self.encoder])}"
            )
        if self.encoder == "frames" and self.feature_size != self.heads * self.width:
            raise UnusableInput(
                f"expada: feature_size={self.feature_size!r} with encoder='frames'; "
                f"it must be heads · width = {self.heads * self.width}"
            )
        if self.percent > 100:
            raise UnusableInput(f"expada: percent={self.percent!r}; it must be a whole number from 1 to 100")
        for name in ("dropout", "selector_dropout"):
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or not 0 <= value < 1:
                raise UnusableInput(f"expada: {name}={value!r}; it must be at least 0 and less than 1")
        if not math.isfinite(self.score_mean):
            raise UnusableInput(f"expada: score_mean={self.score_mean!r}; it must be finite")
        if not 0 < self.score_sd < math.inf:
            raise UnusableInput(f"expada: score_sd={self.score_sd!r}; it must be finite and above 0")
