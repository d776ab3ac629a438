"""Drawings of cohort studies: subtype profiles, the criteria of their number, volcano, predictors, learning curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from openada.report.plots import COLOURS, DASHES, INK, LINE, SOFT, svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAMED = 8
"""Points of a volcano that are named."""
_NAME_HEIGHT = 0.042  # of the axis, for one line of text


def profiles(table: pd.DataFrame, scales: Mapping[str, str], name: str = "profiles") -> str:
    """Mean z of each scale by subtype, with its interval; columns of `cohort.subtypes.profile_table`. scales: total → what to
    write."""

    def draw(axes: Axes) -> None:
        place = np.arange(len(scales))
        for order, (subtype, part) in enumerate(table.groupby("subtype")):
            of = part.set_index("scale").loc[list(scales)]
            reach = np.stack([of["z"] - of["z_low"], of["z_high"] - of["z"]])
            style: Any = {"color": COLOURS[order % len(COLOURS)], "linestyle": DASHES[order % len(DASHES)]}
            label = f"subtype {subtype} ({of['share'].iloc[0]:.0%} of people)"
            axes.errorbar(place, of["z"], yerr=reach, marker="o", capsize=3, linewidth=1.8, label=label, **style)
        axes.axhline(0, color=SOFT, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        axes.set_xticks(place, list(scales.values()))
        axes.set_xlim(-0.3, len(scales) - 0.7)
        axes.set_ylabel("mean, in standard deviations")
        axes.grid(axis="y", color=LINE, linewidth=0.7)
        axes.legend(frameon=False, fontsize=9, loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=2)

    return svg(draw, name, 6.0, 4.6)


def cloud_comparison(criteria: pd.DataFrame, name: str = "cloud") -> str:
    """Silhouette over the number of groups, of the people and of a single cloud (mean and 95 % quantile)."""

    def draw(axes: Axes) -> None:
        k = criteria["k"].to_numpy(float)
        axes.fill_between(
            k, criteria["one_cloud"], criteria["one_cloud_high"], color=LINE, label="one cloud, mean to 95 % quantile"
        )
        axes.plot(k, criteria["silhouette"], "o-", color=COLOURS[0], linewidth=1.8, label="these people")
        axes.set_xticks(k, [f"{value:g}" for value in k])
        axes.set_xlabel("number of groups")
        axes.set_ylabel("silhouette")
        axes.grid(axis="y", color=LINE, linewidth=0.7)
        axes.legend(frameon=False, fontsize=9)

    return svg(draw, name, 6.0, 3.9)


def volcano(table: pd.DataFrame, rate: float, name: str = "volcano", size: str = "adjusted correlation") -> str:
    """−log₁₀ p against the size of every association, columns of `cohort.associations.association_table`; the strongest are
    named."""

    def draw(axes: Axes) -> None:
        known = table[table["p_value"].notna()]
        size_of = known["r"].to_numpy(float)
        height = -np.log10(np.maximum(known["p_value"].to_numpy(float), 1e-300))
        found = known["found"].to_numpy(bool)
        again = known["replicated"].to_numpy(bool) if "replicated" in known else np.zeros(len(known), bool)
        for inside, colour, marker, text in (
            (~found, SOFT, ".", "not found"),
            (found & ~again, COLOURS[1], "o", f"found (false discovery rate {rate:g})"),
            (again, COLOURS[0], "D", "found, and replicated in the held-out people"),
        ):
            if inside.any():
                axes.scatter(
                    size_of[inside],
                    height[inside],
                    s=18,
                    color=colour,
                    marker=marker,
                    alpha=0.75,
                    linewidth=0,
                    label=text,
                )
        strongest = [int(place) for place in np.argsort(-height)[:NAMED] if found[place]]
        for side in (size_of < 0, size_of >= 0):
            named = [place for place in strongest if side[place]]
            top = float(height.max(initial=1.0))
            at = top * 1.02
            for place in named:  # the highest first; a name that would lie on the one above it moves down
                at = min(float(height[place]), at - _NAME_HEIGHT * top)
                row = known.iloc[place]
                left = size_of[place] < 0
                axes.annotate(
                    f"{row['feature']} · {row['scale'].rpartition('_')[2]}",
                    (size_of[place], height[place]),
                    xytext=(size_of[place] * 0.93, at),
                    ha="left" if left else "right",
                    va="center",
                    fontsize=7.5,
                    color=INK,
                    arrowprops={"arrowstyle": "-", "color": LINE, "linewidth": 0.6},
                )
        widest = max(float(np.abs(size_of).max(initial=0.0)) * 1.1, 0.05)
        axes.set_xlim(-widest, widest)
        axes.axvline(0, color=LINE, linewidth=1)
        axes.set_xlabel(size)
        axes.set_ylabel("surer: −log₁₀ p, people looked at")
        axes.grid(axis="y", color=LINE, linewidth=0.7)
        axes.legend(frameon=False, fontsize=8.5, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)

    return svg(draw, name, 6.6, 4.8)


def predictors(figures: pd.DataFrame, metric: str, label: str, nothing: float, name: str = "predictors") -> str:
    """Each predictor's figure over all people with its interval, and the best fold as a hollow mark; `nothing`: a line at
    chance."""

    def draw(axes: Axes) -> None:
        table = figures[figures["metric"] == metric].iloc[::-1]
        place = np.arange(len(table))
        value = table["pooled"].to_numpy(float)
        low, high = (table[side].to_numpy(float) for side in ("low", "high"))
        reach = np.where(np.isfinite(low), np.stack([value - low, high - value]), 0.0)
        axes.axvline(nothing, color=SOFT, linewidth=1, linestyle=(0, (4, 3)), label="no better than chance")
        axes.errorbar(
            value, place, xerr=reach, fmt="o", color=COLOURS[0], capsize=3, label="all people, 95 % interval", zorder=3
        )
        axes.scatter(
            table["best_fold"],
            place,
            s=42,
            facecolor="none",
            edgecolor=COLOURS[1],
            marker="D",
            label=f"best of {int(table['folds'].max())} folds: no result",
        )
        axes.set_yticks(place, table["predictor"])
        axes.set_xlabel(label)
        axes.grid(axis="x", color=LINE, linewidth=0.7)
        axes.legend(frameon=False, fontsize=8.5, loc="upper center", bbox_to_anchor=(0.4, -0.14), ncols=2)

    return svg(draw, name, 6.6, 1.8 + 0.36 * figures["predictor"].nunique())


def learning_curve(table: pd.DataFrame, label: str, nothing: float, name: str = "learning-curve") -> str:
    """Mean over repeats with their spread, and the best fold, over the number of people (logarithmic)."""

    def draw(axes: Axes) -> None:
        people = table["people"].to_numpy(float)
        mean, sd = table["mean"].to_numpy(float), np.nan_to_num(table["sd"].to_numpy(float))
        axes.axhline(nothing, color=SOFT, linewidth=1, linestyle=(0, (4, 3)), label="no better than chance")
        axes.fill_between(people, mean - sd, mean + sd, color=COLOURS[0], alpha=0.15, linewidth=0)
        axes.plot(people, mean, "o-", color=COLOURS[0], linewidth=1.8, label="mean over folds ± sd over folds")
        axes.plot(
            people, table["best_fold"], "D--", color=COLOURS[1], linewidth=1.2, label="best fold: what would be claimed"
        )
        axes.set_xscale("log")
        axes.set_xticks(people, [f"{value:g}" for value in people])
        axes.minorticks_off()
        axes.set_xlabel("people")
        axes.set_ylabel(label)
        axes.grid(axis="y", color=LINE, linewidth=0.7)
        axes.legend(frameon=False, fontsize=9)

    return svg(draw, name, 6.4, 4.0)
