"""A network for clips arranged for inference on the processor: the same numbers, sooner."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from openada.errors import UnusableInput
from openada.models.clip_network import STAGES, ClipNetwork, ResidualBlock
from openada.models.packed_convolution import PackedConvolution
from openada.models.precision import at_least_float32
from openada.models.sta_drn.block import STABlock
from openada.models.sta_drn.fast import FastSTABlock


class FastBlock(nn.Module):
    """A residual block (B, C, T, H, W) whose last convolution adds the shortcut and rectifies; the input is written over."""

    def __init__(self, block: ResidualBlock, dtype: torch.dtype) -> None:
        super().__init__()
        numbers = [number for number in (1, 2, 3) if hasattr(block, f"conv{number}")]
        pairs = [(block.get_submodule(f"conv{number}"), block.get_submodule(f"bn{number}")) for number in numbers]
        steps: list[nn.Module] = []
        for layer, norm in pairs[:-1]:
            assert isinstance(norm, nn.BatchNorm3d)
            if isinstance(layer, STABlock):
                steps.append(FastSTABlock(layer, norm, dtype=dtype))
            else:
                assert isinstance(layer, nn.Conv3d)
                steps.append(PackedConvolution(layer, norm, relu=True, dtype=dtype))
        self.steps = nn.Sequential(*steps)
        self.last = PackedConvolution(*pairs[-1], relu=False, dtype=dtype)  # type: ignore[arg-type]
        beside = block.downsample
        self.beside = None if beside is None else PackedConvolution(*beside, relu=False, dtype=dtype)

    def forward(self, values: Tensor) -> Tensor:
        """The block's output."""
        inside = self.steps(values)
        return self.last.added_to(values if self.beside is None else self.beside(values), inside)


class FastClipNetwork(nn.Module):
    """Clips (B, 3, T, H, W) to scores (B,) as the network it was made from, in evaluation, without gradients.

    `feature_map` and `score_from_map` are there too; what needs gradients needs the network itself.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, model: ClipNetwork, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        if dtype not in (torch.float32, torch.bfloat16):
            raise UnusableInput(f"dtype={dtype} for fast inference; choose torch.float32 or torch.bfloat16")
        self.dtype = dtype
        self.score_mean, self.score_sd = model.score_mean, model.score_sd
        self.register_buffer("mean", model.mean.clone())
        self.register_buffer("std", model.std.clone())
        self.stem = PackedConvolution(model.conv_1, model.bn1, relu=True, dtype=dtype)
        self.maxpool = model.maxpool
        stages = [model.get_submodule(f"layer_{stage + 1}") for stage in range(STAGES)]
        self.blocks = nn.Sequential(*(FastBlock(block, dtype) for stage in stages for block in stage.children()))  # type: ignore[arg-type]
        self.register_buffer("head_weight", model.fc.weight.detach().clone())
        self.register_buffer("head_bias", model.fc.bias.detach().clone())

    head_weight: Tensor
    head_bias: Tensor

    @torch.no_grad()
    def feature_map(self, clips: Tensor) -> Tensor:
        """The last stage's output (B, K, t, h, w), in the chosen precision; no value is below 0."""
        values = ((clips - self.mean) / self.std).to(self.dtype).contiguous(memory_format=torch.channels_last_3d)
        maps: Tensor = self.blocks(self.maxpool(self.stem(values)))
        return maps

    @torch.no_grad()
    def score_from_map(self, maps: Tensor) -> Tensor:
        """Scores (B,) on the label's scale, float32."""
        pooled = at_least_float32(maps).mean((2, 3, 4))
        return self.score_mean + self.score_sd * nn.functional.linear(pooled, self.head_weight, self.head_bias).squeeze(
            -1
        )

    def forward(self, clips: Tensor) -> Tensor:
        """Scores (B,) of clips (B, 3, T, H, W), on the label's scale."""
        return self.score_from_map(self.feature_map(clips))


def fast_inference(model: ClipNetwork, dtype: torch.dtype = torch.float32) -> FastClipNetwork:
    """A copy of `model`, which must be in evaluation mode, for inference; the model is left alone.

    In float32 scores agree to about 1e-5 of themselves. bfloat16 pays only on processors with instructions for it, and its error
    is that of 8 significant bits per layer: benchmarks/sta_drn_inference.md.
    """
    if model.training:
        raise UnusableInput("a network in training cannot be arranged for inference; call model.eval() first")
    return FastClipNetwork(model, dtype)
