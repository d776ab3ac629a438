"""Augmentation of a clip: horizontal flip, colour jitter and shift, the same parameters for all its frames; and noise.

Brightness, contrast, saturation and hue are each affine in RGB (hue as a rotation of the chrominance plane of YIQ), so
their product is one 3×3 matrix and an offset: a clip is touched once.
Source: Liao et al. 2026, "Implementation details" (flip and jitter; their strengths are not published).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch

from openada.clips.strengths import Augmentation

_LUMA = np.array([0.299, 0.587, 0.114])
_YIQ = np.array([[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])


WHOLE = ((slice(None), slice(None)),)
"""The picture as its only tile."""


@dataclass(frozen=True)
class Drawn:
    """One draw: colours become `matrix` @ rgb + `offset`, both for values in 0–1; the picture moves by shares of its sides."""

    flip: bool
    matrix: np.ndarray
    offset: np.ndarray
    shift: tuple[float, float] = (0.0, 0.0)
    noise: float = 0.0
    noise_seed: int = 0


def draw(augmentation: Augmentation, generator: np.random.Generator, mean_luma: float) -> Drawn:
    """Draw the parameters of one clip. `mean_luma`, in 0–1, is the level that contrast turns about."""
    flip = bool(generator.random() < augmentation.flip)
    brightness, contrast, saturation = (
        1 + generator.uniform(-strength, strength)
        for strength in (augmentation.brightness, augmentation.contrast, augmentation.saturation)
    )
    angle = 2 * np.pi * generator.uniform(-augmentation.hue, augmentation.hue)
    cos, sin = np.cos(angle), np.sin(angle)
    rotate = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
    grey = np.outer(np.ones(3), _LUMA)
    colour = saturation * np.eye(3) + (1 - saturation) * grey
    matrix = contrast * brightness * colour @ np.linalg.inv(_YIQ) @ rotate @ _YIQ
    offset = np.full(3, (1 - contrast) * brightness * mean_luma)
    down, right = (float(generator.uniform(-augmentation.shift, augmentation.shift)) for _ in range(2))
    return Drawn(flip, matrix, offset, (down, right), augmentation.noise, int(generator.integers(2**31)))


def apply(drawn: Drawn, frames: torch.Tensor, tiles: Iterable[tuple[slice, slice]] = WHOLE) -> torch.Tensor:
    """Apply a draw's colours and mirror image to frames (3, T, H, W) in 0–1; values are clipped to 0–1 again.

    `tiles`: rows and columns of parts that are each mirrored in their place, as those of a mosaic.
    """
    matrix = torch.as_tensor(drawn.matrix, dtype=frames.dtype)
    offset = torch.as_tensor(drawn.offset, dtype=frames.dtype)
    out = torch.tensordot(matrix, frames, dims=1) + offset[:, None, None, None]
    return (_in_each(tiles, out, lambda part: part.flip(-1)) if drawn.flip else out).clamp_(0, 1)


def move(drawn: Drawn, clip: torch.Tensor, tiles: Iterable[tuple[slice, slice]] = WHOLE) -> torch.Tensor:
    """Shift a clip (3, T, H, W) by whole pixels, what leaves on one side coming back on the other, and add its noise.

    `tiles`: parts that are each shifted by the share of their own sides.
    """

    def shifted(part: torch.Tensor) -> torch.Tensor:
        pixels = [round(share * side) for share, side in zip(drawn.shift, part.shape[-2:], strict=True)]
        return part.roll(pixels, (-2, -1)) if any(pixels) else part

    clip = _in_each(tiles, clip, shifted)
    if drawn.noise:
        generator = torch.Generator().manual_seed(drawn.noise_seed)
        clip = clip + drawn.noise * torch.randn(clip.shape, generator=generator)
    return clip


def _in_each(
    tiles: Iterable[tuple[slice, slice]], clip: torch.Tensor, change: Callable[[torch.Tensor], torch.Tensor]
) -> torch.Tensor:
    if tiles is WHOLE:
        return change(clip)
    changed = clip.clone()
    for rows, columns in tiles:
        changed[..., rows, columns] = change(clip[..., rows, columns])
    return changed
