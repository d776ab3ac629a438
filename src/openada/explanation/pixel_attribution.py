"""What methods that compare a clip with a baseline give, and how far they miss the difference that they explain."""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import Tensor

SMALLEST_DIFFERENCE = 1e-6
"""Points of the score: below it a relative error says nothing and is left out."""


class PixelAttribution(NamedTuple):
    """Values (B, T, H, W) in points of the score, the clips' scores (B,) and those of their baseline (B,)."""

    values: Tensor
    score: Tensor
    baseline_score: Tensor


def completeness(found: PixelAttribution) -> list[dict[str, Any]]:
    """Per clip: |Σ attribution − (score − baseline score)| in points, and relative to |score − baseline score|.

    The relative error is None where the two scores are the same: nothing is to be explained then, and whatever the values
    are, they cancel.
    """
    total = found.values.double().flatten(1).sum(1)
    difference = (found.score - found.baseline_score).double()
    error = (total - difference).abs()
    return [
        {
            "completeness_error": float(e),
            "completeness_error_relative": float(e / d.abs()) if d.abs() > SMALLEST_DIFFERENCE else None,
        }
        for e, d in zip(error, difference, strict=True)
    ]
