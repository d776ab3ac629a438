"""Behaviour of a batch of videos, with the page that says how well they can be used."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from openada.batch import Outcome
from openada.prepared.features import features
from openada.prepared.job import Parameters
from openada.prepared.prepare import versions
from openada.prepared.writer import stored_quality
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
    """Track and measure every video into `out`, and write `out`/report.html, on everything that lies there.

    Arguments as for `prepared.features.features`.
    """
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
    results = {outcome.key: outcome.result for outcome in outcomes}
    recordings = []
    for row in table.itertuples():
        quality = results.get(row.recording_id) or stored_quality(out / row.recording_id) or {}
        facts = (quality.get("frames", 0), quality.get("duration_s"), quality or None)
        recordings.append(RecordingQuality(row.recording_id, Path(row.source).name, row.status, row.error, *facts))
    write_quality_report(
        out / REPORT_FILE,
        recordings,
        title=f"Video quality: {out.absolute().name}",
        thumbnail=lambda recording_id, time_s: frame_at(sources[recording_id], time_s),
        versions=versions(),
    )
    return outcomes


def frame_at(video: Path, time_s: float) -> np.ndarray | None:
    """The frame shown at a time, (H, W, 3) uint8, or the first one after it; None if there is none, or no video any more."""
    from openada.video import frames

    if not video.is_file():
        return None
    first = next(iter(frames(video, start_s=time_s)), None)
    return None if first is None else first.rgb
