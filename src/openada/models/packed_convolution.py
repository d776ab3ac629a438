"""A 3-D convolution as inference wants it: BatchNorm folded in, ReLU and addition done on the way out, weights laid out once."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from openada.errors import UnusableInput

NEEDED = ("_convolution_pointwise", "_convolution_pointwise_", "_reorder_convolution_weight")


def has_fused_convolutions() -> bool:
    """True where torch has oneDNN's convolutions with ReLU and addition inside, which torch.compile uses for processors."""
    return torch.backends.mkldnn.is_available() and all(hasattr(torch.ops.mkldnn, name) for name in NEEDED)


class PackedConvolution(nn.Module):
    """Convolution, BatchNorm in evaluation and, if asked, ReLU of values (B, C, T, H, W), channels last in memory, for inference.

    The fold is computed in float64. `dtype` is that of weights and values, float32 or bfloat16. Where torch lacks oneDNN's fused
    convolutions, or the values are not on the processor, ordinary ones give the same numbers.
    """

    def __init__(self, convolution: nn.Conv3d, norm: nn.BatchNorm3d | None, *, relu: bool, dtype: torch.dtype) -> None:
        super().__init__()
        if convolution.training or (norm is not None and norm.training):
            raise UnusableInput("a network in training cannot be folded for inference; call model.eval() first")
        exact = copy.deepcopy(convolution).double()
        folded = exact if norm is None else fuse_conv_bn_eval(exact, copy.deepcopy(norm).double())
        bias = torch.zeros(folded.out_channels) if folded.bias is None else folded.bias.detach()
        self.register_buffer("weight", folded.weight.detach().to(dtype))
        self.register_buffer("bias", bias.to(dtype))
        self.stride, self.padding = list(folded.stride), [int(side) for side in folded.padding]
        self.groups, self.relu = folded.groups, relu
        self._packed: tuple[tuple[int, ...], Tensor] | None = None

    weight: Tensor
    bias: Tensor

    def packed_for(self, values: Tensor) -> Tensor | None:
        """The weights laid out for values of this shape, kept until another shape comes; None where that does not exist."""
        if values.device.type != "cpu" or not has_fused_convolutions():
            return None
        shape = tuple(values.shape)
        if self._packed is None or self._packed[0] != shape:
            arranged = torch.ops.mkldnn._reorder_convolution_weight(
                self.weight, self.padding, self.stride, [1, 1, 1], self.groups, list(shape)
            )
            self._packed = (shape, arranged)
        return self._packed[1]

    def _plain(self, values: Tensor) -> Tensor:
        return F.conv3d(values, self.weight, self.bias, self.stride, self.padding, 1, self.groups)

    @torch.no_grad()
    def forward(self, values: Tensor) -> Tensor:
        """Convolve, with ReLU if asked."""
        packed = self.packed_for(values)
        if packed is None:
            return self._plain(values).relu_() if self.relu else self._plain(values)
        after = "relu" if self.relu else "none"
        how = (self.padding, self.stride, [1, 1, 1], self.groups)
        result: Tensor = torch.ops.mkldnn._convolution_pointwise(values, packed, self.bias, *how, after, [], "")
        return result

    @torch.no_grad()
    def added_to(self, beside: Tensor, values: Tensor) -> Tensor:
        """ReLU(beside + convolution of the values), written over `beside`."""
        packed = self.packed_for(values)
        if packed is None:
            return beside.add_(self._plain(values)).relu_()
        how = (self.padding, self.stride, [1, 1, 1], self.groups)
        result: Tensor = torch.ops.mkldnn._convolution_pointwise_.binary(
            beside, values, packed, self.bias, *how, "add", 1.0, "relu", [], ""
        )
        return result
