"""The face as a mosaic: its regions in every frame, each resized into its place in a picture that is always laid out alike.

Source: Moreno et al. 2023 (Expresso-AI), whose regions are mouth, eyes, eyebrows, nose and jaw. The layout is ours, in quarters
of the side; a region's own proportions are not kept. Boxes follow the landmarks of every frame: a region that moves as a whole
stays in its place, and what is seen is how it changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from openada.clips.corrupted import CorruptedRecording
from openada.errors import UnusableInput
from openada.face.alignment import GREY
from openada.face.regions import region_polygons
from openada.prepared import layout
from openada.prepared.dataset import PreparedRecording
from openada.prepared.reference import ReferenceAccumulator
from openada.prepared.track import iterate_track, landmarks_of

PARTS = 4
TILES = {
    "brows": (0, 0, 1, 4),
    "eyes": (1, 0, 1, 4),
    "nose": (2, 0, 2, 2),
    "mouth": (2, 2, 1, 2),
    "jaw": (3, 2, 1, 2),
}
"""Region of face/regions.py → top, left, height and width of its place, in quarters of the side. They cover the picture."""
PADDING = {"mouth": 0.25, "eyes": 0.25}
"""Region → share of its box's width and height that is added on each side."""
FINER = 2
"""A region is sampled on a grid so many times as fine as its place, and averaged."""

Tile = tuple[slice, slice]


def tiles_px(size_px: int) -> dict[str, Tile]:
    """Rows and columns of every region's place in a mosaic of `size_px`. Raises UnusableInput if 4 does not divide it."""
    if size_px % PARTS:
        raise UnusableInput(
            f"a mosaic of {size_px} px: its side must be a multiple of {PARTS} px; change --model.image-size"
        )
    unit = size_px // PARTS
    return {
        region: (slice(top * unit, (top + height) * unit), slice(left * unit, (left + width) * unit))
        for region, (top, left, height, width) in TILES.items()
    }


def region_boxes(landmarks_px: np.ndarray, crop_from_frame: np.ndarray) -> np.ndarray:
    """The padded box of every region of `TILES`, in its order, (5, 4) float64: left, top, right, bottom in pixels of the crop.

    landmarks_px (478, 2 or 3) in pixels of the frame, crop_from_frame (2, 3). NaN for a lost frame.
    """
    polygons = region_polygons(landmarks_px)
    boxes = []
    for region in TILES:
        points = np.concatenate(polygons[region]) @ crop_from_frame[:, :2].T + crop_from_frame[:, 2]
        low, high = points.min(0), points.max(0)
        margin = PADDING.get(region, 0.0) * (high - low)
        boxes.append([*(low - margin), *(high + margin)])
    return np.array(boxes)


def mosaic(crop: np.ndarray, boxes: np.ndarray, size_px: int) -> np.ndarray:
    """The regions of an aligned crop (H, W, 3) uint8 in their places, (size_px, size_px, 3) uint8.

    `boxes` as of `region_boxes`, whose coordinates count from the crop's edge. What lies outside the crop is mid-grey, as is a
    region without a box.
    """
    picture = np.full((size_px, size_px, 3), GREY, np.uint8)
    for (rows, columns), (left, top, right, bottom) in zip(tiles_px(size_px).values(), boxes, strict=True):
        if not (right > left and bottom > top):  # NaN too
            continue
        height, width = rows.stop - rows.start, columns.stop - columns.start
        across, down = (right - left) / (FINER * width), (bottom - top) / (FINER * height)
        # Pixel i of what is sampled has its centre at i + 0.5; cv2 counts from centres.
        back = np.array([[across, 0, left + across / 2 - 0.5], [0, down, top + down / 2 - 0.5]])
        fine = cv2.warpAffine(
            crop,
            back,
            (FINER * width, FINER * height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(GREY,) * 3,
        )
        picture[rows, columns] = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA)
    return picture


@dataclass(frozen=True)
class MosaicRecording(PreparedRecording):
    """A recording whose crops are mosaics, each made from the stored crop at its full size.

    `source` is where crops come from: the recording itself, or a corrupted one. Track, times and the flags of tracked frames are
    the recording's own; an untracked frame is mid-grey.
    """

    source: PreparedRecording

    @staticmethod
    def of(recording: PreparedRecording) -> MosaicRecording:
        """The recording as mosaics."""
        return MosaicRecording(recording.recording_id, recording.folder, recording)

    def iterate_crops(self, first: int = 0, end: int | None = None, size_px: int | None = None) -> Iterator[np.ndarray]:
        """Mosaics of the frames first … end − 1, at the crops' stored size or another."""
        for frame, crop in enumerate(self.source.iterate_crops(first, end), first):
            yield mosaic(crop, self.boxes[frame], size_px or layout.CROP_SIZE_PX)

    def memory_map(self, size_px: int) -> np.ndarray:
        """All mosaics at `size_px`, (frames, size, size, 3) uint8; kept beside the recording, or in a corrupted one's scratch."""
        folder = self.source.scratch if isinstance(self.source, CorruptedRecording) else self.folder
        return self._mapped(folder / f"mosaic_{size_px}.npy", size_px)

    def reference(self, size_px: int | None = None) -> np.ndarray:
        """The median of up to 200 evenly spaced tracked mosaics, (size, size, 3) uint8; mid-grey without any."""
        size_px = size_px or layout.CROP_SIZE_PX
        crops, accumulator = self.memory_map(size_px), ReferenceAccumulator()
        for frame in np.flatnonzero(self.tracked):
            accumulator.add(crops[frame])
        median = accumulator.median()
        return np.full((size_px, size_px, 3), GREY, np.uint8) if median is None else median

    @cached_property
    def boxes(self) -> np.ndarray:
        """`region_boxes` of every frame, (frames, 5, 4), in pixels of the crop as stored; never those of another frame."""
        found = []
        for rows in iterate_track(self.folder / layout.TRACK_FILE, [*layout.LANDMARK_COLUMNS, "crop_from_frame"]):
            transforms = np.stack(list(rows["crop_from_frame"])).reshape(-1, 2, 3)
            found += [region_boxes(*pair) for pair in zip(landmarks_of(rows), transforms, strict=True)]
        return np.stack(found)
