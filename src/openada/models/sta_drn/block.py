"""The spatial-temporal attention (STA) block (section 3.2) and the bottleneck around it (Fig. 2)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from openada.models.clip_network import ResidualBlock, shortcut
from openada.models.precision import at_least_float32
from openada.models.sta_drn.config import Fusion

BRANCHES: dict[str, tuple[str, ...]] = {
    "spatial": ("spatial",),
    "temporal": ("temporal",),
    "feature": ("spatial", "temporal"),
    "vector": ("spatial", "temporal"),
}
"""The branches that each fusion reads."""


class Branch(NamedTuple):
    """Features X (B, C, T, H, W) of a branch and its attention s: (B, C, 1, H, W) in space, (B, C, T, 1, 1) in time."""

    features: Tensor
    attention: Tensor


def across_groups(statistics: Tensor, groups: int) -> Tensor:
    """Softmax of (B, C, …) across its `groups` runs of C / groups channels (eq. 5); the logistic function for one group.

    Channel j of every group competes with channel j of the others. In float32 at least.
    """
    values = at_least_float32(statistics)
    if groups == 1:
        return values.sigmoid().to(statistics.dtype)
    return values.unflatten(1, (groups, -1)).softmax(1).flatten(1, 2).to(statistics.dtype)


class STABlock(nn.Module):
    """Features (B, C, T, H, W) to (B, C, T', H', W'), weighed by where and when they are (eq. 1-12).

    Each branch: convolution 3×3×3 in k groups with bias, BatchNorm, ReLU; mean over time (spatial, eq. 3) or over height and
    width (temporal, eq. 7); 1×1×1 convolution in k groups; softmax across the groups. Fusion "vector" gives
    s_s ⊙ s_t ⊙ (X_s + X_t) (eq. 12), "feature" s_s ⊙ X_s + s_t ⊙ X_t (eq. 10), "spatial" and "temporal" one term of that
    (eq. 6, 9) without the other branch.
    """

    def __init__(self, channels: int, stride: tuple[int, int, int], groups: int, fusion: Fusion) -> None:
        super().__init__()
        self.groups, self.fusion = groups, fusion
        for branch in BRANCHES[fusion]:
            convolution = nn.Conv3d(channels, channels, 3, stride, 1, groups=groups)
            self.add_module(f"group_conv_{branch}", convolution)
            self.add_module(f"bn_{branch}", nn.BatchNorm3d(channels))
            self.add_module(f"relu_{branch}", nn.ReLU())
            self.add_module(f"fc_{branch}", nn.Conv3d(channels, channels, 1, groups=groups))

    def branch(self, name: str, values: Tensor) -> Branch:
        """Features and attention of the branch "spatial" or "temporal"."""
        for layer in ("group_conv", "bn", "relu"):
            values = self.get_submodule(f"{layer}_{name}")(values)
        statistics = values.mean((2,) if name == "spatial" else (3, 4), keepdim=True)
        return Branch(values, across_groups(self.get_submodule(f"fc_{name}")(statistics), self.groups))

    def forward(self, values: Tensor) -> Tensor:
        """Weigh features (B, C, T, H, W)."""
        branches = [self.branch(name, values) for name in BRANCHES[self.fusion]]
        if self.fusion == "vector":
            space, time = branches
            return space.attention * time.attention * (space.features + time.features)
        weighed = [branch.attention * branch.features for branch in branches]
        return weighed[0] if len(weighed) == 1 else torch.add(*weighed)


class STABottleneck(ResidualBlock):
    """1×1×1 to w, STA block, 1×1×1 to 4w, each followed by BatchNorm; plus the shortcut; ReLU (Fig. 2, Table 1)."""

    def __init__(
        self,
        inputs: int,
        width: int,
        stride: tuple[int, int, int],
        *,
        groups: int,
        fusion: Fusion,
        shortcut_kernel: int,
    ) -> None:
        super().__init__()
        self.channels = 4 * width
        self.conv1 = nn.Conv3d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm3d(width)
        self.relu1 = nn.ReLU()
        self.conv2 = STABlock(width, stride, groups, fusion)
        self.bn2 = nn.BatchNorm3d(width)
        self.relu2 = nn.ReLU()
        self.conv3 = nn.Conv3d(width, self.channels, 1, bias=False)
        self.bn3 = nn.BatchNorm3d(self.channels)
        self.relu3 = nn.ReLU()
        self.downsample = shortcut(inputs, self.channels, stride, shortcut_kernel)

    def forward(self, values: Tensor) -> Tensor:
        """(B, inputs, T, H, W) to (B, 4w, T', H', W')."""
        beside = values if self.downsample is None else self.downsample(values)
        values = self.relu1(self.bn1(self.conv1(values)))
        values = self.relu2(self.bn2(self.conv2(values)))
        return self.relu3(self.bn3(self.conv3(values)) + beside)
