"""One query that attends over tokens, layer by layer: what both segment encoders end with (after Girdhar et al. 2019)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from openada.models.precision import at_least_float32


class AttentionHead(nn.Module):
    """One head: a query (B, Q) attends over all tokens (B, L, K) and leaves as (B, d).

    q = W_q query; a = softmax(q · k / sqrt d); q' = LN(q + drop(Σ a v)); q'' = LN(q' + drop(MLP(q'))). Keys have no bias: the
    same number added to every token's logit is lost in the softmax, so it could never be trained.
    """

    def __init__(self, query_size: int, token_size: int, width: int, dropout: float) -> None:
        super().__init__()
        self.query = nn.Linear(query_size, width)
        self.key = nn.Linear(token_size, width, bias=False)
        self.value = nn.Linear(token_size, width)
        self.norm_attended = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.ReLU(), nn.Linear(4 * width, width))
        self.norm_out = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, query: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """The updated query (B, d) and the attention over tokens (B, L), which sums to 1."""
        query = self.query(query)
        logits = torch.einsum("bd,bld->bl", query, self.key(tokens)) / math.sqrt(query.shape[-1])
        attention = at_least_float32(logits).softmax(-1)
        attended = torch.einsum("bl,bld->bd", attention, self.value(tokens))
        query = self.norm_attended(query + self.dropout(attended))
        return self.norm_out(query + self.dropout(self.mlp(query))), attention


class AttentionLayers(nn.ModuleList):
    """Layers of heads; each layer's heads read the concatenation of the last layer's heads (heads · width)."""

    def __init__(
        self, query_size: int, token_size: int, *, width: int, layers: int, heads: int, dropout: float
    ) -> None:
        sizes = [query_size] + [heads * width] * (layers - 1)
        super().__init__(
            nn.ModuleList(AttentionHead(size, token_size, width, dropout) for _ in range(heads)) for size in sizes
        )

    def forward(self, query: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Query (B, Q) and tokens (B, L, K) to (B, heads · width) and the attention (B, layers, heads, L), sums of 1 over L."""
        maps = []
        for layer in self:
            assert isinstance(layer, nn.ModuleList)
            results = [head(query, tokens) for head in layer]
            query = torch.cat([result for result, _ in results], dim=1)
            maps.append(torch.stack([attention for _, attention in results], dim=1))
        return query, torch.stack(maps, dim=1)
