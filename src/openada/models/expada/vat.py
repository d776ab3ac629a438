"""The Video Action Transformer as segment encoder (Liao et al. 2026 after Girdhar et al. 2019, CVPR)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from openada.models.expada.attention import AttentionLayers
from openada.models.expada.segment_encoder import SegmentEncoder
from openada.models.expada.trunk import Trunk, token_grid


class VideoActionTransformer(SegmentEncoder):
    """A 3-D trunk's tokens, and the centre slice that attends over them.

    A 1×1×1 convolution brings the trunk's tokens to `width` channels (d) and a learned (t, h, w) location embedding is
    added; its size fixes T and the image size. The query is the whole centre slice, t' = T' // 2 (1×1 convolution to
    `query_channels`, flattened, linear to d): Girdhar's HighRes query, where a tight face crop makes the person's box the frame.
    After the last layer of heads a linear map and a LayerNorm give f in R^D: the paper leaves D open, and units of a common
    size keep stage 2, plain SGD, well conditioned.
    """

    def __init__(
        self,
        trunk: Trunk,
        *,
        segment_frames: int,
        image_size: int,
        width: int,
        query_channels: int,
        layers: int,
        heads: int,
        dropout: float,
        feature_size: int,
        categories: int,
        score_mean: float = 0.0,
        score_sd: float = 1.0,
    ) -> None:
        super().__init__(
            trunk,
            input_shape=(3, segment_frames, image_size, image_size),
            grid=token_grid(trunk.trunk, segment_frames, image_size),
            score_mean=score_mean,
            score_sd=score_sd,
        )
        self.project = nn.Conv3d(trunk.channels, width, 1)
        self.location = nn.Parameter(nn.init.trunc_normal_(torch.empty(1, width, *self.grid), std=0.02))
        self.query_channels = nn.Conv2d(width, query_channels, 1)
        self.query = nn.Linear(query_channels * self.grid[1] * self.grid[2], width)
        self.attention = AttentionLayers(width, width, width=width, layers=layers, heads=heads, dropout=dropout)
        self.feature = nn.Sequential(nn.Linear(heads * width, feature_size), nn.LayerNorm(feature_size))
        self.add_heads(feature_size, categories)

    def tokens(self, clips: Tensor) -> Tensor:
        """The located tokens (B, d, T', H', W'): the layer on which maps over space and time are drawn."""
        self.check(clips)
        return self.project(self.trunk(clips)) + self.location

    def attend(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Feature units (B, D) and the attention (B, layers, heads, T', H', W'), which sums to 1 over each grid."""
        query = self.query(self.query_channels(tokens[:, :, self.grid[0] // 2]).flatten(1))
        attended, maps = self.attention(query, tokens.flatten(2).transpose(1, 2))
        return self.feature(attended), maps.unflatten(-1, self.grid)
