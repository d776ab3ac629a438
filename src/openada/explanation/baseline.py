"""What methods that explain a difference compare a clip with."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Baseline(NamedTuple):
    """values: of a shape that broadcasts to the clips' (B, 3, T, H, W), in their range. said: what they show, in words."""

    values: Tensor
    said: str


MID_GREY = Baseline(torch.tensor(0.5), "every pixel mid-grey")
