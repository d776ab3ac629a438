"""Maps of clips that take every so-manieth frame, overlap, or repeat the frames of a short recording."""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from openada.clips.sampling import end_to_end, sampled_frames
from openada.explanation.recording_maps import FrameMaps, explain_recording

SIZE = 16


class Reader:
    """Frame k of a recording is all of the value k."""

    def __init__(self, time_s: np.ndarray, step: int) -> None:
        self.recording = SimpleNamespace(time_s=time_s, recording_id="r")
        self.frame_step, self.neutral_said, self.spread = step, "", False

    def order(self, first: int, frames: int) -> np.ndarray:
        return sampled_frames(len(self.recording.time_s), first, frames, self.frame_step)

    def read_frames(self, order: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        clip = torch.zeros(3, len(order), SIZE, SIZE) + torch.from_numpy(order).float()[None, :, None, None]
        return clip, torch.ones(len(order), dtype=torch.bool)

    def read(self, first: int, frames: int) -> tuple[torch.Tensor, torch.Tensor]:
        return self.read_frames(self.order(first, frames))

    def neutral(self, tracked: torch.Tensor) -> torch.Tensor:
        return torch.full((3, len(tracked), SIZE, SIZE), 0.5)


class MeanPixel(nn.Module):
    """Its score is the mean of all pixels, so that gradient × input of a frame is in proportion to the frame's own value."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def feature_map(self, clips):
        return self.weight * clips

    def score_from_map(self, maps):
        return maps.mean((1, 2, 3, 4))

    def forward(self, clips):
        return self.score_from_map(self.feature_map(clips))


def explained(time_s, frames, step, overlap=0.0):
    net = MeanPixel().eval()
    cut = end_to_end(time_s, np.ones(len(time_s), bool), frames=frames, step=step, overlap=overlap)
    return explain_recording(net, Reader(time_s, step), cut, "gradient_x_input", size_px=SIZE), cut


def test_cells_have_the_times_of_the_frames_that_were_sampled():
    """Uneven times: a cell reaches from its own frame to the next one that was sampled."""
    time_s = np.cumsum(np.r_[0, np.random.default_rng(2).uniform(0.02, 0.06, 22)])
    maps, _ = explained(time_s, frames=5, step=3)
    assert [one.first_frame for one in maps] == [0]  # 8 sampled frames
    spans = maps[0].explanation.axes[-3].spans_s
    np.testing.assert_allclose(spans[:, 0], time_s[[0, 3, 6, 9, 12]])
    np.testing.assert_allclose(spans[:, 1], time_s[[3, 6, 9, 12, 15]])


def test_a_frame_between_two_sampled_ones_shows_their_mixture():
    maps, _ = explained(np.arange(23) / 25, frames=5, step=3)
    drawn = FrameMaps(maps, 23)
    unit = maps[0].explanation.values[1].mean() / 3  # frame 3's value is 3
    shown = [drawn.at(frame, SIZE) for frame in range(16)]
    np.testing.assert_allclose(
        [picture.mean() / unit for picture in shown[:15]], np.minimum(np.arange(15), 12), rtol=1e-5, atol=1e-6
    )
    assert shown[15] is None


def test_where_windows_overlap_the_first_one_counts():
    maps, cut = explained(np.arange(17) / 25, frames=5, step=2, overlap=0.6)
    assert cut.first_frame.tolist() == [0, 4, 8]
    drawn = FrameMaps(maps, 17)
    for frame in (4, 9):
        first = FrameMaps(maps[:1], 17)
        np.testing.assert_allclose(drawn.at(frame, SIZE), first.at(frame, SIZE))
    np.testing.assert_allclose(drawn.at(10, SIZE), FrameMaps(maps[1:2], 17).at(10, SIZE))
    assert not np.allclose(drawn.at(11, SIZE), FrameMaps(maps[:1], 17).at(9, SIZE))
    assert [one.frames for one in maps] == [10, 10, 9]  # the recording ends with the last sampled frame
    np.testing.assert_allclose(maps[2].explanation.axes[-3].spans_s[-1], [16 / 25, 17 / 25])
    assert drawn.at(16, SIZE).mean() / drawn.at(8, SIZE).mean() == pytest.approx(2, rel=1e-5)


@pytest.mark.parametrize("step", [1, 2])
def test_a_recording_shorter_than_a_clip_is_drawn_in_its_own_time(step):
    time_s = np.arange(5) / 10
    maps, _ = explained(time_s, frames=7, step=step)
    spans = maps[0].explanation.axes[-3].spans_s
    assert spans[0, 0] == 0 and spans[-1, 1] == pytest.approx(0.5)
    assert (np.diff(spans[:, 0]) >= 0).all()
    drawn = FrameMaps(maps, 5)
    levels = [float(drawn.at(frame, SIZE).mean()) for frame in range(5)]
    assert all(a <= b for a, b in pairwise(levels)) and levels[-1] > levels[0]
