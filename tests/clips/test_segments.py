import numpy as np
import pytest

from openada.clips.segments import segments
from openada.errors import UnusableInput


def test_known_cut_with_irregular_times_and_lost_frames() -> None:
    time_s = np.array([0.0, 0.1, 0.3, 0.4, 0.5, 0.9, 1.0, 1.1])
    tracked = np.array([1, 1, 1, 0, 0, 0, 1, 1], bool)
    cut = segments(time_s, tracked, frames=3, stride=2, min_tracked_share=0.5)
    np.testing.assert_array_equal(cut.first_frame, [0, 2, 4])
    np.testing.assert_allclose(cut.start_s, [0.0, 0.3, 0.5])
    np.testing.assert_allclose(cut.end_s, [0.4, 0.9, 1.1])
    np.testing.assert_allclose(cut.tracked_share, [1, 1 / 3, 1 / 3])
    np.testing.assert_array_equal(cut.usable, [True, False, False])


def test_the_last_segment_ends_one_mean_frame_after_the_last_frame() -> None:
    cut = segments(np.arange(6) / 5, np.ones(6, bool), frames=3, stride=3)
    np.testing.assert_allclose(cut.end_s, [0.6, 1.2])


@pytest.mark.parametrize("count", [0, 1, 4])
def test_too_short_a_recording_has_no_segment(count: int) -> None:
    assert len(segments(np.arange(count) / 5, np.ones(count, bool), frames=5, stride=5)) == 0


def test_a_segment_without_a_tracked_frame_is_never_usable() -> None:
    assert not segments(np.arange(4) / 5, np.zeros(4, bool), frames=2, stride=2, min_tracked_share=0.0).usable.any()


def test_lengths_below_one_are_refused() -> None:
    with pytest.raises(UnusableInput, match="segments of 0 frames every 3"):
        segments(np.arange(4) / 5, np.ones(4, bool), frames=0, stride=3)
