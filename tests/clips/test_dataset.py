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


def test_shuffled_frames_are_the_same_frames_in_an_order_that_belongs_to_the_segment(tiny_prepared: Path) -> None:
    dataset = PreparedDataset(tiny_prepared)
    recording = dataset.recording("r1")  # frames 10 to 13 are lost
    plain, tracked = ClipReader(recording, 32).read(5, 11)
    shuffled = ClipReader(recording, 32, frame_order="shuffled", seed=3)
    order = shuffled.order(5, 11)
    clip, seen = shuffled.read(5, 11)
    assert sorted(order) == list(range(5, 16)) and order.tolist() != list(range(5, 16))
    torch.testing.assert_close(clip, plain[:, order - 5], rtol=0, atol=0)
    assert torch.equal(seen, tracked[order - 5])
    # The same at every read and in another process, another for every segment, recording and seed.
    assert order.tolist() == [12, 10, 7, 13, 14, 6, 15, 8, 5, 11, 9]
    torch.testing.assert_close(shuffled.read(5, 11)[0], clip, rtol=0, atol=0)
    others = [
        shuffled.order(6, 11) - 6,
        ClipReader(dataset.recording("r2"), 32, frame_order="shuffled", seed=3).order(5, 11) - 5,
        ClipReader(recording, 32, frame_order="shuffled", seed=4).order(5, 11) - 5,
    ]
    assert all((other != order - 5).any() for other in others)


def test_frames_in_time_are_what_the_recording_holds(tiny_prepared: Path) -> None:
    recording = PreparedDataset(tiny_prepared).recording("r2")
    clip, tracked = ClipReader(recording, 32).read(5, 11)
    stored = torch.from_numpy(recording.memory_map(32)[5:16].astype(np.float32).transpose(3, 0, 1, 2)) / 255
    assert tracked.all()
    torch.testing.assert_close(clip, stored, rtol=0, atol=0)


def test_signals_follow_their_frames(tiny_prepared: Path) -> None:
    recording = PreparedDataset(tiny_prepared).recording("r2")
    reader = ClipReader(recording, 32, frame_order="shuffled")
    cut = segments(recording.time_s, recording.tracked, frames=7, stride=3)
    number = np.arange(40, dtype=np.float32)[:, None]
    sample = SegmentDataset([LabelledRecording(reader, cut, 5.0, 0, number)], seed=4)[Key(0, 2)]
    assert sample.signals[:, 0].tolist() == reader.order(6, 7).tolist()


def test_the_median_reference_is_subtracted(tiny_prepared: Path) -> None:
    recording = PreparedDataset(tiny_prepared).recording("r4")
    plain, _ = ClipReader(recording, 32).read(0, 5)
    less, _ = ClipReader(recording, 32, reference="median").read(0, 5)
    reference = torch.from_numpy(recording.reference(32).transpose(2, 0, 1).copy()).float().div(255)
    torch.testing.assert_close(less, plain - reference[:, None])
