"""DepNet's feature aggregation module (FAM): what a few frames share and how they differ (He et al. 2022, section 4.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import repeat
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from openada.errors import UnusableInput
from openada.models.depnet.config import Reduction
from openada.models.precision import at_least_float32

KERNELS = (3, 5, 9)
OUTPUTS = 64
PLACES_AT_ONCE = 128
"""On a processor. The responses of 192 filters at so many places and five frames, 0.5 MB, stay in its cache."""


def reduced(maps: Tensor, reduction: Reduction) -> Tensor:
    """Maps (B, T, K, h, w) with fewer channels, by what needs no training; "conv" leaves them as they are.

    The text's channel max-pool has kernel and stride 4, which gives 512 channels of 2048; its sizes, 256×7×7 and 12544 = 256·49,
    need 8. Raises UnusableInput if the channels cannot be divided so.
    """
    if reduction == "conv":
        return maps
    of = 4 if reduction == "max4" else 8
    if maps.shape[2] % of:
        raise UnusableInput(
            f"depnet: reduction={reduction!r} takes {of} channels at a time, and {maps.shape[2]} is no multiple"
        )
    groups = maps.unflatten(2, (-1, of))
    return groups.mean(3) if reduction == "mean8" else groups.amax(3)


class FeatureAggregation(nn.Module):
    """Features of T frames (B, T, D) to the high-level feature (B, 64, 1, D).

    Along time alone, every place for itself: convolutions 3×1, 5×1, 9×1 of `filters` filters with *same* padding, each
    followed by the maximum over all T; the maximum over T; the mean over T. Their channels, 3 · filters + 2, go through a 1×1
    convolution. The paper says that nothing is padded, but a 9×1 convolution without padding cannot run on T = 5.

    The modules hold the weights. What they would compute is computed as matrix products (`_MixedLargest`), so that the
    responses, B · T · D for every filter, never fill the memory. Mixed precision does not reach it.
    """

    def __init__(self, filters: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(nn.Conv2d(1, filters, (size, 1), padding=(size // 2, 0)) for size in KERNELS)
        self.mix = nn.Conv2d(len(KERNELS) * filters + 2, OUTPUTS, 1)

    def forward(self, features: Tensor) -> Tensor:
        """(B, T, D) to (B, 64, 1, D)."""
        with _without_autocast(features.device.type):
            values = at_least_float32(features)
            mix = at_least_float32(self.mix.weight.flatten(1))
            of_learnt, of_plain = mix[:, :-2], mix[:, -2:]
            weights, biases = self._filters(values.shape[1])
            learnt = cast(Tensor, _MixedLargest.apply(values, weights, of_learnt))
            plain = of_plain @ torch.stack([values.amax(1), values.mean(1)], 1)
            # A filter's bias is the same at all frames, so it can be added after the maximum.
            offset = at_least_float32(self.mix.get_parameter("bias")) + of_learnt @ biases
            return (learnt + plain + offset[:, None]).to(features.dtype).unsqueeze(2)

    def _filters(self, frames: int) -> tuple[Tensor, Tensor]:
        """All convolutions as one matrix, (T · filters of all, T), a row for every frame and filter; their biases (filters,)."""
        rows, biases = [], []
        for convolution in self.convolutions:
            weights = at_least_float32(convolution.get_parameter("weight")[:, 0, :, 0])
            padded = F.pad(weights, (frames, frames))  # of a frame that is further away than the kernel reaches: 0
            first = frames + weights.shape[1] // 2
            rows.append(torch.stack([padded[:, first - frame :][:, :frames] for frame in range(frames)]))
            biases.append(at_least_float32(convolution.get_parameter("bias")))
        return torch.cat(rows, 1).flatten(0, 1), torch.cat(biases)


def _without_autocast(device: str) -> AbstractContextManager[Any]:
    """Nothing in half precision inside; a device without mixed precision ("meta") needs nothing."""
    return torch.autocast(device, enabled=False) if torch.amp.is_autocast_available(device) else nullcontext()


class _MixedLargest(torch.autograd.Function):
    """mix (O, C) times the largest over frames of filters (T · C, T) times features (B, T, D): (B, O, D).

    A few places at a time; in the backward pass the responses are computed again. As with `amax`, frames that share a largest
    response share its gradient.
    """

    @staticmethod
    def forward(ctx: Any, features: Tensor, filters: Tensor, mix: Tensor) -> Tensor:
        ctx.save_for_backward(features, filters, mix)
        made = features.new_empty(len(features), len(mix), features.shape[2])
        for values, out in zip(_pieces(features), _pieces(made), strict=True):
            out.copy_(mix @ (filters @ values).unflatten(0, (-1, mix.shape[1])).amax(0))
        return made

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *given: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        features, filters, mix = ctx.saved_tensors
        of_features = torch.empty_like(features) if ctx.needs_input_grad[0] else None
        of_filters, of_mix = torch.zeros_like(filters), torch.zeros_like(mix)
        outs: Iterable[Tensor | None] = repeat(None) if of_features is None else _pieces(of_features)
        for values, gradient, out in zip(_pieces(features), _pieces(given[0]), outs, strict=False):
            responses = filters @ values
            by_frame = responses.unflatten(0, (-1, mix.shape[1]))
            largest = by_frame.amax(0)
            of_mix.addmm_(gradient, largest.T)
            by_frame.eq_(largest)
            by_frame.mul_(
                (mix.T @ gradient) / by_frame.sum(0)
            )  # in place: from here on `responses` holds their gradient
            of_filters.addmm_(responses, values.T)
            if out is not None:
                out.copy_(filters.T @ responses)
        return of_features, of_filters, of_mix


def _pieces(values: Tensor) -> Iterator[Tensor]:
    """Views (rows, places) of values (B, rows, D): each sample's places, as many at once as suit the machine."""
    at_once = PLACES_AT_ONCE if values.device.type == "cpu" else values.shape[2]
    for sample in values:
        yield from sample.split(at_once, 1)
