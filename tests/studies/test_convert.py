"""Released checkpoints, generated here with the released names."""

import pickle

import pytest
import torch
from safetensors.torch import save_file

from openada.cli import main
from openada.models.weights import load_checkpoint, sha256_of
from released_sta_drn import OUTPUTS, clips, filled, names_of


def converted(tmp_path, state, *options, name="best.pth"):
    """The exit code of `openada convert`, and the file it writes."""
    file, out = tmp_path / name, tmp_path / "out" / "model.safetensors"
    if isinstance(state, bytes):
        file.write_bytes(state)
    elif name.endswith(".safetensors"):
        save_file(state, file)
    else:
        torch.save(state, file)
    return main(["convert", "sta-drn", str(file), "--out", str(out), *options]), out


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("fusion", ["vector", "feature"])
def test_a_released_checkpoint_gives_its_released_outputs(tmp_path, fusion, capsys):
    """With the prefix of parallel training and wrapped, as others save them."""
    state = {"state_dict": {f"module.{key}": value for key, value in filled(names_of(fusion)).items()}, "epoch": 3}
    code, out = converted(tmp_path, state, "--input-range", "standardised", "--training-set", "generated")
    assert code == 0
    told = capsys.readouterr().out
    assert "width 16, groups 2, layers (1, 1, 1, 1): 6,246,465 parameters" in told and f"fusion {fusion}" in told
    model, meta = load_checkpoint(out)
    with torch.no_grad():
        scores = model.double()(clips())
    # The file holds float32, as torch trains in it.
    assert torch.allclose(scores, 63 * torch.tensor(OUTPUTS[fusion], dtype=torch.float64), rtol=1e-5)
    assert meta["source"] == {"file": "best.pth", "sha256": sha256_of(tmp_path / "best.pth")}
    assert meta["training_set"] == "generated"
    assert meta["preprocessing"]["frame_step"] == 3
    assert (model.config.clip_frames, model.config.image_size, model.config.score_sd) == (64, 224, 63.0)


def test_options_reach_the_network_and_safetensors_are_read(tmp_path):
    state = {
        key: value.float() if value.is_floating_point() else value for key, value in filled(names_of("vector")).items()
    }
    options = ["--score-factor", "1", "--temporal-stride", "1", "--frame-step", "1", "--clip-frames", "8"]
    code, out = converted(tmp_path, state, *options, name="w.safetensors")
    model, meta = load_checkpoint(out)
    assert code == 0 and meta["preprocessing"]["frame_step"] == 1
    assert (model.config.score_sd, model.config.temporal_stride, model.config.clip_frames) == (1.0, 1, 8)
    assert torch.equal(model.conv_1.weight, state["conv_1.weight"])


def test_one_branch_must_be_named(tmp_path, capsys):
    state = filled(names_of("temporal"))
    code, out = converted(tmp_path, state)
    assert code == 2 and "--fusion spatial or --fusion temporal" in capsys.readouterr().err
    code, out = converted(tmp_path, state, "--fusion", "temporal")
    assert code == 0
    expected = state["layer_3.0.conv2.group_conv.bias"].float()
    assert torch.equal(load_checkpoint(out)[0].layer_3[0].conv2.group_conv_temporal.bias, expected)


class Runs:
    """What a hostile file would run."""

    def __reduce__(self):
        return (print, ("this ran",))


def without(key):
    state = filled(names_of("vector"))
    del state[key]
    return state


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (lambda: pickle.dumps({"a": Runs()}, protocol=2), "safely"),
        (lambda: b"no checkpoint", "safely"),
        (lambda: without("layer_2.1.bn3.bias"), "1 missing: layer_2.1.bn3.bias"),
        (lambda: {**filled(names_of("vector")), "extra.weight": torch.zeros(3)}, "1 unexpected: extra.weight"),
        (
            lambda: {**filled(names_of("vector")), "fc.weight": torch.zeros(101, 512)},
            "fc.weight (101, 512) for (1, 512)",
        ),
        (lambda: {**filled(names_of("vector")), "bn1.bias": torch.full((64,), torch.nan)}, "not finite in bn1.bias"),
        (
            lambda: without("layer_1.0.conv2.group_conv_spatial.weight"),
            "no convolution layer_1.0.conv2.group_conv_spatial",
        ),
        (lambda: {k: v for k, v in filled(names_of("vector")).items() if "layer_3.1" not in k}, "[2, 2, 1, 2] blocks"),
        (lambda: {"resnet.weight": torch.zeros(2)}, "no released STA-DRN"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_in_one_line(tmp_path, capsys, state, told):
    code, out = converted(tmp_path, state())
    streams = capsys.readouterr()
    assert code == 2
    assert told in streams.err and "best.pth" in streams.err
    assert streams.err.count("\n") == 1
    assert "this ran" not in streams.out
    assert not out.parent.exists()


def test_the_file_and_its_new_name_are_checked_first(tmp_path, capsys):
    assert main(["convert", "sta-drn", str(tmp_path / "none.pth"), "--out", str(tmp_path / "m.safetensors")]) == 2
    assert "no checkpoint at" in capsys.readouterr().err
    torch.save({}, tmp_path / "a.pth")
    assert main(["convert", "sta-drn", str(tmp_path / "a.pth"), "--out", str(tmp_path / "m.pth")]) == 2
    assert "*.safetensors" in capsys.readouterr().err
