"""How strongly clips are augmented. Free of torch, so that recipes can hold it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Augmentation:
    """Half-widths of the jitter: factors in 1 ± strength, hue in ± `hue` turns; `flip` is the chance of a mirror image.

    `shift` (a share of the side, up to which the picture is moved) and `noise` (standard deviation of pixel noise, in 0–1) are
    additions of ours, 0 in the paper's recipes.
    """

    flip: float = 0.5
    brightness: float = 0.1
    contrast: float = 0.1
    saturation: float = 0.1
    hue: float = 0.02
    shift: float = 0.0
    noise: float = 0.0
