import math

import numpy as np
import pytest
import torch
from torchvision.models import resnet18

from openada import models
from openada.errors import UnusableInput
from openada.models.expada import trunk as trunks
from openada.models.expada.frame_encoder import FrameEncoder
from openada.models.expada.trunk import Trunk


class Given(torch.nn.Module):
    """In place of a trunk: features that were set, (B, 7, T, 2, 3)."""

    channels = 7

    def __init__(self, features):
        super().__init__()
        self.features = features

    def forward(self, clips):
        return self.features


def layer_norm(x):
    return (x - x.mean()) / math.sqrt(x.var() + 1e-5)


def test_it_matches_its_definition_in_float64():
    """Two layers of three heads of width 2 on five frames, written out."""
    torch.manual_seed(0)
    features = torch.randn(2, 7, 5, 2, 3).double()
    encoder = FrameEncoder(
        Given(features), segment_frames=5, image_size=11, width=2, layers=2, heads=3, dropout=0.3, categories=4
    )
    encoder = encoder.double().eval()
    unit, attention = encoder.forward_features(torch.zeros(2, 3, 5, 11, 11).double(), return_attention=True)
    w = {name: p.detach().numpy() for name, p in encoder.named_parameters()}
    for b in range(2):
        pooled = features[b].numpy().mean((-2, -1)).T
        tokens = pooled @ w["project.weight"].T + w["project.bias"] + w["location"][0, :, :, 0, 0].T
        query = tokens[2]
        for layer in range(2):
            heads = []
            for head in range(3):
                p = {n.split(".", 3)[-1]: v for n, v in w.items() if n.startswith(f"attention.{layer}.{head}.")}
                q = p["query.weight"] @ query + p["query.bias"]
                logits = tokens @ p["key.weight"].T @ q / math.sqrt(2)
                a = np.exp(logits) / np.exp(logits).sum()
                np.testing.assert_allclose(attention[b, layer, head].detach().numpy(), a, rtol=1e-10)
                q = layer_norm(q + a @ (tokens @ p["value.weight"].T + p["value.bias"]))
                hidden = np.maximum(p["mlp.0.weight"] @ q + p["mlp.0.bias"], 0)
                heads.append(layer_norm(q + p["mlp.2.weight"] @ hidden + p["mlp.2.bias"]))
            query = np.concatenate(heads)
        np.testing.assert_allclose(unit[b].detach().numpy(), query / np.linalg.norm(query), rtol=1e-9)


@pytest.fixture(scope="module")
def encoder():
    return models.create("expada", "frames_demo", seed=0, segment_frames=7, image_size=40).encoder.eval()


def test_paper_size():
    config = models.config_for("expada", "frames")
    assert (config.trunk, config.heads, config.layers, config.width) == ("resnet50", 16, 3, 64)
    assert config.feature_size == 1024


def test_attention_on_request(encoder):
    clips = torch.rand(2, 3, 7, 40, 40)
    with torch.no_grad():
        feature, attention = encoder.forward_features(clips, return_attention=True)
        assert torch.equal(feature, encoder.forward_features(clips))
    assert attention.shape == (2, 3, 4, 7)
    torch.testing.assert_close(attention.sum(-1), torch.ones(2, 3, 4))
    torch.testing.assert_close(feature.norm(dim=-1), torch.ones(2))


def test_a_token_is_what_torchvision_makes_of_its_frame(encoder):
    """With the linear map set to the identity on the first channels, a token is torchvision's pooled features of a frame."""
    torch.manual_seed(3)
    network = resnet18(num_classes=5)
    mine = models.create("expada", "frames_demo", seed=0, segment_frames=7, image_size=40).encoder.eval()
    mine.trunk.load_full_network(network.state_dict(), "set here")
    network.fc = torch.nn.Identity()
    clips = torch.rand(2, 3, 7, 40, 40)
    mean, std = (torch.tensor(v)[:, None, None] for v in (trunks.IMAGENET_MEAN, trunks.IMAGENET_STD))
    with torch.no_grad():
        mine.project.weight.copy_(torch.eye(*mine.project.weight.shape))
        mine.project.bias.zero_()
        mine.location.zero_()
        tokens = mine.tokens(clips)
        for b in range(2):
            frames = torch.stack([(clips[b, :, t] - mean) / std for t in range(7)])
            torch.testing.assert_close(
                tokens[b, :, :, 0, 0].T, network.eval()(frames)[:, : tokens.shape[1]], atol=1e-5, rtol=1e-5
            )


def test_a_frame_reaches_its_own_token_alone(encoder):
    clips = torch.rand(2, 3, 7, 40, 40)
    changed = clips.clone()
    changed[:, :, 5] = torch.rand(2, 3, 40, 40)
    with torch.no_grad():
        moved = (encoder.tokens(clips) - encoder.tokens(changed)).abs().amax((0, 1, 3, 4))
    assert (moved > 1e-4).tolist() == [False] * 5 + [True, False]


def test_the_query_is_the_middle_frame(encoder, monkeypatch):
    """With values at nought only the query moves the feature."""
    tokens = torch.rand(1, 64, 7, 1, 1, requires_grad=True)
    for layer in encoder.attention:
        for head in layer:
            monkeypatch.setattr(head.value, "forward", lambda x: torch.zeros(*x.shape[:-1], 16))
    monkeypatch.setattr(encoder, "tokens", lambda clips: tokens)
    encoder.forward_features(torch.zeros(1))[0, :5].sum().backward()
    assert tokens.grad.abs().sum((0, 1, 3, 4)).nonzero().flatten().tolist() == [3]


def test_the_order_of_frames_matters(encoder):
    """The embedding of time tells the frames around the middle one apart."""
    clips = torch.rand(1, 3, 7, 40, 40)
    with torch.no_grad():
        a, b = encoder.forward_features(clips), encoder.forward_features(clips[:, :, [1, 0, 2, 3, 4, 5, 6]])
    assert not torch.allclose(a, b, atol=1e-6)


def test_frames_go_through_the_trunk_in_parts_outside_training_alone(monkeypatch):
    trunk = Trunk("resnet18")
    sizes = []
    trunk.layers.register_forward_hook(lambda module, inputs, output: sizes.append(len(output)))
    clips = torch.rand(2, 3, 5, 32, 32)
    with torch.no_grad():
        whole = trunk.eval()(clips)
        monkeypatch.setattr(trunks, "FRAMES_AT_ONCE", 3)
        torch.testing.assert_close(trunk(clips), whole, atol=1e-5, rtol=1e-5)
        trunk.train()(clips)
    assert sizes == [10, 3, 3, 3, 1, 10]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"trunk": "s3d"}, "trunk='s3d' with encoder='frames'; choose one of: resnet50, resnet18"),
        ({"encoder": "vat"}, "trunk='resnet50' with encoder='vat'"),
        ({"feature_size": 256}, "feature_size=256 .* heads · width = 1024"),
        ({"encoder": "both"}, "encoder='both'"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(wrong, message):
    with pytest.raises(UnusableInput, match=message):
        models.config_for("expada", "frames", **wrong)


@pytest.mark.parametrize("shape", [(2, 3, 7, 40), (2, 3, 8, 40, 40), (2, 3, 7, 41, 40), (2, 1, 7, 40, 40)])
def test_clips_of_another_size_are_refused(encoder, shape):
    with pytest.raises(UnusableInput, match=r"segment_frames and image_size"):
        encoder(torch.zeros(shape))
