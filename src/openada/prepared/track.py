"""`track.parquet`: a row per source frame, written in row groups so that memory does not grow with length."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from openada.prepared.layout import BOX_COLUMNS, LANDMARK_COLUMNS, LANDMARKS, POSE_COLUMNS

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from openada.face.tracker import FaceObservation

ROWS_PER_GROUP = 512


def track_schema() -> pa.Schema:
    """The columns of a track: times in s, image measures in source pixels, angles in degrees, NaN where not tracked."""
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
        ]
    )


class TrackWriter:
    """Collects rows and writes them a group at a time; a context manager."""

    def __init__(self, path: Path) -> None:
        import pyarrow.parquet as pq

        self._schema = track_schema()
        floats = [f"{name}.list.element" for name in (*LANDMARK_COLUMNS, "crop_from_frame")]
        self._writer = pq.ParquetWriter(
            path, self._schema, compression="zstd", use_dictionary=False, use_byte_stream_split=["time_s", *floats]
        )
        self._rows: list[dict[str, Any]] = []
        self.rows_written = 0

    @property
    def rows_waiting(self) -> int:
        """Rows collected and not yet written."""
        return len(self._rows)

    def write(
        self, time_s: float, observation: FaceObservation, pose_deg: np.ndarray, crop_from_frame: np.ndarray
    ) -> None:
        """Append the row of the next frame. `pose_deg` (3,) yaw, pitch, roll; `crop_from_frame` (2, 3)."""
        row: dict[str, Any] = {
            "frame": self.rows_written + len(self._rows),
            "time_s": time_s,
            "tracked": observation.tracked,
            "confidence": observation.confidence,
            "faces_seen": observation.faces_seen,
            "crop_from_frame": crop_from_frame.ravel(),
        }
        row.update(zip(BOX_COLUMNS, observation.box_px, strict=True))
        row.update(zip(POSE_COLUMNS, pose_deg, strict=True))
        row.update(zip(LANDMARK_COLUMNS, observation.landmarks_px.T, strict=True))
        self._rows.append(row)
        if len(self._rows) == ROWS_PER_GROUP:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        if not self._rows:
            return
        columns = []
        for field in self._schema:
            values = [row[field.name] for row in self._rows]
            if pa.types.is_fixed_size_list(field.type):
                flat = pa.array(np.concatenate(values), type=field.type.value_type)
                columns.append(pa.FixedSizeListArray.from_arrays(flat, field.type.list_size))
            else:
                columns.append(pa.array(values, type=field.type))
        self._writer.write_table(pa.Table.from_arrays(columns, schema=self._schema))
        self.rows_written += len(self._rows)
        self._rows.clear()

    def __enter__(self) -> TrackWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._flush()
        self._writer.close()


def read_track(path: Path, columns: list[str] | None = None) -> pd.DataFrame:
    """The track as a table; list columns hold one array per row."""
    import pandas as pd

    return pd.read_parquet(path, columns=columns)


def landmarks_of(track: pd.DataFrame) -> np.ndarray:
    """The landmarks of a track read with its landmark columns, (frames, 478, 3) float32, source pixels."""
    if not len(track):
        return np.empty((0, LANDMARKS, 3), np.float32)
    return np.stack([np.stack(list(track[name])) for name in LANDMARK_COLUMNS], axis=-1)
