"""Gradient checkpointing and mixed precision: what they may not change."""

import pytest
import torch

from openada import models
from openada.models.expada.trunk import Trunk
from openada.models.precision import at_least_float32
from openada.training.losses import segment_loss, selection_loss


def one_step(trunk, checkpointed, training=True):
    """Gradients, state and how often each stage ran, after one forward and backward pass of a trunk."""
    torch.manual_seed(7)
    model = Trunk(trunk).train(training)
    model.checkpointed = checkpointed
    runs = [0] * len(model.layers)
    for place, stage in enumerate(model.layers):
        stage.register_forward_pre_hook(lambda *_, place=place: runs.__setitem__(place, runs[place] + 1))
    clips = torch.rand(2, 3, 8, 32, 48, requires_grad=True)
    out = model(clips)
    (out * torch.randn(out.shape)).sum().backward()
    gradients = {name: p.grad for name, p in model.named_parameters()} | {"clips": clips.grad}
    return gradients, model.state_dict(), runs, model


@pytest.mark.parametrize("trunk", ["small", "s3d", "r3d_18", "resnet18"])
def test_checkpointing_gives_the_same_gradients_and_updates_statistics_once(trunk):
    gradients, state, runs, _ = one_step(trunk, checkpointed=False)
    again, state_again, runs_again, model = one_step(trunk, checkpointed=True)
    assert set(runs) == {1} and set(runs_again) == {2}
    for name, gradient in gradients.items():
        torch.testing.assert_close(again[name], gradient, rtol=1e-5, atol=1e-6, msg=name)
    for name, value in state.items():
        torch.testing.assert_close(state_again[name], value, rtol=0, atol=0, msg=name)
    counts = {int(value) for name, value in state_again.items() if name.endswith("num_batches_tracked")}
    assert counts == {1}
    assert {part.momentum for part in model.modules() if hasattr(part, "momentum")} == {0.1}


def test_nothing_is_repeated_outside_training():
    assert set(one_step("small", checkpointed=True, training=False)[2]) == {1}


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_low_precision_becomes_float32_and_float64_stays(dtype):
    assert at_least_float32(torch.ones(2, dtype=dtype)).dtype == torch.float32
    assert at_least_float32(torch.ones(2, dtype=torch.float64)).dtype == torch.float64


@pytest.mark.parametrize("preset", ["demo", "frames_demo"])
def test_mixed_precision_leaves_softmaxes_scores_and_losses_in_float32(preset):
    model = models.create("expada", preset, seed=0, score_mean=20.0, score_sd=10.0).eval()
    generator = torch.Generator().manual_seed(5)
    clips = torch.rand(3, *model.encoder.input_shape, generator=generator)
    units, mask = torch.randn(2, 11, 64, generator=generator), torch.ones(2, 11, dtype=torch.bool)
    score, category = torch.tensor([5.0, 31.0, 17.0]), torch.tensor([0, 3, 1])

    def both():
        feature, attention = model.encoder.forward_features(clips, return_attention=True)
        segment, selection = model.encoder.heads(feature), model.selector(units, mask)
        losses = (
            segment_loss(segment, score, category, ordinal=True, score_sd=10.0),
            selection_loss(selection, score[:2], category[:2], score_sd=10.0),
        )
        return attention, segment, selection, losses

    with torch.no_grad():
        *_, plain = both()
        with torch.autocast("cpu", torch.bfloat16):
            assert model.encoder.score(torch.randn(1, 64)).dtype == torch.bfloat16  # it is on
            attention, segment, selection, losses = both()
    for value in (attention, segment.score, segment.ordinal_logits, selection.score, selection.z, *losses):
        assert value.dtype == torch.float32
    torch.testing.assert_close(attention.flatten(3).sum(-1), torch.ones(attention.shape[:3]), rtol=0, atol=1e-6)
    torch.testing.assert_close(selection.P.sum(-1), torch.ones(selection.P.shape[:2]), rtol=0, atol=1e-6)
    torch.testing.assert_close(selection.R.sum(1), torch.ones(2, 4), rtol=0, atol=1e-6)
    for loss, exact in zip(losses, plain, strict=True):
        assert loss.item() == pytest.approx(exact.item(), rel=0.02)
