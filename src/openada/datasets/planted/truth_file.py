"""The truth of one recording on disk: a row per frame, region polygons included."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from openada.files import atomic_path

POLYGON_STEP_PX = 1 / 8
REGION_PREFIX = "region_"


def write_truth(path: Path, truth: pd.DataFrame, landmarks_px: np.ndarray, metadata: Mapping[str, str]) -> None:
    """Write the signals (T rows) and the polygons of every region of the meshes (T, 478, 2) as Parquet, in one step.

    A region's column `region_<name>` holds a list of polygons per frame, each a flat list x0, y0, x1, y1 … in frame pixels,
    rounded to 1/8 px.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(_compact(truth), preserve_index=False)
    for name, polygons in _region_indices().items():
        table = table.append_column(REGION_PREFIX + name, _nested(landmarks_px, polygons))
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), **metadata})
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary, compression="zstd", compression_level=6)


def read_truth(path: Path) -> pd.DataFrame:
    """The truth of one recording; region columns as lists of (K, 2) float64 polygons."""
    table = pd.read_parquet(path)
    for column in table.columns[table.columns.str.startswith(REGION_PREFIX)]:
        table[column] = [[np.asarray(p, np.float64).reshape(-1, 2) for p in polygons] for polygons in table[column]]
    return table


def truth_metadata(path: Path) -> dict[str, str]:
    """The metadata that `write_truth` stored; empty if the file is missing or unreadable."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        stored: dict[bytes, bytes] = pq.read_schema(path).metadata or {}
    except (OSError, pa.ArrowException):
        return {}
    return {key.decode(): value.decode() for key, value in stored.items() if key != b"pandas"}


def _compact(truth: pd.DataFrame) -> pd.DataFrame:
    floats: dict[str, Any] = {
        column: np.float32 for column in truth.columns if truth[column].dtype == np.float64 and column != "time_s"
    }
    return truth.astype(floats)


def _region_indices() -> dict[str, list[np.ndarray]]:
    """Landmark numbers of each polygon, found by handing the regions a mesh whose coordinates are its numbers."""
    from openada.face.regions import region_polygons

    numbers = np.repeat(np.arange(478.0)[:, None], 3, axis=1)
    return {name: [polygon[:, 0].astype(int) for polygon in ps] for name, ps in region_polygons(numbers).items()}


def _nested(landmarks_px: np.ndarray, polygons: list[np.ndarray]) -> Any:
    import pyarrow as pa

    frames = len(landmarks_px)
    flat = np.concatenate([landmarks_px[:, polygon, :2].reshape(frames, -1) for polygon in polygons], axis=1)
    values = (np.rint(flat / POLYGON_STEP_PX) * POLYGON_STEP_PX).astype(np.float32).ravel()
    lengths = np.tile([2 * len(polygon) for polygon in polygons], frames)
    inner = pa.ListArray.from_arrays(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32), values)
    return pa.ListArray.from_arrays(np.arange(0, frames * len(polygons) + 1, len(polygons), dtype=np.int32), inner)
