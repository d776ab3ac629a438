"""How large a network is: parameters, and multiply-accumulates counted without computing anything."""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def parameter_count(model: nn.Module) -> int:
    """Trained parameters; running statistics are none."""
    return sum(parameter.numel() for parameter in model.parameters())


def multiply_accumulates(model: nn.Module, input_shape: tuple[int, ...]) -> int:
    """Multiply-accumulates of one forward pass on input of `input_shape`, batch first.

    Counted by torch's FlopCounterMode on the meta device: convolutions and matrix products, at two operations each; pooling,
    BatchNorm, ReLU and other elementwise steps are left out, as the literature does. The model is left as it is.
    """
    shadow = copy.deepcopy(model).to("meta").eval()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        shadow(torch.empty(input_shape, device="meta"))
    return counter.get_total_flops() // 2
