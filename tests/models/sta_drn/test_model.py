import pytest
import torch

from openada import models
from openada.errors import UnusableInput
from openada.models.cost import multiply_accumulates, parameter_count
from openada.models.weights import Weights, load_checkpoint, save_checkpoint
from released_sta_drn import NAMES, OUTPUTS, PARAMETERS, clips, filled, names_of

SMALL = {"width": 4, "layers": (1, 1, 1, 1), "stem_channels": 5, "seed": 1}
B, T, H, W = 2, 17, 67, 71


def small(**given):
    return models.create("sta-drn", **{**SMALL, **given})


@pytest.fixture(scope="module")
def pictures():
    return torch.rand(B, 3, T, H, W, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("fusion", ["vector", "feature"])
def test_the_released_code_gave_these_outputs(fusion):
    model = models.create("sta-drn", "released", layers=(1, 1, 1, 1), fusion=fusion, input_range="standardised")
    model.double().eval().load_released_state_dict(filled(names_of(fusion)))
    expected = torch.tensor(OUTPUTS[fusion], dtype=torch.float64)
    assert torch.allclose(model(clips()), expected, rtol=0, atol=1e-9)
    assert parameter_count(model) == PARAMETERS


def test_names_and_shapes_are_the_released_ones():
    state = models.create("sta-drn", "released", layers=(1, 1, 1, 1)).state_dict()
    assert {key: list(value.shape) for key, value in state.items()} == NAMES


@pytest.mark.parametrize(
    ("preset", "millions", "macs", "published"),
    [
        ("paper", 31.270, 191.83, 192.71),
        ("depth_50", 41.407, 236.82, 238.16),
        pytest.param("depth_152", 78.140, 373.60, 375.69, marks=pytest.mark.slow),  # a minute of counting
        ("released", 7.823, 76.61, None),
        ("planted", 1.563, 1.543, None),
    ],
)
def test_size_and_cost_are_table_4_s(preset, millions, macs, published):
    with torch.device("meta"):
        model = models.create("sta-drn", preset)
    config = model.config
    counted = multiply_accumulates(model, (1, 3, config.clip_frames, config.image_size, config.image_size)) / 1e9
    assert round(parameter_count(model) / 1e6, 3) == millions
    assert counted == pytest.approx(macs, abs=0.006)
    assert published is None or counted == pytest.approx(published, rel=0.01)


@pytest.mark.parametrize(("groups", "fusion"), [(1, "vector"), (2, "spatial"), (2, "temporal"), (4, "feature")])
def test_gradients_reach_every_parameter(groups, fusion, pictures):
    """In evaluation mode and float64: before a BatchNorm in training, a bias has none but rounding."""
    model = small(groups=groups, fusion=fusion).double().eval()
    model(pictures.double()).square().sum().backward()
    weak = [name for name, p in model.named_parameters() if p.grad is None or p.grad.abs().max() < 1e-9]
    assert weak == []


def test_the_score_is_read_from_a_map_that_is_never_negative(pictures):
    model = small(score_mean=11.0, score_sd=7.0).eval()
    maps = model.feature_map(pictures)
    assert maps.shape == (B, 4 * 4 * 8, 3, 3, 3)  # 17, 67 and 71, halved and rounded up
    assert maps.min() >= 0 and maps.max() > 0
    assert torch.equal(model(pictures), model.score_from_map(maps))
    by_hand = 11 + 7 * (maps.double().mean((2, 3, 4)) @ model.fc.weight[0].double() + model.fc.bias.double())
    assert torch.allclose(model(pictures).double(), by_hand, atol=1e-5)
    assert torch.allclose(model.forward_features(pictures), maps.mean((2, 3, 4)))


def test_time_stays_if_its_stride_is_one(pictures):
    assert small(temporal_stride=1).eval().feature_map(pictures).shape[2] == T


def test_what_the_network_sees_of_pixels(pictures):
    """Pixels are standardised inside; a difference to a reference has lost the mean already."""
    mean, std = (torch.tensor(v).reshape(1, 3, 1, 1, 1) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    plain = small(input_range="standardised").eval()((pictures - mean) / std)
    assert torch.allclose(small().eval()(pictures), plain, atol=1e-6)
    assert torch.allclose(small(input_range="difference").eval()(pictures - mean), plain, atol=1e-5)


def test_no_relu_is_shared_or_in_place(pictures):
    """Guided backpropagation hooks modules: each must be used once."""
    model = small().eval()
    relus = [m for m in model.modules() if isinstance(m, torch.nn.ReLU)]
    used = []
    for relu in relus:
        relu.register_forward_hook(lambda module, given, made: used.append(id(module)))
    model(pictures)
    assert len(used) == len(set(used)) == len(relus) == 1 + 8 * 5  # the stem; five in each of eight blocks
    assert not any(relu.inplace for relu in relus)


def test_initial_weights_for_another_number_of_classes_leave_the_score_alone(tmp_path, pictures):
    other, fresh = small(seed=5), small()
    state = other.state_dict()
    state["fc.weight"], state["fc.bias"] = torch.zeros(101, 128), torch.zeros(101)
    torch.save({"state_dict": {f"module.{key}": value for key, value in state.items()}}, tmp_path / "ucf.pth")
    loaded = small(weights=Weights(str(tmp_path / "ucf.pth"))).eval()
    assert torch.equal(loaded.feature_map(pictures), other.eval().feature_map(pictures))
    assert torch.equal(loaded.fc.weight, fresh.fc.weight)


def test_saved_and_loaded_it_scores_the_same(tmp_path, pictures):
    model = small(groups=4, fusion="feature").eval()
    save_checkpoint(model, tmp_path / "model.safetensors", {})
    assert torch.equal(load_checkpoint(tmp_path / "model.safetensors")[0](pictures), model(pictures))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("groups", 3),
        ("groups", True),
        ("fusion", "sum"),
        ("layers", (2, 2, 2)),
        ("layers", (2, 2, 0, 2)),
        ("width", 3),
        ("shortcut_kernel", 2),
        ("temporal_stride", 0),
        ("clip_frames", 0),
        ("image_size", 2.5),
        ("input_range", "bytes"),
        ("score_sd", 0.0),
        ("score_mean", float("nan")),
    ],
)
def test_a_refused_setting_is_echoed(key, value):
    with pytest.raises(UnusableInput, match=key) as error:
        models.config_for("sta-drn", **{key: value})
    assert repr(value) in str(error.value)


def test_clips_of_another_rank_are_refused():
    with pytest.raises(UnusableInput, match=r"\(2, 3, 7, 7\)"):
        small()(torch.zeros(2, 3, 7, 7))
