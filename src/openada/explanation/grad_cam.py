"""Class activation maps of a regression score over space and time: Grad-CAM, Grad-CAM++, and STA-DRN's modification.

A is the feature map (B, K, t, h, w), g the gradient of the score S with respect to it, Z = t·h·w. Every map is
Σ_k w_k A^k, un-normalised, with one weight per channel and clip:

- *Grad-CAM* (Selvaraju et al. 2017, eq. 1): w_k = 1/Z Σ g. Without the paper's ReLU, so that what lowered the score shows too.
  If the head is a mean over the grid followed by a linear map, the cells add up to the score less the head's bias.
- *Grad-CAM++* (Chattopadhyay et al. 2018, eq. 10 and 19): w_k = Σ α ReLU(g), α = g² / (2 g² + (Σ A^k) g³), the sum in the
  denominator over the whole grid of that channel; α = 0 where g = 0.
- *modified Grad-CAM++* (Pan et al. 2023, eq. 18): ReLU(ω Σ_k w_k A^k) with these weights, ω the predicted score.

**What the weights of Grad-CAM++ assume.** They are derived for a class probability Y = exp(S), S piecewise linear in A, so
that its second and third derivatives are g² exp(S) and g³ exp(S). exp(S) cancels in α, and is left out in front of ReLU(g),
where it would overflow float32 near a score of 89. A depression score is no logarithm of a probability: for a regression head
the form of α is an assumption. It has a consequence: α depends on the unit of the score. With a score c times as large the map
is c times as large for small c, but tends to Σ_k n_k / (Σ A^k) · A^k for large c, n_k being the number of places with g > 0:
size of the slope then no longer counts. So the output's scale (points, or points / 63) is a hidden setting of the method, and
maps of models trained on different scales do not compare. An added constant changes nothing.

A must be ≥ 0, as after a ReLU: with negative features the denominator can vanish. Then the map is ≥ 0 by
construction: it can show what raised a score, never what lowered it.
"""

from __future__ import annotations

import warnings

import torch
from torch import Tensor

from openada.errors import UnusableInput

_GRID = (2, 3, 4)


def grad_cam(maps: Tensor, gradient: Tensor) -> Tensor:
    """(B, t, h, w), signed, in points of the score per cell; maps and gradient (B, K, t, h, w)."""
    return _weighted(maps, gradient.mean(_GRID))


def grad_cam_plus_plus_weights(maps: Tensor, gradient: Tensor) -> Tensor:
    """w_k (B, K) ≥ 0 of Grad-CAM++. Raises UnusableInput if a feature is negative or not a number.

    Where g > 0, α g = g / (2 + g Σ A): the same number without g², which would underflow where gradients are small. Where g ≤ 0
    ReLU(g) is 0, whatever α.
    """
    lowest = maps.min()
    if not lowest >= 0:
        raise UnusableInput(
            f"the feature map goes down to {lowest.item():.3g}: Grad-CAM++ is defined for features that are at least 0, as "
            "after a ReLU (its denominator can vanish otherwise); use grad-cam, which is signed"
        )
    upwards = gradient.clamp(min=0)
    return (upwards / (2 + upwards * maps.sum(_GRID, keepdim=True))).sum(_GRID)


def grad_cam_plus_plus(maps: Tensor, gradient: Tensor) -> Tensor:
    """(B, t, h, w) ≥ 0; maps (≥ 0) and gradient (B, K, t, h, w)."""
    return _weighted(maps, grad_cam_plus_plus_weights(maps, gradient))


def modified_grad_cam_plus_plus(maps: Tensor, gradient: Tensor, score: Tensor) -> Tensor:
    """(B, t, h, w) ≥ 0, eq. 18 of Pan et al. 2023; `score` (B,) is ω.

    ω only rescales a clip's map. Where ω ≤ 0 the published map is empty, whatever the network saw: a warning says so.
    """
    empty = int((score <= 0).sum())
    if empty:
        warnings.warn(
            f"the modified Grad-CAM++ map is empty for {empty} of {len(score)} clips: its factor, the predicted score, is not "
            "above 0 there (that says nothing about where the network looked); grad-cam++ leaves the factor out",
            stacklevel=2,
        )
    return (score[:, None, None, None] * grad_cam_plus_plus(maps, gradient)).clamp(min=0)


def _weighted(maps: Tensor, weights: Tensor) -> Tensor:
    return torch.einsum("bk,bkthw->bthw", weights, maps)
