"""Pictures of maps over space: colour scales that stay the same over a whole recording, overlays, and the columns of Fig. 11.

Values come un-normalised and keep their unit: one scale serves all frames and rows, and is printed with its unit, so that a weak
map looks weak (the pictures of Pan et al. 2023, Fig. 11, do not say what their colours mean). Maps without a sign are
drawn in "inferno", signed ones in "RdBu_r" about 0, red for what raised the score; both can be read with any colour vision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from openada.errors import UnusableInput
from openada.report.plots import INK, SOFT, pixels

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OPACITY = 0.8
"""Opacity of an overlay at the end of the scale; it falls to 0 with the value, so that the face shows where the map is weak."""
NO_MAP = (128, 128, 128)
LEGEND_HEIGHT_PX = 60
LEAST_WIDTH_PX = 320
ROW_PX, LABEL_PX, GAP_PX, HEAD_PX, FOOT_PX = 224, 150, 8, 30, 84


@dataclass(frozen=True)
class ColourScale:
    """Colours for values up to ±`limit` (signed) or from 0 to `limit`; what lies beyond looks like the end. `unit` is printed."""

    limit: float
    signed: bool
    unit: str

    def __post_init__(self) -> None:
        if not self.limit > 0 or not np.isfinite(self.limit):
            raise UnusableInput(f"a colour scale that ends at {self.limit}: it must end above 0")

    @property
    def name(self) -> str:
        """matplotlib's name of the colours."""
        return "RdBu_r" if self.signed else "inferno"

    @property
    def low(self) -> float:
        """Where the scale begins."""
        return -self.limit if self.signed else 0.0

    @cached_property
    def _colours(self) -> np.ndarray:
        import matplotlib as mpl

        return np.rint(255 * mpl.colormaps[self.name](np.arange(256))[:, :3])

    def rgb(self, values: np.ndarray) -> np.ndarray:
        """Colours (…, 3) uint8 of values (…); grey where a value is NaN."""
        known = np.isfinite(values)
        place = (np.where(known, values, 0.0) - self.low) / (self.limit - self.low)
        colours = self._colours[np.rint(255 * np.clip(place, 0, 1)).astype(int)]
        return np.where(known[..., None], colours, NO_MAP).astype(np.uint8)

    def opacity(self, values: np.ndarray) -> np.ndarray:
        """(…) from 0 at a value of 0, or where it is NaN, to `OPACITY` at the scale's end."""
        known = np.where(np.isfinite(values), values, 0.0)
        size = np.abs(known) if self.signed else np.maximum(known, 0.0)
        return np.asarray(OPACITY * np.minimum(size / self.limit, 1))


def overlay(rgb: np.ndarray, values: np.ndarray, scale: ColourScale) -> np.ndarray:
    """A picture (H, W, 3) uint8 under the colours of values (H, W), the more opaque the larger the value is in size."""
    strength = scale.opacity(values)[..., None]
    return np.rint((1 - strength) * rgb + strength * scale.rgb(values)).astype(np.uint8)


def with_legend(rgb: np.ndarray, legend: np.ndarray) -> np.ndarray:
    """A picture above its legend, on white, of even size as video needs it. The legend is at least as wide as the picture."""
    height, width = rgb.shape[:2]
    canvas = np.full((height + height % 2 + legend.shape[0], legend.shape[1], 3), 255, np.uint8)
    left = (legend.shape[1] - width) // 2
    canvas[:height, left : left + width] = rgb
    canvas[-legend.shape[0] :] = legend
    return canvas


def legend(scale: ColourScale, title: str, width_px: int) -> np.ndarray:
    """The scale with its numbers and its unit, (60, even width ≥ 320, 3) uint8; made once for a video."""
    width = max(LEAST_WIDTH_PX, width_px + width_px % 2)

    def draw(axes: Axes) -> None:
        axes.set_axis_off()
        axes.text(0.5, 0.93, title, ha="center", va="top", fontsize=7.5, color=INK)
        _colour_bar(axes, scale, (0.08, 0.52, 0.84, 0.14), 7)

    return pixels(draw, width, LEGEND_HEIGHT_PX)


