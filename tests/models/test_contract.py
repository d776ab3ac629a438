"""What holds for every registered model at every named size. Registering a model is testing it."""

import json

import pytest
import torch

from openada import models
from openada.models.weights import load_checkpoint, save_checkpoint

# Networks keep their width; the large ones are given small clips here and their full size in the slow test below.
SMALL_CLIPS = {"segment_frames": 8, "image_size": 32}
SIZES = {
    ("expada", "paper"): SMALL_CLIPS,
    ("expada", "r3d_18"): SMALL_CLIPS,
    ("expada", "r2plus1d_18"): SMALL_CLIPS,
    ("expada", "frames"): SMALL_CLIPS,
    ("expada", "frames_demo"): {},
    ("expada", "demo"): {},
}
EVERY = [(name, preset) for name in models.names() for preset in models.presets(name)]
LARGE = [pair for pair in EVERY if SIZES.get(pair)]


def expada_inputs(model, seed=0):
    generator = torch.Generator().manual_seed(seed)
    clips = torch.rand(2, 5, *model.encoder.input_shape, generator=generator)
    mask = torch.tensor([[True] * 5, [True] * 3 + [False] * 2])
    return clips, mask


def expada_outputs(model, clips, mask):
    """Everything that is trained: stage 1's heads on the valid segments, and the selection."""
    stage1 = model.encoder(clips[mask])
    selection = model(clips, mask)
    return [*stage1, selection.score, selection.z, selection.segment_category_logits]


INPUTS = {"expada": expada_inputs}
OUTPUTS = {"expada": expada_outputs}


@pytest.fixture(scope="module", params=EVERY, ids="-".join)
def model(request):
    name, preset = request.param
    return models.create(name, preset, seed=1, **SIZES[name, preset])


def test_forward_is_finite_and_scores_each_recording(model):
    inputs = INPUTS[model.name](model)
    output = model.eval()(*inputs)
    assert output.score.shape == (2,)
    assert output.score.dtype == torch.float32
    assert all(torch.isfinite(value).all() for value in output if value.is_floating_point())


def test_every_parameter_gets_a_gradient(model):
    inputs = INPUTS[model.name](model)
    generator = torch.Generator().manual_seed(3)
    model.train().zero_grad()
    torch.manual_seed(5)  # dropout
    outputs = OUTPUTS[model.name](model, *inputs)
    sum((value * torch.randn(value.shape, generator=generator)).sum() for value in outputs).backward()
    without = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert without == []


def test_evaluation_is_deterministic(model):
    inputs = INPUTS[model.name](model)
    first, second = model.eval()(*inputs), model(*inputs)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_a_batch_gives_what_its_recordings_give_one_by_one(model):
    clips, mask = INPUTS[model.name](model)
    with torch.no_grad():
        together = model.eval()(clips, mask)
        for row in range(len(clips)):
            length = int(mask[row].sum())
            alone = model(clips[row : row + 1, :length], mask[row : row + 1, :length])
            assert torch.allclose(together.score[row], alone.score[0], atol=1e-5)
            assert torch.allclose(together.z[row], alone.z[0], atol=1e-6)
            assert torch.allclose(together.sdr[row][together.mask[row]], alone.sdr[0], atol=1e-6)
            assert torch.equal(together.selected[row][together.mask[row]], alone.selected[0])


def test_padding_may_hold_anything(model):
    clips, mask = INPUTS[model.name](model)
    spoilt = clips.clone()
    spoilt[~mask] = float("nan")
    with torch.no_grad():
        assert torch.equal(model.eval()(clips, mask).score, model(spoilt, mask).score)


def test_saved_and_loaded_it_is_identical(model, tmp_path):
    inputs = INPUTS[model.name](model)
    meta = {"training_set": "none", "label_scale": "BDI-II", "split": "none", "licence": "Apache-2.0"}
    save_checkpoint(model, tmp_path / "model.safetensors", meta)
    loaded, read = load_checkpoint(tmp_path / "model.safetensors")
    assert read == meta
    assert loaded.config == model.config
    with torch.no_grad():
        assert all(torch.equal(a, b) for a, b in zip(model.eval()(*inputs), loaded(*inputs), strict=True))


def test_config_survives_json(model):
    description = json.loads(json.dumps(models.config_of(model)))
    again = models.config_for(**description)
    assert again == model.config
    assert description["name"] == model.name


def test_a_seed_fixes_the_parameters_and_leaves_the_global_generator_alone(model):
    state = torch.random.get_rng_state()
    again = models.create(model.name, model.preset, seed=1, **SIZES[model.name, model.preset])
    assert torch.equal(torch.random.get_rng_state(), state)
    other = models.create(model.name, model.preset, seed=2, **SIZES[model.name, model.preset])
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))


def test_each_model_names_its_explanation_methods(model):
    methods = models.explanation_methods(model.name)
    assert methods
    models.require_explanation(model.name, methods[0])


@pytest.mark.slow
@pytest.mark.parametrize(("name", "preset"), LARGE)
def test_full_size_runs_forward_and_backward(name, preset):
    model = models.create(name, preset, seed=1)
    clips, mask = INPUTS[name](model)
    outputs = OUTPUTS[name](model, clips[:, :1], mask[:, :1])
    sum(value.sum() for value in outputs).backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)
