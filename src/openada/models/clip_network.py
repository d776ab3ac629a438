"""What STA-DRN and the plain 3-D ResNet share: input, stem, four stages, head, and the protocol that explanations use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from openada.errors import UnusableInput
from openada.models.clip_settings import InputRange, ResidualSettings
from openada.models.precision import at_least_float32
from openada.models.weights import Weights, fetch, load_state, read_state

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
HEAD = "fc."
STAGES = 4

MakeBlock = Callable[[int, int, tuple[int, int, int]], "ResidualBlock"]
"""(channels in, width of the stage, stride along time, height and width) to a block."""


class ResidualBlock(nn.Module):
    """Layers of one block beside its shortcut; `channels` is what leaves it.

    The layers are named conv1, bn1, conv2, bn2 and so on, the shortcut `downsample`.
    """

    channels: int
    downsample: nn.Sequential | None


def shortcut(inputs: int, outputs: int, stride: tuple[int, int, int], kernel: int) -> nn.Sequential | None:
    """Convolution and BatchNorm beside a block that changes channels or grid; None beside one that does not."""
    if inputs == outputs and stride == (1, 1, 1):
        return None
    convolution = nn.Conv3d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm3d(outputs))


class ClipNetwork(nn.Module):
    """Clips (B, 3, T, H, W) to scores (B,): `score_from_map(feature_map(clips))`.

    Stem 7×7×7 with stride 2 in space and `stem_temporal_stride` in time, BatchNorm, ReLU, max-pool 3×3×3 with the same stride;
    four stages, the last three with stride 2 in space and `temporal_stride` in time; global average; one linear output.
    The modules carry the names of STA-DRN's released parameters. Every ReLU is a module of its own and not in place, so that it
    can be hooked.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        make_block: MakeBlock,
        *,
        width: int,
        blocks: tuple[int, ...],
        stem_channels: int,
        temporal_stride: int,
        input_range: InputRange,
        score_mean: float,
        score_sd: float,
        stem_temporal_stride: int = 1,
    ) -> None:
        super().__init__()
        mean = {"unit": IMAGENET_MEAN}.get(input_range, (0.0, 0.0, 0.0))
        std = {"standardised": (1.0, 1.0, 1.0)}.get(input_range, IMAGENET_STD)
        self.register_buffer("mean", torch.tensor(mean).reshape(1, 3, 1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).reshape(1, 3, 1, 1, 1), persistent=False)
        self.score_mean, self.score_sd = score_mean, score_sd
        stem_stride = (stem_temporal_stride, 2, 2)
        self.conv_1 = nn.Conv3d(3, stem_channels, 7, stem_stride, 3, bias=False)
        self.bn1 = nn.BatchNorm3d(stem_channels)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool3d(3, stem_stride, 1)
        channels = stem_channels
        for stage in range(STAGES):
            layers = []
            for index in range(blocks[stage]):
                stride = (temporal_stride, 2, 2) if stage > 0 and index == 0 else (1, 1, 1)
                block = make_block(channels, width * 2**stage, stride)
                channels = block.channels
                layers.append(block)
            self.add_module(f"layer_{stage + 1}", nn.Sequential(*layers))
        self.fc = nn.Linear(channels, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv3d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def feature_map(self, clips: Tensor) -> Tensor:
        """The last stage's output (B, K, t, h, w) for clips (B, 3, T, H, W); it follows a ReLU, so no value is below 0.

        h = H / 32, w = W / 32, each rounded up at every halving; t is T less its halvings, T / 8 in STA-DRN's default.
        """
        if clips.ndim != 5 or clips.shape[1] != 3:
            raise UnusableInput(
                f"clips of shape {tuple(clips.shape)} given to {type(self).__name__}; it takes (batch, 3, time, height, width)"
            )
        values = (clips - self.mean.to(clips.dtype)) / self.std.to(clips.dtype)
        values = self.maxpool(self.relu(self.bn1(self.conv_1(values))))
        for stage in range(STAGES):
            values = self.get_submodule(f"layer_{stage + 1}")(values)
        return values

    def score_from_map(self, maps: Tensor) -> Tensor:
        """Scores (B,) on the label's scale from feature maps (B, K, t, h, w): their mean over the grid, and one linear output."""
        return self.score_mean + self.score_sd * at_least_float32(self.fc(maps.mean((2, 3, 4)))).squeeze(-1)

    def forward_features(self, clips: Tensor) -> Tensor:
        """The mean of the feature map over its grid, (B, K)."""
        return self.feature_map(clips).mean((2, 3, 4))

    def forward(self, clips: Tensor) -> Tensor:
        """Scores (B,) of clips (B, 3, T, H, W), on the label's scale."""
        return self.score_from_map(self.feature_map(clips))

    def own_names(self, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """A checkpoint's tensors under this network's names; a published network may have other ones."""
        return state

    def load_trunk(self, weights: Weights, *, download: bool = False) -> None:
        """Load all but the linear output from a whole network's checkpoint, trained for whatever number of classes."""
        path = fetch(weights, download=download)
        state = self.own_names(read_state(path))
        state = {key: value for key, value in state.items() if not key.startswith(HEAD)}
        head = {key: value for key, value in self.state_dict().items() if key.startswith(HEAD)}
        load_state(self, {**state, **head}, str(path))


def network_settings(config: ResidualSettings) -> dict[str, Any]:
    """The shared settings that a network is built from; clip length and picture size are not among them."""
    names = ("stem_channels", "temporal_stride", "input_range", "score_mean", "score_sd")
    return {name: getattr(config, name) for name in names}
