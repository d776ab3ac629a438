"""Which frames a clip takes: hand-written cases with primes for lengths and steps."""

import numpy as np
import pytest
import torch

from openada.clips.dataset import Key
from openada.clips.random_clips import ClipRecording, RandomClips
from openada.clips.reading import ClipReader
from openada.clips.sampling import clip_starts, end_to_end, random_start, sampled_frames
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
