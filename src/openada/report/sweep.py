"""A figure over the values of one setting, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from openada.report.plots import COLOURS, LINE, SOFT, svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Step(NamedTuple):
    """One value of the setting, the figure there and the ends of its interval (NaN where there is none)."""

    setting: float
    value: float
    low: float
    high: float


def sweep(steps: Sequence[Step], setting: str, figure: str, constant: float, name: str) -> str:
    """The figure over the setting, in rising order and evenly spaced; the constant predictor's as a dashed line."""
    ordered = sorted(steps)

    def draw(axes: Axes) -> None:
        place = np.arange(len(ordered))
        value, low, high = (np.array([getattr(step, key) for step in ordered]) for key in ("value", "low", "high"))
        reach = np.where(np.isfinite(low), np.stack([value - low, high - value]), 0.0)
        axes.axhline(constant, color=SOFT, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        axes.errorbar(place, value, yerr=reach, fmt="o-", color=COLOURS[0], linewidth=1.6, capsize=3, zorder=3)
        axes.set_xticks(place, [f"{step.setting:g}" for step in ordered])
        axes.set_xlim(-0.5, len(ordered) - 0.5)
        axes.grid(axis="y", color=LINE, linewidth=0.7)
        axes.set_axisbelow(True)
        axes.set_xlabel(setting)
        axes.set_ylabel(figure)

    return svg(draw, name, 6.0, 3.9)
