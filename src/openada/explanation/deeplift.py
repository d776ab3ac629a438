"""DeepLIFT's rescale rule (Shrikumar et al. 2017, sections 3.2 and 3.5.1) on the pixels of clips.

Every non-linear layer is replaced, for one pass, by the straight line through what it does to the clip and what it does to
the baseline, of slope m = Δout / Δin. The network is then linear, and the gradient of its score times (pixels − baseline) is
the attribution: it adds up to score − baseline score whatever lies between (the summation to delta of section 3.1).
Where Δin is 0 the layer's slope at the clip stands for m. In a max-pool the input that wins in the larger of the two outputs
carries the whole of Δout (section 3.5.2 leaves pooling open; this is captum's reading).

The lines are drawn call by call in the forward pass, so a layer that is used several times is exact. captum's DeepLift, which
works in the backward pass, refuses such networks, and its max-pool keeps one of several windows that share their largest
input: on overlapping windows, as in a ResNet's stem, its attributions do not add up. Hence our own; captum checks it in tests.

What cannot be seen as a layer is refused: functional non-linearities, and products of two functions of the pixels (attention,
squeeze-and-excitation), which the rule does not cover.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from openada.errors import UnusableInput
from openada.explanation.clip_model import gradients_wanted, one_score_each, require_clip_model
from openada.explanation.graph import nodes
from openada.explanation.pixel_attribution import PixelAttribution

ELEMENTWISE = (nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.Sigmoid, nn.Tanh, nn.Softplus, nn.SiLU, nn.GELU)
POOLS: dict[type[nn.Module], Callable[..., Any]] = {nn.MaxPool2d: F.max_pool2d, nn.MaxPool3d: F.max_pool3d}
LINEAR = (
    *(
        "Convolution",
        "NativeBatchNorm",
        "CudnnBatchNorm",
        "MiopenBatchNorm",
        "Addmm",
        "Mm",
        "Bmm",
        "Mv",
        "Dot",
        "Baddbmm",
    ),
    *("Add", "Sub", "Rsub", "Neg", "Mul", "Div", "Mean", "Sum", "Clone", "ToCopy", "Copy", "Identity", "Alias"),
    *("View", "UnsafeView", "ReshapeAlias", "Permute", "Transpose", "T", "Expand", "Squeeze", "Unsqueeze", "AsStrided"),
    *(
        "Cat",
        "Stack",
        "Slice",
        "Select",
        "Split",
        "SplitWithSizes",
        "Unbind",
        "Chunk",
        "Flip",
        "Index",
        "Gather",
        "Narrow",
    ),
    *("AvgPool2D", "AvgPool3D", "AdaptiveAvgPool2D", "AdaptiveAvgPool3D", "MkldnnAdaptiveAvgPool2D", "ConstantPadNd"),
    *(
        "UpsampleBilinear2D",
        "UpsampleNearest2D",
        "UpsampleTrilinear3D",
        "AccumulateGrad",
        "Unflatten",
        "Movedim",
        "Roll",
    ),
)
"""Operations that are linear in their one varying input, by the name of their node in the graph."""
SMALLEST = 1e-12
"""Of |Δin|: at and below it the layer's slope is used."""


def deeplift(model: nn.Module, clips: Tensor, baseline: Tensor | float) -> PixelAttribution:
    """Attributions (B, T, H, W), summed over the colours, in points of the score, of clips (B, 3, T, H, W).

    baseline: what the clips are compared with, of a shape that broadcasts to theirs. Takes memory for each clip twice. Raises
    UnusableInput for a network that holds what the rule does not cover.
    """
    network = require_clip_model(model)
    with gradients_wanted(model, clips) as own, _straightened(model):
        start_at = torch.as_tensor(baseline).to(own).expand_as(own)
        both = torch.cat([own, start_at]).requires_grad_()
        score = one_score_each(model, network.score_from_map(network.feature_map(both.clone())), len(both))
        _require_linear(score, model)
        (gradient,) = torch.autograd.grad(score[: len(own)].sum(), both)
    slope, start = gradient[: len(own)], score.detach()
    values = (slope * (own - start_at)).sum(1).detach()
    return PixelAttribution(values, start[: len(own)], start[len(own) :])


