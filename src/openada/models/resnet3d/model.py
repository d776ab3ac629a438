"""The plain 3-D ResNet: STA-DRN's stem, stages and head around ordinary residual blocks (He et al. 2016)."""

from __future__ import annotations

from torch import Tensor, nn

from openada.models.clip_network import ClipNetwork, ResidualBlock, network_settings, shortcut
from openada.models.resnet3d.config import LAYERS, ResNet3DConfig


class BasicBlock(ResidualBlock):
    """3×3×3 twice, each followed by BatchNorm; plus the shortcut; ReLU."""

    def __init__(self, inputs: int, width: int, stride: tuple[int, int, int]) -> None:
        super().__init__()
        self.channels = width
        self.conv1 = nn.Conv3d(inputs, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm3d(width)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv3d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm3d(width)
        self.relu2 = nn.ReLU()
        self.downsample = shortcut(inputs, width, stride, kernel=1)

    def forward(self, values: Tensor) -> Tensor:
        """(B, inputs, T, H, W) to (B, w, T', H', W')."""
        beside = values if self.downsample is None else self.downsample(values)
        values = self.relu1(self.bn1(self.conv1(values)))
        return self.relu2(self.bn2(self.conv2(values)) + beside)


class Bottleneck(ResidualBlock):
    """1×1×1 to w, 3×3×3, 1×1×1 to 4w, each followed by BatchNorm; plus the shortcut; ReLU."""

    def __init__(self, inputs: int, width: int, stride: tuple[int, int, int]) -> None:
        super().__init__()
        self.channels = 4 * width
        self.conv1 = nn.Conv3d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm3d(width)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv3d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm3d(width)
        self.relu2 = nn.ReLU()
        self.conv3 = nn.Conv3d(width, self.channels, 1, bias=False)
        self.bn3 = nn.BatchNorm3d(self.channels)
        self.relu3 = nn.ReLU()
        self.downsample = shortcut(inputs, self.channels, stride, kernel=1)

    def forward(self, values: Tensor) -> Tensor:
        """(B, inputs, T, H, W) to (B, 4w, T', H', W')."""
        beside = values if self.downsample is None else self.downsample(values)
        values = self.relu1(self.bn1(self.conv1(values)))
        values = self.relu2(self.bn2(self.conv2(values)))
        return self.relu3(self.bn3(self.conv3(values)) + beside)


class ResNet3D(ClipNetwork):
    """Clips (B, 3, T, H, W) to scores (B,)."""

    config: ResNet3DConfig  # set by the registry


def build(config: ResNet3DConfig) -> ResNet3D:
    """Assemble the model from its settings."""
    return ResNet3D(
        BasicBlock if config.depth == 18 else Bottleneck,
        width=config.width,
        blocks=LAYERS[config.depth],
        stem_temporal_stride=config.stem_temporal_stride,
        **network_settings(config),
    )
