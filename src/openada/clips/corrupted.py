"""A prepared recording as it would be had its video been worse: what a model reads crops from, in place of the recording."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np

from openada.clips.corruptions import KINDS, KindName, Surroundings, corrupt, corruption_seed
from openada.face.regions import region_polygons
from openada.files import atomic_path
from openada.prepared import layout
from openada.prepared.dataset import PreparedRecording, resized
from openada.prepared.reference import ReferenceAccumulator
from openada.prepared.track import iterate_track, landmarks_of

BLOCK_FRAMES = 240
"""Frames are corrupted in blocks of this many, so that memory is bounded; compression has a key picture in each."""


@dataclass(frozen=True)
class CorruptedRecording(PreparedRecording):
    """`PreparedRecording` with crops corrupted at their stored size, before anything else is done to them.

    Track, times and the flags of tracked frames are the recording's own: the face is not looked for again. At the neutral
    strength crops and median face are as stored.
    `scratch` is a folder for the corrupted crops of this recording, at the sizes asked for; the caller clears it.
    """

    kind: KindName
    strength: float
    scratch: Path
    seed: int = 0

    @staticmethod
    def of(
        recording: PreparedRecording, kind: KindName, strength: float, scratch: Path, seed: int = 0
    ) -> CorruptedRecording:
        """The recording, corrupted."""
        return CorruptedRecording(recording.recording_id, recording.folder, kind, strength, scratch, seed)

    def iterate_crops(self, first: int = 0, end: int | None = None, size_px: int | None = None) -> Iterator[np.ndarray]:
        """Corrupted frames first … end − 1; the blocks that they lie in are made whole, so that any span gives the same."""
        for _, crop in self._pairs(first, len(self.time_s) if end is None else end):
            yield crop if size_px is None else resized(crop, size_px)

    def memory_map(self, size_px: int) -> np.ndarray:
        """All corrupted crops at `size_px`, (frames, size, size, 3) uint8, kept in `scratch`."""
        return self._made(size_px)[0]

    def crops(self, first: int = 0, end: int | None = None, size_px: int | None = None) -> np.ndarray:
        """The same frames as `iterate_crops` gives, (frames, size, size, 3) uint8, corrupted once and then read."""
        return np.array(self.memory_map(size_px or layout.CROP_SIZE_PX)[first:end])

    def reference(self, size_px: int | None = None) -> np.ndarray:
        """The stored median face, changed by as much as corruption changes the median of the stored crops.

        Not that median itself: the stored one was taken before the crops were encoded, and what encoding took from them would
        show in every difference to the clean recording.
        """
        clean, corrupted = (median.median() for median in self._made(size_px or layout.CROP_SIZE_PX)[1:])
        picture = super().reference()
        if clean is not None and corrupted is not None:
            picture = np.clip(picture.astype(np.int16) + corrupted - clean, 0, 255).astype(np.uint8)
        return picture if size_px is None else resized(picture, size_px)

    def _made(self, size_px: int) -> tuple[np.ndarray, ReferenceAccumulator, ReferenceAccumulator]:
        """One pass over the recording: crops at `size_px`, and what the medians of clean and corrupted ones are made of."""
        if size_px not in self._passes:
            path, clean, corrupted = (
                self.scratch / f"crops_{size_px}.npy",
                ReferenceAccumulator(),
                ReferenceAccumulator(),
            )
            count = len(self.time_s)
            with atomic_path(path) as temporary:
                shape = (count, size_px, size_px, 3)
                store = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.uint8, shape=shape)
                for place, (pair, tracked) in enumerate(zip(self._pairs(0, count), self.tracked, strict=True)):
                    store[place] = resized(pair[1], size_px)
                    if tracked:
                        clean.add(pair[0])
                        corrupted.add(pair[1])
                store.flush()
            self._passes[size_px] = np.load(path, mmap_mode="r"), clean, corrupted
        return self._passes[size_px]

    @cached_property
    def _passes(self) -> dict[int, tuple[np.ndarray, ReferenceAccumulator, ReferenceAccumulator]]:
        return {}

    def _pairs(self, first: int, end: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Frames first … end − 1 as stored and as corrupted."""
        tracked, count = self.tracked, len(self.time_s)
        seed = corruption_seed(self.seed, self.recording_id, self.kind, self.strength)
        for begin in range(first - first % BLOCK_FRAMES, end, BLOCK_FRAMES):
            span = slice(begin, min(begin + BLOCK_FRAMES, count))
            clip = np.stack(list(super().iterate_crops(span.start, span.stop)))
            around = Surroundings(seed, begin, tracked[span], [polygon[span] for polygon in self._polygons])
            both = zip(clip, corrupt(clip, self.kind, self.strength, around), strict=True)
            yield from islice(both, max(first - begin, 0), end - begin)

    @cached_property
    def _polygons(self) -> list[np.ndarray]:
        region = KINDS[self.kind].region
        return [] if region is None else region_in_crops(self, region)


def region_in_crops(recording: PreparedRecording, region: str) -> list[np.ndarray]:
    """The polygons of a region in every crop: for each of its parts (frames, K, 2) float64, pixels of the crop as stored."""
    parts: list[list[np.ndarray]] = []
    columns = [*layout.LANDMARK_COLUMNS, "crop_from_frame"]
    for rows in iterate_track(recording.folder / layout.TRACK_FILE, columns):
        transforms = np.stack(list(rows["crop_from_frame"])).reshape(-1, 2, 3)
        for landmarks, matrix in zip(landmarks_of(rows), transforms, strict=True):
            polygons = region_polygons(landmarks)[region]
            parts.append([polygon @ matrix[:, :2].T + matrix[:, 2] for polygon in polygons])
    return [np.stack(of_part) for of_part in zip(*parts, strict=True)]
