"""Windows that overlap, and clips that stand still: hand-written cases."""

import numpy as np
import pytest

from openada.clips.reading import ClipReader
from openada.clips.sampling import end_to_end, still_frames
from openada.errors import UnusableInput
from openada.prepared.dataset import PreparedDataset


def test_windows_overlap_by_a_share_of_their_sampled_frames() -> None:
    time_s = np.arange(43) / 10
    tracked = np.ones(43, bool)
    # 15 sampled frames, every third; of each 5 the next begins 5 · (1 − 0.6) = 2 later.
    cut = end_to_end(time_s, tracked, frames=5, step=3, overlap=0.6)
    assert cut.first_frame.tolist() == [0, 6, 12, 18, 24, 30] and cut.frames == 5
    np.testing.assert_allclose(cut.start_s, [0, 0.6, 1.2, 1.8, 2.4, 3.0])
    np.testing.assert_allclose(cut.end_s, [1.5, 2.1, 2.7, 3.3, 3.9, 4.3])  # the last one ends with the recording
    assert end_to_end(time_s, tracked, frames=5, step=3).first_frame.tolist() == [0, 15, 30]


def test_windows_move_on_by_one_frame_at_least_and_a_short_recording_is_one() -> None:
    time_s, tracked = np.arange(5) / 10, np.ones(5, bool)
    assert end_to_end(time_s, tracked, frames=3, overlap=0.9).first_frame.tolist() == [0, 1, 2]
    assert end_to_end(time_s, tracked, frames=7, overlap=0.5).first_frame.tolist() == [0]
    with pytest.raises(UnusableInput, match="overlap by 1"):
        end_to_end(time_s, tracked, frames=3, overlap=1)


def test_a_still_clip_is_its_middle_frame_or_the_nearest_that_is_tracked() -> None:
    in_time = np.array([4, 7, 10, 13, 16])
    tracked = np.ones(17, bool)
    assert still_frames(in_time, tracked).tolist() == [10] * 5
    tracked[[10, 13]] = False
    assert still_frames(in_time, tracked).tolist() == [7] * 5
    assert still_frames(in_time, np.zeros(17, bool)).tolist() == [10] * 5


def test_a_still_reader_repeats_one_frame_at_test_and_in_training(shared_prepared) -> None:  # type: ignore[no-untyped-def]
    recording = PreparedDataset(shared_prepared).recording("r1")  # frames 10 to 13 are lost
    still = ClipReader(recording, 32, cached=False, sampling="still", frame_step=2)
    moving = ClipReader(recording, 32, cached=False, frame_step=2)
    assert still.order(0, 7).tolist() == [6] * 7 and still.order(5, 7).tolist() == [9] * 7
    clip, tracked = still.read(0, 7)
    one = moving.read(0, 7)[0][:, 3]
    assert tracked.all() and all((clip[:, k] == one).all() for k in range(7))
    drawn = still.drawn(np.array([0]), 7, np.random.default_rng(0))
    assert drawn.tolist() == [6] * 7
