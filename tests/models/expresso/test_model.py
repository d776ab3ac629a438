"""Expresso-AI's networks beside torchvision's own, and beside the public R(2+1)D-50's names and outputs."""

from pathlib import Path

import pytest
import torch
from torchvision.models import video

from openada import models
from openada.errors import UnusableInput
from openada.models.cost import multiply_accumulates, parameter_count
from openada.models.expresso.config import BACKBONES
from openada.models.expresso.kinetics700 import Kinetics700Network
from openada.models.expresso.model import Expresso
from openada.models.weights import local_weights
from released_r2p1d50 import LOGITS, NORM, PARAMETERS, SHAPES, clips
from released_sta_drn import filled

OF_TORCHVISION = ("r3d_18", "mc3_18", "r2plus1d_18")


def test_the_public_r2plus1d_50_gave_these_logits() -> None:
    network = Kinetics700Network(width=64, outputs=700).double().eval()
    assert {key: list(value.shape) for key, value in network.state_dict().items()} == SHAPES
    assert parameter_count(network) == PARAMETERS
    network.load_state_dict(filled(SHAPES))
    with torch.no_grad():
        found = network(clips())
    torch.testing.assert_close(found[:, :5], torch.tensor(LOGITS, dtype=torch.float64), rtol=0, atol=1e-9)
    torch.testing.assert_close(found.norm(dim=1), torch.tensor(NORM, dtype=torch.float64), rtol=0, atol=1e-9)


@pytest.mark.parametrize("backbone", OF_TORCHVISION)
def test_a_backbone_is_torchvision_s_and_takes_its_weights(backbone: str, tmp_path: Path) -> None:
    torch.manual_seed(3)
    theirs = video.__dict__[backbone](weights=None).eval()
    for module in theirs.modules():
        if isinstance(module, torch.nn.BatchNorm3d):
            torch.nn.init.uniform_(module.running_mean, -0.3, 0.3)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
    torch.save(
        {"state_dict": {f"module.{key}": value for key, value in theirs.state_dict().items()}}, tmp_path / "w.pth"
    )
    ours = models.create("expresso-ai", backbone=backbone, seed=0, weights=local_weights(tmp_path / "w.pth")).eval()
    assert set(ours.network.state_dict()) == set(theirs.state_dict())
    pixels = torch.rand(2, 3, 5, 29, 37, generator=torch.Generator().manual_seed(0))
    mean, std = torch.tensor([0.43216, 0.394666, 0.37645]), torch.tensor([0.22803, 0.22145, 0.216989])
    normalised = (pixels - mean[None, :, None, None, None]) / std[None, :, None, None, None]
    with torch.no_grad():
        theirs.fc = torch.nn.Identity()
        torch.testing.assert_close(ours.feature_map(pixels).mean((2, 3, 4)), theirs(normalised), rtol=1e-5, atol=1e-5)
        expected = ours.network.fc(theirs(normalised)).squeeze(1)
        torch.testing.assert_close(ours(pixels), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_every_relu_is_hooked_once_and_none_works_in_place(backbone: str) -> None:
    model = models.create("expresso-ai", "planted", backbone=backbone, width=3, seed=0).eval()
    calls: list[str] = []
    relus = {name: module for name, module in model.named_modules() if isinstance(module, torch.nn.ReLU)}
    for name, module in relus.items():
        assert not module.inplace
        module.register_forward_hook(lambda *_, name=name: calls.append(name))
    model(torch.rand(1, 3, 7, 37, 43))
    assert sorted(calls) == sorted(relus) and len(calls) >= 17


def test_missing_and_unexpected_names_are_both_reported_and_classes_are_dropped(tmp_path: Path) -> None:
    source = Kinetics700Network(width=4, outputs=700)
    state = {f"module.{key}": value for key, value in source.state_dict().items()}
    torch.save({"state_dict": state, "epoch": 5}, tmp_path / "whole.pth")

    def load(path: Path) -> Expresso:
        made = models.create("expresso-ai", backbone="r2plus1d_50", width=4, seed=1, weights=local_weights(path))
        assert isinstance(made, Expresso)
        return made

    loaded = load(tmp_path / "whole.pth").network
    own = models.create("expresso-ai", backbone="r2plus1d_50", width=4, seed=1).network
    assert torch.equal(loaded.layer3[1].conv2_t.weight, source.layer3[1].conv2_t.weight)
    assert torch.equal(loaded.fc.weight, own.fc.weight) and len(loaded.fc.weight) == 1
    state["module.extra"] = state.pop("module.layer2.0.conv3.weight")
    torch.save(state, tmp_path / "other.pth")
    with pytest.raises(UnusableInput, match=r"1 missing: layer2\.0\.conv3\.weight; 1 unexpected: extra"):
        load(tmp_path / "other.pth")


def test_each_backbone_brings_the_pixels_of_its_weights() -> None:
    kinetics_700 = models.create("expresso-ai", backbone="r2plus1d_50", width=2, seed=0)
    torch.testing.assert_close(kinetics_700.mean.flatten(), torch.tensor([0.4345, 0.4051, 0.3775]))
    torch.testing.assert_close(kinetics_700.std.flatten(), torch.tensor([0.2768, 0.2713, 0.2737]))
    difference = models.create("expresso-ai", width=2, input_range="difference", seed=0)
    assert not difference.mean.any() and difference.std.flatten()[0] == pytest.approx(0.22803)
    with pytest.raises(UnusableInput, match=r"backbone='s3d'; choose one of: r3d_18, mc3_18"):
        models.create("expresso-ai", backbone="s3d")


@pytest.mark.parametrize(
    ("preset", "millions", "macs"),
    [("paper", 31.301, 40.519), ("r2plus1d_50", 46.218, 10.523), ("planted", 0.725, 1.942)],
)
def test_sizes(preset: str, millions: float, macs: float) -> None:
    with torch.device("meta"):
        model = models.create("expresso-ai", preset)
    side = model.config.image_size
    assert round(parameter_count(model) / 1e6, 3) == millions
    assert multiply_accumulates(model, (1, 3, model.config.clip_frames, side, side)) / 1e9 == pytest.approx(
        macs, abs=6e-4
    )


def test_parts_are_everything_from_the_last_layer_to_the_first() -> None:
    for backbone in BACKBONES:
        model = models.create("expresso-ai", backbone=backbone, width=2, seed=0)
        parts = model.parts()
        assert parts[0] is model.network.fc and parts[1] is model.network.layer4
        assert [id(p) for part in parts[::-1] for p in part.parameters()] == [id(p) for p in model.parameters()]
