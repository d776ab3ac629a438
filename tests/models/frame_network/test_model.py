"""Frame networks: the mean over frames, the input that weights expect, and the files that weights come in."""

import pickle

import numpy as np
import pytest
import timm
import torch

from openada import models
from openada.errors import UnusableInput
from openada.models.vggface2 import own_names, read_frame_weights
from openada.models.weights import local_weights, timm_weights

B, T, H, W = 2, 3, 37, 41
SE = "legacy_seresnet50"


def small(**given):
    return models.create("frame-network", **{"network": "test_resnet", "image_size": 64, "seed": 1, **given})


@pytest.fixture(scope="module")
def pictures():
    return torch.rand(B, 3, T, H, W, generator=torch.Generator().manual_seed(2))


def test_a_clips_score_is_the_mean_of_timms_scores_of_its_frames(pictures):
    model = small(score_mean=11.0, score_sd=7.0).eval()
    facts = model.trunk.network.pretrained_cfg
    mean, std = (torch.tensor(facts[name]).reshape(3, 1, 1) for name in ("mean", "std"))
    by_hand = torch.stack(
        [
            torch.stack([11 + 7 * model.trunk.network((clip[:, t] - mean)[None] / std[None])[0, 0] for t in range(T)])
            for clip in pictures
        ]
    ).mean(1)
    assert torch.allclose(model(pictures), by_hand, atol=1e-5)
    assert model.feature_map(pictures).shape == (B, 96, T, 2, 2)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("test_convnext", 64),
        pytest.param("swin_s3_tiny_224", 224, marks=pytest.mark.slow),
    ],  # channels last; a large network
)
def test_the_score_is_the_networks_own_wherever_its_channels_stand(name, size):
    """timm's networks differ in where channels stand and in what lies between the map and the output."""
    clips = torch.rand(1, 3, 2, size, size, generator=torch.Generator().manual_seed(3))
    model = small(network=name, image_size=size).eval()
    with torch.no_grad():
        own = model.trunk.network((clips.transpose(1, 2).flatten(0, 1) - model.trunk.mean) / model.trunk.std)
        assert model.feature_map(clips).shape[1] == model.trunk.network.num_features
        assert torch.allclose(model(clips), own.mean(0), atol=1e-5)


def test_vggface2_is_fed_blue_first_in_0_to_255_less_its_mean():
    """Known pixels through a trunk whose network is replaced by what hands its input on."""
    trunk = small(normalisation="vggface2").trunk
    seen = []
    trunk.network.forward_features = lambda frames: seen.append(frames) or frames
    red, green, blue = 0.2, 0.4, 0.8
    trunk(torch.tensor([red, green, blue]).reshape(1, 3, 1, 1, 1).expand(1, 3, 2, 5, 7))
    fed = torch.tensor([255 * blue - 91.4953, 255 * green - 103.8827, 255 * red - 131.0912])
    assert torch.allclose(seen[0][1, :, 4, 6], fed, atol=1e-4)
    difference = small(normalisation="vggface2", input_range="difference").trunk
    difference.network.forward_features = lambda frames: seen.append(frames) or frames
    difference(torch.full((1, 3, 1, 1, 1), 0.1))
    assert torch.allclose(seen[1].flatten(), torch.full((3,), 25.5))


def test_unknown_and_unsuitable_networks_are_refused_in_a_line():
    with pytest.raises(UnusableInput, match=r"no network 'resnet_50'.*close to it are: .*resnet50"):
        small(network="resnet_50")
    with pytest.raises(UnusableInput, match=r"test_vit has no feature map with height and width.*\(1, 17, 64\)"):
        small(network="test_vit")
    with pytest.raises(UnusableInput, match="Invalid pretrained tag"):
        small(network="resnet50.unheard_of")
    with pytest.raises(UnusableInput, match=r"\(2, 3, 7, 7\)"):
        small()(torch.zeros(2, 3, 7, 7))


def test_grad_cam_plus_plus_is_refused_where_features_can_be_negative():
    models.require_explanation("frame-network", "grad-cam++", small())
    model = small(network="test_convnext")
    for method in ("grad-cam++", "modified-grad-cam++"):
        with pytest.raises(UnusableInput, match=r"test_convnext is not behind a ReLU.*choose one of: grad-cam, "):
            models.require_explanation("frame-network", method, model)
    models.require_explanation("frame-network", "grad-cam", model)


def as_dag(key):
    """A timm name under the names of the caffe graph's converters, written the other way round than the code under test."""
    if key.startswith("last_linear"):
        return key.replace("last_linear", "classifier")
    if key.startswith("layer0"):
        return key.replace("layer0.conv1", "conv1_7x7_s2").replace("layer0.bn1", "conv1_7x7_s2_bn")
    stage, unit, *rest = key.split(".")
    inner, leaf = ".".join(rest[:-1]), rest[-1]
    names = {
        "conv1": "1x1_reduce", "bn1": "1x1_reduce_bn", "conv2": "3x3", "bn2": "3x3_bn", "conv3": "1x1_increase",
        "bn3": "1x1_increase_bn", "downsample.0": "1x1_proj", "downsample.1": "1x1_proj_bn", "se_module.fc1": "1x1_down",
        "se_module.fc2": "1x1_up",
    }  # fmt: skip
    return f"conv{int(stage[-1]) + 1}_{int(unit) + 1}_{names[inner]}.{leaf}"


