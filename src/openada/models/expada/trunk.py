"""The trunks under the segment encoders: torchvision's video and image networks, cut, and our small one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from openada.errors import UnusableInput
from openada.models.expada.small_trunk import SmallTrunk
from openada.models.weights import load_state

# What torchvision's Kinetics-400 weights were trained with, and its ImageNet weights.
KINETICS_MEAN = (0.43216, 0.394666, 0.37645)
KINETICS_STD = (0.22803, 0.22145, 0.216989)
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

FRAMES_AT_ONCE = 32
"""Outside training, frames go through a 2-D trunk in parts of this many, so that memory does not grow with the batch."""


class TrunkFacts(NamedTuple):
    """Output channels; input samples per token along (time, height, width); where the class scores come from.

    `layout` is the order in memory that the trunk's input is given (shapes stay channels first): convolutions follow it.
    `per_frame` is true of 2-D trunks, which see one frame at a time.
    """

    channels: int
    stride: tuple[int, int, int]
    classifier: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    layout: torch.memory_format
    per_frame: bool = False


def _image_network(channels: int) -> TrunkFacts:
    stride = (1, 32, 32)
    return TrunkFacts(channels, stride, "fc.weight", IMAGENET_MEAN, IMAGENET_STD, torch.channels_last_3d, True)


FACTS = {
    "s3d": TrunkFacts(832, (4, 16, 16), "classifier.1.weight", KINETICS_MEAN, KINETICS_STD, torch.contiguous_format),
    "r3d_18": TrunkFacts(256, (4, 8, 8), "fc.weight", KINETICS_MEAN, KINETICS_STD, torch.channels_last_3d),
    "r2plus1d_18": TrunkFacts(256, (4, 8, 8), "fc.weight", KINETICS_MEAN, KINETICS_STD, torch.channels_last_3d),
    "resnet50": _image_network(2048),
    "resnet18": _image_network(512),
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


def cut(trunk: str, network: Any) -> nn.Sequential:
    """The part of torchvision's network that serves as a trunk.

    s3d up to and with Mixed_4f, `features[:13]`; the 3-D ResNets up to and with layer3; the 2-D ones without their pooling and
    classes. S3D's batch norms get torch's
    usual momentum of 0.1: torchvision's 0.001 leaves their running statistics at the initial ones for thousands of
    steps, which ruins evaluation after short training.
    """
    if trunk == "s3d":
        layers: nn.Sequential = network.features[:13]
        for module in layers.modules():
            if isinstance(module, nn.BatchNorm3d):
                module.momentum = 0.1
        return layers
    if FACTS[trunk].per_frame:
        stem = nn.Sequential(network.conv1, network.bn1, network.relu, network.maxpool)
        return nn.Sequential(stem, network.layer1, network.layer2, network.layer3, network.layer4)
    return nn.Sequential(network.stem, network.layer1, network.layer2, network.layer3)


@contextmanager
def statistics_kept(module: nn.Module) -> Iterator[None]:
    """Batch norms in training normalise by the batch as ever and leave their running statistics alone, for a repeated pass."""
    norms = [part for part in module.modules() if isinstance(part, nn.BatchNorm2d | nn.BatchNorm3d)]
    before = [(part.momentum, part.num_batches_tracked) for part in norms]
    for part in norms:
        part.momentum, part.num_batches_tracked = 0.0, None
    try:
        yield
    finally:
        for part, (momentum, count) in zip(norms, before, strict=True):
            part.momentum, part.num_batches_tracked = momentum, count


class Trunk(nn.Module):
    """Input normalisation and a network: (B, 3, T, H, W) to (B, channels, T', H', W'); T' = T where frames are seen one by one.

    For `input_range` "unit" pixels are in [0, 1] and the trunk's mean and standard deviation are applied; for "difference"
    (pixels less a reference image) the mean has gone with the reference and only the scale is applied.
    `checkpointed`, a plain attribute: in training keep what enters each stage, and compute the stage again in the backward pass.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, trunk: str, input_range: str = "unit") -> None:
        super().__init__()
        self.trunk = trunk
        facts = FACTS[trunk]
        self.channels = facts.channels
        self.layout = facts.layout
        self.per_frame = facts.per_frame
        mean = facts.mean if input_range == "unit" else (0.0, 0.0, 0.0)
        self.register_buffer("mean", torch.tensor(mean).reshape(1, 3, 1, 1, 1))
        self.register_buffer("std", torch.tensor(facts.std).reshape(1, 3, 1, 1, 1))
        self.checkpointed = False
        self.layers: nn.Sequential = SmallTrunk() if trunk == "small" else cut(trunk, full_network(trunk))

    def forward(self, clips: Tensor) -> Tensor:
        """Apply the trunk to (B, 3, T, H, W)."""
        clips = ((clips - self.mean) / self.std).contiguous(memory_format=self.layout)
        if not self.per_frame:
            return self._stages(clips)
        frames = clips.transpose(1, 2).flatten(0, 1)
        # In training they stay together: batch norms take their statistics over all of them.
        parts = [frames] if self.training else frames.split(FRAMES_AT_ONCE)
        return torch.cat([self._stages(part) for part in parts]).unflatten(0, (len(clips), -1)).transpose(1, 2)

    def _stages(self, values: Tensor) -> Tensor:
        if not (self.checkpointed and self.training and torch.is_grad_enabled()):
            return self.layers(values)
        for stage in self.layers:

            def contexts(stage: nn.Module = stage) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
                return nullcontext(), statistics_kept(stage)

            values = checkpoint(stage, values, use_reentrant=False, context_fn=contexts)
        return values

    def load_full_network(self, state: Mapping[str, Tensor], source: str) -> None:
        """Take the trunk from a checkpoint of the *whole* torchvision network, which must fit it key by key.

        The number of classes is the checkpoint's own (Kinetics-400, Kinetics-700, ImageNet-1k, …).
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
