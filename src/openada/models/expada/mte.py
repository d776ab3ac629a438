"""The multi-scale temporal behaviour encoder (Liao et al. 2026, eq. 7)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from openada.errors import UnusableInput
from openada.models.outputs import Representations


def check_units(units: Tensor, mask: Tensor) -> None:
    """Raise `UnusableInput` unless units are (B, N, D), mask is a boolean (B, N), and every recording has a valid unit."""
    if units.ndim != 3 or mask.shape != units.shape[:2] or mask.dtype != torch.bool:
        raise UnusableInput(
            f"units {tuple(units.shape)} with mask {tuple(mask.shape)} {mask.dtype}; "
            "units must be (batch, units, features) and mask a boolean (batch, units)"
        )
    empty = (~mask.any(1)).nonzero().flatten().tolist()
    if empty or not units.shape[1]:
        raise UnusableInput(
            f"recordings at positions {empty or 'all'} of the batch have no usable segment; leave them out"
        )


class MultiScaleEncoder(nn.Module):
    """Concatenations of s = 1..S consecutive feature units, stride one unit, each scale through its own MLP to R^D.

    MLP_s is linear (s·D to hidden), ReLU, linear (hidden to D), LayerNorm. The paper gives no layers; the LayerNorm keeps the
    scales comparable for the selection that ranks them together.
    """

    def __init__(self, feature_size: int, hidden_size: int, scales: int) -> None:
        super().__init__()
        self.mlps = nn.ModuleList(
            nn.Sequential(
                nn.Linear(scale * feature_size, hidden_size),
                nn.ReLU(),
                nn.Linear(hidden_size, feature_size),
                nn.LayerNorm(feature_size),
            )
            for scale in range(1, scales + 1)
        )

    def forward(self, units: Tensor, mask: Tensor) -> Representations:
        """Units (B, N, D) and mask (B, N) to M = Σ_s (N − s + 1) representations; scales longer than N are left out.

        A representation is valid if all its units are: units lost in the middle of a recording keep their place in time.
        """
        check_units(units, mask)
        units = units.masked_fill(~mask.unsqueeze(-1), 0)  # padding may hold anything, NaN included
        count = units.shape[1]
        features, masks, spans, scales = [], [], [], []
        for scale, mlp in enumerate(self.mlps[:count], start=1):
            windows = units.unfold(1, scale, 1).transpose(2, 3).flatten(2)  # (B, N − s + 1, s·D), units in time order
            features.append(mlp(windows))
            masks.append(mask.unfold(1, scale, 1).all(-1))
            first = torch.arange(count - scale + 1, device=units.device)
            spans.append(torch.stack([first, first + scale], dim=1))
            scales.append(torch.full_like(first, scale))
        return Representations(torch.cat(features, 1), torch.cat(masks, 1), torch.cat(spans), torch.cat(scales))
