import math

import numpy as np
import pytest
import torch

from openada import models
from openada.errors import UnusableInput
from openada.models.expada.attention import AttentionHead
from openada.models.expada.trunk import FACTS, Trunk, token_grid


def layer_norm(x):
    return (x - x.mean()) / math.sqrt(x.var() + 1e-5)


def test_a_head_matches_its_definition_in_float64():
    torch.manual_seed(0)
    head = AttentionHead(query_size=7, token_size=3, width=5, dropout=0.3).double().eval()
    query, tokens = torch.randn(2, 7).double(), torch.randn(2, 11, 3).double()
    out, attention = head(query, tokens)
    w = {name: p.detach().numpy() for name, p in head.named_parameters()}
    for b in range(2):
        x, q = tokens[b].numpy(), w["query.weight"] @ query[b].numpy() + w["query.bias"]
        logits = np.array([q @ (w["key.weight"] @ token) / math.sqrt(5) for token in x])
        a = np.exp(logits) / np.exp(logits).sum()
        v = sum(a[n] * (w["value.weight"] @ x[n] + w["value.bias"]) for n in range(11))
        q = layer_norm(q + v)
        hidden = np.maximum(w["mlp.0.weight"] @ q + w["mlp.0.bias"], 0)
        expected = layer_norm(q + w["mlp.2.weight"] @ hidden + w["mlp.2.bias"])
        np.testing.assert_allclose(attention[b].detach().numpy(), a, rtol=1e-12)
        np.testing.assert_allclose(out[b].detach().numpy(), expected, rtol=1e-10)


@pytest.mark.parametrize("trunk", list(FACTS))
@pytest.mark.parametrize(("frames", "size"), [(8, 32), (13, 41)])
def test_the_token_grid_is_what_the_trunk_gives(trunk, frames, size):
    with torch.no_grad():
        out = Trunk(trunk).eval()(torch.rand(1, 3, frames, size, size))
    assert tuple(out.shape[1:]) == (FACTS[trunk].channels, *token_grid(trunk, frames, size))


def test_the_published_grids():
    assert token_grid("s3d", 32, 224) == (8, 14, 14)
    assert token_grid("r3d_18", 32, 112) == token_grid("r2plus1d_18", 32, 112) == (8, 14, 14)
    assert token_grid("small", 16, 64) == (4, 8, 8)


def test_input_normalisation():
    seen = {}
    for input_range in ("unit", "difference"):
        trunk = Trunk("small", input_range)
        trunk.layers = torch.nn.Identity()
        seen[input_range] = trunk(torch.full((1, 3, 2, 5, 7), 0.75))
    assert torch.allclose(seen["unit"], torch.tensor(1.0))
    assert torch.allclose(seen["difference"], torch.tensor(3.0))


@pytest.fixture(scope="module")
def encoder():
    return models.create("expada", "demo", seed=0, segment_frames=8, image_size=24, layers=2, heads=3).encoder.eval()


def test_attention_on_request(encoder):
    clips = torch.rand(2, 3, 8, 24, 24)
    with torch.no_grad():
        feature, attention = encoder.forward_features(clips, return_attention=True)
        assert torch.equal(feature, encoder.forward_features(clips))
    assert attention.shape == (2, 2, 3, 2, 3, 3)
    assert torch.allclose(attention.sum((-3, -2, -1)), torch.ones(2, 2, 3))


def test_the_query_is_the_centre_slice(encoder, monkeypatch):
    """With values at nought only the query moves the feature, and only tokens of slice T' // 2 move the query."""
    tokens = torch.zeros(1, 32, 2, 3, 3, requires_grad=True)
    for layer in encoder.attention:
        for head in layer:
            monkeypatch.setattr(head.value, "forward", torch.zeros_like)
    monkeypatch.setattr(encoder, "tokens", lambda clips: tokens)
    encoder.forward_features(torch.zeros(1))[0, :7].sum().backward()
    assert tokens.grad[:, :, 1].abs().sum() > 0
    assert tokens.grad[:, :, 0].abs().sum() == 0


def test_heads_concatenate_into_the_next_query(encoder):
    assert [head.query.in_features for head in encoder.attention[0]] == [32] * 3
    assert [head.query.in_features for head in encoder.attention[1]] == [96] * 3


def test_scores_start_from_the_training_mean():
    plain = models.create("expada", "demo", seed=0).eval()
    scaled = models.create("expada", "demo", seed=0, score_mean=17.0, score_sd=11.0).eval()
    clips = torch.rand(2, 3, 5, 64, 64)
    with torch.no_grad():
        assert torch.allclose(scaled.encoder(clips).score, 17 + 11 * plain.encoder(clips).score, atol=1e-5)
        units, mask = torch.randn(1, 5, 64), torch.ones(1, 5, dtype=torch.bool)
        assert torch.allclose(
            scaled.selector(units, mask).score, 17 + 11 * plain.selector(units, mask).score, atol=1e-5
        )


@pytest.mark.parametrize("shape", [(2, 3, 8, 24), (2, 3, 9, 24, 24), (2, 3, 8, 25, 24), (2, 1, 8, 24, 24)])
def test_clips_of_another_size_are_refused(encoder, shape):
    with pytest.raises(UnusableInput, match=r"segment_frames and image_size"):
        encoder(torch.zeros(shape))


def test_the_model_refuses_unmasked_or_unstacked_clips():
    model = models.create("expada", "demo", seed=0)
    with pytest.raises(UnusableInput, match="mask"):
        model(torch.zeros(2, 3, 3, 5, 64, 64), torch.ones(2, 3))
    with pytest.raises(UnusableInput, match="mask"):
        model(torch.zeros(2, 3, 5, 64, 64), torch.ones(2, 3, dtype=torch.bool))


def test_the_networks_rectify_with_modules_of_their_own():
    """Shared or in-place rectifiers silently break guided backpropagation."""
    model = models.create("expada", "demo", seed=0)
    rectifiers = [module for module in model.modules() if isinstance(module, torch.nn.ReLU)]
    assert not any(module.inplace for module in rectifiers)
    calls = {}
    for module in rectifiers:
        module.register_forward_hook(lambda m, *_: calls.__setitem__(m, calls.get(m, 0) + 1))
    model(torch.rand(1, 5, 3, 5, 64, 64), torch.ones(1, 5, dtype=torch.bool))
    assert len(calls) == len(rectifiers)
    assert set(calls.values()) == {1}
