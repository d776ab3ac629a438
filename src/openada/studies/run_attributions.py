"""The attribution tables of all recordings of a run's part, kept as they are made, so that an interrupted job goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from openada.datasets.scales import SCALES, band_name
from openada.evaluation.attribution_groups import outcomes
from openada.explanation.recording_maps import explain_recording
from openada.files import read_json, write_json
from openada.inference.recording import TrainedRun
from openada.prepared.dataset import PreparedDataset
from openada.report.page import plain
from openada.studies.attribution import attribute
from openada.studies.explainable import ExplainableRun, explainable, require_method

if TYPE_CHECKING:
    from openada.prepared.dataset import PreparedRecording

FOLDER = "attribution"
FORMAT = 3
"""Of the kept files; others are made anew."""


class RunAttributions(NamedTuple):
    """Rows per recording and region, per recording and movement, and per recording.

    All with recording_id, subject, band and outcome.
    """

    regions: pd.DataFrame
    units: pd.DataFrame
    recordings: pd.DataFrame


def run_attributions(
    run: Path,
    predictions: pd.DataFrame,
    dataset: PreparedDataset,
    method: str,
    *,
    tick: Callable[[int, int], None] | None = None,
) -> RunAttributions:
    """The tables of the recordings in `predictions` (of one method of the run: recording_id, subject, score, prediction).

    Kept in RUN/attribution/METHOD/<recording_id>.json. Raises UnusableInput, before anything is computed, if the run's model
    does not support the method.
    """
    trained = TrainedRun.load(run)
    explained = explainable(trained)
    require_method(explained, method)
    scale = SCALES[trained.config["scale"]]
    outcome = outcomes(predictions["score"], predictions["prediction"])
    parts: dict[str, list[pd.DataFrame]] = {"regions": [], "units": []}
    rows, baseline = [], ""
    for done, (row, out) in enumerate(zip(predictions.itertuples(), outcome, strict=True), start=1):
        kept = run / FOLDER / method / f"{row.recording_id}.json"
        found = read_json(kept) if kept.is_file() else {}
        recording = dataset.recording(row.recording_id)
        baseline = baseline or explained.reader(recording).neutral_said
        if not _is_of(found, baseline):
            write_json(kept, plain(_tables(explained, recording, method)))
            found = read_json(kept)
        about = {
            "recording_id": row.recording_id,
            "subject": str(row.subject),
            "band": band_name(float(row.score), scale),
            "outcome": out,
        }
        for name, tables in parts.items():
            tables.append(pd.DataFrame(found[name]).assign(**about))
        rows.append({**about, **(found["completeness"] or {})})
        if tick:
            tick(done, len(predictions))
    regions, units = (_numbers(pd.concat(parts[name], ignore_index=True)) for name in ("regions", "units"))
    return RunAttributions(regions, units, pd.DataFrame(rows))


def _is_of(kept: dict[str, Any], baseline: str) -> bool:
    """Whether kept tables are of this format and, if they compare with a baseline, with this one."""
    compared = kept.get("completeness") or {}
    return kept.get("format") == FORMAT and compared.get("baseline") in (None, baseline)


def _tables(run: ExplainableRun, recording: PreparedRecording, method: str) -> dict[str, Any]:
    maps = explain_recording(
        run.model, run.reader(recording), run.segments(recording), method, size_px=recording.reference().shape[0]
    )
    found = attribute(recording, maps)
    return {
        "format": FORMAT,
        "regions": found.regions.to_dict("records"),
        "units": found.units.to_dict("records"),
        "completeness": found.completeness,
    }


def _numbers(table: pd.DataFrame) -> pd.DataFrame:
    """What was None in the file is NaN again."""
    words = ("recording_id", "subject", "band", "outcome", "region", "signal", "name", "undefined_reason")
    return table.assign(**{name: table[name].astype(float) for name in table.columns if name not in words})
