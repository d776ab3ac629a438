"""The R(2+1)D-50 whose public weights are of Kinetics-700 (Hara et al. 2020), under the names of those weights."""

from __future__ import annotations

from torch import Tensor, nn

BLOCKS = (3, 4, 6, 3)


def split_channels(inputs: int, outputs: int, temporal: int, spatial: int) -> int:
    """Channels between the spatial and the temporal half of a convolution: about as many weights as the whole one would have."""
    return temporal * spatial**2 * inputs * outputs // (spatial**2 * inputs + temporal * outputs)


class Bottleneck(nn.Module):
    """1×1×1 to w, 1×3×3 and 3×1×1, 1×1×1 to 4w, each followed by BatchNorm; plus the shortcut; ReLU."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        between, outputs = split_channels(width, width, 3, 3), 4 * width
        self.conv1 = nn.Conv3d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm3d(width)
        self.relu1 = nn.ReLU()
        self.conv2_s = nn.Conv3d(width, between, (1, 3, 3), (1, stride, stride), (0, 1, 1), bias=False)
        self.bn2_s = nn.BatchNorm3d(between)
        self.relu2_s = nn.ReLU()
        self.conv2_t = nn.Conv3d(between, width, (3, 1, 1), (stride, 1, 1), (1, 0, 0), bias=False)
        self.bn2_t = nn.BatchNorm3d(width)
        self.relu2_t = nn.ReLU()
        self.conv3 = nn.Conv3d(width, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm3d(outputs)
        self.relu3 = nn.ReLU()
        self.downsample = (
            None
            if inputs == outputs and stride == 1
            else nn.Sequential(nn.Conv3d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm3d(outputs))
        )

    def forward(self, values: Tensor) -> Tensor:
        """(N, inputs, T, H, W) to (N, 4w, T', H', W')."""
        beside = values if self.downsample is None else self.downsample(values)
        values = self.relu1(self.bn1(self.conv1(values)))
        values = self.relu2_s(self.bn2_s(self.conv2_s(values)))
        values = self.relu2_t(self.bn2_t(self.conv2_t(values)))
        return self.relu3(self.bn3(self.conv3(values)) + beside)


class Kinetics700Network(nn.Module):
    """Standardised clips (N, 3, T, H, W) to `outputs` numbers. Names and shapes are the public weights' at width 64."""

    def __init__(self, *, width: int, outputs: int) -> None:
        super().__init__()
        between = split_channels(3, width, 7, 7)
        self.conv1_s = nn.Conv3d(3, between, (1, 7, 7), (1, 2, 2), (0, 3, 3), bias=False)
        self.bn1_s = nn.BatchNorm3d(between)
        self.relu1_s = nn.ReLU()
        self.conv1_t = nn.Conv3d(between, width, (7, 1, 1), 1, (3, 0, 0), bias=False)
        self.bn1_t = nn.BatchNorm3d(width)
        self.relu1_t = nn.ReLU()
        self.maxpool = nn.MaxPool3d(3, 2, 1)
        channels = width
        stages = []
        for stage, count in enumerate(BLOCKS):
            blocks = []
            for block in range(count):
                blocks.append(Bottleneck(channels, width * 2**stage, 2 if stage > 0 and block == 0 else 1))
                channels = 4 * width * 2**stage
            stages.append(nn.Sequential(*blocks))
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        self.fc = nn.Linear(channels, outputs)
        for module in self.modules():
            if isinstance(module, nn.Conv3d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def feature_map(self, values: Tensor) -> Tensor:
        """The last stage's output (N, 32·width, t, h, w), behind a ReLU: h = H / 32, w = W / 32, t = T / 16, rounded up."""
        values = self.relu1_s(self.bn1_s(self.conv1_s(values)))
        values = self.maxpool(self.relu1_t(self.bn1_t(self.conv1_t(values))))
        return self.layer4(self.layer3(self.layer2(self.layer1(values))))

    def forward(self, values: Tensor) -> Tensor:
        """(N, outputs)."""
        return self.fc(self.feature_map(values).mean((2, 3, 4)))

    def parts(self) -> tuple[nn.Module, ...]:
        """All that is trained, from the last layer to the first."""
        stem = nn.ModuleList([self.conv1_s, self.bn1_s, self.conv1_t, self.bn1_t])
        return self.fc, self.layer4, self.layer3, self.layer2, self.layer1, stem
