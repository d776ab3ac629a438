"""Videos and pictures of a recording's maps: on the source frames, on the aligned crops, and a few frames side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from openada.explanation.recording_maps import ClipMap, FrameMaps
from openada.face.alignment import crop_corners_px, unalign
from openada.prepared.dataset import PreparedRecording
from openada.report.saliency_pictures import (
    ColourScale,
    SaliencyRow,
    legend,
    overlay,
    three_columns,
    with_legend,
)
from openada.video import VideoWriter, frames

SCALE_QUANTILE = 0.999
"""Colours end at this quantile of the size of all values of the recording, so that a single pixel does not set the scale."""
OUTLINE = (235, 235, 235)


def colour_scale(maps: Sequence[ClipMap], drawn: FrameMaps) -> ColourScale:
    """One scale for all frames of the recording. Maps that are 0 throughout get a scale that ends at 1."""
    one = maps[0].explanation
    return ColourScale(drawn.size_at_share(SCALE_QUANTILE) or 1.0, one.signed, one.unit)


def write_overlay(
    out: Path, video: Path, recording: PreparedRecording, drawn: FrameMaps, scale: ColourScale, title: str
) -> None:
    """The source video with the map on it and the crop's outline, at the source's presentation times.

    Frames without a map (face lost, segment not usable, rest of the recording) show the source alone, without an outline.
    """
    matrices = np.stack(list(recording.track(["crop_from_frame"])["crop_from_frame"])).reshape(-1, 2, 3)
    size_px = recording.reference().shape[0]

    def pictures() -> Iterator[np.ndarray]:
        for place, frame in enumerate(frames(video)):
            values = drawn.at(place, size_px)
            yield frame.rgb if values is None else on_frame(frame.rgb, values, matrices[place], scale, size_px)

    _write(out, recording.time_s, pictures(), scale, title)


def on_frame(
    rgb: np.ndarray, values: np.ndarray, crop_from_frame: np.ndarray, scale: ColourScale, size_px: int
) -> np.ndarray:
    """A source frame (H, W, 3) uint8 with a map (S, S) over its crop of `size_px` pixels, and the crop's outline."""
    placed = unalign(values, crop_from_frame, rgb.shape[0], rgb.shape[1], size_px)
    if placed is None:
        return rgb
    rows, columns, part = placed
    picture = rgb.copy()
    picture[rows, columns] = overlay(rgb[rows, columns], part, scale)
    corners = np.rint(crop_corners_px(crop_from_frame, size_px) - 0.5).astype(np.int32)
    return np.asarray(cv2.polylines(picture, [corners], True, OUTLINE, 1, cv2.LINE_AA))


def write_heat_map(out: Path, recording: PreparedRecording, drawn: FrameMaps, scale: ColourScale, title: str) -> None:
    """The aligned crop with the map on it, and the map alone beside it, at the source's times; grey without a face."""

    def pictures() -> Iterator[np.ndarray]:
        for place, (crop, seen) in enumerate(zip(recording.iterate_crops(), recording.tracked, strict=True)):
            values = drawn.at(place, crop.shape[0]) if seen else None
            known = np.full(crop.shape[:2], np.nan) if values is None else values
            yield np.concatenate([overlay(crop, known, scale), scale.rgb(known)], axis=1)

    _write(out, recording.time_s, pictures(), scale, title)


def _write(out: Path, times: np.ndarray, pictures: Iterator[np.ndarray], scale: ColourScale, title: str) -> None:
    """The pictures above one legend; times below 0, which MP4 does not hold, begin at 0 instead."""
    shift_s = max(0.0, -float(times[0]))
    first = next(pictures)
    below = legend(scale, title, first.shape[1])
    height, width = with_legend(first, below).shape[:2]
    with VideoWriter(out, width, height) as writer:
        writer.write(with_legend(first, below), float(times[0]) + shift_s)
        for time_s, picture in zip(times[1:], pictures, strict=True):
            writer.write(with_legend(picture, below), float(time_s) + shift_s)


def chosen_frames(maps: Sequence[ClipMap], tracked: np.ndarray, count: int) -> list[tuple[int, int]]:
    """(place in `maps`, frame) of up to `count` clips evenly spread: the tracked frame nearest to its middle."""
    found = []
    for place in np.unique(np.linspace(0, len(maps) - 1, count).round().astype(int)):
        one = maps[place]
        seen = one.places[tracked[one.places]]
        found.append((int(place), int(seen[np.abs(seen - one.places[len(one.places) // 2]).argmin()])))
    return found


def columns_picture(
    recording: PreparedRecording,
    maps: Sequence[ClipMap],
    shown: Sequence[tuple[int, int]],
    scale: ColourScale,
    method: str,
    guided: Sequence[ClipMap] | None = None,
) -> np.ndarray:
    """Fig. 11's columns at the frames that `chosen_frames` gave, a row each. `guided`: of the same clips."""
    drawn = FrameMaps(maps, len(recording.time_s))
    beside = None if guided is None else FrameMaps(guided, len(recording.time_s))
    rows = []
    for place, frame in shown:
        crop = recording.crops(frame, frame + 1)[0]
        size = crop.shape[0]
        label = f"at {recording.time_s[frame]:.1f} s\nclip's score {maps[place].explanation.score:.1f}"
        values = drawn.at(frame, size)
        assert values is not None  # the frame was chosen from a clip
        rows.append(SaliencyRow(label, crop, values, None if beside is None else beside.at(frame, size)))
    guided_scale = None if guided is None or beside is None else colour_scale(guided, beside)
    return three_columns(rows, scale, guided_scale, name=method)
