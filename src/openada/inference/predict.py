"""A run's predictions on its development and test recordings, as two tables in the run folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from openada.datasets.scales import SCALES, band_index
from openada.files import atomic_path
from openada.inference.recording import TrainedRun, infer
from openada.prepared.dataset import PreparedDataset

if TYPE_CHECKING:
    import pandas as pd

PARTS = ("development", "test")


def predict(run: Path, *, data: Path | None = None, tick: Callable[[int, int], None] | None = None) -> pd.DataFrame:
    """Predict every development and test recording; write `predictions.parquet` and `segments.parquet`; return the first.

    One row per recording and method: recording_id, subject, session, task, split, score (the label), prediction, band,
    predicted_band (of the prediction, by the scale's limits), category (a selecting model's own, −1 without one), method.
    `segments.parquet` has a row per clip, or per representation of a selecting model (inference/clips.py, inference/expada.py).
    Predictions that are there already are kept. `data` overrides where the prepared dataset lies; `tick(done, all)` is told of
    progress.
    """
    import pandas as pd

    trained = TrainedRun.load(run)
    folder = trained.folder
    if folder.predictions.is_file() and folder.segments.is_file():
        return pd.read_parquet(folder.predictions)
    dataset = PreparedDataset(data or Path(folder.config()["data"]))
    table = pd.read_parquet(folder.recordings)
    table = table[table["split"].isin(PARTS)]
    rows, segments = [], []
    for done, row in enumerate(table.itertuples(), start=1):
        result = infer(trained, dataset.recording(row.recording_id), cache=folder.units)
        scale = SCALES[row.scale]
        for method, prediction in result.scores.items():
            rows.append(
                {
                    **{name: getattr(row, name) for name in ("recording_id", "subject", "session", "task", "split")},
                    "score": float(row.score),
                    "prediction": prediction,
                    "band": band_index(float(row.score), scale),
                    "predicted_band": band_index(prediction, scale),
                    "category": -1 if result.category is None else result.category,
                    "method": method,
                }
            )
        segments.append(result.segments.assign(recording_id=row.recording_id))
        if tick:
            tick(done, len(table))
    predictions = pd.DataFrame(rows)
    for path, content in ((folder.segments, pd.concat(segments, ignore_index=True)), (folder.predictions, predictions)):
        with atomic_path(path) as temporary:
            content.to_parquet(temporary, index=False)
    return predictions
