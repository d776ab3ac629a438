"""Clips of a prepared recording as tensors."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch

from openada.clips.augmentation import Augmentation, Drawn, apply, draw, move
from openada.clips.sampling import sampled_frames
from openada.clips.seeding import stable_seed
from openada.prepared.dataset import PreparedRecording

Reference = Literal["none", "median"]
FrameOrder = Literal["time", "shuffled"]


class ClipReader:
    """Reads frames of one recording as a clip (3, T, size, size) float32, in 0–1, or in −1…1 with a reference.

    reference = "median" subtracts the recording's median aligned face, so that a small network sees movement before it has
    learnt to set identity aside (protocol.md; an option of ours, off in the paper's recipes).
    Frames that were not tracked are mid-grey without a reference and zero with one: the mask, not the pixels, is the truth.
    `cached` reads from the recording's memory map instead of decoding.
    `frame_step`: a clip takes every so-manieth frame; `clips.sampling` says that, and what a clip longer than the recording is.
    frame_order = "shuffled" gives the frames of every clip in an order drawn from (`seed`, recording, first frame, frames)
    alone, so the same at every read: a control that keeps which frames a clip has and takes away how they follow each other.
    """

    def __init__(
        self,
        recording: PreparedRecording,
        size_px: int,
        *,
        reference: Reference = "none",
        cached: bool = True,
        frame_order: FrameOrder = "time",
        seed: int = 0,
        frame_step: int = 1,
    ) -> None:
        self.recording = recording
        self._size_px = size_px
        self._frame_order = frame_order
        self._seed = seed
        self._tracked = recording.tracked
        self._frame_step = frame_step
        self._map = recording.memory_map(size_px) if cached else None
        picture = recording.reference(size_px) if reference == "median" else None
        self._reference = None if picture is None else _to_tensor(picture[None])

    def order(self, first: int, frames: int) -> np.ndarray:
        """The recording's frames in the order in which a clip shows them, (frames,) int64."""
        in_time = sampled_frames(len(self._tracked), first, frames, self._frame_step)
        if self._frame_order == "time":
            return in_time
        seed = stable_seed(self._seed, self.recording.recording_id, first, frames)
        return in_time[np.random.default_rng(seed).permutation(frames)]

    def read(
        self,
        first: int,
        frames: int,
        augmentation: Augmentation | None = None,
        generator: np.random.Generator | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The clip and its mask of tracked frames (T,) bool; augmented if a generator is given."""
        order = self.order(first, frames)
        end = int(order.max()) + 1
        raw = self._map[first:end] if self._map is not None else self.recording.crops(first, end, self._size_px)
        clip = _to_tensor(np.asarray(raw[order - first]))
        reference = self._reference
        drawn: Drawn | None = None
        if augmentation is not None and generator is not None:
            drawn = draw(augmentation, generator, float(clip.mean()))
            clip = apply(drawn, clip)
            reference = None if reference is None else apply(drawn, reference)
        tracked = torch.from_numpy(self._tracked[order])
        if reference is not None:
            clip = clip - reference
        if drawn is not None:
            clip = move(drawn, clip)
        clip[:, ~tracked] = 0.0 if reference is not None else 0.5
        return clip, tracked


def _to_tensor(frames: np.ndarray) -> torch.Tensor:
    """(T, H, W, 3) uint8 to (3, T, H, W) float32 in 0–1."""
    return torch.from_numpy(np.ascontiguousarray(frames.transpose(3, 0, 1, 2), dtype=np.float32)).div_(255)
