"""`track.parquet`: a row per source frame, written in row groups so that memory does not grow with length."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from openada.prepared.layout import BLENDSHAPES, BOX_COLUMNS, LANDMARK_COLUMNS, LANDMARKS, POSE_COLUMNS

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from openada.face.tracker import FaceObservation

ROWS_PER_GROUP = 512


@dataclass
class Group:
    """Up to `ROWS_PER_GROUP` successive frames as arrays: what a tracker saw, and the transforms to the crops (n, 2, 3)."""

    time_s: np.ndarray
    tracked: np.ndarray
    landmarks_px: np.ndarray
    blendshapes: np.ndarray | None
    confidence: np.ndarray
    faces_seen: np.ndarray
    box_px: np.ndarray
    crop_from_frame: np.ndarray


def track_schema(blendshapes: bool = False) -> pa.Schema:
    """The columns of a track: times in s, image measures in source pixels, angles in degrees, NaN where not tracked.

    blendshapes: whether the tracker measures them.
    """
    import pyarrow as pa

    landmarks = pa.list_(pa.float32(), LANDMARKS)
    return pa.schema(
        [
            ("frame", pa.int64()),
            ("time_s", pa.float64()),
            ("tracked", pa.bool_()),
            ("confidence", pa.float32()),
            ("faces_seen", pa.int32()),
            *[(name, pa.float32()) for name in BOX_COLUMNS],
            *[(name, pa.float32()) for name in POSE_COLUMNS],
            ("crop_from_frame", pa.list_(pa.float64(), 6)),
            *[(name, landmarks) for name in LANDMARK_COLUMNS],
            *([("blendshapes", pa.list_(pa.float32(), BLENDSHAPES))] if blendshapes else []),
        ]
    )


@dataclass
class TrackWriter:
    """Collects rows and writes them a group at a time; a context manager. `then` is called with every group written.

    blendshapes: whether the tracker measures them.
    """

    path: Path
    blendshapes: bool = False
    then: Callable[[Group], None] | None = None
    rows_written: int = 0
    _rows: list[tuple[float, FaceObservation, np.ndarray]] = field(default_factory=list)
    _writer: Any = None

    def write(self, time_s: float, observation: FaceObservation, crop_from_frame: np.ndarray) -> None:
        """Append the row of the next frame; `crop_from_frame` (2, 3)."""
        self._rows.append((time_s, observation, crop_from_frame))
        if len(self._rows) == ROWS_PER_GROUP:
            self._flush()

    def _flush(self) -> None:
        if not self._rows:
            return
        group = _group(self._rows, self.blendshapes)
        self._rows.clear()
        table = _table(group, self.rows_written)
        if self._writer is None:
            self._writer = _parquet_writer(self.path, table.schema)
        self._writer.write_table(table)
        self.rows_written += len(group.time_s)
        if self.then is not None:
            self.then(group)

    def __enter__(self) -> TrackWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._flush()
        finally:
            if self._writer is not None:
                self._writer.close()


def _group(rows: list[tuple[float, FaceObservation, np.ndarray]], blendshapes: bool) -> Group:
    seen = [observation for _, observation, _ in rows]
    expressions: np.ndarray | None = None
    if blendshapes:
        unknown = np.full(BLENDSHAPES, np.nan, np.float32)
        expressions = np.stack([unknown if each.blendshapes is None else each.blendshapes for each in seen])
    return Group(
        time_s=np.array([time_s for time_s, _, _ in rows], np.float64),
        tracked=np.array([each.tracked for each in seen], bool),
        landmarks_px=np.stack([each.landmarks_px for each in seen]),
        blendshapes=expressions,
        confidence=np.array([each.confidence for each in seen], np.float32),
        faces_seen=np.array([each.faces_seen for each in seen], np.int32),
        box_px=np.stack([each.box_px for each in seen]).astype(np.float32),
        crop_from_frame=np.stack([transform for _, _, transform in rows]),
    )


def _table(group: Group, first_frame: int) -> pa.Table:
    import pyarrow as pa

    from openada.face.pose import head_pose_deg

    count = len(group.time_s)
    columns: dict[str, np.ndarray] = {
        "frame": np.arange(first_frame, first_frame + count),
        "time_s": group.time_s,
        "tracked": group.tracked,
        "confidence": group.confidence,
        "faces_seen": group.faces_seen,
        "crop_from_frame": group.crop_from_frame.reshape(count, 6),
        **dict(zip(BOX_COLUMNS, group.box_px.T, strict=True)),
        **dict(zip(POSE_COLUMNS, head_pose_deg(group.landmarks_px).astype(np.float32).T, strict=True)),
        **dict(zip(LANDMARK_COLUMNS, np.moveaxis(group.landmarks_px, -1, 0), strict=True)),
    }
    if group.blendshapes is not None:
        columns["blendshapes"] = group.blendshapes
    schema = track_schema(group.blendshapes is not None)
    return pa.Table.from_arrays([_arrow(columns[field.name], field.type) for field in schema], schema=schema)


def _arrow(values: np.ndarray, kind: Any) -> Any:
    import pyarrow as pa

    if pa.types.is_fixed_size_list(kind):
        return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel(), type=kind.value_type), kind.list_size)
    return pa.array(values, type=kind)


def _parquet_writer(path: Path, schema: pa.Schema) -> Any:
    import pyarrow.parquet as pq

    lists = [f"{name}.list.element" for name in (*LANDMARK_COLUMNS, "crop_from_frame")]
    return pq.ParquetWriter(
        path, schema, compression="zstd", use_dictionary=False, use_byte_stream_split=["time_s", *lists]
    )


def iterate_track(path: Path, columns: list[str]) -> Any:
    """Tables of some columns, a row group at a time, so that memory does not grow with length."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for index in range(file.num_row_groups):
            yield file.read_row_group(index, columns).to_pandas()


def read_track(path: Path, columns: list[str] | None = None) -> pd.DataFrame:
    """The track as a table; list columns hold one array per row."""
    import pandas as pd

    return pd.read_parquet(path, columns=columns)


def landmarks_of(track: pd.DataFrame) -> np.ndarray:
    """The landmarks of a track read with its landmark columns, (frames, 478, 3) float32, source pixels."""
    if not len(track):
        return np.empty((0, LANDMARKS, 3), np.float32)
    return np.stack([np.stack(list(track[name])) for name in LANDMARK_COLUMNS], axis=-1)
