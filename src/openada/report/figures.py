"""The figures of an evaluation: limits of agreement, calibration, intervals per predictor; on a page or as files.

Everything drawn was computed elsewhere (`evaluation.agreement`, `evaluation.table`); nothing is fitted or resampled here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from openada.report.page import number
from openada.report.plots import COLOURS, INK, LINE, SOFT, svg

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


class Drawing(NamedTuple):
    """A finished figure: `name` is its file's stem and unique on a page, `svg` an inline SVG element."""

    name: str
    title: str
    svg: str
    note: str = ""


class Bar(NamedTuple):
    """One predictor in a figure of intervals: NaN for low and high where there is none; `seeds` are each seed's value."""

    name: str
    value: float
    low: float
    high: float
    ours: bool
    seeds: Sequence[float] = ()


class Span(Protocol):
    """Anything with a value and the ends of its interval."""

    @property
    def value(self) -> float: ...  # noqa: D102
    @property
    def low(self) -> float: ...  # noqa: D102
    @property
    def high(self) -> float: ...  # noqa: D102


def standalone(inline: str) -> str:
    """An inline SVG element as the content of a file of its own, on white, so that any viewer and any page shows it."""
    opening, _, rest = inline.partition(">")
    ground = '<rect width="100%" height="100%" fill="#ffffff"/>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{opening}>{ground}{rest}\n'


def bland_altman(
    label: np.ndarray, prediction: np.ndarray, bias: Span, lower: Span, upper: Span, scale_name: str, name: str
) -> str:
    """prediction − label against their mean, (n,) each, with bias and limits of agreement and their intervals as bands."""
    label, prediction = np.asarray(label, dtype=float), np.asarray(prediction, dtype=float)

    def draw(axes: Axes) -> None:
        for span, colour, text in (
            (upper, COLOURS[1], "upper limit"),
            (bias, COLOURS[0], "bias"),
            (lower, COLOURS[1], "lower limit"),
        ):
            if not np.isfinite(span.value):
                continue
            if np.isfinite(span.low):
                axes.axhspan(span.low, span.high, color=colour, alpha=0.13, linewidth=0, zorder=1)
            axes.axhline(span.value, color=colour, linewidth=1.5, linestyle="-" if text == "bias" else "--", zorder=2)
            axes.annotate(
                f"{text} {number(span.value, 1)}",
                (1.0, span.value),
                xycoords=axes.get_yaxis_transform(),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                fontsize=9,
                color=colour,
            )
        axes.axhline(0, color=SOFT, linewidth=0.8, linestyle=(0, (1, 2)), zorder=1)
        axes.scatter((label + prediction) / 2, prediction - label, s=26, color=INK, alpha=0.6, linewidth=0, zorder=3)
        reach = max(
            [*np.abs(prediction - label), *(abs(v) for s in (lower, upper) for v in (s.value, s.low, s.high))],
            key=lambda value: value if np.isfinite(value) else -1.0,
            default=1.0,
        )
        axes.set_ylim(-1.08 * reach - 0.1, 1.08 * reach + 0.1)
        axes.set_xlabel(f"mean of prediction and label ({scale_name})")
        axes.set_ylabel("prediction − label")

    return svg(draw, name, 6.6, 4.4)


def calibration(
    label: np.ndarray,
    prediction: np.ndarray,
    bins: pd.DataFrame,
    slope: float,
    scale_name: str,
    name: str,
) -> str:
    """Label against prediction, (n,) each: bins (prediction, label, low, high) and the line of the calibration slope.

    The line runs through the means of both and has `slope`; it is left out where the slope is not defined.
    """
    label, prediction = np.asarray(label, dtype=float), np.asarray(prediction, dtype=float)

    def draw(axes: Axes) -> None:
        axes.scatter(prediction, label, s=16, color=SOFT, alpha=0.35, linewidth=0, zorder=2)
        lowest = min([*label, *prediction], default=0.0)
        highest = max([*label, *prediction], default=1.0)
        axes.plot(
            [lowest, highest], [lowest, highest], color=SOFT, linewidth=1, linestyle=(0, (4, 3)), label="calibrated"
        )
        if np.isfinite(slope) and len(prediction):
            ends = np.array([prediction.min(), prediction.max()])
            line = label.mean() + slope * (ends - prediction.mean())
            axes.plot(ends, line, color=COLOURS[1], linewidth=2, zorder=3, label=f"fitted line, slope {slope:.2f}")
        known = np.isfinite(bins["low"].to_numpy(float))
        reach = np.abs(bins[["low", "high"]].to_numpy(float).T - bins["label"].to_numpy(float))
        axes.errorbar(
            bins["prediction"],
            bins["label"],
            yerr=np.where(known, reach, 0.0),
            fmt="o",
            color=COLOURS[0],
            markersize=7,
            linewidth=1.6,
            capsize=3,
            zorder=4,
            label="bin means, 95 % interval",
        )
        axes.set_xlabel(f"prediction ({scale_name})")
        axes.set_ylabel(f"label ({scale_name})")
        axes.legend(loc="upper left", frameon=False, fontsize=9)

    return svg(draw, name, 6.0, 5.0)


def intervals(bars: Sequence[Bar], metric: str, constant: float, name: str) -> str:
    """A row per predictor with its interval; the constant predictor's value as a dashed line, each seed as a ring."""

    def draw(axes: Axes) -> None:
        if np.isfinite(constant):
            axes.axvline(constant, color=SOFT, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        for row, bar in enumerate(bars):
            colour: Any = COLOURS[0] if bar.ours else SOFT
            if np.isfinite(bar.low):
                axes.plot([bar.low, bar.high], [row, row], color=colour, linewidth=2, solid_capstyle="butt", zorder=2)
            if len(bar.seeds) > 1:
                axes.scatter(
                    bar.seeds, [row] * len(bar.seeds), s=26, facecolor="none", edgecolor=colour, linewidth=1, zorder=4
                )
            if np.isfinite(bar.value):
                axes.scatter([bar.value], [row], s=44, color=colour, marker="D" if bar.ours else "o", zorder=3)
                text = number(bar.value)
            else:
                text = "not defined"
            axes.annotate(
                text,
                (1.0, row),
                xycoords=axes.get_yaxis_transform(),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                fontsize=9,
                color=colour,
            )
        axes.set_yticks(range(len(bars)), [bar.name for bar in bars])
        axes.set_ylim(len(bars) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x", color=LINE, linewidth=0.7)
        axes.set_axisbelow(True)
        axes.set_xlabel(metric)

    return svg(draw, name, 7.2, 0.9 + 0.34 * max(len(bars), 2))
