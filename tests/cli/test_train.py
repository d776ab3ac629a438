"""`openada train`: the settings follow the system, their defaults the preset, and they reach the training."""

from pathlib import Path
from typing import Any

import pytest

from openada.cli import main
from openada.cli.train import SYSTEMS, System
from openada.errors import UnusableInput
from openada.training.clip_recipe import RECIPES, ClipRecipe, clip_recipe, clip_recipe_from_json, resolved


def test_help_shows_the_numbers_of_system_and_preset(capsys: pytest.CaptureFixture[str]) -> None:
    main(["train", "sta-drn", "--help"])
    published = capsys.readouterr().out
    main(["train", "sta-drn", "--help", "--preset", "planted"])
    planted = capsys.readouterr().out
    assert "(default: 200)" in published and "(default: cosine-restarts)" in published
    assert "--model.groups" in published and "--model.trunk" not in published
    assert "(default: 0.0005)" in planted and "(default: warm-cosine)" in planted and "(default: last)" in planted
    assert set(SYSTEMS) == set(System.__args__)  # type: ignore[attr-defined]


def test_options_reach_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    from openada.cli import output
    from openada.training import clips

    called: list[Any] = []
    monkeypatch.setattr(clips, "train_clips", lambda *given, **more: called.append((given, more)))
    monkeypatch.setattr(output, "print_run", lambda folder: None)
    arguments = ["--preset", "released", "--model.fusion", "feature", "--label-noise", "0", "--seed", "3"]
    assert main(["train", "sta-drn", "--data", "d", "--out", "o", *arguments]) == 0
    (system, data, out, recipe), more = called[0]
    assert (system, data, out) == ("sta-drn", Path("d"), Path("o")) and more["weights"] is None
    assert isinstance(recipe, ClipRecipe)
    assert (recipe.frame_step, recipe.score_unit, recipe.loss, recipe.learning_rate) == (
        3,
        "share",
        "mse+smooth-l1",
        1e-6,
    )
    assert (recipe.model.width, recipe.model.fusion, recipe.label_noise, recipe.seed) == (16, "feature", 0, 3)


def test_every_named_recipe_survives_json() -> None:
    import json
    from dataclasses import asdict

    for system, named in RECIPES.items():
        for preset in named:
            made = clip_recipe(system, preset)
            assert clip_recipe_from_json(system, json.loads(json.dumps(asdict(made)))) == made
    with pytest.raises(UnusableInput, match="no recipe 'unheard-of'; choose one of: published"):
        clip_recipe("sta-drn", "unheard-of")
    with pytest.raises(UnusableInput, match="no setting 'width'"):
        clip_recipe("sta-drn", width=3)
    with pytest.raises(UnusableInput, match="frame-step 0"):
        clip_recipe("sta-drn", frame_step=0)


def test_the_output_becomes_a_score_by_its_unit() -> None:
    of = {
        unit: resolved(clip_recipe("sta-drn", score_unit=unit), scale_high=63, label_mean=17, label_sd=11).model
        for unit in ("points", "share", "standardised")
    }
    assert {unit: (model.score_mean, model.score_sd) for unit, model in of.items()} == {
        "points": (0, 1), "share": (0, 63), "standardised": (17, 11),
    }  # fmt: skip
    recipe = clip_recipe("sta-drn", "planted")
    assert resolved(recipe, scale_high=63, label_mean=0, label_sd=1).model.input_range == "difference"
