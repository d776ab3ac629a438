"""Reading a prepared dataset."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from openada.datasets.folds import Folds, load_folds
from openada.datasets.splits import Split, load
from openada.errors import UnusableInput
from openada.files import atomic_path, read_json
from openada.prepared import layout
from openada.prepared.track import read_track

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class PreparedRecording:
    """One recording's folder."""

    recording_id: str
    folder: Path

    @cached_property
    def times(self) -> pd.DataFrame:
        """Columns frame, time_s, tracked: a row per source frame."""
        return read_track(self.folder / layout.TRACK_FILE, ["frame", "time_s", "tracked"])

    @property
    def time_s(self) -> np.ndarray:
        """Presentation times, (frames,) float64, in s."""
        return self.times["time_s"].to_numpy(float)

    @property
    def tracked(self) -> np.ndarray:
        """Which frames show the tracked face, (frames,) bool."""
        return self.times["tracked"].to_numpy(bool)

    def track(self, columns: list[str] | None = None) -> pd.DataFrame:
        """The track, or some of its columns."""
        return read_track(self.folder / layout.TRACK_FILE, columns)

    @property
    def behaviour(self) -> pd.DataFrame:
        """The behaviour signals, a row per source frame."""
        import pandas as pd

        return pd.read_parquet(self.folder / layout.BEHAVIOUR_FILE)

    @property
    def events(self) -> pd.DataFrame:
        """Blinks, closures, saccades and fixations, a row each."""
        import pandas as pd

        return pd.read_parquet(self.folder / layout.EVENTS_FILE)

    @property
    def statistics(self) -> pd.DataFrame:
        """The behaviour signals' statistics, one row."""
        import pandas as pd

        return pd.read_parquet(self.folder / layout.STATISTICS_FILE)

    @property
    def quality(self) -> dict[str, Any]:
        """What `quality.json` says."""
        quality: dict[str, Any] = read_json(self.folder / layout.QUALITY_FILE)
        return quality

    @property
    def face_file(self) -> Path:
        """The aligned crops; frame k is row k of the track."""
        return self.folder / layout.FACE_FILE

    def reference(self, size_px: int | None = None) -> np.ndarray:
        """The median tracked crop, (size, size, 3) uint8."""
        import cv2

        stored = cv2.imread(str(self.folder / layout.REFERENCE_FILE))
        if stored is None:
            raise UnusableInput(f"{self.folder / layout.REFERENCE_FILE} cannot be read; prepare the recording anew")
        picture = np.asarray(cv2.cvtColor(stored, cv2.COLOR_BGR2RGB))
        return picture if size_px is None else resized(picture, size_px)

    def crops(self, first: int = 0, end: int | None = None, size_px: int | None = None) -> np.ndarray:
        """Frames first … end − 1 of the face video, (frames, size, size, 3) uint8, read by presentation time."""
        return np.stack(list(self.iterate_crops(first, end, size_px)))

    def iterate_crops(self, first: int = 0, end: int | None = None, size_px: int | None = None) -> Iterator[np.ndarray]:
        """The same, one crop at a time, so that memory does not grow with length."""
        from openada.video import frames

        times = self.time_s
        times = times - min(0.0, float(times[0])) if len(times) else times  # the face video starts at 0 at the earliest
        end = len(times) if end is None else end
        if not 0 <= first < end <= len(times):
            raise UnusableInput(f"{self.recording_id} has frames 0 to {len(times) - 1}; asked for {first} to {end - 1}")
        half_tick = 0.5 / 90_000
        stop = times[end] - half_tick if end < len(times) else None
        count = 0
        for frame in frames(self.face_file, times[first] - half_tick if first else None, stop):
            yield frame.rgb if size_px is None else resized(frame.rgb, size_px)
            count += 1
        if count != end - first:
            raise UnusableInput(
                f"{self.face_file}: {count} frames decode where the track has {end - first}; prepare the recording anew"
            )

    def memory_map(self, size_px: int) -> np.ndarray:
        """All crops at `size_px` as a read-only uint8 memory map, (frames, size, size, 3); built once, rebuildable."""
        return self._mapped(self.folder / f"crops_{size_px}.npy", size_px)

    def _mapped(self, path: Path, size_px: int) -> np.ndarray:
        if not path.is_file():
            with atomic_path(path) as temporary:
                shape = (len(self.time_s), size_px, size_px, 3)
                store = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.uint8, shape=shape)
                for index, crop in enumerate(self.iterate_crops(size_px=size_px)):
                    store[index] = crop
                store.flush()
        return np.load(path, mmap_mode="r")


class PreparedDataset:
    """A prepared dataset: `info` (dataset.json), `manifest`, splits and recordings."""

    def __init__(self, folder: Path) -> None:
        if not (folder / layout.DATASET_FILE).is_file():
            raise UnusableInput(f"{folder} is not a prepared dataset: make one with 'openada prepare'")
        if not (folder / layout.MANIFEST_FILE).is_file():
            raise UnusableInput(f"{folder} is not finished: run 'openada prepare' again, it goes on where it was")
        self.folder = folder
        self.info: dict[str, Any] = read_json(folder / layout.DATASET_FILE)

    @cached_property
    def manifest(self) -> pd.DataFrame:
        """The recordings with `status`, `error`, `frames` and `tracked_share`."""
        import pandas as pd

        return pd.read_parquet(self.folder / layout.MANIFEST_FILE)

    def recording(self, recording_id: str) -> PreparedRecording:
        """One recording by its id."""
        folder = layout.recording_folder(self.folder, recording_id)
        if not folder.is_dir():
            raise UnusableInput(f"{self.folder} has no recording {recording_id!r}")
        return PreparedRecording(recording_id, folder)

    def split(self, name: str = "official") -> Split:
        """A split by the name of its file, or one fold of the set of folds NAME as NAME/K.

        Folds count from 1; of nested folds NAME/K/J is inner fold J of fold K.
        """
        path = self.folder / layout.SPLITS_FOLDER / f"{name}.json"
        if path.is_file():
            return load(path)
        of, *numbers = name.split("/")
        if numbers and self._folds_file(of).is_file():
            return self.folds(of).split_at(name, numbers)
        there = sorted(file.stem for file in path.parent.glob("*.json"))
        sets = sorted(file.stem for file in self._folds_file("").parent.glob("*.json"))
        hint = f"; sets of folds, one fold at a time as NAME/1: {', '.join(sets)}" if sets else ""
        raise UnusableInput(
            f"{self.folder} has no split {name!r}; there are: {', '.join(there) or 'none'}{hint}. "
            "'openada datasets split' makes others"
        )

    def folds(self, name: str) -> Folds:
        """A set of cross-validation folds by the name of its file."""
        return load_folds(self._folds_file(name))

    def _folds_file(self, name: str) -> Path:
        return self.folder / layout.FOLDS_FOLDER / f"{name}.json"


def resized(picture: np.ndarray, size_px: int) -> np.ndarray:
    """A square picture at another size, by area averaging when it shrinks."""
    import cv2

    if picture.shape[0] == size_px:
        return picture
    shrinks = picture.shape[0] > size_px
    return cv2.resize(picture, (size_px, size_px), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
