"""The robustness page and its Markdown twin: what `studies/robustness.py` found, laid out by the report, with example crops."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from openada.clips.corrupted import CorruptedRecording
from openada.clips.corruptions import KINDS, KindName
from openada.evaluation.footer import Footing, footer_lines
from openada.evaluation.table import to_markdown
from openada.inference.recording import TrainedRun
from openada.prepared.dataset import PreparedRecording, resized
from openada.prepared.layout import CROP_SIZE_PX
from openada.report.page import counted, number
from openada.report.robustness import Figure, Level, RobustnessContent, Sweep
from openada.studies.evaluation_page import PLANTED
from openada.studies.robustness_table import CLEAN, DIFFERENCE, ERRORS, SHIFT

if TYPE_CHECKING:
    import pandas as pd

UNIT = "sessions"
"""The unit of page, Markdown and figure; the CSV has recordings too."""
CONSTANT = "training mean"
STRIP_FRAMES = 10
STRIP_STARTS_AT = 30  # a multiple of every number of frames held


def content_of(
    trained: TrainedRun,
    table: pd.DataFrame,
    example: PreparedRecording,
    foot: Footing,
    *,
    method: str,
    seed: int,
    of_all: int,
) -> RobustnessContent:
    """What the page shows; `example` is the recording whose crops it shows; the part has `of_all` recordings."""
    config = trained.folder.config()
    rows = table[table["unit"] == UNIT]
    first = rows[rows["kind"] == ""]
    references = {name: _figures(first[first["predictor"] == name]) for name in first["predictor"].unique()}
    clean = references.pop(CLEAN)
    read_px = trained.kind.image_size
    sweeps, warnings = [], []
    asked = foot.n_recordings
    if asked < of_all:
        warnings.append(f"A quick look at {asked} of {of_all} recordings: no figure here is one to report.")
    for kind, about in KINDS.items():
        of_kind = rows[rows["kind"] == kind]
        done = sorted(of_kind["strength"].unique())
        if done:
            sweeps.append(
                Sweep(kind, about.title, about.axis, about.meaning, _levels(kind, of_kind, example, read_px, seed))
            )
        if 0 < len(done) < 1 + len(about.strengths):
            warnings.append(f"{about.title}: {len(done) - 1} of {len(about.strengths)} strengths are done.")
    n, n_subjects = (int(first[name].iloc[0]) for name in ("n", "n_subjects"))
    return RobustnessContent(
        title=f"{trained.kind.title} on corrupted {foot.part} recordings",
        lead=(
            f"Run “{trained.folder.folder.name}”, preset “{trained.kind.preset}”, method “{method}” · {config['scale']} · "
            f"{foot.part} part of split “{trained.recipe.split}” · seed of the corruptions {seed}"
        ),
        scale_name=config["scale"],
        unit=UNIT,
        n=n,
        n_subjects=n_subjects,
        references=references,
        drawn=CONSTANT,
        clean=clean,
        sweeps=sweeps,
        crop_px=CROP_SIZE_PX,
        read_px=read_px,
        notes=_notes(read_px, asked, trained.recipe.reference == "median"),
        critical_warnings=[PLANTED] if config["planted"] else [],
        warnings=warnings,
        footer=footer_lines(foot),
        versions={name: version(name) for name in ("openada", "torch")},
    )


def _notes(read_px: int, asked: int, median: bool) -> list[str]:
    notes = [
        f"Every aligned {CROP_SIZE_PX}-pixel crop of {counted('recording', asked)} was corrupted and predicted by the trained "
        "model as it is; nothing was trained or fitted again.",
        "The face was tracked and aligned in the clean video: this measures the network, not the tracker, which a worse video "
        "would also disturb.",
        "Differences are paired with the same model's predictions of the clean recordings. Bold: p < 0.05 after Holm's "
        "correction over all differences of that metric. The shift is the mean absolute change of the predictions.",
        "An error that does not grow is no proof that the face is still read: a model that falls back on the average score "
        "comes to rest at the constant predictor's error. Look at the shift of the predictions too.",
    ]
    if read_px < CROP_SIZE_PX:
        notes.insert(
            1,
            f"The model reads {read_px} pixels: corrupted crops are shrunk by averaging, which removes part of noise and "
            "blur. The small pictures show what is read.",
        )
    if median:
        notes.insert(
            -2,
            "The model reads crops less the recording's median face, which changes as the median of the corrupted crops does: "
            "what stays the same throughout, such as an occluder, is subtracted.",
        )
    return notes


def _levels(kind: KindName, rows: pd.DataFrame, example: PreparedRecording, read_px: int, seed: int) -> list[Level]:
    about = KINDS[kind]
    levels = []
    for strength in sorted(rows["strength"].unique()):
        crops = _example_crops(example, kind, float(strength), seed)
        small = resized(crops[0], read_px) if read_px < CROP_SIZE_PX and len(crops) == 1 else None
        figures = _figures(rows[rows["strength"] == strength])
        levels.append(Level(f"{strength:g}", strength == about.neutral, figures, crops, small))
    return levels


def _example_crops(example: PreparedRecording, kind: KindName, strength: float, seed: int) -> Sequence[np.ndarray]:
    """The crop in the middle of the tracked ones; for a lower frame rate successive ones from a frame that is kept."""
    tracked = np.flatnonzero(example.tracked)
    middle = int(tracked[len(tracked) // 2])
    first, end = middle, middle + 1
    if kind == "frame-rate":
        first = min(middle, max(len(example.tracked) - STRIP_FRAMES, 0)) // STRIP_STARTS_AT * STRIP_STARTS_AT
        end = min(first + STRIP_FRAMES, len(example.tracked))
    with tempfile.TemporaryDirectory(prefix="openada-") as scratch:
        corrupted = CorruptedRecording.of(example, kind, strength, Path(scratch), seed)
        return list(corrupted.iterate_crops(first, end))


def _figures(rows: pd.DataFrame) -> dict[str, Figure]:
    found = {}
    for row in rows.to_dict("records"):
        name = f"{row['metric']}_difference" if row["predictor"] == DIFFERENCE else row["metric"]
        found[name] = Figure(*(float(row[key]) for key in ("value", "low", "high", "p_holm")))
    return found


def markdown_of(content: RobustnessContent) -> str:
    """The page's figures as Markdown."""
    import pandas as pd

    lines = [f"# {content.title}", "", f"{content.lead}.", ""]
    lines += [f"**{text}**\n" for text in (*content.critical_warnings, *content.warnings)]
    lines += [
        f"{content.unit}: {content.n}, of {counted('subject', content.n_subjects)}. Intervals are 95 %, over subjects.",
        "",
    ]
    lines += [f"- {text}" for text in content.notes]
    references = {**content.references, "the model, clean recordings": content.clean}
    columns = {"predictor": list(references)}
    for metric in ERRORS:
        columns[metric.upper()] = [_text(figures[metric]) for figures in references.values()]
    lines += ["", to_markdown(pd.DataFrame(columns))]
    headings = {
        "mae": "MAE", "rmse": "RMSE", "mae_difference": "MAE − clean", "rmse_difference": "RMSE − clean", SHIFT: "shift",
    }  # fmt: skip
    lines += [*(f"- {text}" for text in content.footer), ""]
    for sweep in content.sweeps:
        shown = {sweep.axis: [level.label + (" (clean)" if level.neutral else "") for level in sweep.levels]}
        for key, heading in headings.items():
            shown[heading] = [_text(level.figures[key]) for level in sweep.levels]
        lines += [f"## {sweep.title}", "", sweep.meaning, "", to_markdown(pd.DataFrame(shown))]
    return "\n".join(lines).rstrip() + "\n"


def _text(figure: Figure) -> str:
    known = np.isfinite(figure.low) and np.isfinite(figure.high)
    return number(figure.value) + (f" [{number(figure.low)}, {number(figure.high)}]" if known else "")
