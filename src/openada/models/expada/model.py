"""ExpADA as one network: segment encoder, then selection."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from openada.errors import UnusableInput
from openada.models.expada.config import ExpADAConfig
from openada.models.expada.frame_encoder import FrameEncoder
from openada.models.expada.segment_encoder import SegmentEncoder
from openada.models.expada.selector import Selector
from openada.models.expada.trunk import Trunk
from openada.models.expada.vat import VideoActionTransformer
from openada.models.outputs import SelectionOutput
from openada.models.weights import Weights, fetch, read_state


class ExpADA(nn.Module):
    """Segments of recordings, (B, N, 3, T, H, W) with mask (B, N), to scores, categories and relevance.

    Stage 1 trains `encoder` on single segments; stage 2 trains `selector` on the encoder's cached feature units.
    """

    config: ExpADAConfig  # set by the registry

    def __init__(self, encoder: SegmentEncoder, selector: Selector) -> None:
        super().__init__()
        self.encoder = encoder
        self.selector = selector

    def forward_features(self, clips: Tensor, mask: Tensor) -> Tensor:
        """Feature units (B, N, D); only valid segments are encoded, so padding costs nothing and touches no batch norm."""
        if clips.ndim != 6 or mask.shape != clips.shape[:2] or mask.dtype != torch.bool:
            raise UnusableInput(
                f"clips {tuple(clips.shape)} with mask {tuple(mask.shape)} {mask.dtype}; clips must be "
                "(batch, segments, channel, time, height, width) and mask a boolean (batch, segments)"
            )
        encoded = self.encoder.forward_features(clips[mask])
        assert isinstance(encoded, Tensor)
        return encoded.new_zeros(*mask.shape, encoded.shape[-1]).masked_scatter(mask.unsqueeze(-1), encoded)

    def forward(self, clips: Tensor, mask: Tensor) -> SelectionOutput:
        """Encode the valid segments and select."""
        return self.selector(self.forward_features(clips, mask), mask)

    def load_trunk(self, weights: Weights, *, download: bool = False) -> None:
        """Load pre-trained weights of the whole torchvision network into the trunk; every key must fit."""
        path = fetch(weights, download=download)
        self.encoder.trunk.load_full_network(read_state(path), str(path))


def build(config: ExpADAConfig) -> ExpADA:
    """Assemble the model from its settings."""
    trunk = Trunk(config.trunk, config.input_range)
    shared = {
        name: getattr(config, name)
        for name in (
            *("segment_frames", "image_size", "width", "layers", "heads", "dropout", "categories"),
            *("score_mean", "score_sd"),
        )
    }
    encoder: SegmentEncoder
    if config.encoder == "frames":
        encoder = FrameEncoder(trunk, **shared)
    else:
        encoder = VideoActionTransformer(
            trunk, query_channels=config.query_channels, feature_size=config.feature_size, **shared
        )
    selector = Selector(
        feature_size=config.feature_size,
        hidden_size=config.hidden_size,
        scales=config.scales,
        categories=config.categories,
        percent=config.percent,
        rule=config.selection,
        dropout=config.selector_dropout,
        score_mean=config.score_mean,
        score_sd=config.score_sd,
        head_layers=config.head_layers,
    )
    return ExpADA(encoder, selector)
