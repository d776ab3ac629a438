"""Pre-trained weights on their way into training."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from openada.errors import UnusableInput
from openada.models.registry import config_for
from openada.models.weights import local_weights, sha256_of
from openada.training import fitting
from openada.training.expada import train_expada
from openada.training.run_folder import RunFolder
from pretrained import unusual_weights
from training_recipe import RECIPE


class StartedError(Exception):
    """Training has begun."""


@pytest.mark.parametrize(("preset", "trunk"), [("r3d_18", "r3d_18"), ("frames_demo", "resnet18")])
def test_training_begins_from_the_weights_in_the_file(
    shared_prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, preset: str, trunk: str
) -> None:
    """Looked at before the first step, in the module that the trainer holds: statistics of batch norms included."""
    expected = unusual_weights(trunk, tmp_path / "network.pth")
    seen: dict[str, torch.Tensor] = {}

    def look(self: object, trainer: object, module: torch.nn.Module, batch: object, batch_idx: int) -> None:
        encoder = module.encoder
        assert isinstance(encoder, torch.nn.Module)
        prefix = "trunk.layers."
        state = encoder.state_dict()
        seen.update({key.removeprefix(prefix): v.clone() for key, v in state.items() if key.startswith(prefix)})
        raise StartedError

    monkeypatch.setattr(fitting._Repeatable, "on_train_batch_start", look)
    model = config_for("expada", preset, segment_frames=8, image_size=32)
    recipe = replace(RECIPE, preset=preset, model=model, pretext=replace(RECIPE.pretext, epochs=0))
    weights = local_weights(tmp_path / "network.pth", training_set="numbers")
    with pytest.raises(StartedError):
        train_expada(shared_prepared, tmp_path / "run", recipe, weights=weights, progress=False)
    digest = sha256_of(tmp_path / "network.pth")
    held = RunFolder(tmp_path / "run").config()["pretrained"]
    assert held == {"name": "network.pth", "sha256": digest, "training_set": "numbers"}
    with pytest.raises(UnusableInput, match=rf"holds a run with pretrained\.sha256 = {digest}, now None; choose"):
        train_expada(shared_prepared, tmp_path / "run", recipe, progress=False)
    (tmp_path / "network.pth").rename(tmp_path / "renamed.pth")
    with pytest.raises(StartedError):
        again = local_weights(tmp_path / "renamed.pth")
        train_expada(shared_prepared, tmp_path / "run", recipe, weights=again, progress=False)
    assert seen.keys() == expected.keys()
    assert all(torch.equal(seen[key], expected[key]) for key in expected)
