"""How the learning rate runs: factors of where training is, and of nothing else, so that nothing is lost on resuming."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple


class Step(NamedTuple):
    """Where training is: `epoch` and `batch` count from 0; `batches` an epoch has, `epochs` the stage."""

    epoch: int
    batch: int
    batches: int
    epochs: int

    @property
    def progress(self) -> float:
        """The share of the stage that is done, 0–1."""
        return (self.epoch + self.batch / self.batches) / self.epochs


Schedule = Callable[[Step], float]


def constant(step: Step) -> float:
    """The learning rate as it is."""
    return 1.0


def warm_cosine(warm_up: float) -> Schedule:
    """Linear warm-up over the share `warm_up` of all steps, then half a cosine to zero."""

    def factor(step: Step) -> float:
        progress = step.progress
        if progress < warm_up:
            return (progress + 1e-3) / (warm_up + 1e-3)
        return 0.5 * (1 + math.cos(math.pi * (progress - warm_up) / (1 - warm_up)))

    return factor


def inverse_decay(gamma: float, power: float, accumulate: int = 1) -> Schedule:
    """(1 + gamma · i)^−power, i the steps that were made, as caffe's "inv" (He et al. 2022, section 5.2.1).

    `accumulate`: batches of an epoch that make one step; what is left at its end makes one too.
    """

    def factor(step: Step) -> float:
        made = step.epoch * -(-step.batches // accumulate) + step.batch // accumulate
        return float((1 + gamma * made) ** -power)

    return factor


def cosine_restarts(period: int, growth: int, least: float = 0.0) -> Schedule:
    """Half a cosine from 1 to `least` over `period` epochs, begun anew ever after, each time `growth` times as long.

    One value per epoch, as in Pan et al. 2023, eq. 13 (T_cur is an epoch index), after Loshchilov and Hutter 2016.
    """

    def factor(step: Step) -> float:
        since, length = step.epoch, period
        while since >= length:
            since, length = since - length, length * growth
        return least + (1 - least) * 0.5 * (1 + math.cos(math.pi * since / length))

    return factor
