"""Training a clip model end to end on twelve small recordings, and what an interruption may and may not change."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from clip_recipe import CLIP_RECIPE, SYSTEM
from openada.datasets.splits import Split
from openada.errors import UnusableInput
from openada.training import fitting
from openada.training.clip_recipe import ClipRecipe, clip_recipe
from openada.training.clips import train_clips
from openada.training.recipe import StageRecipe
from openada.training.run_folder import RunFolder


class StopError(Exception):
    """Stands for a power cut."""


def assert_same_weights(a: Path, b: Path) -> None:
    first, second = (load_file(RunFolder(run).model) for run in (a, b))
    assert first.keys() == second.keys()
    for name, value in first.items():
        torch.testing.assert_close(value, second[name], rtol=0, atol=0, msg=name)


def cut_off_in(epoch: int, where: str) -> Callable[..., None]:
    """What stands in for a function of training and stops it: in an epoch's second batch, or at its end."""
    original = {
        "middle": fitting._Repeatable.on_train_batch_start,
        "before metrics": fitting.record_metrics,
        "before best": fitting._save,
    }[where]

    def cut(*arguments: object) -> None:
        if where == "middle":
            now = arguments[1].current_epoch if arguments[4] == 1 else None  # type: ignore[attr-defined]
        else:
            now = arguments[2] if where == "before metrics" else epoch
        if now == epoch:
            raise StopError
        original(*arguments)  # type: ignore[operator]

    return cut


@pytest.mark.parametrize(("epoch", "where"), [(1, "middle"), (2, "before metrics"), (0, "before best")])
def test_interrupted_and_resumed_equals_undisturbed(
    clip_run: Path, shared_prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, epoch: int, where: str
) -> None:
    owner, name = {
        "middle": (fitting._Repeatable, "on_train_batch_start"),
        "before metrics": (fitting, "record_metrics"),
        "before best": (fitting, "_save"),
    }[where]
    run = tmp_path / "resumed"
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, cut_off_in(epoch, where))
        with pytest.raises(StopError):
            train_clips(SYSTEM, shared_prepared, run, CLIP_RECIPE, progress=False)
    train_clips(SYSTEM, shared_prepared, run, CLIP_RECIPE, progress=False)
    assert_same_weights(run, clip_run)
    pd.testing.assert_frame_equal(pd.read_csv(run / "metrics.csv"), pd.read_csv(clip_run / "metrics.csv"))


def test_the_epoch_with_the_lowest_development_loss_is_kept_and_the_run_says_who_chose_it(
    shared_prepared: Path, clip_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A development loss that rises: the weights are those of the first epoch, as a run of that epoch alone leaves them."""
    losses = iter((1.0, 2.0, 3.0))
    original = fitting.record_metrics

    def rising(path: Path, stage: str, epoch: int, values: dict[str, float]) -> None:
        original(path, stage, epoch, {**values, "development_loss": next(losses)})

    with monkeypatch.context() as patch:
        patch.setattr(fitting, "record_metrics", rising)
        train_clips(SYSTEM, shared_prepared, tmp_path / "best", CLIP_RECIPE, progress=False)
    # One epoch's learning rate must be what it was in the longer run.
    once = replace(CLIP_RECIPE, epochs=3, keep="last")
    stopped = tmp_path / "last"
    with monkeypatch.context() as patch:
        patch.setattr(fitting, "record_metrics", cut_off_in(1, "before metrics"))
        with pytest.raises(StopError):
            train_clips(SYSTEM, shared_prepared, stopped, once, progress=False)
    resume = torch.load(RunFolder(stopped).checkpoint / "clips.ckpt", weights_only=True)
    held = load_file(RunFolder(tmp_path / "best").model)
    for name, value in held.items():
        torch.testing.assert_close(value, resume["state_dict"][f"network.{name}"], rtol=0, atol=0)
    assert RunFolder(tmp_path / "best").config()["selected_on"] == "development"
    assert not list(RunFolder(tmp_path / "best").checkpoint.glob("*best*"))


def test_a_split_without_development_needs_the_last_epoch(tiny_prepared: Path, tmp_path: Path) -> None:
    manifest = pd.read_parquet(tiny_prepared / "manifest.parquet")
    subjects = dict(zip(manifest["recording_id"], manifest["subject"], strict=True))
    ids = {"training": tuple(f"r{k}" for k in range(6)), "test": tuple(f"r{k}" for k in range(6, 12))}
    Split("two-parts", ids, subjects).save(tiny_prepared / "splits" / "two-parts.json")
    recipe = replace(CLIP_RECIPE, split="two-parts", epochs=1)
    with pytest.raises(UnusableInput, match=r"no development recordings to choose an epoch by.*--keep last"):
        train_clips(SYSTEM, tiny_prepared, tmp_path / "run", recipe, progress=False)
    folder = train_clips(SYSTEM, tiny_prepared, tmp_path / "run", replace(recipe, keep="last"), progress=False)
    assert folder.config()["selected_on"] is None
    assert set(pd.read_csv(folder.metrics)["metric"]) == {"training_loss"}


def test_the_score_is_on_the_labels_scale_whatever_its_unit(shared_prepared: Path, clip_run: Path) -> None:
    labels = pd.read_parquet(clip_run / "recordings.parquet").query("split == 'training'")["score"]
    settings = RunFolder(clip_run).config()["model"]
    assert (settings["score_mean"], settings["score_sd"]) == pytest.approx((labels.mean(), labels.std(ddof=0)))
    assert settings["input_range"] == "difference"


def test_a_run_of_another_system_or_recipe_is_refused(clip_run: Path, shared_prepared: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(clip_run, tmp_path / "run"))
    before = RunFolder(run).model.stat().st_mtime_ns
    train_clips(SYSTEM, shared_prepared, run, CLIP_RECIPE, progress=False)
    assert RunFolder(run).model.stat().st_mtime_ns == before
    with pytest.raises(UnusableInput, match="choose another --out"):
        train_clips(SYSTEM, shared_prepared, run, replace(CLIP_RECIPE, label_noise=0.5), progress=False)
    with pytest.raises(UnusableInput, match="system = sta-drn, now resnet3d"):
        train_clips("resnet3d", shared_prepared, run, plain_recipe(), progress=False)


def plain_recipe() -> ClipRecipe[Any]:
    recipe = clip_recipe("resnet3d", "planted")
    return replace(recipe, model=replace(recipe.model, width=2, stem_channels=2, clip_frames=7, image_size=32))


def test_a_pretext_stage_comes_first_and_uses_no_label(
    shared_prepared: Path, tiny_prepared: Path, tmp_path: Path
) -> None:
    recipe = replace(CLIP_RECIPE, epochs=1, pretext=StageRecipe(epochs=2, learning_rate=1e-3, batch=4))
    run = train_clips(SYSTEM, shared_prepared, tmp_path / "run", recipe, progress=False)
    stages = pd.read_csv(run.metrics)["stage"]
    assert list(stages.unique()) == ["pretext", "clips"]
    table = pd.read_parquet(tiny_prepared / "manifest.parquet")
    table["score"] = 63 - table["score"]
    table.to_parquet(tiny_prepared / "manifest.parquet")
    other = train_clips(SYSTEM, tiny_prepared, tmp_path / "other", recipe, progress=False)
    first, second = load_file(run.pretext), load_file(other.pretext)
    assert all(value.equal(second[name]) for name, value in first.items())
    assert not load_file(run.model)["fc.weight"].equal(load_file(other.model)["fc.weight"])
