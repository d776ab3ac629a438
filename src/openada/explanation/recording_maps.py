"""Maps over space and time of a recording's clips, and how they are read frame by frame."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from openada.clips.reading import ClipReader
from openada.clips.segments import Segments
from openada.errors import UnusableInput
from openada.evaluation.saliency_mass import interpolation_matrix
from openada.explanation.explanation import Explanation
from openada.explanation.saliency import explain_clips, frame_edges_s, without_colours


class ClipMap(NamedTuple):
    """The explanation of one clip, which shows `frames` frames of its recording from `first_frame` on, every `step`-th."""

    first_frame: int
    frames: int
    explanation: Explanation
    step: int = 1

    @property
    def shown(self) -> np.ndarray:
        """The recording's frames that the clip shows, (frames,) int64."""
        return self.first_frame + self.step * np.arange(self.frames)

    @property
    def end_frame(self) -> int:
        """The frame after the last one that the clip stands for; it may lie behind the recording's end."""
        return self.first_frame + self.step * self.frames


def explain_recording(
    model: nn.Module, reader: ClipReader, segments: Segments, method: str, *, size_px: int, batch: int = 4
) -> list[ClipMap]:
    """The map of every usable segment of one recording, in order of time, `batch` clips at a time.

    size_px: the side of the recording's aligned crops. Segments are those that the model's own score is the mean of. Raises
    UnusableInput as `explain_clips` does, and if no segment is usable.
    """
    if not segments.usable.any():
        raise UnusableInput(
            f"{reader.recording.recording_id}: no segment has enough tracked frames, so there is nothing to explain"
        )
    time_s = reader.recording.time_s
    firsts = segments.first_frame[segments.usable]
    found: list[ClipMap] = []
    for begin in range(0, len(firsts), batch):
        chosen = [int(first) for first in firsts[begin : begin + batch]]
        orders = [reader.order(first, segments.frames) for first in chosen]
        clips = torch.stack([reader.read_frames(order)[0] for order in orders])
        edges = np.stack([frame_edges_s(time_s, order) for order in orders])
        step = int(orders[0][1] - orders[0][0]) if segments.frames > 1 else 1
        explained = explain_clips(model, clips, method, edges_s=edges, size_px=size_px, baseline=reader.lost_value)
        found += [ClipMap(first, segments.frames, one, step) for first, one in zip(chosen, explained, strict=True)]
    return found


class FrameMaps:
    """A recording's maps as pictures of single frames: linear between the centres of cells, in time and space.

    Trilinear interpolation without aligned corners, within each clip: a map is never drawn into the next clip. Of the colours of
    guided backpropagation the value that is largest in size is shown. Where clips overlap, the first one with a frame counts.
    Frames that a clip with a step leaves out are interpolated too.
    """

    def __init__(self, maps: Sequence[ClipMap], frames: int) -> None:
        self._values = [without_colours(one.explanation) for one in maps]
        self._maps = maps
        self._clip_of = np.full(frames, -1)
        for place in reversed(range(len(maps))):
            self._clip_of[maps[place].first_frame : maps[place].end_frame] = place

    def at(self, frame: int, size_px: int) -> np.ndarray | None:
        """(size_px, size_px) float64 over the aligned crop at a frame of the recording; None where no clip shows it."""
        place = int(self._clip_of[frame])
        if place < 0:
            return None
        values = self._values[place]
        one = self._maps[place]
        at = (frame - one.first_frame) / one.step
        low = min(int(at), one.frames - 1)
        along = _matrix(one.frames, values.shape[0])
        between = along[low] + (at - low) * (along[min(low + 1, one.frames - 1)] - along[low])
        plane = np.tensordot(between, values, axes=1)
        return np.asarray(_matrix(size_px, plane.shape[0]) @ plane @ _matrix(size_px, plane.shape[1]).T)

    def size_at_share(self, share: float) -> float:
        """The quantile `share` of the size of all values: what a colour scale for all frames can end at."""
        return float(np.quantile(np.concatenate([np.abs(values).ravel() for values in self._values]), share))


@lru_cache(maxsize=32)
def _matrix(samples: int, cells: int) -> np.ndarray:
    return interpolation_matrix(samples, cells)
