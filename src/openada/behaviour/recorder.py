"""The behaviour of a recording of any length: rows go to a file as they are measured, tables are made when all are known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np

from openada.behaviour.dictionary import blendshape_dictionary
from openada.behaviour.dynamics import dynamics
from openada.behaviour.series import series_of
from openada.behaviour.signals import GAZE, RAW, Camera, finish, measure, reference_of
from openada.behaviour.statistics import NOT_SIGNALS, statistics_of
from openada.behaviour.units import UNITS

if TYPE_CHECKING:
    import pandas as pd

ROWS_AT_ONCE = 1024
MOVING = (*UNITS, *GAZE, "eye_openness", "iris_left_diameter", "iris_right_diameter")


class BehaviourRecorder:
    """Takes in landmarks a stretch at a time; a context manager, whose raw file vanishes at its end.

    Between `add` and the tables, rows lie in `raw_file` as float32, so that memory does not grow with length but for a few
    columns of one number per frame.
    """

    def __init__(self, raw_file: Path, camera: Camera | None = None) -> None:
        self._raw_file = raw_file
        self._camera = camera
        self._file = raw_file.open("wb")
        self._times: list[np.ndarray] = []
        self._tracked: list[np.ndarray] = []
        self._blendshapes: list[str] = []

    def __enter__(self) -> BehaviourRecorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._raw_file.unlink(missing_ok=True)

    def add(
        self, time_s: np.ndarray, tracked: np.ndarray, landmarks_px: np.ndarray, blendshapes: np.ndarray | None = None
    ) -> None:
        """The next frames: (n,), (n,), (n, 478, 3) and, from a tracker that measures them throughout, (n, 52)."""
        rows = measure(landmarks_px, self._camera)
        if blendshapes is not None:
            self._blendshapes = [signal.name for signal in blendshape_dictionary()]
            rows = np.concatenate([rows, blendshapes[:, 1:].astype(np.float32)], axis=1)
        rows[~tracked] = np.nan
        rows.tofile(self._file)
        self._times.append(np.asarray(time_s, np.float64))
        self._tracked.append(np.asarray(tracked, bool))

    def reference(self, kind: str) -> np.ndarray:
        """This recording's reference of a kind, for `write` or, as a baseline, for another recording's."""
        time_s, _ = self._frames()
        return reference_of(self._columns, time_s, kind)

    def write(self, behaviour: Path, events: Path, statistics: Path, *, reference: np.ndarray, kind: str) -> None:
        """Write the three tables as Parquet; `kind` names the reference in the metadata of `behaviour`."""
        time_s, tracked = self._frames()
        series, found = series_of(self._columns, time_s, tracked)
        self._write_behaviour(behaviour, reference, kind, series)
        found.to_parquet(events, compression="zstd", index=False)
        self._statistics(behaviour, found).to_parquet(statistics, compression="zstd", index=False)

    def _write_behaviour(self, path: Path, reference: np.ndarray, kind: str, series: dict[str, np.ndarray]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        time_s, tracked = self._frames()
        writer, start = None, 0
        try:
            for rows in self._chunks():
                part = slice(start, start + len(rows))
                raw, further = rows[:, : len(RAW)], rows[:, len(RAW) :]
                table = {"time_s": time_s[part], "tracked": tracked[part]}
                table.update(finish(raw, reference, {name: values[part] for name, values in series.items()}))
                table.update(zip(self._blendshapes, further.T, strict=True))
                made = pa.table(table, metadata={"reference": kind})
                writer = writer or pq.ParquetWriter(path, made.schema, compression="zstd")
                writer.write_table(made)
                start += len(rows)
        finally:
            if writer is not None:
                writer.close()

    def _statistics(self, behaviour: Path, events: pd.DataFrame) -> pd.DataFrame:
        """One row: the statistics of every column written, then the dynamics."""
        import pandas as pd
        import pyarrow.parquet as pq

        time_s, tracked = self._frames()
        with pq.ParquetFile(behaviour) as file:
            names = [name for name in file.schema_arrow.names if name not in NOT_SIGNALS]

            def column(name: str) -> np.ndarray:
                return np.asarray(file.read([name]).column(0), np.float64)

            table = statistics_of(names, column, tracked)
            moving = {name: column(name).astype(np.float32) for name in MOVING}
        signals = pd.DataFrame({"time_s": time_s, "tracked": tracked, **moving}, copy=False)
        return table.assign(**dynamics(signals, events))

    def _frames(self) -> tuple[np.ndarray, np.ndarray]:
        """Times and tracked flags of all frames so far."""
        if not self._times:
            return np.empty(0), np.empty(0, bool)
        self._times, self._tracked = [np.concatenate(self._times)], [np.concatenate(self._tracked)]
        return self._times[0], self._tracked[0]

    def _chunks(self) -> Iterator[np.ndarray]:
        self._file.flush()
        width = len(RAW) + len(self._blendshapes)
        with self._raw_file.open("rb") as file:
            while (rows := np.fromfile(file, np.float32, ROWS_AT_ONCE * width)).size:
                yield rows.reshape(-1, width)

    def _columns(self, names: Sequence[str]) -> np.ndarray:
        indices = [RAW.index(name) for name in names]
        parts = [rows[:, indices] for rows in self._chunks()]
        return np.concatenate(parts) if parts else np.empty((0, len(indices)), np.float32)
