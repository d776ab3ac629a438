import pickle

import pytest
import torch
from safetensors.torch import save_file

from openada import models
from openada.errors import UnusableInput
from openada.files import read_json, write_json
from openada.models.expada.trunk import FACTS
from openada.models.weights import (
    Weights,
    fetch,
    load_checkpoint,
    load_state,
    local_weights,
    read_state,
    save_checkpoint,
    sha256_of,
    torchvision_weights,
)
from pretrained import unusual_weights


@pytest.fixture(scope="module", params=["r3d_18", "s3d", "resnet18"])
def pretrained(request, tmp_path_factory):
    """A whole torchvision network with unusual values everywhere, buffers included, in a file."""
    path = tmp_path_factory.mktemp("weights") / f"{request.param}.pth"
    return request.param, path, unusual_weights(request.param, path)


def create(trunk, **given):
    preset = "frames" if trunk.startswith("resnet") else "paper"
    return models.create("expada", preset, trunk=trunk, segment_frames=8, image_size=32, seed=0, **given)


def test_pretrained_weights_survive_construction(pretrained):
    trunk, path, expected = pretrained
    model = create(trunk, weights=Weights(str(path), sha256=sha256_of(path)[:8]))
    loaded = model.encoder.trunk.layers.state_dict()
    assert set(loaded) == set(expected)
    assert all(torch.equal(loaded[key], expected[key]) for key in expected)


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        (lambda state: {"state_dict": state, "epoch": 3}, None),
        (lambda state: {f"module.{key}": value for key, value in state.items()}, None),
        (lambda state: {"state_dict": {f"module.{key}": value for key, value in state.items()}}, None),
        (lambda state: {key: v.half() if v.is_floating_point() else v for key, v in state.items()}, torch.float16),
        (lambda state: {key: v.double() if v.is_floating_point() else v for key, v in state.items()}, None),
    ],
    ids=["wrapped", "parallel", "both", "half", "double"],
)
def test_checkpoints_as_others_write_them_are_read(tmp_path, written, digits):
    trunk = "resnet18"
    expected = unusual_weights(trunk, tmp_path / "network.pth")
    torch.save(written(torch.load(tmp_path / "network.pth", weights_only=True)), tmp_path / "other.pth")
    loaded = create(trunk, weights=local_weights(tmp_path / "other.pth")).encoder.trunk.layers.state_dict()
    for key, value in expected.items():
        rounded = value.to(digits).to(value.dtype) if digits and value.is_floating_point() else value
        assert loaded[key].dtype == value.dtype
        assert torch.equal(loaded[key], rounded), key


def test_other_prefixes_are_refused_in_one_line(pretrained, tmp_path):
    trunk, path, _ = pretrained
    state = torch.load(path, weights_only=True)
    torch.save({f"backbone.{key}": value for key, value in state.items()}, tmp_path / "other.pth")
    with pytest.raises(UnusableInput, match=r"other\.pth does not fit .*give the whole network's weights") as error:
        create(trunk, weights=local_weights(tmp_path / "other.pth"))
    assert "\n" not in str(error.value)


def test_what_is_not_the_trunk_is_as_without_weights(pretrained):
    trunk, path, _ = pretrained
    with_weights, without = create(trunk, weights=local_weights(path)), create(trunk)
    assert torch.equal(with_weights.encoder.location, without.encoder.location)


@pytest.mark.parametrize("spoil", ["missing", "unexpected", "another shape", "no classifier"])
def test_every_key_must_fit(pretrained, tmp_path, spoil):
    trunk, path, _ = pretrained
    state = torch.load(path, weights_only=True)
    first = next(iter(state))
    if spoil == "missing":
        del state[first]
    elif spoil == "unexpected":
        first = "extra.weight"
        state[first] = torch.zeros(3)
    elif spoil == "another shape":
        state[first] = state[first][..., :1]
    else:
        first = "classifier.1.weight" if trunk == "s3d" else "fc.weight"
        del state[first]
    torch.save({"state_dict": state}, tmp_path / "spoilt.pth")
    with pytest.raises(UnusableInput) as error:
        create(trunk, weights=local_weights(tmp_path / "spoilt.pth"))
    assert first in str(error.value)
    assert spoil == "no classifier" or spoil in str(error.value)


def test_the_small_trunk_has_no_published_weights(pretrained):
    _, path, _ = pretrained
    with pytest.raises(UnusableInput, match="small"):
        models.create("expada", "demo", weights=local_weights(path))


def test_a_file_that_would_run_code_is_refused(tmp_path):
    class Runs:
        def __reduce__(self):
            return (print, ("ran",))

    (tmp_path / "bad.pth").write_bytes(pickle.dumps({"a": Runs()}, protocol=2))
    with pytest.raises(UnusableInput, match="safely"):
        read_state(tmp_path / "bad.pth")


@pytest.mark.parametrize("content", [[1, 2], {}, {"a": "text"}, {"a": {"b": torch.zeros(2)}}])
def test_only_dictionaries_of_tensors_are_weights(tmp_path, content):
    torch.save(content, tmp_path / "odd.pth")
    with pytest.raises(UnusableInput, match="state dict"):
        read_state(tmp_path / "odd.pth")


