"""DepNet: the paper's sizes, its aggregation against a reference, and what frozen means."""

import pytest
import torch
from torch.nn import functional as F

from openada import models
from openada.errors import UnusableInput
from openada.models.depnet.fam import PLACES_AT_ONCE, FeatureAggregation, reduced
from openada.models.weights import load_checkpoint, save_checkpoint

SMALL = {"trunk": "test_resnet", "image_size": 64, "filters": 3, "hidden": 5, "seed": 1}
B, T = 2, 5


def small(**given):
    return models.create("depnet", **{**SMALL, **given})


@pytest.fixture(scope="module")
def pictures():
    return torch.rand(B, 3, T, 64, 64, generator=torch.Generator().manual_seed(2))


def test_every_size_is_the_papers():
    """Section 4.2: LLF 2048×7×7 → 256×7×7 → 5×12544 → HLF 64×1×12544, of five frames of 224 px."""
    with torch.device("meta"):
        model = models.create("depnet")
    clips = torch.empty(1, 3, 5, 224, 224, device="meta")
    maps = model.feature_map(clips)
    assert maps.shape == (1, 2048, 5, 7, 7)
    features = model.features_from_map(maps)
    assert features.shape == (1, 5, 256, 7, 7)
    assert features.flatten(2).shape == (1, 5, 12544)
    assert model.aggregator.high_level_feature(features).shape == (1, 64, 1, 12544)
    assert model.aggregator.fam.mix.in_channels == 3 * 64 + 2
    assert model.aggregator.head[0].in_features == 64 * 12544 == 802_816
    assert model(clips).shape == (1,)
    assert reduced(maps.transpose(1, 2), "max4").shape == (1, 5, 512, 7, 7)


def test_channels_are_reduced_as_named():
    maps = torch.randn(2, 3, 16, 5, 7, generator=torch.Generator().manual_seed(1))
    pooled = F.max_pool1d(maps.permute(0, 1, 3, 4, 2).flatten(0, 2), 8, 8).reshape(2, 3, 5, 7, 2).permute(0, 1, 4, 2, 3)
    assert torch.equal(reduced(maps, "max8"), pooled)
    assert torch.equal(reduced(maps, "max4")[:, :, 3], maps[:, :, 12:16].amax(2))
    assert torch.allclose(reduced(maps, "mean8")[:, :, 1], maps[:, :, 8:].mean(2))
    assert reduced(maps, "conv") is maps
    with pytest.raises(UnusableInput, match="15 is no multiple"):
        reduced(maps[:, :, :15], "max8")


def test_the_aggregation_equals_its_definition():
    """In float64, with every sum written out: a convolution along time, padded with zeros, at every place for itself."""
    torch.manual_seed(3)
    fam, frames, size = FeatureAggregation(2).double(), 5, 7
    features = torch.randn(B, frames, size, dtype=torch.float64)
    rows = []
    for convolution, reach in zip(fam.convolutions, (1, 2, 4), strict=True):
        padded = torch.zeros(B, frames + 2 * reach, size, dtype=torch.float64)
        padded[:, reach : reach + frames] = features
        for filter_, bias in zip(convolution.weight[:, 0, :, 0], convolution.bias, strict=True):
            made = [sum(filter_[k] * padded[:, t + k] for k in range(2 * reach + 1)) + bias for t in range(frames)]
            rows.append(torch.stack(made).amax(0))
    rows += [features.amax(1), features.mean(1)]
    expected = torch.einsum("oc,cbd->bod", fam.mix.weight[:, :, 0, 0], torch.stack(rows)) + fam.mix.bias[:, None]
    assert torch.allclose(fam(features), expected[:, :, None], atol=1e-12)


@pytest.mark.parametrize("frames", [1, 5, 11])
def test_the_aggregation_and_its_gradients_are_those_of_convolutions(frames):
    """In float64 against nn.Conv2d and autograd; at more places than are taken at once, and where frames are alike."""
    torch.manual_seed(4)
    fam = FeatureAggregation(3).double()
    features = torch.randn(B, frames, PLACES_AT_ONCE + 3, dtype=torch.float64)
    features[:, :, ::7] = 0  # as behind a ReLU
    features[:, :, 1::7] = features[:, :1, 1::7]
    features.requires_grad_()
    picture = features.unsqueeze(1)
    learnt = [convolution(picture).amax(2, keepdim=True) for convolution in fam.convolutions]
    expected = fam.mix(torch.cat([*learnt, picture.amax(2, keepdim=True), picture.mean(2, keepdim=True)], 1))
    own = fam(features)
    torch.testing.assert_close(own, expected, rtol=0, atol=1e-12)
    given, wanted = torch.randn_like(own), [features, *fam.parameters()]
    for ours, theirs in zip(
        torch.autograd.grad(own, wanted, given), torch.autograd.grad(expected, wanted, given), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-11)