class SaliencyRow(NamedTuple):
    """One item of the picture: what it is, the aligned crop (S, S, 3) uint8, its map (S, S), and its guided backpropagation.

    `guided` (S, S) or None where there is none.
    """

    label: str
    rgb: np.ndarray
    values: np.ndarray
    guided: np.ndarray | None = None


def three_columns(
    rows: Sequence[SaliencyRow], scale: ColourScale, guided_scale: ColourScale | None = None, *, name: str = "map"
) -> np.ndarray:
    """The columns of Fig. 11 of Pan et al. 2023, (height, width, 3) uint8: map over the face, map alone, guided backpropagation.

    A labelled row per item (a time, a severity band); all rows share one scale per kind of map, printed below with its unit. The
    third column is left out without `guided_scale`. `name` is the map's. Raises UnusableInput without a row.
    """
    if not rows:
        raise UnusableInput("a picture of maps needs at least one row")
    columns = 2 if guided_scale is None else 3
    width = LABEL_PX + columns * (ROW_PX + GAP_PX)
    height = HEAD_PX + len(rows) * (ROW_PX + GAP_PX) + FOOT_PX
    titles = [f"{name} over the face", f"{name} alone", "guided backpropagation"]

    def draw(axes: Axes) -> None:
        axes.set_axis_off()
        axes.set_xlim(0, width)
        axes.set_ylim(height, 0)
        for column in range(columns):
            middle = LABEL_PX + column * (ROW_PX + GAP_PX) + ROW_PX / 2
            axes.text(middle, HEAD_PX / 2, titles[column], ha="center", va="center", fontsize=9, color=INK)
        for place, row in enumerate(rows):
            top = HEAD_PX + place * (ROW_PX + GAP_PX)
            axes.text(8, top + ROW_PX / 2, row.label, ha="left", va="center", fontsize=9, color=INK)
            for column, picture in enumerate(_pictures(row, scale, guided_scale)):
                left = LABEL_PX + column * (ROW_PX + GAP_PX)
                axes.imshow(
                    picture, extent=(left, left + ROW_PX, top + ROW_PX, top), interpolation="nearest", aspect="auto"
                )
        axes.set_xlim(0, width)  # imshow moves the limits
        axes.set_ylim(height, 0)
        bottom = (FOOT_PX - 36) / height
        span = (2 * ROW_PX + GAP_PX) / width
        _colour_bar(axes, scale, (LABEL_PX / width + 0.1 * span, bottom, 0.8 * span, 12 / height), 8, scale.unit)
        if guided_scale is not None:
            third = (LABEL_PX + 2 * (ROW_PX + GAP_PX)) / width
            bar = (third + 0.02, bottom, ROW_PX / width - 0.04, 12 / height)
            _colour_bar(axes, guided_scale, bar, 8, guided_scale.unit.replace(", ", ",\n"))

    return pixels(draw, width, height)


def _pictures(row: SaliencyRow, scale: ColourScale, guided_scale: ColourScale | None) -> list[np.ndarray]:
    found = [overlay(row.rgb, row.values, scale), scale.rgb(row.values)]
    if guided_scale is not None:
        guided = np.full(row.values.shape, np.nan) if row.guided is None else row.guided
        found.append(guided_scale.rgb(guided))
    return found


def _colour_bar(
    axes: Axes, scale: ColourScale, place: tuple[float, float, float, float], size_pt: float, unit: str = ""
) -> None:
    """A horizontal scale at `place` (left, bottom, width, height as shares of the axes), with the unit below its numbers."""
    bar = axes.inset_axes(place)
    bar.imshow(
        scale.rgb(np.linspace(scale.low, scale.limit, 256))[None], extent=(scale.low, scale.limit, 0, 1), aspect="auto"
    )
    ticks = [scale.low, 0.0, scale.limit] if scale.signed else [0.0, scale.limit / 2, scale.limit]
    bar.set_yticks([])
    bar.set_xticks(ticks, [f"{tick:.2g}" for tick in ticks])
    bar.tick_params(labelsize=size_pt, length=2, pad=1, labelcolor=SOFT)
    if unit:
        bar.set_xlabel(unit, fontsize=size_pt, labelpad=1, color=SOFT)
