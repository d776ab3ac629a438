"""Clips of a prepared recording as tensors."""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np
import torch

from openada.clips.augmentation import WHOLE, Augmentation, Drawn, apply, draw, move
from openada.clips.mosaic import MosaicRecording, tiles_px
from openada.clips.sampling import SamplingName, drawn_frames, random_start, sampled_frames, spread_frames, still_frames
from openada.clips.seeding import stable_seed
from openada.prepared.dataset import PreparedRecording, resized

Reference = Literal["none", "median"]
FrameOrder = Literal["time", "shuffled"]
SPARSE = 16
"""Frames of a recording for each one wanted, from which on they are decoded one by one and not with all between them."""


class Reads(Protocol):
    """What a data set asks of a recording: which frames a clip has, and the clip."""

    def order(self, first: int, frames: int) -> np.ndarray:
        """The frames of the clip from `first` on at test."""
        ...

    def drawn(self, among: np.ndarray, frames: int, generator: np.random.Generator) -> np.ndarray:
        """The frames of a training clip; `among` which starts or frames is drawn."""
        ...

    def read_frames(
        self,
        order: np.ndarray,
        augmentation: Augmentation | None = None,
        generator: np.random.Generator | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The clip of these frames, and which of them are tracked."""
        ...


class ClipReader:
    """Reads frames of one recording as a clip (3, T, size, size) float32, in 0–1, or in −1…1 with a reference.

    reference = "median" subtracts the recording's median aligned face, so that a small network sees movement before it has
    learnt to set identity aside (protocol.md; an option of ours, off in the paper's recipes).
    Frames that were not tracked are mid-grey without a reference and zero with one: the mask, not the pixels, is the truth.
    `cached` reads from the recording's memory map instead of decoding.
    `frame_step`: a clip takes every so-manieth frame; `clips.sampling` says that, and what a clip longer than the recording is.
    `sampling` = "spread" makes a clip of a few frames of the whole recording instead, wherever it starts (`spread` is true then);
    "still" repeats the clip's middle frame.
    `mean_face` (side, side, 3) uint8, of the recordings that the model was trained on, is what clips without a reference are
    compared with (`neutral`); it changes no clip.
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
        sampling: SamplingName = "clip",
        mean_face: np.ndarray | None = None,
    ) -> None:
        self.recording = recording
        self._size_px = size_px
        self._frame_order = frame_order
        self._seed = seed
        self._tracked = recording.tracked
        self.frame_step = frame_step
        self._sampling = sampling
        self.spread = sampling == "spread"
        # A mosaic stays laid out as it is: its parts are mirrored and shifted in their places.
        self._tiles = tuple(tiles_px(size_px).values()) if isinstance(recording, MosaicRecording) else WHOLE
        self._map = recording.memory_map(size_px) if cached else None
        picture = recording.reference(size_px) if reference == "median" else None
        self._reference = None if picture is None else _to_tensor(picture[None])
        self._lost_value = 0.5 if picture is None else 0.0
        compared = mean_face if picture is None else None
        self._mean_face = None if compared is None else _to_tensor(resized(compared, size_px)[None])

    def neutral(self, tracked: torch.Tensor) -> torch.Tensor:
        """What explanations compare a clip with whose frames are `tracked` (T,): (3, T, size, size), in the clip's range.

        Clips less the recording's median face: that face, 0 everywhere. Others: `mean_face` in tracked frames if it is known, and
        otherwise mid-grey. Lost frames are as they are in the clip.
        """
        neutral = torch.full((3, len(tracked), self._size_px, self._size_px), self._lost_value)
        if self._mean_face is not None:
            neutral[:, tracked] = self._mean_face
        return neutral

    @property
    def neutral_said(self) -> str:
        """The same in words."""
        if self._reference is not None:
            return "the recording's median face"
        return "every pixel mid-grey" if self._mean_face is None else "the mean face of the training part"

    def order(self, first: int, frames: int) -> np.ndarray:
        """The recording's frames in the order in which a clip shows them, (frames,) int64."""
        in_time = (
            spread_frames(self._tracked, frames)
            if self.spread
            else sampled_frames(len(self._tracked), first, frames, self.frame_step)
        )
        if self._sampling == "still":
            return still_frames(in_time, self._tracked)
        if self._frame_order == "time":
            return in_time
        seed = stable_seed(self._seed, self.recording.recording_id, first, frames)
        return in_time[np.random.default_rng(seed).permutation(frames)]

    def drawn(self, among: np.ndarray, frames: int, generator: np.random.Generator) -> np.ndarray:
        """The frames of a training clip, (frames,) int64; `among` its possible starts, or the frames that "spread" draws from."""
        if not self.spread:
            return self.order(random_start(among, generator), frames)
        taken = drawn_frames(among, frames, generator)
        return taken if self._frame_order == "time" else taken[generator.permutation(frames)]

    def read(
        self,
        first: int,
        frames: int,
        augmentation: Augmentation | None = None,
        generator: np.random.Generator | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The clip from `first` on and its mask of tracked frames (T,) bool; augmented if a generator is given."""
        return self.read_frames(self.order(first, frames), augmentation, generator)

    def read_frames(
        self,
        order: np.ndarray,
        augmentation: Augmentation | None = None,
        generator: np.random.Generator | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The same of the recording's frames `order` (T,), in that order."""
        clip = _to_tensor(self._pixels(order))
        reference = self._reference
        drawn: Drawn | None = None
        if augmentation is not None and generator is not None:
            drawn = draw(augmentation, generator, float(clip.mean()))
            clip = apply(drawn, clip, self._tiles)
            reference = None if reference is None else apply(drawn, reference, self._tiles)
        tracked = torch.from_numpy(self._tracked[order])
        if reference is not None:
            clip = clip - reference
        if drawn is not None:
            clip = move(drawn, clip, self._tiles)
        clip[:, ~tracked] = self._lost_value
        return clip, tracked

    def _pixels(self, order: np.ndarray) -> np.ndarray:
        """The frames (T, size, size, 3) uint8."""
        if self._map is not None:
            return np.asarray(self._map[order])
        first, end = int(order.min()), int(order.max()) + 1
        if end - first <= SPARSE * len(order):
            return self.recording.crops(first, end, self._size_px)[order - first]
        each, places = np.unique(order, return_inverse=True)
        return np.stack([self.recording.crops(int(k), int(k) + 1, self._size_px)[0] for k in each])[places]


def _to_tensor(frames: np.ndarray) -> torch.Tensor:
    """(T, H, W, 3) uint8 to (3, T, H, W) float32 in 0–1."""
    return torch.from_numpy(np.ascontiguousarray(frames.transpose(3, 0, 1, 2), dtype=np.float32)).div_(255)
