"""Settings that networks for single clips share, and their checks. Free of torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from openada.errors import UnusableInput

InputRange = Literal["unit", "difference", "standardised"]


@dataclass(frozen=True)
class ClipSettings:
    """What every network for clips (B, 3, T, H, W) is told beside its own sizes.

    `clip_frames` (T) and `image_size` (H = W, pixels) are those of training and testing; the network runs on others too.
    `input_range`: "unit" for pixels in [0, 1], standardised inside by mean and standard deviation (ImageNet's, as STA-DRN's
    released loader does; a network from timm has its own); "difference" for pixels less a reference image, which are only
    scaled; "standardised" for input that is fed as it is. `score_mean` and `score_sd` are those of the training labels: the
    score is score_mean + score_sd · output. At 0 and 1 it is the paper's plain output.
    """

    clip_frames: int = 64
    image_size: int = 224
    input_range: InputRange = "unit"
    score_mean: float = 0.0
    score_sd: float = 1.0

    def check(self, model: str, choices: Mapping[str, tuple[Any, ...]], counts: tuple[str, ...]) -> None:
        """Raise `UnusableInput` for a setting outside its choices, a count below 1, and a scale that is none.

        `choices` and `counts` name the model's own settings; the shared ones are checked too.
        """
        shared = {"input_range": get_args(InputRange)}
        for name, allowed in {**shared, **choices}.items():
            value = getattr(self, name)
            if isinstance(value, bool) or value not in allowed:
                raise UnusableInput(f"{model}: {name}={value!r}; choose one of: {', '.join(map(str, allowed))}")
        for name in ("clip_frames", "image_size", *counts):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise UnusableInput(f"{model}: {name}={value!r}; it must be a whole number of at least 1")
        if not math.isfinite(self.score_mean):
            raise UnusableInput(f"{model}: score_mean={self.score_mean!r}; it must be finite")
        if not 0 < self.score_sd < math.inf:
            raise UnusableInput(f"{model}: score_sd={self.score_sd!r}; it must be finite and above 0")


@dataclass(frozen=True)
class ResidualSettings(ClipSettings):
    """What STA-DRN and the plain 3-D ResNet share beyond that.

    `stem_channels` leave the 7×7×7 convolution. `temporal_stride` is that of stages 3-5, whose stride in space is 2.
    """

    stem_channels: int = 64
    temporal_stride: int = 2

    def check(self, model: str, choices: Mapping[str, tuple[Any, ...]], counts: tuple[str, ...]) -> None:
        """As `ClipSettings.check`, with the stem and the stride."""
        super().check(model, {"temporal_stride": (1, 2), **choices}, ("stem_channels", *counts))


CLIP_EXPLANATIONS = ("grad-cam++", "grad-cam", "modified-grad-cam++", "guided-backpropagation", "gradient_x_input")
"""What explains a convolutional network for clips whose feature map follows a ReLU."""

PIXEL_EXPLANATIONS = ("saliency", "integrated-gradients", "smooth-grad", "deeplift")
"""What explains the score of any differentiable network for clips by its pixels."""
