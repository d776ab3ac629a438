"""Where mixed precision must not reach."""

from __future__ import annotations

import torch
from torch import Tensor


def at_least_float32(values: Tensor) -> Tensor:
    """Half and bfloat16 become float32, float64 stays: for softmaxes, norms, scores and losses.

    bfloat16 has 8 significant bits: near a score of 20 its numbers lie 0.125 apart, and 1 − 1e-6 is 1.
    """
    return values.to(torch.promote_types(values.dtype, torch.float32))
