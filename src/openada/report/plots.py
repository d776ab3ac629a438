"""matplotlib drawings as SVG text: the same data gives the same bytes, and ids never clash on a page."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from openada.report.content import Bands, Curve, SegmentScore

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, SOFT, LINE = "#1c2733", "#51606f", "#d9e0e7"
BAND_FILLS = ("#f6f9fb", "#ebf1f6", "#dfe9f1", "#d2e0ec", "#c6d8e7", "#bad0e2")
COLOURS = ("#0072B2", "#D55E00", "#007A5A", "#9A4C86", "#5C5C5C", "#B8860B")
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1)), (0, (1, 1)))


STYLE: Any = {
    "svg.hashsalt": "openada",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10.5,
    "axes.edgecolor": LINE,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "text.color": INK,
}


def svg(draw: Callable[[Axes], None], name: str, width_in: float = 6.2, height_in: float = 4.2) -> str:
    """The drawing that `draw` makes on fresh axes, as an inline SVG element.

    `name` must be unique on a page: it prefixes every id inside. Text stays text, so that it can be searched and read aloud.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width_in, height_in), layout="constrained")
        FigureCanvasSVG(figure)
        draw(figure.add_subplot())
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', text)
    text = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', text)
    return re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", text)


def picture(rgb: np.ndarray, name: str, dots_per_inch: int = 100) -> str:
    """A drawn picture (height, width, 3) uint8 as an inline SVG element of its own size; `name` as for `svg`."""

    def draw(axes: Axes) -> None:
        axes.set_axis_off()
        axes.imshow(rgb, interpolation="nearest")

    return svg(draw, name, rgb.shape[1] / dots_per_inch, rgb.shape[0] / dots_per_inch)


def pixels(draw: Callable[[Axes], None], width_px: int, height_px: int, dots_per_inch: int = 100) -> np.ndarray:
    """The drawing that `draw` makes on fresh axes over the whole picture, as (height_px, width_px, 3) uint8."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(
            figsize=(width_px / dots_per_inch, height_px / dots_per_inch), dpi=dots_per_inch, facecolor="white"
        )
        canvas = FigureCanvasAgg(figure)
        draw(figure.add_axes((0, 0, 1, 1)))
        canvas.draw()
        return np.array(canvas.buffer_rgba())[..., :3].copy()


def scatter(
    label: np.ndarray,
    prediction: np.ndarray,
    low: float,
    high: float,
    bands: Bands,
    scale_name: str,
    name: str = "scatter",
) -> str:
    """Prediction against label, (n,) each, over the bands of the scale, with the diagonal and the fitted line.

    The line is the least-squares fit of prediction on label (ExpADA, Fig. 5); it is left out where all labels are the
    same or fewer than three are there. Pairs with a missing value are not drawn. Predictions beyond the scale widen
    the axis; they are not clipped.
    """
    label, prediction = np.asarray(label, dtype=float), np.asarray(prediction, dtype=float)
    known = np.isfinite(label) & np.isfinite(prediction)
    label, prediction = label[known], prediction[known]

    def draw(axes: Axes) -> None:
        starts = [start for _, start in bands]
        for order, (start, end) in enumerate(zip(starts, [*starts[1:], high], strict=True)):
            fill = BAND_FILLS[min(order, len(BAND_FILLS) - 1)]
            axes.axvspan(start, end, color=fill, linewidth=0, zorder=0)
            axes.text(
                (start + end) / 2,
                1.01,
                bands[order][0],
                transform=axes.get_xaxis_transform(),
                ha="center",
                va="bottom",
                fontsize=8.5,
                color=SOFT,
            )
        axes.plot([low, high], [low, high], color=SOFT, linewidth=1, linestyle=(0, (4, 3)), label="prediction = label")
        axes.scatter(label, prediction, s=26, color=COLOURS[0], alpha=0.65, linewidth=0, zorder=3)
        if len(label) >= 3 and np.ptp(label) > 0:
            slope, offset = np.polyfit(label, prediction, 1)
            ends = np.array([label.min(), label.max()])
            axes.plot(
                ends,
                slope * ends + offset,
                color=COLOURS[1],
                linewidth=2,
                zorder=4,
                label=f"fitted line, slope {slope:.2f}",
            )
        pad = 0.02 * (high - low)
        axes.set_xlim(low - pad, high + pad)
        floor, ceiling = (min(low, prediction.min()), max(high, prediction.max())) if len(prediction) else (low, high)
        axes.set_ylim(floor - pad, ceiling + pad)
        axes.set_xlabel(f"label ({scale_name})")
        axes.set_ylabel(f"prediction ({scale_name})")
        axes.legend(loc="upper left", frameon=False, fontsize=9)

    return svg(draw, name, 6.0, 5.0)


def curves(
    lines: Sequence[Curve], chosen_epoch: float | None = None, value_label: str = "loss or error", name: str = "curves"
) -> str:
    """Curves over epochs; a vertical line marks the epoch whose weights were kept. Missing values leave gaps."""

    def draw(axes: Axes) -> None:
        for order, line in enumerate(lines):
            style: dict[str, Any] = {
                "color": COLOURS[order % len(COLOURS)],
                "linestyle": DASHES[order % len(DASHES)],
                "linewidth": 1.8,
            }
            marker = "o" if len(line.epoch) < 3 else None
            axes.plot(
                np.asarray(line.epoch, dtype=float),
                np.asarray(line.value, dtype=float),
                label=line.label,
                marker=marker,
                **style,
            )
        if chosen_epoch is not None:
            axes.axvline(chosen_epoch, color=SOFT, linewidth=1, linestyle=(0, (2, 2)), label="weights kept")
        axes.grid(axis="y", color=LINE, linewidth=0.7)
        axes.set_xlabel("epoch")
        axes.set_ylabel(value_label)
        axes.legend(frameon=False, fontsize=9)

    return svg(draw, name, 6.0, 3.9)


def segment_scores(scores: Sequence[SegmentScore], mean: float, name: str = "scores", *, piece: str = "segment") -> str:
    """The score of each `piece` as a bar's width of line along time in s, with their mean."""

    def draw(axes: Axes) -> None:
        for one in scores:
            axes.plot(
                [one.start_s, one.end_s], [one.score, one.score], color=COLOURS[0], linewidth=2.5, solid_capstyle="butt"
            )
        axes.axhline(mean, color=INK, linewidth=1.2, linestyle="--", label="mean: the score above")
        axes.set_xlabel("time, s")
        axes.set_ylabel(f"score of the {piece}")
        axes.grid(axis="y", color=LINE, linewidth=0.8)
        axes.legend(frameon=False)

    return svg(draw, name, 7.6, 2.9)
