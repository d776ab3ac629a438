"""Bars of attribution: regions or movements, a colour per group, with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

from openada.report.plots import COLOURS, INK, LINE, SOFT, svg

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

LABEL_WIDTH = 52
"""Characters of a line of a bar's name; longer names would take the bars' room."""


def grouped_bars(
    table: pd.DataFrame, item: str, label: str, name: str, *, even: float | None = None, order: Sequence[str] = ()
) -> str:
    """A row of bars per `item`, one for each group, from a row per item and group: group, value, low, high (NaN: no interval).

    `even` is drawn as a dashed line. `order`: the items from the top; those of the first group by value without.
    """
    groups = list(dict.fromkeys(table["group"]))
    items = list(order) or list(
        table[table["group"] == groups[0]].sort_values("value", ascending=False, na_position="last")[item]
    )
    thickness = 0.8 / max(len(groups), 1)

    def draw(axes: Axes) -> None:
        for place, group in enumerate(groups):
            own = table[table["group"] == group].set_index(item).reindex(items)
            rows = np.arange(len(items)) + (place - (len(groups) - 1) / 2) * thickness
            value, low, high = (own[column].to_numpy(float) for column in ("value", "low", "high"))
            axes.barh(
                rows,
                np.nan_to_num(value),
                height=0.9 * thickness,
                color=COLOURS[place % len(COLOURS)],
                label=group,
                zorder=2,
            )
            known = np.isfinite(low) & np.isfinite(value)
            axes.hlines(rows[known], low[known], high[known], color=INK, linewidth=1, zorder=3)
        if even is not None:
            axes.axvline(even, color=SOFT, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        axes.axvline(0, color=LINE, linewidth=0.8, zorder=1)
        axes.set_yticks(range(len(items)), [fill(name, LABEL_WIDTH) for name in items], fontsize=8)
        axes.set_ylim(len(items) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x", color=LINE, linewidth=0.7)
        axes.set_axisbelow(True)
        axes.set_xlabel(label)
        if len(groups) > 1:
            axes.legend(frameon=False, fontsize=9, loc="best")

    return svg(draw, name, 7.2, 1.2 + max(0.3, 0.16 * len(groups)) * len(items))


def along_time(time_s: np.ndarray, series: np.ndarray, label: str, name: str) -> str:
    """The frames' sums (F,) along time in s, with gaps where there is none; a frame between two gaps is a dot."""
    known = np.pad(np.isfinite(series), 1)
    alone = known[1:-1] & ~known[:-2] & ~known[2:]

    def draw(axes: Axes) -> None:
        axes.axhline(0, color=SOFT, linewidth=0.8, linestyle=(0, (1, 2)))
        axes.plot(time_s, series, color=COLOURS[0], linewidth=1.4)
        axes.plot(time_s[alone], series[alone], color=COLOURS[0], marker="o", markersize=4, linestyle="")
        axes.set_xlabel("time, s")
        axes.set_ylabel(label)
        axes.grid(axis="y", color=LINE, linewidth=0.7)

    return svg(draw, name, 7.6, 2.6)