def test_safetensors_are_read(tmp_path):
    save_file({"a": torch.arange(5.0)}, tmp_path / "w.safetensors")
    assert torch.equal(read_state(tmp_path / "w.safetensors")["a"], torch.arange(5.0))


def test_nothing_is_downloaded_unasked(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    called = []
    monkeypatch.setattr(torch.hub, "download_url_to_file", lambda *a, **k: called.append(a))
    with pytest.raises(UnusableInput, match="allow its download"):
        fetch(torchvision_weights("s3d"))
    assert called == []


def test_an_allowed_download_is_checked_and_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    source = tmp_path / "source.pth"
    torch.save({"a": torch.zeros(3)}, source)
    calls = []

    def download(url, destination, progress):
        calls.append(url)
        with open(destination, "wb") as file:  # noqa: PTH123 - as torch's own function does
            file.write(source.read_bytes())

    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    good = Weights("https://example.org/net.pth", sha256_of(source)[:8])
    assert fetch(good, download=True) == fetch(good) == tmp_path / "checkpoints" / "net.pth"
    assert calls == [good.url]
    with pytest.raises(UnusableInput, match="SHA-256"):
        fetch(Weights("https://example.org/net.pth", "0" * 64))
    with pytest.raises(UnusableInput, match="no SHA-256"):
        fetch(Weights("https://example.org/net.pth"))


def test_a_failed_download_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))

    def download(url, destination, progress):
        with open(destination, "wb") as file:  # noqa: PTH123 - as torch's own function does
            file.write(b"half")
        raise ConnectionError("cable")

    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    with pytest.raises(UnusableInput, match="by hand"):
        fetch(Weights("https://example.org/net.pth", "ab"), download=True)
    assert list((tmp_path / "checkpoints").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "training_set"),
    [*((name, "Kinetics-400") for name in ("s3d", "r3d_18", "r2plus1d_18")), ("resnet50", "ImageNet-1k")],
)
def test_torchvision_weights_are_described(name, training_set):
    weights = torchvision_weights(name)
    assert weights.url.startswith("https://download.pytorch.org/")
    assert len(weights.sha256) == 8
    assert weights.meta["training_set"] == training_set
    assert weights.preprocessing["mean"] == pytest.approx(FACTS[name].mean)
    assert weights.preprocessing["std"] == pytest.approx(FACTS[name].std)


def test_missing_weights_and_unknown_names_are_told(tmp_path):
    with pytest.raises(UnusableInput, match="nowhere"):
        fetch(local_weights(tmp_path / "nowhere.pth"))
    with pytest.raises(UnusableInput, match="c4d"):
        torchvision_weights("c4d")


def test_all_three_kinds_of_fault_are_listed():
    with pytest.raises(UnusableInput) as error:
        load_state(torch.nn.Linear(3, 2), {"weight": torch.zeros(2, 5), "x": torch.zeros(1)}, "file")
    for part in ("missing: bias", "unexpected: x", "weight (2, 5) for (2, 3)"):
        assert part in str(error.value)


class TestCheckpoint:
    @pytest.fixture
    def saved(self, tmp_path):
        path = tmp_path / "model.safetensors"
        save_checkpoint(models.create("expada", "demo", seed=0, percent=31), path, {"split": "official"})
        return path

    def test_it_needs_both_files(self, saved):
        saved.with_suffix(".json").unlink()
        with pytest.raises(UnusableInput, match=r"model\.json is missing"):
            load_checkpoint(saved)

    def test_files_of_two_checkpoints_are_not_mixed(self, saved, tmp_path):
        other = tmp_path / "other.safetensors"
        save_checkpoint(models.create("expada", "demo", seed=9), other, {})
        other.replace(saved)
        with pytest.raises(UnusableInput, match="do not belong together"):
            load_checkpoint(saved)

    @pytest.mark.parametrize("content", ["{", '{"format": "x"}', "[]"])
    def test_a_foreign_description_is_refused(self, saved, content):
        saved.with_suffix(".json").write_text(content)
        with pytest.raises(UnusableInput, match=r"model\.json"):
            load_checkpoint(saved)

    def test_a_description_with_an_unknown_setting_is_refused(self, saved):
        beside = saved.with_suffix(".json")
        description = read_json(beside)
        description["model"]["colour"] = "blue"
        write_json(beside, description)
        with pytest.raises(UnusableInput, match="colour"):
            load_checkpoint(saved)

    def test_its_name_and_meta_are_checked_before_anything_is_written(self, tmp_path):
        model = models.create("expada", "demo", seed=0)
        with pytest.raises(UnusableInput, match="safetensors"):
            save_checkpoint(model, tmp_path / "model.pth", {})
        with pytest.raises(ValueError):
            save_checkpoint(model, tmp_path / "model.safetensors", {"x": float("nan")})
        assert list(tmp_path.iterdir()) == []

    def test_config_and_meta_come_back(self, saved):
        model, meta = load_checkpoint(saved)
        assert meta == {"split": "official"}
        assert model.config.percent == 31
        assert not model.training
