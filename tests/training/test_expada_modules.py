"""The two stages' modules: what reaches their losses."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from openada.clips.dataset import SegmentSample
from openada.models.outputs import SegmentOutput
from openada.training import expada_modules
from openada.training.expada import train_expada
from openada.training.expada_modules import EncoderTraining
from training_recipe import RECIPE


class Given(torch.nn.Module):
    """In place of an encoder: the outputs that were set."""

    def forward(self, clip: torch.Tensor) -> SegmentOutput:
        return SegmentOutput(clip, torch.tensor([3.0, 7.0]), torch.tensor([[0.5, -1.0, 2.0], [1.0, 0.0, -3.0]]))


def test_eq_12_is_summed_or_averaged_over_its_thresholds(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = SegmentSample(
        torch.zeros(2), torch.tensor([3.0, 7.0]), torch.tensor([2, 0]), torch.arange(2), torch.zeros(2)
    )
    losses = []
    for average in (False, True):
        module = EncoderTraining(
            Given(), ordinal=True, score_sd=1.0, learning_rate=0.1, weight_decay=0.0, average_thresholds=average
        )
        monkeypatch.setattr(module, "log", lambda *a, **k: None)
        losses.append(module.training_step(batch, 0).item())
    assert losses[0] > 0 and losses[1] == pytest.approx(losses[0] / 3)  # the scores are met, so the rest is eq. 12


@pytest.mark.parametrize("average", [False, True])
def test_the_recipe_says_which(
    shared_prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, average: bool
) -> None:
    class SeenError(Exception):
        pass

    def look(*given: object, average_thresholds: bool, **others: object) -> None:
        assert average_thresholds is average
        raise SeenError

    monkeypatch.setattr(expada_modules, "segment_loss", look)
    recipe = replace(RECIPE, pretext=replace(RECIPE.pretext, epochs=0), average_thresholds=average)
    with pytest.raises(SeenError):
        train_expada(shared_prepared, tmp_path / "run", recipe, progress=False)
