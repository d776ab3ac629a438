"""torchvision's video ResNets of depth 18 at any width, without in-place ReLUs."""

from __future__ import annotations

from torch import Tensor, nn
from torchvision.models.video.resnet import (
    BasicBlock,
    Conv2Plus1D,
    Conv3DNoTemporal,
    Conv3DSimple,
    VideoResNet,
)

BLOCKS = 2
"""Residual blocks of each of the four stages."""
MAKERS = {
    "r3d_18": (Conv3DSimple,) * 4,
    "mc3_18": (Conv3DSimple, *(Conv3DNoTemporal,) * 3),
    "r2plus1d_18": (Conv2Plus1D,) * 4,
}
"""Backbone → the convolution of each stage."""


class Kinetics400Network(VideoResNet):
    """Standardised clips (N, 3, T, H, W) to `outputs` numbers, as torchvision's network of that name.

    At width 64 names and shapes are torchvision's. torchvision's own constructor has that width built in, so its steps are
    repeated here with another. Every ReLU is a module used once, and none works in place: guided backpropagation and DeepLift
    hook them.
    """

    def __init__(self, backbone: str, *, width: int, outputs: int) -> None:
        nn.Module.__init__(self)
        makers = MAKERS[backbone]
        self.inplanes = width
        self.stem = _split_stem(width) if backbone == "r2plus1d_18" else _whole_stem(width)
        self.layer1, self.layer2, self.layer3, self.layer4 = (
            self._make_layer(BasicBlock, makers[stage], width * 2**stage, BLOCKS, stride=1 if stage == 0 else 2)
            for stage in range(4)
        )
        self.fc = nn.Linear(8 * width, outputs)
        for module in self.modules():
            if isinstance(module, nn.Conv3d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, nn.ReLU):
                module.inplace = False

    def feature_map(self, values: Tensor) -> Tensor:
        """The last stage's output (N, 8·width, t, h, w), behind a ReLU: h = H / 16, w = W / 16, t = T / 8 (mc3_18: T)."""
        values = self.layer1(self.stem(values))
        return self.layer4(self.layer3(self.layer2(values)))

    def forward(self, values: Tensor) -> Tensor:
        """(N, outputs)."""
        return self.fc(self.feature_map(values).mean((2, 3, 4)))

    def parts(self) -> tuple[nn.Module, ...]:
        """All that is trained, from the last layer to the first."""
        return self.fc, self.layer4, self.layer3, self.layer2, self.layer1, self.stem


def _whole_stem(width: int) -> nn.Sequential:
    convolution = nn.Conv3d(3, width, (3, 7, 7), (1, 2, 2), (1, 3, 3), bias=False)
    return nn.Sequential(convolution, nn.BatchNorm3d(width), nn.ReLU())


def _split_stem(width: int) -> nn.Sequential:
    """Space, then time. torchvision has 45 channels between them at width 64."""
    between = max(45 * width // 64, 1)
    return nn.Sequential(
        nn.Conv3d(3, between, (1, 7, 7), (1, 2, 2), (0, 3, 3), bias=False),
        nn.BatchNorm3d(between),
        nn.ReLU(),
        nn.Conv3d(between, width, (3, 1, 1), 1, (1, 0, 0), bias=False),
        nn.BatchNorm3d(width),
        nn.ReLU(),
    )
