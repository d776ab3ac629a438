"""The 3-D trunks under the segment encoder: torchvision's video networks, cut, and our small one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from openada.errors import UnusableInput
from openada.models.expada.small_trunk import SmallTrunk
from openada.models.weights import load_state

# What torchvision's Kinetics-400 weights were trained with.
KINETICS_MEAN = (0.43216, 0.394666, 0.37645)
KINETICS_STD = (0.22803, 0.22145, 0.216989)


class TrunkFacts(NamedTuple):
    """Output channels; input samples per token along (time, height, width); where the class scores come from.

    `layout` is the order in memory that the trunk's input is given (shapes stay channels first): convolutions follow it.
    """

    channels: int
    stride: tuple[int, int, int]
    classifier: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    layout: torch.memory_format


FACTS = {
    "s3d": TrunkFacts(832, (4, 16, 16), "classifier.1.weight", KINETICS_MEAN, KINETICS_STD, torch.contiguous_format),
    "r3d_18": TrunkFacts(256, (4, 8, 8), "fc.weight", KINETICS_MEAN, KINETICS_STD, torch.channels_last_3d),
    "r2plus1d_18": TrunkFacts(256, (4, 8, 8), "fc.weight", KINETICS_MEAN, KINETICS_STD, torch.channels_last_3d),
    "small": TrunkFacts(
        SmallTrunk.channels, SmallTrunk.stride, "", (0.5, 0.5, 0.5), (0.25, 0.25, 0.25), torch.channels_last_3d
    ),
}


def token_grid(trunk: str, segment_frames: int, image_size: int) -> tuple[int, int, int]:
    """(T', H', W') of the trunk's output; every trunk pads, so a part of a token counts as one."""
    time, height, width = FACTS[trunk].stride
    return math.ceil(segment_frames / time), math.ceil(image_size / height), math.ceil(image_size / width)


def full_network(trunk: str, classes: int = 400) -> Any:
    """torchvision's whole network with random parameters."""
    from torchvision.models import get_model

    return get_model(trunk, weights=None, num_classes=classes)


def cut(trunk: str, network: Any) -> nn.Module:
    """The part of torchvision's network that serves as a trunk.

    s3d up to and with Mixed_4f, `features[:13]`; the ResNets up to and with layer3. S3D's batch norms get torch's
    usual momentum of 0.1: torchvision's 0.001 leaves their running statistics at the initial ones for thousands of
    steps, which ruins evaluation after short training.
    """
    if trunk == "s3d":
        layers = network.features[:13]
        for module in layers.modules():
            if isinstance(module, nn.BatchNorm3d):
                module.momentum = 0.1
        return layers
    return nn.Sequential(network.stem, network.layer1, network.layer2, network.layer3)


class Trunk(nn.Module):
    """Input normalisation and a 3-D network: (B, 3, T, H, W) to (B, channels, T', H', W').

    For `input_range` "unit" pixels are in [0, 1] and the trunk's mean and standard deviation are applied; for "difference"
    (pixels less a reference image) the mean has gone with the reference and only the scale is applied.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, trunk: str, input_range: str = "unit") -> None:
        super().__init__()
        self.trunk = trunk
        facts = FACTS[trunk]
        self.channels = facts.channels
        self.layout = facts.layout
        mean = facts.mean if input_range == "unit" else (0.0, 0.0, 0.0)
        self.register_buffer("mean", torch.tensor(mean).reshape(1, 3, 1, 1, 1))
        self.register_buffer("std", torch.tensor(facts.std).reshape(1, 3, 1, 1, 1))
        self.layers: nn.Module = SmallTrunk() if trunk == "small" else cut(trunk, full_network(trunk))

    def forward(self, clips: Tensor) -> Tensor:
        """Apply the trunk to (B, 3, T, H, W)."""
        return self.layers(((clips - self.mean) / self.std).contiguous(memory_format=self.layout))

    def load_full_network(self, state: Mapping[str, Tensor], source: str) -> None:
        """Take the trunk from a checkpoint of the *whole* torchvision network, which must fit it key by key.

        The number of classes is the checkpoint's own (Kinetics-400, Kinetics-700, …).
        """
        classifier = FACTS[self.trunk].classifier
        if not classifier:
            raise UnusableInput(
                f"trunk {self.trunk!r} has no published weights; load a checkpoint of the whole model instead"
            )
        if classifier not in state:
            raise UnusableInput(
                f"{source} does not fit {self.trunk}: it has no {classifier!r}; give the whole network's weights"
            )
        network = full_network(self.trunk, classes=state[classifier].shape[0])
        load_state(network, state, source)
        load_state(self.layers, cut(self.trunk, network).state_dict(), source)
