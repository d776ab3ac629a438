"""A network of timm on every frame: fine-tuned with one linear output in place of its classes."""

from __future__ import annotations

from torch import Tensor

from openada.models.frame_network.config import FrameNetworkConfig
from openada.models.frame_trunk import FrameModel, FrameTrunk
from openada.models.precision import at_least_float32


class FrameNetwork(FrameModel):
    """Clips (B, 3, T, H, W) to scores (B,): the mean of the scores of their frames, each weighing the same."""

    config: FrameNetworkConfig  # set by the registry

    def __init__(self, trunk: FrameTrunk, *, score_mean: float, score_sd: float) -> None:
        super().__init__(trunk)
        self.score_mean, self.score_sd = score_mean, score_sd

    def score_from_map(self, maps: Tensor) -> Tensor:
        """Scores (B,) on the label's scale from maps (B, K, T, h, w): the network's own head on every frame, then the mean."""
        found = at_least_float32(self.trunk.head(maps.transpose(1, 2).flatten(0, 1)))
        return self.score_mean + self.score_sd * found.reshape(len(maps), -1).mean(1)


def build(config: FrameNetworkConfig) -> FrameNetwork:
    """Assemble the model from its settings."""
    trunk = FrameTrunk(
        config.network,
        outputs=1,
        input_range=config.input_range,
        normalisation=config.normalisation,
        image_size=config.image_size,
    )
    return FrameNetwork(trunk, score_mean=config.score_mean, score_sd=config.score_sd)