def require_deeplift(model: nn.Module, clip_shape: tuple[int, int, int, int]) -> None:
    """Raise UnusableInput, with the reason, if the rule does not cover the network; tried on one grey clip (3, T, H, W)."""
    deeplift(model, torch.full((1, *clip_shape), 0.5), 0.0)


@contextmanager
def _straightened(model: nn.Module) -> Iterator[None]:
    """Inside, covered layers give a straight line between the two halves of their batch; afterwards no hook is left."""
    handles = []
    try:
        for module in model.modules():
            if type(module) in ELEMENTWISE or type(module) in POOLS:
                waiting: list[Tensor] = []
                handles.append(module.register_forward_pre_hook(partial(_keep_input, waiting)))
                handles.append(module.register_forward_hook(partial(_line, waiting)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _keep_input(waiting: list[Tensor], module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Keep the input, and give the layer a copy: it may work in place."""
    waiting.append(inputs[0])
    return (inputs[0].detach().clone(), *inputs[1:])


def _line(waiting: list[Tensor], module: nn.Module, inputs: tuple[Tensor, ...], out: Tensor) -> Tensor:
    values = waiting.pop()
    if type(module) in POOLS:
        return _pooled_line(module, values, out.detach())
    known = values.detach()
    change_in, change_out = _difference(known), _difference(out.detach())
    flat = change_in.abs() <= SMALLEST
    slope = torch.where(flat, _slope(module, known), change_out / change_in.masked_fill(flat, 1.0))
    return out.detach() + slope * (values - known)


def _pooled_line(module: Any, values: Tensor, out: Tensor) -> Tensor:
    known = values.detach()
    how = (module.kernel_size, module.stride, module.padding, module.dilation, module.ceil_mode)
    places = POOLS[type(module)](known, *how, return_indices=True)[1]
    clip, base = out.chunk(2)
    clip_place, base_place = places.chunk(2)
    winner = torch.where(clip >= base, clip_place, base_place)
    winner = torch.cat([winner, winner]).flatten(2)

    def at_winner(maps: Tensor) -> Tensor:
        return maps.flatten(2).gather(2, winner).reshape(out.shape)

    change_in, change_out = _difference(at_winner(known)), _difference(out)
    flat = change_in.abs() <= SMALLEST
    slope = torch.where(flat, torch.ones_like(out), change_out / change_in.masked_fill(flat, 1.0))
    return out + slope * (at_winner(values) - at_winner(known))


def _difference(both: Tensor) -> Tensor:
    """Clip less baseline, twice, for either half of the batch."""
    clip, base = both.chunk(2)
    return (clip - base).repeat(2, *[1] * (both.ndim - 1))


def _slope(module: nn.Module, values: Tensor) -> Tensor:
    """The layer's derivative at the clip's half of the values, for either half."""
    here = values.chunk(2)[0].clone().requires_grad_()
    (slope,) = torch.autograd.grad(module.forward(here.clone()).sum(), here)
    return slope.repeat(2, *[1] * (values.ndim - 1))


def _require_linear(score: Tensor, model: nn.Module) -> None:
    """Refuse a graph that is still not linear after its layers were straightened."""
    for node in nodes(score):
        name = node.name().rpartition("::")[2].partition("Backward")[0].lstrip("_")
        varying = sum(following is not None for following, _ in node.next_functions)
        if name in ("Mul", "Div", "Mm", "Bmm", "Addmm", "Baddbmm", "Dot", "Mv", "Convolution") and _product(name, node):
            raise UnusableInput(
                f"DeepLift does not cover {type(model).__name__}: it multiplies two functions of the pixels (as attention and "
                f"squeeze-and-excitation do; {node.name()}, {varying} varying inputs); use integrated-gradients"
            )
        if name not in LINEAR:
            raise UnusableInput(
                f"DeepLift does not cover {type(model).__name__}: its score passes through {node.name()}, which is neither "
                "linear nor a layer of its own (a functional ReLU is not seen: make it an nn.ReLU); use integrated-gradients"
            )


def _product(name: str, node: Any) -> bool:
    """Whether more than one factor varies with the pixels; what Addmm and Baddbmm add to their product is no factor."""
    factors = node.next_functions[1:] if name in ("Addmm", "Baddbmm") else node.next_functions
    return sum(following is not None for following, _ in factors) > 1
