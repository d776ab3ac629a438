"""What methods that explain a difference compare a clip with."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Baseline(NamedTuple):
    """values: one for every pixel, or of a shape that broadcasts to the clips' (B, 3, T, H, W). said: the same in words."""

    values: Tensor | float
    said: str


MID_GREY = Baseline(0.5, "every pixel mid-grey")
