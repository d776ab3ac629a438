"""Pictures of relevance: all scales along time over a strip of frames (ExpADA, Fig. 3), clouds of representations (Fig. 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from openada.report.content import Picture
from openada.report.plots import COLOURS, INK, LINE, SOFT, svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SCALE_COLOURS = (
    "#C62828",
    "#2E7D32",
    "#1565C0",
    "#8E5EA2",
    "#B8860B",
    "#5C5C5C",
)  # red, green, blue first, as in Fig. 3
MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def relevance_along_time(
    points: Mapping[str, tuple[np.ndarray, np.ndarray]],
    heat: tuple[np.ndarray, np.ndarray],
    frames: Sequence[Picture],
    episodes_s: np.ndarray,
    duration_s: float,
    value_name: str,
    name: str,
) -> str:
    """One recording: a point per representation, below it the heat strip and evenly spaced frames.

    `points`: scale's name → middle of each representation in s and its value, (m,) each. `heat`: borders of the units in s
    (n + 1,) and their values (n,), NaN where nothing is known; darker is less, as in the paper. `episodes_s` (e, 2) are shaded.
    """

    def draw(axes: Axes) -> None:
        for start, end in episodes_s:
            axes.axvspan(start, end, color="#F3C14B", alpha=0.35, linewidth=0, zorder=0)
        for order, (scale, (time_s, value)) in enumerate(points.items()):
            colour = SCALE_COLOURS[order % len(SCALE_COLOURS)]
            axes.plot(time_s, value, color=colour, linewidth=0.8, alpha=0.5, zorder=2)
            axes.scatter(time_s, value, s=14, color=colour, label=scale, zorder=3, linewidth=0)
        axes.set_xlim(0, duration_s)
        axes.set_ylim(bottom=0)
        axes.set_ylabel(value_name)
        axes.grid(axis="y", color=LINE, linewidth=0.7)
        axes.legend(frameon=False, fontsize=9, ncols=len(points), loc="lower right", bbox_to_anchor=(1, 1))
        axes.tick_params(labelbottom=False)
        strip = axes.inset_axes((0, -0.13, 1, 0.09), sharex=axes)
        borders_s, values = heat
        strip.pcolormesh(borders_s, [0, 1], values[None], cmap="inferno", rasterized=True)
        strip.set_facecolor(LINE)
        strip.set_yticks([])
        strip.tick_params(labelbottom=not frames)
        last = strip
        if frames:
            last = axes.inset_axes((0, -0.42, 1, 0.27), sharex=axes)
            width_s = duration_s / len(frames)
            for place, frame in enumerate(frames):
                last.imshow(frame.rgb, extent=(place * width_s, (place + 1) * width_s, 0, 1), aspect="auto", zorder=1)
            last.set_xlim(0, duration_s)
            last.set_ylim(0, 1)
            last.set_yticks([])
            last.tick_params(labelbottom=True)
        last.set_xlabel("time in s")

    return svg(draw, name, 9.0, 4.6)


def clouds(points: np.ndarray, group: Sequence[str], order: Sequence[str], name: str) -> str:
    """Points (n, 2) of a map without units, a colour and a marker per group; `order` fixes both, so that pictures compare."""
    belongs = np.asarray(group, dtype=object)

    def draw(axes: Axes) -> None:
        for place, one in enumerate(order):
            own = points[belongs == one]
            if not len(own):
                continue
            axes.scatter(
                own[:, 0],
                own[:, 1],
                s=9,
                color=COLOURS[place % len(COLOURS)],
                marker=MARKERS[place % len(MARKERS)],
                alpha=0.55,
                linewidth=0,
                label=f"{one} ({len(own)})",
                rasterized=len(points) > 1000,
            )
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[["left", "bottom"]].set_color(SOFT)
        legend = axes.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(0, 1.1), ncols=2)
        for text in legend.get_texts():
            text.set_color(INK)

    return svg(draw, name, 6.0, 5.0)
