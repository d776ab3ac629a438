"""Expresso-AI's comparisons on twelve small recordings: what is trained, what is shared, what is said."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from openada.errors import UnusableInput
from openada.models.registry import config_for
from openada.studies.explainable import load_explainable, require_method
from openada.studies.reproduce import expresso_tables
from openada.studies.reproduce.job import Job
from openada.studies.reproduce.targets import reproduce
from openada.training.clip_recipe import ClipRecipe, clip_recipe
from openada.training.run_folder import RunFolder

RECIPE: ClipRecipe[Any] = replace(
    clip_recipe("expresso-ai", "planted"),
    model=config_for("expresso-ai", "planted", backbone="r2plus1d_18", width=2, clip_frames=7, image_size=32),
    frame_step=1,
    pretext=replace(clip_recipe("expresso-ai", "planted").pretext, epochs=0),
    epochs=1,
    clips_per_recording=1,
)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shared: later tests find what earlier ones trained."""
    return tmp_path_factory.mktemp("expresso")


def job(data: Path, out: Path, **changes: Any) -> Job:
    return Job(data, out, **{"recipe": RECIPE, "seeds": (0,), "system": "expresso-ai", "progress": False, **changes})


def test_a_single_face_is_the_same_network_on_windows_that_stand_still(shared_prepared: Path, out: Path) -> None:
    result = reproduce("expresso/single-face", job(shared_prepared, out))
    assert [run.name for run in result.runs] == ["expresso-r2plus1d_18-7x1-s0", "expresso-r2plus1d_18-7x1-still-s0"]
    video, still = (RunFolder(run).recipe() for run in result.runs)
    assert isinstance(video, ClipRecipe) and still == replace(video, sampling="still")
    table = result.table[result.table["subset"] == "all recordings"].set_index(["predictor", "metric"])
    rows = pd.read_parquet(result.runs[1] / "predictions.parquet").query("split == 'test'")
    error = rows["prediction"] - rows["score"]
    assert table.loc[("single face", "mae"), "value"] == pytest.approx(error.abs().mean())
    text = result.markdown()
    assert "No figures are published in the text at hand" in text and "from random weights" in text
    with pytest.raises(UnusableInput, match="--sampling still"):
        require_method(load_explainable(result.runs[1]), "grad-cam")


def test_windows_differ_in_length_and_dilation_and_share_runs(
    shared_prepared: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(expresso_tables.WINDOWS, "planted", ((7, 1), (5, 3)))
    result = reproduce("expresso/windows", job(shared_prepared, out))
    assert [run.name for run in result.runs] == ["expresso-r2plus1d_18-7x1-s0", "expresso-r2plus1d_18-5x3-s0"]
    dilated = RunFolder(result.runs[1]).recipe()
    assert isinstance(dilated, ClipRecipe) and (dilated.model.clip_frames, dilated.frame_step) == (5, 3)
    assert {"7 frames", "5 frames, step 3"} <= set(result.table["predictor"])
    size = result.sections[0].tables[-1].frame.set_index("network")
    assert size["parameters, M"].nunique() == 1 and size["MACs, G"].nunique() == 2


def test_backbones_are_trained_alike(shared_prepared: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expresso_tables, "BACKBONES", ("mc3_18", "r2plus1d_18"))
    result = reproduce("expresso/backbones", job(shared_prepared, out))
    assert [run.name for run in result.runs] == ["expresso-mc3_18-7x1-s0", "expresso-r2plus1d_18-7x1-s0"]
    first, second = (RunFolder(run).recipe() for run in result.runs)
    assert isinstance(first, ClipRecipe)
    assert replace(first, model=replace(first.model, backbone="r2plus1d_18")) == second


def test_each_backbone_gets_weights_of_its_own(shared_prepared: Path, out: Path) -> None:
    allowed = job(shared_prepared, out, download=True)
    assert "mc3_18" in expresso_tables._weights(allowed, "mc3_18").url  # type: ignore[union-attr]
    assert expresso_tables._weights(allowed, "r2plus1d_50") is None
    assert expresso_tables._weights(job(shared_prepared, out), "mc3_18") is None


def test_windows_at_hand_are_those_of_the_summary() -> None:
    raw = {frames * step for frames, step in expresso_tables.WINDOWS["published"]}
    assert raw == {128, 256} and {frames for frames, _ in expresso_tables.WINDOWS["published"]} == {16, 32, 64}
