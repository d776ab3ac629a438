from pathlib import Path

import numpy as np
import pytest
import torch

from openada.errors import UnusableInput
from openada.explanation.attention import attention_concentration, concentration
from openada.inference.recording import TrainedRun, infer
from openada.prepared.dataset import PreparedDataset


def maps(*of_heads):
    """(1, layers 2, heads, 2, 2): the given last layer after a first one that must not count."""
    last = torch.tensor(of_heads).reshape(1, 1, len(of_heads), 2, 2)
    return torch.cat([torch.full_like(last, 0.25).index_fill_(2, torch.tensor(0), 0.0), last], dim=1)


def test_concentration_by_hand():
    assert concentration(maps([0.25] * 4)).item() == pytest.approx(0, abs=1e-7)
    assert concentration(maps([0.0, 0, 1, 0])).item() == pytest.approx(1)
    assert concentration(maps([0.5, 0, 0.5, 0])).item() == pytest.approx(0.5)  # 1 − log 2 / log 4
    # two heads at one token each, but not the same one: their mean is spread over two of four
    assert concentration(maps([1.0, 0, 0, 0], [0.0, 0, 0, 1])).item() == pytest.approx(0.5)
    p = np.array([0.1, 0.2, 0.3, 0.4])
    assert concentration(maps(p.tolist())).item() == pytest.approx(1 + np.sum(p * np.log(p)) / np.log(4), abs=1e-6)


def test_any_grid_and_any_batch():
    drawn = torch.rand(2, 3, 5, 7, 11, 13, generator=torch.Generator().manual_seed(0))
    drawn = drawn / drawn.sum((-3, -2, -1), keepdim=True)
    both = concentration(drawn)
    assert torch.equal(both, torch.cat([concentration(one[None]) for one in drawn]))
    torch.testing.assert_close(concentration(drawn.flatten(3)), both)  # a per-frame encoder has one axis
    with pytest.raises(UnusableInput, match="single token"):
        concentration(torch.ones(2, 1, 1, 1))


@pytest.mark.parametrize("batch", [1, 3])
def test_along_a_recording_with_lost_segments(shared_run: Path, shared_prepared: Path, batch: int) -> None:
    trained = TrainedRun.load(shared_run)
    trained.model.encoder.train()
    recording = PreparedDataset(shared_prepared).recording("r1")  # 5 segments of 8 frames
    segments = trained.source.segments(recording)
    segments.usable[1] = False
    reader = trained.source.reader(recording)
    found = attention_concentration(trained.model.encoder, reader, segments, batch=batch)
    assert trained.model.encoder.training
    encoder = trained.model.encoder.eval()
    own = []
    for first in segments.first_frame:
        with torch.no_grad():
            feature, attention = encoder.forward_features(reader.read(int(first), 8)[0][None], return_attention=True)
        p = attention[0, -1].double().mean(0).flatten().numpy()
        own.append((1 + np.sum(p * np.log(p)) / np.log(p.size), encoder.heads(feature).score.item()))
    expected, score = np.array(own).T
    expected[1] = np.nan
    np.testing.assert_allclose(found.values, expected, atol=1e-5)
    assert found.score == pytest.approx(np.delete(score, 1).mean(), rel=1e-5)
    assert not found.signed and len(found.axes[0]) == 5
    segments.usable[:] = False
    with pytest.raises(UnusableInput, match="enough tracked"):
        attention_concentration(encoder, reader, segments)


def test_its_score_is_that_of_stage_1(shared_run: Path, shared_prepared: Path) -> None:
    trained = TrainedRun.load(shared_run)
    recording = PreparedDataset(shared_prepared).recording("r7")
    segments = trained.source.segments(recording)
    found = attention_concentration(trained.model.encoder, trained.source.reader(recording), segments)
    assert found.score == pytest.approx(infer(trained, recording).scores["ordinal"], rel=1e-5)
