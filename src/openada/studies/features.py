"""Behaviour of a batch of videos, with the page that says how well they can be used."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from openada.batch import Outcome
from openada.prepared.features import features
from openada.prepared.job import Parameters
from openada.prepared.prepare import versions
from openada.report.quality import RecordingQuality, write_quality_report

REPORT_FILE = "report.html"


def measure_videos(
    given: Sequence[str],
    out: Path,
    *,
    parameters: Parameters,
    baseline: Path | None = None,
    export: str = "",
    workers: int | None = None,
    scheduler: str | None = None,
) -> list[Outcome]:
    """Track and measure every video into `out`, and write `out`/report.html; arguments as for `prepared.features.features`."""
    outcomes, table = features(
        given,
        out,
        parameters=parameters,
        baseline=baseline,
        export=export,
        workers=workers,
        scheduler=scheduler,
    )
    sources = {row.recording_id: Path(row.source) for row in table.itertuples()}
    recordings = [
        RecordingQuality(
            outcome.key,
            sources[outcome.key].name,
            status,
            outcome.error or "",
            (outcome.result or {}).get("frames", 0),
            (outcome.result or {}).get("duration_s"),
            outcome.result,
        )
        for outcome, status in zip(outcomes, table["status"], strict=True)
    ]
    write_quality_report(
        out / REPORT_FILE,
        recordings,
        title=f"Video quality: {out.absolute().name}",
        thumbnail=lambda recording_id, time_s: frame_at(sources[recording_id], time_s),
        versions=versions(),
    )
    return outcomes


def frame_at(video: Path, time_s: float) -> np.ndarray | None:
    """The frame shown at a time, (H, W, 3) uint8, or the first one after it; None if there is none."""
    from openada.video import frames

    first = next(iter(frames(video, start_s=time_s)), None)
    return None if first is None else first.rgb
