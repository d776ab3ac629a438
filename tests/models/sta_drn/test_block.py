"""The STA block against a direct re-computation in float64, written from the paper's equations."""

import pytest
import torch
from torch.nn import functional as F

from openada.models.clip_settings import CLIP_EXPLANATIONS
from openada.models.sta_drn.block import STABlock, across_groups

B, T, H, W = 2, 5, 7, 11


def made(groups, fusion, channels=8, stride=(1, 1, 1)):
    """A block in evaluation mode, float64, no parameter or statistic at its initial value."""
    generator = torch.Generator().manual_seed(3)
    block = STABlock(channels, stride, groups, fusion).double().eval()
    for key, value in block.state_dict().items():
        if value.is_floating_point():
            drawn = torch.randn(value.shape, generator=generator, dtype=torch.float64)
            value.copy_(1 + 0.3 * drawn.abs() if key.endswith("running_var") else 0.4 * drawn)
    return block, torch.randn(B, channels, T, H, W, generator=generator, dtype=torch.float64)


def by_groups(values, state, name, groups, **how):
    """A grouped convolution as one dense convolution per group."""
    weight, bias = state[f"{name}.weight"].chunk(groups), state[f"{name}.bias"].chunk(groups)
    parts = zip(values.chunk(groups, 1), weight, bias, strict=True)
    return torch.cat([F.conv3d(part, w, b, **how) for part, w, b in parts], 1)


def reference(values, state, groups, fusion, stride):
    """Eq. 2-12, line by line."""
    X, s = {}, {}
    for name in ("spatial", "temporal"):
        if f"group_conv_{name}.weight" not in state:
            continue
        x = by_groups(values, state, f"group_conv_{name}", groups, stride=stride, padding=1)
        bn = {
            key: state[f"bn_{name}.{key}"].reshape(-1, 1, 1, 1)
            for key in ("running_mean", "running_var", "weight", "bias")
        }
        x = (x - bn["running_mean"]) / (bn["running_var"] + 1e-5).sqrt() * bn["weight"] + bn["bias"]
        X[name] = x.clamp(min=0)
        axes = [2] if name == "spatial" else [3, 4]
        z = by_groups(X[name].mean(axes, keepdim=True), state, f"fc_{name}", groups)
        if groups == 1:
            s[name] = 1 / (1 + (-z).exp())
        else:
            runs = z.chunk(groups, 1)
            total = sum(run.exp() for run in runs)
            s[name] = torch.cat([run.exp() / total for run in runs], 1)
    if fusion == "vector":
        return s["spatial"] * s["temporal"] * (X["spatial"] + X["temporal"])
    return sum(s[name] * X[name] for name in X)


@pytest.mark.parametrize("stride", [(1, 1, 1), (2, 2, 2), (1, 2, 2)])
@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("fusion", ["spatial", "temporal", "feature", "vector"])
def test_every_fusion_is_what_the_equations_say(fusion, groups, stride):
    block, values = made(groups, fusion, stride=stride)
    expected = reference(values, block.state_dict(), groups, fusion, stride)
    got = block(values)
    assert got.shape == expected.shape
    assert torch.allclose(got, expected, rtol=1e-12, atol=1e-12)
    assert expected.std() > 0.05


@pytest.mark.parametrize("groups", [2, 4])
def test_channel_j_of_all_groups_shares_one_whole(groups):
    block, values = made(groups, "vector")
    for name, shape in (("spatial", (B, 8, 1, H, W)), ("temporal", (B, 8, T, 1, 1))):
        attention = block.branch(name, values).attention
        assert attention.shape == shape
        total = attention.unflatten(1, (groups, -1)).sum(1)
        assert torch.allclose(total, torch.ones_like(total), rtol=0, atol=1e-14)


def test_groups_compete_channel_by_channel():
    """Two groups of two channels: channel 0 stands against channel 2, channel 1 against channel 3."""
    statistics = torch.tensor([[0.0, 1.0, 0.0, 3.0]], dtype=torch.float64)
    expected = torch.tensor([[0.5, 1 / (1 + 2.718281828459045**2), 0.5, 1 / (1 + 2.718281828459045**-2)]]).double()
    assert torch.allclose(across_groups(statistics, 2), expected, atol=1e-7)


def test_one_group_uses_the_logistic_function():
    block, values = made(1, "vector")
    attention = block.branch("spatial", values).attention
    X = block.branch("spatial", values).features
    assert torch.allclose(attention, torch.sigmoid(block.fc_spatial(X.mean(2, keepdim=True))))
    assert not torch.allclose(attention, torch.ones_like(attention))


def test_a_fusion_has_no_layers_that_it_does_not_read():
    assert not any("temporal" in key for key in made(2, "spatial")[0].state_dict())
    assert not any("spatial" in key for key in made(2, "temporal")[0].state_dict())


def test_bfloat16_attention_is_computed_in_float32():
    statistics = torch.tensor([[10.0, 20.0, 10.5, 20.25]]).bfloat16()
    exact = across_groups(statistics.double(), 2)
    assert torch.equal(across_groups(statistics, 2), exact.to(torch.bfloat16))


def test_explanations_carry_the_names_that_others_use():
    assert set(CLIP_EXPLANATIONS) == {
        "grad-cam", "grad-cam++", "modified-grad-cam++", "guided-backpropagation", "gradient_x_input",
    }  # fmt: skip
