import pytest
import torch
from torchvision.models.video import r3d_18

from openada import models
from openada.errors import UnusableInput
from openada.models.cost import multiply_accumulates, parameter_count


@pytest.mark.parametrize(
    ("preset", "millions", "macs", "published"),
    [
        ("paper", 33.204, 65.71, (33.20, 65.80)),
        ("depth_50", 46.201, 79.69, (46.20, 79.96)),
        ("depth_152", 117.406, 148.03, (117.41, 148.41)),
        ("planted", 1.174, 1.500, None),
    ],
)
def test_size_and_cost_are_table_4_s(preset, millions, macs, published):
    with torch.device("meta"):
        model = models.create("resnet3d", preset)
    config = model.config
    counted = multiply_accumulates(model, (1, 3, config.clip_frames, config.image_size, config.image_size)) / 1e9
    assert round(parameter_count(model) / 1e6, 3) == millions
    assert counted == pytest.approx(macs, abs=0.006)
    if published:
        assert round(parameter_count(model) / 1e6, 2) == published[0]
        assert counted == pytest.approx(published[1], rel=0.01)


def test_it_has_sta_drn_s_stem_and_grid_if_asked():
    clips = torch.rand(2, 3, 17, 67, 71, generator=torch.Generator().manual_seed(0))
    plain = models.create("resnet3d", width=4, stem_channels=5, stem_temporal_stride=1, seed=0).eval()
    attended = models.create("sta-drn", width=4, stem_channels=5, layers=(1, 1, 1, 1), seed=0).eval()
    assert repr(plain.conv_1) == repr(attended.conv_1) and repr(plain.maxpool) == repr(attended.maxpool)
    assert plain.feature_map(clips).shape[2:] == attended.feature_map(clips).shape[2:] == (3, 3, 3)
    assert plain.feature_map(clips).min() >= 0


def test_its_stages_are_torchvision_s():
    """The four stages of depth 18 with torchvision's weights give what torchvision's r3d_18 gives."""
    theirs = r3d_18(weights=None).eval()
    ours = models.create("resnet3d", seed=0).eval()
    renamed = {}
    for key, value in theirs.state_dict().items():
        stage, _, inside = key.partition(".")
        if stage.startswith("layer"):
            for block in ("conv1.0", "conv1.1", "conv2.0", "conv2.1"):
                inside = inside.replace(f".{block}.", f".{'conv' if block.endswith('0') else 'bn'}{block[4]}.")
            renamed[f"layer_{stage[-1]}.{inside}"] = value
    missing, unexpected = ours.load_state_dict(renamed, strict=False)
    assert unexpected == [] and not any(key.startswith("layer") for key in missing)
    values = torch.rand(2, 64, 5, 14, 22, generator=torch.Generator().manual_seed(0))
    expected, got = values, values
    with torch.no_grad():
        for stage in range(1, 5):
            expected = theirs.get_submodule(f"layer{stage}")(expected)
            got = ours.get_submodule(f"layer_{stage}")(got)
    assert torch.allclose(got, expected, atol=1e-5)


@pytest.mark.parametrize(("key", "value"), [("depth", 34), ("width", 0), ("stem_temporal_stride", 3)])
def test_a_refused_setting_is_echoed(key, value):
    with pytest.raises(UnusableInput, match=key) as error:
        models.config_for("resnet3d", **{key: value})
    assert repr(value) in str(error.value)
