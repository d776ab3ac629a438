"""Settings of the network on behaviour series, and its named sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from openada.errors import UnusableInput

Size = Literal["full", "small", "tiny"]


@dataclass(frozen=True)
class SeriesConfig:
    """width: channels; blocks: residual blocks, block k dilated by 2^k; kernel: odd, time steps of a convolution."""

    width: int = 128
    blocks: int = 6
    kernel: int = 5
    dropout: float = 0.2

    def __post_init__(self) -> None:
        if min(self.width, self.blocks) < 1 or self.kernel < 1 or self.kernel % 2 == 0 or not 0 <= self.dropout < 1:
            raise UnusableInput(
                f"{self}: give a width and blocks of 1 or more, an odd kernel, and a dropout from 0 to 1"
            )


SIZES: dict[Size, SeriesConfig] = {
    "full": SeriesConfig(),
    "small": SeriesConfig(width=32, blocks=5),
    "tiny": SeriesConfig(width=8, blocks=3, dropout=0.0),
}
