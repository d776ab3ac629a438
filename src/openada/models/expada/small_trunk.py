"""A small 3-D trunk of our own, for the demo and for planted comparisons on a laptop's two cores."""

from __future__ import annotations

from torch import nn


def _convolution(
    inputs: int, outputs: int, kernel: tuple[int, int, int], stride: tuple[int, int, int]
) -> nn.Sequential:
    padding = (kernel[0] // 2, kernel[1] // 2, kernel[2] // 2)
    return nn.Sequential(
        nn.Conv3d(inputs, outputs, kernel, stride, padding, bias=False), nn.BatchNorm3d(outputs), nn.ReLU()
    )


class SmallTrunk(nn.Sequential):
    """(B, 3, T, H, W) to (B, 64, T/4, H/8, W/8), rounded up.

    Strides are early in time and space so that most of the work is done on small grids, while an eighth of the image
    side still separates brows, lids and mouth on a 64-pixel face (8×8 tokens). About 100 million multiply-accumulates for
    16 frames of 64×64.
    """

    channels = 64
    stride = (4, 8, 8)

    def __init__(self) -> None:
        super().__init__(
            _convolution(3, 16, (3, 5, 5), (2, 2, 2)),
            _convolution(16, 32, (3, 3, 3), (1, 2, 2)),
            _convolution(32, 64, (3, 3, 3), (2, 2, 2)),
            _convolution(64, 64, (3, 3, 3), (1, 1, 1)),
        )
