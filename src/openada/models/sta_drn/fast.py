"""The STA block for inference: convolutions with their BatchNorm and ReLU in one, and few passes over memory."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from openada.models.packed_convolution import PackedConvolution
from openada.models.sta_drn.block import BRANCHES, STABlock, across_groups


class FastSTABlock(nn.Module):
    """What `STABlock`, the BatchNorm after it and its ReLU give, for values (B, C, T, H, W), channels last in memory.

    In memory the order is (B, T, H, W, C), so a mean over time is one over the rows of a matrix, and a mean over height and width
    one per frame; torch's mean over permuted axes takes ten times as long. The BatchNorm's scale goes into the attention,
    which is small.
    """

    scale: Tensor
    shift: Tensor

    def __init__(self, block: STABlock, norm: nn.BatchNorm3d, *, dtype: torch.dtype) -> None:
        super().__init__()
        self.groups, self.fusion = block.groups, block.fusion
        self.convolutions, self.attentions = nn.ModuleDict(), nn.ModuleDict()
        for name in BRANCHES[block.fusion]:
            convolution, batch_norm = (block.get_submodule(f"{part}_{name}") for part in ("group_conv", "bn"))
            attention = block.get_submodule(f"fc_{name}")
            assert isinstance(convolution, nn.Conv3d) and isinstance(batch_norm, nn.BatchNorm3d)
            assert isinstance(attention, nn.Conv3d)
            self.convolutions[name] = PackedConvolution(convolution, batch_norm, relu=True, dtype=dtype)
            self.attentions[name] = PackedConvolution(attention, None, relu=False, dtype=dtype)
        assert norm.running_mean is not None and norm.running_var is not None
        scale = norm.weight.detach().double() / (norm.running_var.double() + norm.eps).sqrt()
        self.register_buffer("scale", scale.to(dtype))
        self.register_buffer("shift", (norm.bias.detach().double() - norm.running_mean.double() * scale).to(dtype))

    def attention(self, name: str, rows: Tensor) -> Tensor:
        """Attention from features in rows (B, T, H, W, C): (B, 1, H, W, C) in space, (B, T, 1, 1, C) in time."""
        if name == "spatial":
            statistics = rows.flatten(2).mean(1).reshape(len(rows), 1, *rows.shape[2:])
        else:
            statistics = rows.flatten(2, 3).mean(2)[:, :, None, None]
        weights = across_groups(self.attentions[name](statistics.permute(0, 4, 1, 2, 3)), self.groups)
        return weights.permute(0, 2, 3, 4, 1)

    @torch.no_grad()
    def forward(self, values: Tensor) -> Tensor:
        """Weigh, normalise and rectify."""
        names = BRANCHES[self.fusion]
        rows = {name: self.convolutions[name](values).permute(0, 2, 3, 4, 1).contiguous() for name in names}
        weights = {name: self.attention(name, rows[name]) for name in names}
        if self.fusion == "vector":
            fused = rows["spatial"].add_(rows["temporal"])
            fused.mul_(weights["spatial"] * self.scale).mul_(weights["temporal"])
        else:
            weighed = [rows[name].mul_(weights[name] * self.scale) for name in names]
            fused = weighed[0] if len(weighed) == 1 else weighed[0].add_(weighed[1])
        return fused.add_(self.shift).relu_().permute(0, 4, 1, 2, 3)
