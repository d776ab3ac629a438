"""Which frames a clip takes: hand-written cases with primes for lengths and steps."""

import numpy as np
import pytest
import torch

from openada.clips.dataset import Key
from openada.clips.random_clips import ClipRecording, RandomClips
from openada.clips.reading import ClipReader
from openada.clips.sampling import (
    clip_starts,
    drawn_frames,
    end_to_end,
    random_start,
    sampled_frames,
    spread_frames,
    spread_over,
)
from openada.clips.strengths import Augmentation
from openada.errors import UnusableInput
from openada.prepared.dataset import PreparedDataset


def test_a_clip_takes_every_step_th_frame() -> None:
    assert sampled_frames(31, 4, 5, 3).tolist() == [4, 7, 10, 13, 16]
    assert sampled_frames(17, 4, 5, 3).tolist() == [4, 7, 10, 13, 16]  # the last frame there is


def test_a_recording_shorter_than_a_clip_repeats_its_frames_evenly() -> None:
    assert sampled_frames(3, 0, 7).tolist() == [0, 0, 0, 1, 1, 2, 2]
    assert sampled_frames(5, 0, 7, 2).tolist() == [0, 0, 0, 2, 2, 4, 4]
    with pytest.raises(UnusableInput, match="behind the end"):
        sampled_frames(5, 5, 3)


def test_clips_lie_end_to_end_and_the_rest_is_left_out() -> None:
    time_s = np.arange(23) / 10
    tracked = np.ones(23, bool)
    tracked[[9, 12]] = False  # two of the second clip's three
    cut = end_to_end(time_s, tracked, frames=3, step=3, min_tracked_share=0.5)
    assert cut.first_frame.tolist() == [0, 9] and cut.frames == 3
    np.testing.assert_allclose(cut.start_s, [0, 0.9])
    np.testing.assert_allclose(cut.end_s, [0.9, 1.8])
    assert cut.usable.tolist() == [True, False]
    np.testing.assert_allclose(cut.tracked_share, [1, 1 / 3])


def test_a_short_recording_is_one_clip_over_all_of_it() -> None:
    cut = end_to_end(np.arange(5) / 10, np.array([True, False, True, True, True]), frames=7)
    assert (cut.first_frame.tolist(), cut.frames) == ([0], 7)
    np.testing.assert_allclose([cut.start_s[0], cut.end_s[0], cut.tracked_share[0]], [0, 0.5, 0.8])
    assert clip_starts(np.ones(5, bool), frames=7).tolist() == [0]
    assert clip_starts(np.zeros(5, bool), frames=7).tolist() == []


def test_starts_are_where_a_clip_fits_and_is_tracked_enough() -> None:
    tracked = np.ones(17, bool)
    tracked[6] = False
    expected = [
        start for start in range(17 - 4) if tracked[[start, start + 2, start + 4]].mean() >= 0.9
    ]  # every start by itself
    assert clip_starts(tracked, frames=3, step=2, min_tracked_share=0.9).tolist() == expected
    assert {0, 1, 3, 5, 12} <= set(expected) and not {2, 4, 6} & set(expected)


def test_every_start_is_drawn_alike() -> None:
    generator = np.random.default_rng(0)
    drawn = [random_start(np.array([2, 3, 11]), generator) for _ in range(3000)]
    counts = [drawn.count(start) for start in (2, 3, 11)]
    assert sum(counts) == 3000 and min(counts) > 900


