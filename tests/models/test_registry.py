import subprocess
import sys

import pytest

from openada import models
from openada.errors import UnusableInput
from openada.models.registry import register


def test_listing_needs_no_torch():
    code = (
        "import sys; from openada import models; "
        "assert models.presets('expada')[0] == 'paper'; [models.config_for(name) for name in models.names()]; "
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: models.create("expedia"), ("'expedia'", "expada")),
        (lambda: models.presets("expedia"), ("'expedia'", "expada")),
        (lambda: models.create("expada", "huge"), ("'huge'", "demo", "paper")),
        (lambda: models.create("expada", "demo", widht=3), ("'widht'", "width")),
    ],
)
def test_an_unknown_name_is_echoed_with_the_choices(call, told):
    with pytest.raises(UnusableInput) as error:
        call()
    assert all(part in str(error.value) for part in told)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("trunk", "resnet"),
        ("input_range", "bytes"),
        ("selection", "random"),
        ("percent", 0),
        ("percent", 101),
        ("percent", 20.5),
        ("scales", 0),
        ("heads", True),
        ("segment_frames", 3),
        ("dropout", 1.0),
        ("selector_dropout", -0.1),
        ("score_mean", float("nan")),
        ("score_sd", 0.0),
        ("score_sd", float("inf")),
    ],
)
def test_a_refused_value_is_echoed(key, value):
    with pytest.raises(UnusableInput, match=key) as error:
        models.config_for("expada", **{key: value})
    assert repr(value) in str(error.value)


def test_the_paper_is_the_default():
    config = models.config_for("expada")
    assert (config.trunk, config.segment_frames, config.image_size) == ("s3d", 32, 224)
    assert (config.width, config.layers, config.heads, config.dropout) == (128, 3, 2, 0.3)
    assert (config.scales, config.categories, config.percent) == (3, 4, 20)


def test_an_unsupported_explanation_is_refused_with_the_reason():
    with pytest.raises(UnusableInput, match="attention multiplies"):
        models.require_explanation("expada", "deeplift")
    with pytest.raises(UnusableInput, match="tea_leaves"):
        models.require_explanation("expada", "tea_leaves")


def test_a_model_without_its_paper_size_cannot_be_registered():
    with pytest.raises(ValueError, match="paper"):
        register("x", builder="a:b", presets={"small": {}}, explanation_methods=())


def test_only_registered_models_have_a_config():
    with pytest.raises(UnusableInput, match="object"):
        models.config_of(object())
