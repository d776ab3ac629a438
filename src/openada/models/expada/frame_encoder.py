"""The second segment encoder: a 2-D network on every frame, and the middle frame that attends over all of them.

The encoder of the same group's earlier benchmark, as systems.md reads it: ResNet-50 per frame, 16 heads in 3 layers of 64
dimensions, a feature unit of length 1 in R^1024.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from openada.models.expada.attention import AttentionLayers
from openada.models.expada.segment_encoder import SegmentEncoder
from openada.models.expada.trunk import Trunk
from openada.models.precision import at_least_float32


class FrameEncoder(SegmentEncoder):
    """One token a frame: the 2-D trunk's mean over the picture, brought to D = heads · `width`, plus an embedding of its time.

    The query is the token of frame T // 2; keys and values are all frames' tokens, its own among them. After the last layer of
    heads their concatenation is divided by its Euclidean norm: f in R^D, of length 1. Ours, where the description says
    nothing: the learned embedding of time, without which the order of the other frames would make no difference, and the linear
    map from the trunk to R^D.
    """

    def __init__(
        self,
        trunk: Trunk,
        *,
        segment_frames: int,
        image_size: int,
        width: int,
        layers: int,
        heads: int,
        dropout: float,
        categories: int,
        score_mean: float = 0.0,
        score_sd: float = 1.0,
    ) -> None:
        super().__init__(
            trunk,
            input_shape=(3, segment_frames, image_size, image_size),
            grid=(segment_frames, 1, 1),
            score_mean=score_mean,
            score_sd=score_sd,
        )
        size = heads * width
        self.project = nn.Linear(trunk.channels, size)
        self.location = nn.Parameter(nn.init.trunc_normal_(torch.empty(1, size, *self.grid), std=0.02))
        self.attention = AttentionLayers(size, size, width=width, layers=layers, heads=heads, dropout=dropout)
        self.add_heads(size, categories)

    def tokens(self, clips: Tensor) -> Tensor:
        """The located tokens (B, D, T, 1, 1), one a frame."""
        self.check(clips)
        pooled = self.trunk(clips).mean((-2, -1))  # (B, channels, T)
        return self.project(pooled.transpose(1, 2)).transpose(1, 2)[..., None, None] + self.location

    def attend(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Feature units (B, D) of length 1 and the attention (B, layers, heads, T), which sums to 1 over T."""
        by_frame = tokens.flatten(2).transpose(1, 2)  # (B, T, D)
        attended, maps = self.attention(by_frame[:, self.grid[0] // 2], by_frame)
        return F.normalize(at_least_float32(attended), dim=-1), maps
