"""Which recordings of a prepared data set a training uses, and what its run says of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from openada.clips.segments import Segments
from openada.datasets.scales import SCALES, band_index
from openada.datasets.union import require_apart
from openada.errors import UnusableInput
from openada.prepared.dataset import PreparedDataset, PreparedRecording

if TYPE_CHECKING:
    import pandas as pd

PARTS = ("training", "development", "test")
Cut = Callable[[PreparedRecording], Segments]
"""How a recording is cut into what the model reads of it when it predicts."""


def parts_of(
    dataset: PreparedDataset, cut: Cut, *, split: str, task: str, folder: Path
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame], list[dict[str, str]]]:
    """The usable recordings as one table and by part, and the dropped ones with the reason.

    Raises UnusableInput for too few to train on (two in training, and two in development unless the split has no such part, as a
    fold of a cross-validation), and for people whom two corpora have in different parts.
    """
    require_apart(dataset.manifest, dataset.split(split))
    table, dropped = usable_recordings(dataset, cut, split=split, task=task)
    of = {part: table[table["split"] == part] for part in PARTS}
    for part, enough in (("training", 2), ("development", 2 if dataset.split(split).ids["development"] else 0)):
        if len(of[part]) < enough:
            raise UnusableInput(f"{folder}: {len(of[part])} usable {part} recordings; at least {enough} are needed")
    return table, of, dropped


def usable_recordings(
    dataset: PreparedDataset, cut: Cut, *, split: str, task: str
) -> tuple[pd.DataFrame, list[dict[str, str]]]:
    """The recordings of a split that can be used, `split` set to their part; and the others with the reason.

    A recording needs a label and at least one usable segment as `cut` makes them. Those of other tasks than `task` ("" for all)
    are neither. Raises UnusableInput for a task that the data set does not have.
    """
    ids = dataset.split(split).ids
    part_of = {recording: part for part, members in ids.items() for recording in members}
    table = dataset.manifest[dataset.manifest["recording_id"].isin(list(part_of))]
    table = table.assign(split=table["recording_id"].map(part_of)).reset_index(drop=True)
    if task:
        tasks = table["task"].astype(str)
        if task not in set(tasks):
            raise UnusableInput(f"no recording has the task {task!r}; there are: {', '.join(sorted(set(tasks)))}")
        table = table[tasks == task].reset_index(drop=True)
    reasons = [_reason_against(dataset, cut, row) for row in table.itertuples()]
    dropped = [
        {"recording_id": recording, "reason": reason}
        for recording, reason in zip(table["recording_id"], reasons, strict=True)
        if reason
    ]
    return table[[not reason for reason in reasons]].reset_index(drop=True), dropped


def _reason_against(dataset: PreparedDataset, cut: Cut, row: Any) -> str:
    if row.status != "prepared":
        return str(row.status)
    if not np.isfinite(float(row.score)):
        return "no label"
    segments = cut(dataset.recording(row.recording_id))
    if not segments.usable.any():
        return f"no {segments.frames} frames in a row of which {segments.min_tracked_share:.0%} are tracked"
    return ""


def category_of(row: Any) -> int:
    """The severity category of a manifest row, 0 to 3."""
    return band_index(float(row.score), SCALES[row.scale])


def data_facts(
    dataset: PreparedDataset, of: dict[str, pd.DataFrame], dropped: list[dict[str, str]], *, selected_on: str | None
) -> dict[str, Any]:
    """What config.json says of the data: `of` has the recordings of each part, `selected_on` the part that chose the weights."""
    training = of["training"]
    corpus = sorted(training["corpus"].unique()) if "corpus" in training else []
    times = [dataset.recording(recording).time_s for recording in training["recording_id"]]
    return {
        "source_manifest": dataset.info["source_manifest"],
        "corpus": corpus,
        "prepared": dataset.info["parameters"],
        "planted": any(name.startswith("planted") for name in corpus),
        "scale": str(training["scale"].iloc[0]),
        "frame_rate_hz": round(float(np.median([(len(t) - 1) / (t[-1] - t[0]) for t in times])), 3),
        "recordings": {part: len(rows) for part, rows in of.items()},
        "subjects": {part: int(rows["subject"].nunique()) for part, rows in of.items()},
        "dropped": dropped,
        "selected_on": selected_on,
    }
