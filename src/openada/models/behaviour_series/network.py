"""A network of dilated convolutions over behaviour signals in time, blind to what was not tracked.

The paper names sequence networks without describing them; this one is ours. It is not in the registry, whose models
take clips of pictures.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from openada.models.behaviour_series.config import SeriesConfig


class BehaviourSeriesNetwork(nn.Module):
    """Series (B, T, S) and which steps are known (B, T) → `outputs` numbers each (B, outputs).

    What an unknown step holds, NaN included, changes nothing, and neither do unknown steps added at the end or other series of
    the batch: such steps are 0 before every convolution, normalisation is over the channels of one step, and the mean and the
    largest value over time are of known steps. A series without any has zeros for both.
    """

    def __init__(self, signals: int, outputs: int, config: SeriesConfig = SeriesConfig()) -> None:  # noqa: B008 - frozen
        super().__init__()
        self.stem = nn.Linear(signals, config.width)
        self.blocks = nn.ModuleList(_Block(config, 2**k) for k in range(config.blocks))
        self.norm = nn.LayerNorm(config.width)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(2 * config.width, outputs)

    def forward_features(self, values: Tensor, known: Tensor) -> Tensor:
        """(B, 2 · width): mean and largest value over the known steps."""
        there = known[:, :, None]
        x = self.stem(torch.where(there, values, 0.0)) * there
        for block in self.blocks:
            x = block(x, there)
        x = self.norm(x)
        mean = (x * there).sum(dim=1) / there.sum(dim=1).clamp(min=1)
        largest = x.masked_fill(~there, -torch.inf).amax(dim=1)
        return torch.cat([mean, torch.where(known.any(dim=1, keepdim=True), largest, 0.0)], dim=1)

    def forward(self, values: Tensor, known: Tensor) -> Tensor:
        """(B, outputs)."""
        return self.head(self.dropout(self.forward_features(values, known)))


class _Block(nn.Module):
    """x + two convolutions of it, each after normalisation of every step and a ReLU. (B, T, width) → the same."""

    def __init__(self, config: SeriesConfig, dilation: int) -> None:
        super().__init__()
        width, kernel = config.width, config.kernel
        self.norm_a, self.relu_a = nn.LayerNorm(width), nn.ReLU()
        self.conv_a = nn.Conv1d(width, width, kernel, padding=kernel // 2 * dilation, dilation=dilation)
        self.norm_b, self.relu_b = nn.LayerNorm(width), nn.ReLU()
        self.dropout = nn.Dropout(config.dropout)
        self.conv_b = nn.Conv1d(width, width, kernel, padding=kernel // 2)

    def forward(self, x: Tensor, there: Tensor) -> Tensor:
        y = self.relu_a(self.norm_a(x)) * there
        y = self.conv_a(y.transpose(1, 2)).transpose(1, 2)
        y = self.dropout(self.relu_b(self.norm_b(y))) * there
        return (x + self.conv_b(y.transpose(1, 2)).transpose(1, 2)) * there
