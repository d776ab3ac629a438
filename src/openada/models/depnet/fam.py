"""DepNet's feature aggregation module (FAM): what a few frames share and how they differ (He et al. 2022, section 4.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from openada.errors import UnusableInput
from openada.models.depnet.config import Reduction

KERNELS = (3, 5, 9)
OUTPUTS = 64


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
    """

    def __init__(self, filters: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(nn.Conv2d(1, filters, (size, 1), padding=(size // 2, 0)) for size in KERNELS)
        self.mix = nn.Conv2d(len(KERNELS) * filters + 2, OUTPUTS, 1)

    def forward(self, features: Tensor) -> Tensor:
        """(B, T, D) to (B, 64, 1, D)."""
        picture = features.unsqueeze(1)
        learnt = [convolution(picture).amax(2, keepdim=True) for convolution in self.convolutions]
        plain = [picture.amax(2, keepdim=True), picture.mean(2, keepdim=True)]
        return self.mix(torch.cat([*learnt, *plain], 1))
