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
from openada.explanation.baseline import Baseline
from openada.explanation.explanation import Explanation
from openada.explanation.saliency import explain_clips, frame_edges_s, without_colours

PIXELS_AT_ONCE = 4 * 16 * 112**2
"""Of clips that are explained together: four of 16 frames of 112 px. DeepLift keeps what every layer makes of them."""


class ClipMap(NamedTuple):
    """The explanation of one clip, which lies over `frames` frames of its recording from `first_frame` on.

    A clip of every `step`-th frame lies over those between them too; it shows `shown` frames, 0 for all of them. Of a recording
    shorter than the clip, whose frames the clip repeats, `step` is below that by as much as it repeats them. A clip of single
    frames, spread over the recording, names them in `single`, and lies over no other.
    """

    first_frame: int
    frames: int
    explanation: Explanation
    step: float = 1.0
    shown: int = 0
    single: np.ndarray | None = None

    @property
    def covered(self) -> np.ndarray:
        """The recording's frames that have a map: those that the clip shows, and, but of single ones, those between them."""
        return np.arange(self.first_frame, self.first_frame + self.frames) if self.single is None else self.single

    @property
    def places(self) -> np.ndarray:
        """The recording's frames that the clip shows, (T,) int64 in their order."""
        if self.single is not None:
            return self.single
        return np.floor(self.first_frame + self.step * np.arange(self.shown or self.frames) + 1e-9).astype(np.int64)


def explain_recording(
    model: nn.Module, reader: ClipReader, segments: Segments, method: str, *, size_px: int, batch: int = 0
) -> list[ClipMap]:
    """The map of every usable segment of one recording, in order of time.

    size_px: the side of the recording's aligned crops. batch: clips at a time; 0 for as many as have `PIXELS_AT_ONCE` together,
    one at least. Segments are those that the model's own score is the mean of. Raises UnusableInput as `explain_clips` does, and
    if no segment is usable.
    """
    if not segments.usable.any():
        raise UnusableInput(
            f"{reader.recording.recording_id}: no segment has enough tracked frames, so there is nothing to explain"
        )
    time_s = reader.recording.time_s
    firsts = segments.first_frame[segments.usable]
    if reader.spread:
        return [_spread_map(model, reader, int(firsts[0]), segments.frames, method, size_px)]
    batch = batch or max(1, PIXELS_AT_ONCE // reader.read(int(firsts[0]), segments.frames)[0][0].numel())
    found: list[ClipMap] = []
    for begin in range(0, len(firsts), batch):
        chosen = [int(first) for first in firsts[begin : begin + batch]]
        clips, baseline = _clips(reader, [reader.order(first, segments.frames) for first in chosen])
        edges = np.stack([frame_edges_s(time_s, first, segments.frames, reader.frame_step) for first in chosen])
        explained = explain_clips(model, clips, method, edges_s=edges, size_px=size_px, baseline=baseline)
        for first, one in zip(chosen, explained, strict=True):
            there = -(-(len(time_s) - first) // reader.frame_step)
            over = min(reader.frame_step * min(segments.frames, there), len(time_s) - first)
            step = reader.frame_step if there >= segments.frames else over / segments.frames
            found.append(ClipMap(first, over, one, step, segments.frames))
    return found


def _clips(reader: ClipReader, orders: Sequence[np.ndarray]) -> tuple[torch.Tensor, Baseline]:
    """The clips of these frames (B, 3, T, size, size), and what they are compared with: lost frames tell nothing in either."""
    read = [reader.read_frames(order) for order in orders]
    neutral = torch.stack([reader.neutral(tracked) for _, tracked in read])
    return torch.stack([clip for clip, _ in read]), Baseline(neutral, reader.neutral_said)


def _spread_map(model: nn.Module, reader: ClipReader, first: int, frames: int, method: str, size_px: int) -> ClipMap:
    """The map of the one clip of a recording whose frames are spread over it; each stands until the next."""
    order, time_s = reader.order(first, frames), reader.recording.time_s
    edges = frame_edges_s(time_s, 0, len(time_s))[np.append(order, len(time_s))]
    clips, baseline = _clips(reader, [order])
    (one,) = explain_clips(model, clips, method, edges_s=edges[None], size_px=size_px, baseline=baseline)
    return ClipMap(int(order[0]), int(order[-1]) - int(order[0]) + 1, one, 1.0, frames, order)


class FrameMaps:
    """A recording's maps as pictures of single frames: linear between the centres of cells, in time and space.

    Trilinear interpolation without aligned corners, within each clip: a map is never drawn into the next clip. Of the colours of
    guided backpropagation the value that is largest in size is shown. A frame that was sampled shows the map at its own place in
    the clip, those between two of them a mixture, those after the last one its map; of clips of single frames these alone have a
    picture. Where clips overlap, the first one with a frame counts, so that every picture is the map of a clip that the model
    scored and no mean of several.
    """

    def __init__(self, maps: Sequence[ClipMap], frames: int) -> None:
        self._values = [without_colours(one.explanation) for one in maps]
        self._maps = maps
        self._clip_of = np.full(frames, -1)
        for place in reversed(range(len(maps))):
            self._clip_of[maps[place].covered] = place

    def at(self, frame: int, size_px: int) -> np.ndarray | None:
        """(size_px, size_px) float64 over the aligned crop at a frame of the recording; None where no clip shows it."""
        place = int(self._clip_of[frame])
        if place < 0:
            return None
        values = self._values[place]
        one = self._maps[place]
        shown = one.shown or one.frames
        along = _matrix(shown, values.shape[0])
        at = (frame - one.first_frame) / one.step if one.single is None else float(np.searchsorted(one.single, frame))
        at = min(at, shown - 1)
        before, after = along[int(at)], along[min(int(at) + 1, shown - 1)]
        plane = np.tensordot(before + (at - int(at)) * (after - before), values, axes=1)
        return np.asarray(_matrix(size_px, plane.shape[0]) @ plane @ _matrix(size_px, plane.shape[1]).T)

    def size_at_share(self, share: float) -> float:
        """The quantile `share` of the size of all values: what a colour scale for all frames can end at."""
        return float(np.quantile(np.concatenate([np.abs(values).ravel() for values in self._values]), share))


@lru_cache(maxsize=32)
def _matrix(samples: int, cells: int) -> np.ndarray:
    return interpolation_matrix(samples, cells)