def as_resnet(key):
    key = key.replace("layer0.", "").replace("last_linear", "fc")
    return key.replace("se_module.fc1", "conv4").replace("se_module.fc2", "conv5")


def test_the_public_forms_of_vggface2_come_under_timms_names(tmp_path):
    """The names of all tensors of the network, each with a number of its own in place of its values."""
    with torch.device("meta"):
        names = list(timm.create_model(SE, num_classes=8631).state_dict())
    state = {key: torch.tensor([float(number)]) for number, key in enumerate(names) if "num_batches" not in key}
    torch.save({as_dag(key): value for key, value in state.items()}, tmp_path / "senet50_ft_dag.pth")
    with (tmp_path / "senet50_ft_weight.pkl").open("wb") as file:
        pickle.dump({as_resnet(key): value.numpy() for key, value in state.items()}, file, protocol=2)
    for name in ("senet50_ft_dag.pth", "senet50_ft_weight.pkl"):
        assert own_names(read_frame_weights(tmp_path / name)) == state
    assert own_names(state) == state


def test_weights_and_input_belong_together(tmp_path):
    torch.save({"fc.weight": torch.zeros(8631, 1)}, tmp_path / "faces.pth")
    faces = local_weights(tmp_path / "faces.pth")
    with pytest.raises(UnusableInput, match=r"8631 classes.*legacy_seresnet50 alone has, not test_resnet"):
        small(weights=faces)
    trunk = small().trunk
    trunk.name = SE
    with pytest.raises(UnusableInput, match=r"8631 classes.*--model.normalisation vggface2"):
        trunk.load(faces)
    for name in ("conv1_7x7_s2.weight", "layer1.0.conv4.weight"):  # files of features come without classes
        torch.save({name: torch.zeros(1)}, tmp_path / "features.pth")
        with pytest.raises(UnusableInput, match=r"VGGFace2's names of layers.*--model.normalisation vggface2"):
            trunk.load(local_weights(tmp_path / "features.pth"))
    state = small().trunk.network.state_dict()
    state["fc.weight"], state["fc.bias"] = torch.zeros(1000, 96), torch.zeros(1000)
    state = {
        key: value for key, value in state.items() if "num_batches" not in key
    }  # files from before torch counted them
    torch.save(state, tmp_path / "objects.pth")
    objects = local_weights(tmp_path / "objects.pth")
    with pytest.raises(UnusableInput, match=r"--model\.normalisation network"):
        small(weights=objects, normalisation="vggface2")
    loaded = small(weights=objects, seed=7)
    held = loaded.trunk.network.state_dict()
    assert all(torch.equal(held[key], value) for key, value in state.items() if not key.startswith("fc."))
    assert loaded.trunk.network.fc.weight.abs().sum() > 0  # the classes are left out
    del state["conv1.0.weight"]
    torch.save(state, tmp_path / "part.pth")
    with pytest.raises(UnusableInput, match=r"1 missing: conv1\.0\.weight"):
        small(weights=local_weights(tmp_path / "part.pth"))


def test_a_pickle_that_names_anything_but_arrays_is_not_read(tmp_path):
    class Hostile:
        def __reduce__(self):
            return (print, ("run",))

    with (tmp_path / "bad.pkl").open("wb") as file:
        pickle.dump({"a": Hostile()}, file)
    with pytest.raises(UnusableInput, match=r"builtins\.print"):
        read_frame_weights(tmp_path / "bad.pkl")
    with (tmp_path / "old.pkl").open("wb") as file:  # Python 2 wrote arrays so
        pickle.dump({"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.float32(4)}, file, protocol=1)
    held = read_frame_weights(tmp_path / "old.pkl")
    assert torch.equal(held["a"], torch.arange(6.0).reshape(2, 3)) and held["b"] == 4
    with (tmp_path / "words.pkl").open("wb") as file:
        pickle.dump({"a": np.array(["x"])}, file)
    with pytest.raises(UnusableInput, match="no dictionary of numpy arrays"):
        read_frame_weights(tmp_path / "words.pkl")
    assert own_names({"x": torch.zeros(1)}) == {"x": torch.zeros(1)}


def test_weights_to_download_are_described_with_their_digest_or_refused():
    found = timm_weights(SE)
    assert found.url.startswith("https://") and found.sha256 == "ce0d4300"
    assert found.preprocessing["mean"] == (0.485, 0.456, 0.406) and found.meta["licence"] == "apache-2.0"
    assert timm_weights("test_resnet").sha256 == ""
    with pytest.raises(UnusableInput, match="no weights of 'nonsense'"):
        timm_weights("nonsense")
    with pytest.raises(UnusableInput, match="no SHA-256"):
        small(weights=timm_weights("test_resnet"), download=True)
