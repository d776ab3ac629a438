"""The page of one robustness study: errors against the strength of each corruption, and what each strength looks like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from openada.report import plots
from openada.report.evaluation import METRIC_NAMES
from openada.report.page import jpeg_uri, number, write_page

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN_PX = 150
STRIP_PX = 72
CLEAR = 0.05  # a difference whose corrected p is below this is marked
COLUMNS = 3  # panels of the figure beside each other
DRAWN = {"rmse": (plots.COLOURS[1], "o"), "mae": (plots.COLOURS[0], "s")}  # metric → colour and marker


class Figure(NamedTuple):
    """A figure with its interval (NaN where there is none) and, for a difference, its p corrected after Holm."""

    value: float
    low: float
    high: float
    p_holm: float = float("nan")


@dataclass(frozen=True)
class Level:
    """One strength: figures by name (mae, rmse, mae_difference, rmse_difference, prediction_shift) and example crops.

    label: the strength as it is written. crops: (H, W, 3) uint8 as stored, several successive ones where only time shows the
    difference. as_read: the first of them at the size that the model reads, None if that is the same.
    """

    label: str
    neutral: bool
    figures: Mapping[str, Figure]
    crops: Sequence[np.ndarray] = ()
    as_read: np.ndarray | None = None


@dataclass(frozen=True)
class Sweep:
    """One kind of corruption with its levels in ascending order, the neutral one among them."""

    name: str
    title: str
    axis: str
    meaning: str
    levels: Sequence[Level]


@dataclass(frozen=True)
class RobustnessContent:
    """Everything on the page. `references`: errors (mae, rmse) of the constant predictors and the like by name, in their order.
    notes: what was done. footer: the people and recordings behind the figures.

    drawn: the reference drawn into the figure. unit: what n counts. crop_px, read_px: sides of the crops as stored and as read.
    """

    title: str
    lead: str
    scale_name: str
    unit: str
    n: int
    n_subjects: int
    references: Mapping[str, Mapping[str, Figure]]
    drawn: str
    clean: Mapping[str, Figure]
    sweeps: Sequence[Sweep]
    crop_px: int
    read_px: int
    notes: Sequence[str] = ()
    footer: Sequence[str] = ()
    critical_warnings: Sequence[str] = ()
    warnings: Sequence[str] = ()
    versions: Mapping[str, str] = field(default_factory=dict)


def write_robustness_report(out_html: Path, content: RobustnessContent) -> None:
    """Write the page as a single HTML file that needs no network."""
    from markupsafe import Markup

    write_page(
        Path(out_html),
        "robustness.html.j2",
        None,
        title=content.title,
        content=content,
        critical_warnings=list(content.critical_warnings),
        warnings=list(content.warnings),
        versions=dict(content.versions),
        panels=[(sweep.title, Markup(robustness_panel(content, sweep))) for sweep in content.sweeps],
        keys=[
            {"name": METRIC_NAMES[metric], "of": name, "colour": colour, "dashed": bool(name)}
            for metric, (colour, _) in DRAWN.items()
            for name in ("", content.drawn)
        ],
        references=[
            {"name": name, "cells": [_cell(figures[metric]) for metric in ("mae", "rmse")]}
            for name, figures in {**content.references, "the model, clean recordings": content.clean}.items()
        ],
        sweeps=[_shown(sweep) for sweep in content.sweeps],
    )


def _shown(sweep: Sweep) -> dict[str, Any]:
    keys = ("mae", "rmse", "mae_difference", "rmse_difference", "prediction_shift")
    return {
        "sweep": sweep,
        "examples": [
            {
                "label": level.label,
                "neutral": level.neutral,
                "rmse": number(level.figures["rmse"].value),
                "uris": [jpeg_uri(crop, STRIP_PX if len(level.crops) > 1 else SHOWN_PX, 88) for crop in level.crops],
                "as_read": None if level.as_read is None else jpeg_uri(level.as_read, level.as_read.shape[1], 92),
                "read_px": 0 if level.as_read is None else level.as_read.shape[1],
            }
            for level in sweep.levels
            if level.crops
        ],
        "strip": any(len(level.crops) > 1 for level in sweep.levels),
        "rows": [
            {"label": level.label, "neutral": level.neutral, "cells": [_cell(level.figures[key]) for key in keys]}
            for level in sweep.levels
        ],
    }


def _cell(figure: Figure) -> dict[str, Any]:
    known = np.isfinite(figure.low) and np.isfinite(figure.high)
    return {
        "value": number(figure.value),
        "interval": f"[{number(figure.low)}, {number(figure.high)}]" if known else "",
        "bold": bool(figure.p_holm < CLEAR),
    }


def robustness_panel(content: RobustnessContent, sweep: Sweep) -> str:
    """MAE and RMSE of one kind against strength, with their intervals and the constant predictor's: an SVG element.

    Strengths stand at even distances; the error's axis is the same for all kinds.
    """

    def draw(axes: Axes) -> None:
        _draw(axes, sweep, content)
        axes.set_ylabel(f"error (points, {content.scale_name})", fontsize=9.5)

    return plots.svg(draw, f"panel-{sweep.name}", 4.3, 3.0)


def robustness_figure(content: RobustnessContent) -> str:
    """All panels as one SVG with a legend, to stand alone: what it is of, and every warning, is written below them."""
    columns = min(COLUMNS, len(content.sweeps))
    rows = -(-len(content.sweeps) // columns)

    def draw(axes: Axes) -> None:
        figure: Any = axes.get_figure()
        axes.remove()
        panels = figure.subplots(rows, columns, squeeze=False)
        for place, panel in enumerate(panels.flat):
            if place >= len(content.sweeps):
                panel.set_axis_off()
                continue
            _draw(panel, content.sweeps[place], content)
            panel.set_title(content.sweeps[place].title, fontsize=11, loc="left")
            if place % columns == 0:
                panel.set_ylabel(f"error (points, {content.scale_name})")
        figure.get_layout_engine().set(h_pad=0.1, w_pad=0.08)
        handles, labels = panels.flat[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=min(len(handles), 2 * columns), frameon=False)

        told = f"n = {content.n} {content.unit} of {content.n_subjects} subjects. Shaded: 95 % intervals over subjects."
        caption = [content.lead, told, *content.critical_warnings, *content.warnings]
        figure.supxlabel("\n".join(caption), fontsize=8.5, color=plots.SOFT, x=0.01, ha="left")

    return plots.svg(draw, "robustness", 3.7 * columns + 0.2, 2.9 * rows + 1.2)


def _draw(axes: Axes, sweep: Sweep, content: RobustnessContent) -> None:
    place = np.arange(len(sweep.levels))
    for metric, (colour, marker) in DRAWN.items():
        figures = [level.figures[metric] for level in sweep.levels]
        value, low, high = (np.array([getattr(each, side) for each in figures]) for side in ("value", "low", "high"))
        axes.fill_between(place, low, high, color=colour, alpha=0.13, linewidth=0)
        axes.plot(place, value, color=colour, marker=marker, markersize=4, linewidth=1.8, label=METRIC_NAMES[metric])
        constant = content.references[content.drawn][metric].value
        label = f"{METRIC_NAMES[metric]} of the {content.drawn}"
        axes.axhline(constant, color=colour, linewidth=1.2, linestyle=(0, (4, 3)), label=label)
    for neutral in (k for k, level in enumerate(sweep.levels) if level.neutral):
        axes.axvline(neutral, color=plots.LINE, linewidth=5, zorder=0)
    axes.set_xticks(place, ["clean" if level.neutral else level.label for level in sweep.levels])
    axes.tick_params(axis="x", labelsize=9)
    axes.set_xlabel(sweep.axis, fontsize=9.5)
    axes.grid(axis="y", color=plots.LINE, linewidth=0.7)
    axes.set_ylim(0, _top(content))


def _top(content: RobustnessContent) -> float:
    """Where the axis of all panels ends: above every figure, and above its interval unless that is very wide."""
    shown = [level.figures[metric] for sweep in content.sweeps for level in sweep.levels for metric in DRAWN]
    shown += [content.references[content.drawn][metric] for metric in DRAWN]
    values, highs = (np.array([getattr(each, side) for each in shown]) for side in ("value", "high"))
    return 1.04 * max(values.max(), min(np.nanmax([*highs, 0.0]), 1.3 * values.max()))
