"""DepNet: the trunk on every frame, fewer channels, the aggregation over frames, and two fully connected layers."""

from __future__ import annotations

import math

from torch import Tensor, nn

from openada.errors import UnusableInput
from openada.models.depnet.config import DepNetConfig, HeadName, Reduction
from openada.models.depnet.fam import OUTPUTS, FeatureAggregation, reduced
from openada.models.frame_trunk import FrameModel, FrameTrunk
from openada.models.precision import at_least_float32


class Aggregator(nn.Module):
    """All that is trained above a frozen trunk: features of frames (B, T, C, h, w) to scores (B,) on the label's scale.

    C counts the reduced channels, or the trunk's where they are reduced by a trained convolution. Each frame's C×h×w values are
    one row (12544 = 256·7·7 in the paper). "The two fully connected layers, a dropout layer, a rectified linear units layer" are
    read as linear, ReLU, dropout, linear.
    """

    def __init__(
        self,
        channels: int,
        grid: tuple[int, int],
        *,
        reduction: Reduction,
        filters: int,
        head: HeadName,
        hidden: int,
        dropout: float,
        score_mean: float,
        score_sd: float,
    ) -> None:
        super().__init__()
        self.score_mean, self.score_sd = score_mean, score_sd
        self._shape, self._pooled = (channels, *grid), head == "pooled"
        self.convolution = nn.Conv2d(channels, channels // 8, 1) if reduction == "conv" else None
        kept = channels // 8 if reduction == "conv" else channels
        self.fam = FeatureAggregation(filters)
        inputs = OUTPUTS * kept * (1 if self._pooled else math.prod(grid))
        self.head = nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, 1))

    def high_level_feature(self, features: Tensor) -> Tensor:
        """The paper's HLF, (B, 64, 1, D), of features (B, T, C, h, w); D = 12544 in the paper."""
        if self.convolution is not None:
            features = self.convolution(features.flatten(0, 1)).unflatten(0, features.shape[:2])
        return self.fam(features.flatten(2))

    def forward(self, features: Tensor) -> Tensor:
        """Scores (B,) of features (B, T, C, h, w)."""
        if features.ndim != 5 or tuple(features.shape[2:]) != self._shape:
            raise UnusableInput(
                f"depnet: features of {tuple(features.shape[2:])} where the head is built for {self._shape}: "
                "its size is that of image_size"
            )
        high = self.high_level_feature(features)
        if self._pooled:
            high = high.unflatten(3, (-1, self._shape[1] * self._shape[2])).mean(4)
        return self.score_mean + self.score_sd * at_least_float32(self.head(high.flatten(1))).squeeze(-1)


class DepNet(FrameModel):
    """Clips of a few frames (B, 3, T, H, W) to scores (B,); the maps, the paper's LLF, are 2048×7×7 a frame at 224 px."""

    config: DepNetConfig  # set by the registry

    def __init__(self, trunk: FrameTrunk, aggregator: Aggregator, reduction: Reduction) -> None:
        super().__init__(trunk)
        self.aggregator, self._reduction = aggregator, reduction

    def features_from_map(self, maps: Tensor) -> Tensor:
        """What is aggregated, (B, T, C, h, w), of maps (B, K, T, h, w): channels reduced, unless the reduction is trained."""
        return reduced(maps.transpose(1, 2), self._reduction)

    def frozen_features(self, clips: Tensor) -> Tensor:
        """The same of clips (B, 3, T, H, W). With a frozen trunk no training changes it. Raises UnusableInput without one."""
        if not self.trunk.frozen:
            raise UnusableInput("depnet: the trunk is trained (frozen=False), so its features cannot be kept")
        return self.features_from_map(self.feature_map(clips))

    def score_from_map(self, maps: Tensor) -> Tensor:
        """Scores (B,) on the label's scale from maps (B, K, T, h, w)."""
        return self.aggregator(self.features_from_map(maps))


def build(config: DepNetConfig) -> DepNet:
    """Assemble the model from its settings."""
    trunk = FrameTrunk(
        config.trunk,
        outputs=0,
        input_range=config.input_range,
        normalisation=config.normalisation,
        image_size=config.image_size,
        frozen=config.frozen,
    )
    divisor = {"max8": 8, "max4": 4, "mean8": 8, "conv": 1}[config.reduction]
    aggregator = Aggregator(
        trunk.channels // divisor,
        trunk.grid,
        reduction=config.reduction,
        filters=config.filters,
        head=config.head,
        hidden=config.hidden,
        dropout=config.dropout,
        score_mean=config.score_mean,
        score_sd=config.score_sd,
    )
    return DepNet(trunk, aggregator, config.reduction)
