"""The Video Action Transformer as segment encoder (Liao et al. 2026 after Girdhar et al. 2019, CVPR)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from openada.errors import UnusableInput
from openada.models.expada.trunk import Trunk, token_grid
from openada.models.outputs import SegmentOutput


class AttentionHead(nn.Module):
    """One head: a query (B, Q) attends over all tokens (B, L, d) and leaves as (B, d).

    q = W_q query; a = softmax(q · k / sqrt d); q' = LN(q + drop(Σ a v)); q'' = LN(q' + drop(MLP(q'))). Keys have no bias: the
    same number added to every token's logit is lost in the softmax, so it could never be trained.
    """

    def __init__(self, query_size: int, width: int, dropout: float) -> None:
        super().__init__()
        self.query = nn.Linear(query_size, width)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width)
        self.norm_attended = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.ReLU(), nn.Linear(4 * width, width))
        self.norm_out = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, query: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """The updated query (B, d) and the attention over tokens (B, L), which sums to 1."""
        query = self.query(query)
        logits = torch.einsum("bd,bld->bl", query, self.key(tokens)) / math.sqrt(query.shape[-1])
        attention = logits.softmax(-1)
        attended = torch.einsum("bl,bld->bd", attention, self.value(tokens))
        query = self.norm_attended(query + self.dropout(attended))
        return self.norm_out(query + self.dropout(self.mlp(query))), attention


class SegmentEncoder(nn.Module):
    """Clips (B, 3, T, H, W) to one facial behaviour feature unit f each, with stage 1's two heads on top.

    A 1×1×1 convolution brings the trunk's tokens to `width` channels (d) and a learned (t, h, w) location embedding is
    added; its size fixes T and the image size. The query is the whole centre slice, t' = T' // 2 (1×1 convolution to
    `query_channels`, flattened, linear to d): Girdhar's HighRes query, where a tight face crop makes the person's box the frame.
    Each layer's heads read the concatenation of the last layer's heads (heads · d). After the last layer a linear map and a
    LayerNorm give f in R^D: the paper leaves D open, and units of a common size keep stage 2, plain SGD, well conditioned.
    The score is score_mean + score_sd · (a linear output).
    The ordinal head gives C − 1 ordered logits (three, as eq. 12 has it; the text says four).
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
        super().__init__()
        self.input_shape = (3, segment_frames, image_size, image_size)
        self.grid = token_grid(trunk.trunk, segment_frames, image_size)
        self.score_mean, self.score_sd = score_mean, score_sd
        self.trunk = trunk
        self.project = nn.Conv3d(trunk.channels, width, 1)
        self.location = nn.Parameter(nn.init.trunc_normal_(torch.empty(1, width, *self.grid), std=0.02))
        self.query_channels = nn.Conv2d(width, query_channels, 1)
        self.query = nn.Linear(query_channels * self.grid[1] * self.grid[2], width)
        sizes = [width] + [heads * width] * (layers - 1)
        self.attention = nn.ModuleList(
            nn.ModuleList(AttentionHead(size, width, dropout) for _ in range(heads)) for size in sizes
        )
        self.feature = nn.Sequential(nn.Linear(heads * width, feature_size), nn.LayerNorm(feature_size))
        self.score = nn.Linear(feature_size, 1)
        self.ordinal = nn.Linear(feature_size, categories - 1)

    def tokens(self, clips: Tensor) -> Tensor:
        """The located tokens (B, d, T', H', W'): the layer on which maps over space and time are drawn."""
        if clips.ndim != 5 or tuple(clips.shape[1:]) != self.input_shape:
            raise UnusableInput(
                f"clips of shape {tuple(clips.shape)} given to an encoder for (batch, {', '.join(map(str, self.input_shape))}); "
                "its location embedding fixes segment_frames and image_size"
            )
        return self.project(self.trunk(clips)) + self.location

    def forward_features(self, clips: Tensor, return_attention: bool = False) -> Tensor | tuple[Tensor, Tensor]:
        """Feature units (B, D); on request also the attention (B, layers, heads, T', H', W'), which sums to 1 over each grid."""
        grid = self.tokens(clips)
        query = self.query(self.query_channels(grid[:, :, self.grid[0] // 2]).flatten(1))
        tokens = grid.flatten(2).transpose(1, 2)
        maps = []
        for layer in self.attention:
            assert isinstance(layer, nn.ModuleList)
            results = [head(query, tokens) for head in layer]
            query = torch.cat([result for result, _ in results], dim=1)
            maps.append(torch.stack([attention for _, attention in results], dim=1))
        feature = self.feature(query)
        if return_attention:
            return feature, torch.stack(maps, dim=1).unflatten(-1, self.grid)
        return feature

    def heads(self, feature: Tensor) -> SegmentOutput:
        """Stage 1's heads on feature units (B, D)."""
        score = self.score_mean + self.score_sd * self.score(feature).squeeze(-1)
        return SegmentOutput(feature, score, self.ordinal(feature))

    def forward(self, clips: Tensor) -> SegmentOutput:
        """Encode clips (B, 3, T, H, W) and apply both heads."""
        feature = self.forward_features(clips)
        assert isinstance(feature, Tensor)
        return self.heads(feature)
