"""What holds for every registered model at every named size. Registering a model is testing it."""

import copy
import json
from copy import deepcopy

import pytest
import torch

from openada import models
from openada.models.weights import load_checkpoint, save_checkpoint

# Large networks are given small clips here, those for clips a small width too, and their full size in the slow test below.
SMALL_CLIPS = {"segment_frames": 8, "image_size": 32}
NARROW = {"width": 4, "stem_channels": 8, "image_size": 64}
EXPRESSO = {"width": 4, "image_size": 48}
SIZES = {
    ("expada", "paper"): SMALL_CLIPS,
    ("expada", "r3d_18"): SMALL_CLIPS,
    ("expada", "r2plus1d_18"): SMALL_CLIPS,
    ("expada", "frames"): SMALL_CLIPS,
    ("expada", "frames_demo"): {},
    ("expada", "demo"): {},
    ("sta-drn", "paper"): {**NARROW, "clip_frames": 16},
    ("sta-drn", "depth_50"): {**NARROW, "clip_frames": 16},
    ("sta-drn", "depth_152"): {**NARROW, "clip_frames": 16, "width": 2},
    ("sta-drn", "released"): {**NARROW, "clip_frames": 16},
    ("sta-drn", "planted"): {"clip_frames": 16, "image_size": 64},
    ("resnet3d", "paper"): {**NARROW, "clip_frames": 32},
    ("resnet3d", "depth_50"): {**NARROW, "clip_frames": 32},
    ("resnet3d", "depth_152"): {**NARROW, "clip_frames": 32},
    ("resnet3d", "planted"): {"clip_frames": 16, "image_size": 64},
    ("frame-network", "paper"): {"clip_frames": 3, "image_size": 64},
    ("frame-network", "planted"): {"clip_frames": 3},
    ("depnet", "paper"): {"image_size": 64},
    ("depnet", "planted"): {},
    **{("expresso-ai", preset): EXPRESSO for preset in ("paper", "r3d_18", "mc3_18", "r2plus1d_50")},
    ("expresso-ai", "planted"): {"image_size": 32},
}
# At full width, clips are shortened so that a backward pass needs gigabytes, not tens of them.
FULL_SIZE = {"sta-drn": {"clip_frames": 16}, "resnet3d": {"clip_frames": 16}}
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


def clip_inputs(model, seed=0):
    config = model.config
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand(2, 3, config.clip_frames, config.image_size, config.image_size, generator=generator),)


def clip_outputs(model, clips):
    return [model(clips)]


CLIP_NETWORKS = ("sta-drn", "resnet3d", "frame-network", "depnet", "expresso-ai")
INPUTS = {"expada": expada_inputs, **dict.fromkeys(CLIP_NETWORKS, clip_inputs)}
OUTPUTS = {"expada": expada_outputs, **dict.fromkeys(CLIP_NETWORKS, clip_outputs)}


def tensors(output):
    """A network's output, scores first: a tensor of scores, or a tuple that begins with them."""
    return (output,) if isinstance(output, torch.Tensor) else output


def only(model, *names):
    """Skip where a test asks for what other models do not have."""
    if model.name not in names:
        pytest.skip(f"{model.name} takes another kind of input")


@pytest.fixture(scope="module", params=EVERY, ids="-".join)
def model(request):
    name, preset = request.param
    return models.create(name, preset, seed=1, **SIZES[name, preset])


def test_forward_is_finite_and_scores_each_recording(model):
    inputs = INPUTS[model.name](model)
    output = tensors(model.eval()(*inputs))
    assert output[0].shape == (2,)
    assert output[0].dtype == torch.float32
    assert all(torch.isfinite(value).all() for value in output if value.is_floating_point())


def test_every_parameter_gets_a_gradient(model):
    inputs = INPUTS[model.name](model)
    generator = torch.Generator().manual_seed(3)
    model = copy.deepcopy(model)
    for (
        module
    ) in model.modules():  # timm starts the last BatchNorm of a block at 0, and nothing before it gets a gradient
        if isinstance(module, torch.nn.BatchNorm2d) and not module.weight.any():
            torch.nn.init.ones_(module.weight)
    model.train().zero_grad()
    torch.manual_seed(5)  # dropout
    outputs = OUTPUTS[model.name](model, *inputs)
    sum((value * torch.randn(value.shape, generator=generator)).sum() for value in outputs).backward()
    trained = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    assert trained
    without = [name for name, p in trained if p.grad is None or not p.grad.abs().sum() > 0]
    assert without == []


def test_evaluation_is_deterministic(model):
    inputs = INPUTS[model.name](model)
    first, second = tensors(model.eval()(*inputs)), tensors(model(*inputs))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_a_batch_gives_what_its_recordings_give_one_by_one(model):
    only(model, "expada")
    clips, mask = INPUTS[model.name](model)
    model, clips = deepcopy(model).eval().double(), clips.double()  # float32 rounds by batch size and threads
    with torch.no_grad():
        together = model(clips, mask)
        for row in range(len(clips)):
            length = int(mask[row].sum())
            alone = model(clips[row : row + 1, :length], mask[row : row + 1, :length])
            assert torch.allclose(together.score[row], alone.score[0], atol=1e-9)
            assert torch.allclose(together.z[row], alone.z[0], atol=1e-9)
            assert torch.allclose(together.sdr[row][together.mask[row]], alone.sdr[0], atol=1e-9)
            assert torch.equal(together.selected[row][together.mask[row]], alone.selected[0])


def test_a_batch_gives_what_its_clips_give_one_by_one(model):
    only(model, *CLIP_NETWORKS)
    (clips,) = INPUTS[model.name](model)
    model, clips = deepcopy(model).eval().double(), clips.double()
    with torch.no_grad():
        together = model(clips)
        alone = torch.cat([model(clip[None]) for clip in clips])
    assert torch.allclose(together, alone, rtol=1e-9, atol=1e-9)
    assert not torch.equal(*alone)


def test_the_score_is_read_from_a_non_negative_map(model):
    """The protocol of Grad-CAM and its kind, for models that name it."""
    only(model, *CLIP_NETWORKS)
    assert "grad-cam" in models.explanation_methods(model.name)
    (clips,) = INPUTS[model.name](model)
    with torch.no_grad():
        maps = model.eval().feature_map(clips)
        assert maps.ndim == 5 and maps.min() >= 0 and maps.max() > 0
        assert torch.equal(model.score_from_map(maps), model(clips))


def test_padding_may_hold_anything(model):
    only(model, "expada")
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
        assert all(
            torch.equal(a, b) for a, b in zip(tensors(model.eval()(*inputs)), tensors(loaded(*inputs)), strict=True)
        )


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
    model = models.create(name, preset, seed=1, **FULL_SIZE.get(name, {}))
    inputs = [given[:, :1] if name == "expada" else given for given in INPUTS[name](model)]
    outputs = OUTPUTS[name](model, *inputs)
    sum(value.sum() for value in outputs).backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)