def test_what_is_drawn_depends_on_seed_epoch_and_item_alone(shared_prepared) -> None:  # type: ignore[no-untyped-def]
    def data(seed: int = 4, noise: float = 0.0) -> RandomClips:
        dataset = PreparedDataset(shared_prepared)
        readers = [ClipReader(dataset.recording(name), 32, frame_step=2) for name in ("r0", "r2")]
        recordings = [ClipRecording(reader, np.arange(29), 11.0 + k, k) for k, reader in enumerate(readers)]
        return RandomClips(
            recordings, frames=5, clips_per_recording=3, seed=seed, augmentation=Augmentation(), label_noise=noise
        )

    first, again = data(), data()
    assert len(first) == 6
    for item in (5, 0):
        torch.testing.assert_close(first[Key(2, item)].clip, again[Key(2, item)].clip, rtol=0, atol=0)
    assert [int(first[Key(0, item)].recording) for item in range(6)] == [0, 0, 0, 1, 1, 1]
    assert first[Key(0, 4)].score == 12 and first[Key(0, 4)].category == 1
    assert not torch.equal(first[Key(2, 5)].clip, first[Key(3, 5)].clip)
    assert not torch.equal(first[Key(2, 5)].clip, data(seed=5)[Key(2, 5)].clip)
    noisy = data(noise=2.0)
    torch.testing.assert_close(noisy[Key(1, 3)].clip, first[Key(1, 3)].clip, rtol=0, atol=0)  # noise moves labels alone
    scores = np.array([float(noisy[Key(epoch, 0)].score) for epoch in range(40)]) - 11
    assert abs(scores.mean()) < 1.5 and 1 < scores.std() < 3


def test_spread_frames_are_the_middles_of_equal_parts_of_what_is_tracked() -> None:
    assert spread_frames(np.ones(15, bool), 5).tolist() == [1, 4, 7, 10, 13]
    tracked = np.ones(19, bool)
    tracked[[0, 5, 6, 18]] = False
    assert spread_frames(tracked, 5).tolist() == [2, 7, 10, 13, 16]
    assert spread_frames(tracked[:4], 7).tolist() == [1, 1, 2, 2, 2, 3, 3]
    with pytest.raises(UnusableInput, match="no frame"):
        spread_frames(np.zeros(3, bool), 2)


def test_drawn_frames_are_in_time_each_once_and_all_alike() -> None:
    generator = np.random.default_rng(0)
    among = np.array([2, 3, 7, 11, 13])
    drawn = [drawn_frames(among, 3, generator) for _ in range(2000)]
    assert all((np.diff(one) > 0).all() for one in drawn)
    counts = np.array([sum(frame in one for one in drawn) for frame in among])
    assert (abs(counts - 1200) < 120).all()
    assert len(drawn_frames(among[:2], 5, generator)) == 5


def test_a_recording_is_one_clip_of_spread_frames() -> None:
    tracked = np.ones(19, bool)
    tracked[[0, 18]] = False
    cut = spread_over(np.arange(19) / 10, tracked, frames=5)
    assert (cut.first_frame.tolist(), cut.frames, cut.usable.tolist()) == ([2], 5, [True])
    np.testing.assert_allclose([cut.start_s[0], cut.end_s[0]], [0.2, 1.7])
    assert spread_over(np.arange(3.0), np.zeros(3, bool), frames=5).usable.tolist() == [False]


def test_spread_clips_show_the_frames_they_name(shared_prepared) -> None:  # type: ignore[no-untyped-def]
    """Frames far apart are decoded one by one, near ones in a block, or read from the map: the pixels are the same."""
    recording = PreparedDataset(shared_prepared).recording("r1")  # frames 10 to 13 are lost
    reader = ClipReader(recording, 32, cached=False, sampling="spread")
    expected = recording.crops(0, 40, 32)
    for frames in (2, 31):
        order = reader.order(0, frames)
        assert (order == spread_frames(recording.tracked, frames)).all() and recording.tracked[order].all()
        clip, tracked = reader.read(0, frames)
        assert tracked.all()
        np.testing.assert_allclose(clip.numpy() * 255, expected[order].transpose(3, 0, 1, 2), atol=1e-4)
    among = np.flatnonzero(recording.tracked)
    drawn = reader.drawn(among, 5, np.random.default_rng(3))
    assert set(drawn) <= set(among) and (drawn != reader.drawn(among, 5, np.random.default_rng(4))).any()
    assert sorted(reader.drawn(among, 5, np.random.default_rng(3))) == drawn.tolist()