def test_the_aggregation_keeps_float32_in_mixed_precision_and_old_names():
    fam = FeatureAggregation(2)
    features = torch.rand(B, T, 7)
    plain = fam(features)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = fam(features)
    assert mixed.dtype == torch.float32 and torch.equal(mixed, plain)
    assert fam(features.bfloat16()).dtype == torch.bfloat16
    assert {key: tuple(value.shape) for key, value in fam.state_dict().items()} == {
        **{f"convolutions.{k}.weight": (2, 1, size, 1) for k, size in enumerate((3, 5, 9))},
        **{f"convolutions.{k}.bias": (2,) for k in range(3)},
        "mix.weight": (64, 8, 1, 1),
        "mix.bias": (64,),
    }


def test_frozen_means_frozen(pictures):
    model = small().train()
    before = {key: value.clone() for key, value in model.trunk.state_dict().items()}
    assert model.training and model.aggregator.training and not any(m.training for m in model.trunk.network.modules())
    assert not any(p.requires_grad for p in model.trunk.parameters())
    optimiser = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    head = model.aggregator.head[0].weight.clone()
    for _ in range(2):
        optimiser.zero_grad()
        model(pictures).square().sum().backward()
        optimiser.step()
    assert all(torch.equal(value, before[key]) for key, value in model.trunk.state_dict().items())
    assert not torch.equal(model.aggregator.head[0].weight, head)
    trained = small(frozen=False).train()
    trained(pictures)
    running = "network.bn1.running_mean"
    assert not torch.equal(trained.trunk.state_dict()[running], before[running])  # the test would see it


@pytest.mark.parametrize("reduction", ["max8", "mean8", "conv"])
@pytest.mark.parametrize("head", ["published", "pooled"])
def test_the_score_is_that_of_the_kept_features(reduction, head, pictures):
    model = small(reduction=reduction, head=head, score_mean=11.0, score_sd=7.0).eval()
    kept = model.frozen_features(pictures)
    assert kept.shape == (B, T, 96 if reduction == "conv" else 12, 2, 2)
    assert torch.allclose(model.aggregator(kept), model(pictures), atol=1e-5)
    high = model.aggregator.high_level_feature(kept)
    row = high.reshape(B, 64, 12, 4).mean(3) if head == "pooled" else high
    first, last = model.aggregator.head[0], model.aggregator.head[3]
    by_hand = 11 + 7 * (F.relu(row.flatten(1) @ first.weight.T + first.bias) @ last.weight.T + last.bias)
    assert torch.allclose(model(pictures), by_hand[:, 0], atol=1e-4)
    with pytest.raises(UnusableInput, match="cannot be kept"):
        small(frozen=False).frozen_features(pictures)


def test_order_of_frames_matters_to_the_convolutions_alone(pictures):
    model = small().eval()
    backwards = pictures.flip(2)
    assert not torch.allclose(model(pictures), model(backwards), atol=1e-7)
    for convolution in model.aggregator.fam.convolutions:
        torch.nn.init.zeros_(convolution.weight)
    assert torch.allclose(model(pictures), model(backwards), atol=1e-6)


def test_saved_and_loaded_it_is_still_frozen(tmp_path, pictures):
    model = small().eval()
    save_checkpoint(model, tmp_path / "model.safetensors", {})
    loaded, _ = load_checkpoint(tmp_path / "model.safetensors")
    assert torch.equal(loaded(pictures), model(pictures)) and not any(
        p.requires_grad for p in loaded.trunk.parameters()
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [("reduction", "max2"), ("head", "wide"), ("filters", 0), ("hidden", 1.5), ("dropout", 1.0), ("frozen", "yes"),
     ("normalisation", "rgb"), ("clip_frames", 0)],
)  # fmt: skip
def test_a_refused_setting_is_echoed(key, value):
    with pytest.raises(UnusableInput, match=key) as error:
        models.config_for("depnet", **{key: value})
    assert repr(value) in str(error.value)


def test_frames_of_another_size_than_the_heads_are_refused(pictures):
    with pytest.raises(UnusableInput, match="image_size"):
        small().eval()(pictures[..., :32, :32])
