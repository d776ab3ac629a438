from pathlib import Path

import numpy as np
import torch

from openada.clips.dataset import EpochSampler, Key, LabelledRecording, SegmentDataset
from openada.clips.reading import ClipReader
from openada.clips.segments import segments
from openada.clips.strengths import Augmentation
from openada.prepared.dataset import PreparedDataset


def _dataset(prepared: Path, augmentation: Augmentation | None) -> SegmentDataset:
    dataset = PreparedDataset(prepared)
    recordings = []
    for name in ("r0", "r1", "r2"):
        recording = dataset.recording(name)
        cut = segments(recording.time_s, recording.tracked, frames=7, stride=3)
        recordings.append(LabelledRecording(ClipReader(recording, 32), cut, 5.0, 0))
    return SegmentDataset(recordings, seed=4, augmentation=augmentation)


def test_an_item_depends_on_seed_epoch_and_index_alone(tiny_prepared: Path) -> None:
    data = _dataset(tiny_prepared, Augmentation())
    again = _dataset(tiny_prepared, Augmentation())
    for index in (5, 0, 11):
        torch.testing.assert_close(data[Key(2, index)].clip, again[Key(2, index)].clip, rtol=0, atol=0)
    assert not torch.equal(data[Key(2, 5)].clip, data[Key(3, 5)].clip)


def test_order_of_an_epoch_is_repeatable_and_complete() -> None:
    sampler = EpochSampler(13, seed=1, shuffle=True)
    sampler.set_epoch(3)
    order = list(sampler)
    sampler.set_epoch(4)
    other = list(sampler)
    sampler.set_epoch(3)
    assert list(sampler) == order
    assert {key.item for key in order} == set(range(13)) and {key.epoch for key in order} == {3}
    assert [key.item for key in order] != [key.item for key in other]


def test_lost_frames_are_grey_or_zero_and_masked(tiny_prepared: Path) -> None:
    recording = PreparedDataset(tiny_prepared).recording("r1")
    np.testing.assert_array_equal(np.flatnonzero(~recording.tracked), [10, 11, 12, 13])
    for reference, filler in (("none", 0.5), ("median", 0.0)):
        clip, tracked = ClipReader(recording, 32, reference=reference).read(
            8, 5, Augmentation(), np.random.default_rng(0)
        )
        assert tracked.tolist() == [True, True, False, False, False]
        assert (clip[:, 2:] == filler).all()


def test_memory_map_and_decoding_give_the_same_clip(tiny_prepared: Path) -> None:
    recording = PreparedDataset(tiny_prepared).recording("r3")
    a, _ = ClipReader(recording, 48, cached=True).read(11, 6)
    b, _ = ClipReader(recording, 48, cached=False).read(11, 6)
    torch.testing.assert_close(a, b, rtol=0, atol=0)


def test_the_median_reference_is_subtracted(tiny_prepared: Path) -> None:
    recording = PreparedDataset(tiny_prepared).recording("r4")
    plain, _ = ClipReader(recording, 32).read(0, 5)
    less, _ = ClipReader(recording, 32, reference="median").read(0, 5)
    reference = torch.from_numpy(recording.reference(32).transpose(2, 0, 1).copy()).float().div(255)
    torch.testing.assert_close(less, plain - reference[:, None])
