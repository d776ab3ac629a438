"""The evidence table as evidence.md and the run's page show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openada.evaluation.deletion import RANDOM, UNIFORM
from openada.evaluation.table import to_markdown, wide

if TYPE_CHECKING:
    import pandas as pd

TITLES = {
    "share_place_and_time": "in place and time",
    "share_place": "in place",
    "share_time": "in time",
    "auroc": "AUROC",
    "map_iou_0.3": "mAP, IoU .3",
    "map_iou_0.5": "mAP, IoU .5",
    "map_iou_0.7": "mAP, IoU .7",
    "map_iou_mean": "mean of these",
    "deletion_points": "deletion",
    "deletion_points_over_random": f"deletion − {RANDOM}",
    "deletion_points_over_uniform": f"deletion − {UNIFORM}",
    "insertion_points": "insertion",
    "insertion_points_over_random": f"insertion − {RANDOM}",
    "insertion_points_over_uniform": f"insertion − {UNIFORM}",
}

SECTIONS = (
    (
        "Where and when maps point: share of their mass in the planted cue",
        ("share_place_and_time", "share_place", "share_time"),
        "Place: brows, eyes and mouth; time: the cue's episodes; of signed maps the positive part. Controls, ideal map and "
        "best cell are those of the first method's grid. Differences are paired by recording.",
    ),
    (
        "Where it points: AUROC of cue against other units",
        ("auroc",),
        "Mean over recordings. Attention concentration says how narrowly the encoder looked, not what it saw.",
    ),
    (
        "Which segments it finds: average precision at temporal IoU",
        ("map_iou_0.3", "map_iou_0.5", "map_iou_0.7", "map_iou_mean"),
        "Segments of all recordings ranked together: runs of units above quantiles of their recording's own values, or the "
        "selection's own segments. Recordings without a cue count: what is said there is wrong.",
    ),
    (
        "Whether the score follows it: deletion, in points of the scale",
        ("deletion_points", "deletion_points_over_random", "deletion_points_over_uniform"),
        "Mean fall of the predicted score over 10 to 90 % of the units taken out, the most relevant first. "
        "Differences are paired by recording.",
    ),
    (
        "Whether the score follows it: insertion, in points of the scale",
        ("insertion_points", "insertion_points_over_random", "insertion_points_over_uniform"),
        "Mean of the score of the most relevant 10 to 90 % of the units alone, less the full score. Differences are paired by "
        "recording.",
    ),
)


def evidence_tables(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame, str]]:
    """Title, table and note of each kind of evidence: a row per measure, cells of value [interval over subjects]."""
    named = table.rename(columns={"measure": "predictor"})
    found = []
    for title, metrics, note in SECTIONS:
        if not named["metric"].isin(metrics).any():
            continue
        shown = wide(named[named["metric"].isin(metrics)], metrics, TITLES).rename(columns={"predictor": "measure"})
        found.append((title, shown, note))
    return found


def evidence_markdown(name: str, part: str, table: pd.DataFrame, footer: str) -> str:
    """evidence.md: every table with its note and the footer of the evaluation."""
    lines = [
        f"# Evidence for what {name} points at, on {part} recordings of the planted benchmark",
        "",
        "Intervals are 95 %, jackknife over subjects. The cue is rendered: this says nothing about depression in people.",
    ]
    for title, shown, note in evidence_tables(table):
        lines += ["", f"## {title}", "", to_markdown(shown), note, "", footer]
    return "\n".join(lines) + "\n"
