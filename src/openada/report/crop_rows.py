"""Rows of pictures with a word under each, as one drawing: what a degraded input looks like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from openada.report.plots import svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Captioned(NamedTuple):
    """A picture (height, width, 3) uint8, RGB, and the word under it."""

    rgb: np.ndarray
    caption: str


def picture_row(pictures: Sequence[Captioned], name: str) -> str:
    """The pictures side by side, all of one height, as an inline SVG element."""
    width = len(pictures)

    def draw(axes: Axes) -> None:
        axes.set_axis_off()
        for place, one in enumerate(pictures):
            own = axes.inset_axes((place / width, 0.12, 0.96 / width, 0.88))
            own.imshow(one.rgb)
            own.set_axis_off()
            axes.text((place + 0.48) / width, 0.02, one.caption, ha="center", transform=axes.transAxes, fontsize=9)

    return svg(draw, name, 1.05 * width, 1.25)
