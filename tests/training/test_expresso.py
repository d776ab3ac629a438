"""Expresso-AI's training: which parameters move in which epoch, all windows in every epoch, and interruptions."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from openada.clips.dataset import Key
from openada.errors import UnusableInput
from openada.inference.predict import predict
from openada.inference.recording import TrainedRun
from openada.models.registry import config_for, create
from openada.prepared.dataset import PreparedDataset
from openada.studies.explainable import load_explainable, require_method
from openada.training import fitting
from openada.training.clip_material import ClipSource, random_clip_loader
from openada.training.clip_recipe import ClipRecipe, clip_recipe
from openada.training.clips import schedule_of, train_clips
from openada.training.mean_face import mean_face
from openada.training.recipe import StageRecipe
from openada.training.recordings import parts_of
from openada.training.run_folder import RunFolder
from openada.training.schedules import Step

SYSTEM = "expresso-ai"
RECIPE: ClipRecipe[Any] = replace(
    clip_recipe(SYSTEM),
    model=config_for(SYSTEM, width=2, clip_frames=7, image_size=32),
    reference="median",
    cached=True,
    frame_step=2,
    epochs=4,
    keep="last",
    learning_rate=1e-2,
    label_noise=1.0,
)


class StopError(Exception):
    """Stands for a power cut."""


def states_per_epoch(data: Path, run: Path, recipe: ClipRecipe[Any]) -> list[dict[str, torch.Tensor]]:
    """The network's tensors before training and after each epoch, and what was seen of the gradient's norm."""
    states = [
        {name: value.clone() for name, value in create(SYSTEM, seed=0, **vars(recipe.model)).state_dict().items()}
    ]
    original = fitting._EpochEnd.on_train_epoch_end

    def watch(self: Any, trainer: Any, module: Any) -> None:
        states.append({name: value.clone() for name, value in module.network.state_dict().items()})
        original(self, trainer, module)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting._EpochEnd, "on_train_epoch_end", watch)
        train_clips(SYSTEM, data, run, recipe, progress=False)
    return states


def test_gradual_unfreezing_moves_one_more_part_in_every_epoch(shared_prepared: Path, tmp_path: Path) -> None:
    """Epoch 0 the linear output alone, epoch 1 the last stage too, and so on; frozen BatchNorm statistics stay as they were."""
    recipe = replace(RECIPE, weight_decay=0.1)
    states = states_per_epoch(shared_prepared, tmp_path / "run", recipe)
    order = ("fc", "layer4", "layer3", "layer2", "layer1", "stem")
    for epoch, (before, after) in enumerate(pairwise(states)):
        for place, part in enumerate(order):
            inside = [name for name in before if name.startswith(f"network.{part}.")]
            moved = {name: not torch.equal(before[name], after[name]) for name in inside}
            trained = place <= epoch
            assert all(moved.values()) if trained else not any(moved.values()), (epoch, part, moved)
            assert inside


def test_an_interrupted_run_unfreezes_and_ends_as_an_undisturbed_one(
    shared_prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_clips(SYSTEM, shared_prepared, tmp_path / "whole", RECIPE, progress=False)
    original = fitting._Repeatable.on_train_batch_start

    def cut(self: Any, trainer: Any, module: Any, batch: Any, place: int) -> None:
        if (trainer.current_epoch, place) == (2, 1):
            raise StopError
        original(self, trainer, module, batch, place)

    with monkeypatch.context() as patch:
        patch.setattr(fitting._Repeatable, "on_train_batch_start", cut)
        with pytest.raises(StopError):
            train_clips(SYSTEM, shared_prepared, tmp_path / "cut", RECIPE, progress=False)
    train_clips(SYSTEM, shared_prepared, tmp_path / "cut", RECIPE, progress=False)
    whole, cut_off = (load_file(RunFolder(tmp_path / name).model) for name in ("whole", "cut"))
    assert all(torch.equal(value, cut_off[name]) for name, value in whole.items())

    # The score of a recording is the mean over its windows, of which the next begins 4 sampled frames after the one before.
    trained = TrainedRun.load(tmp_path / "whole")
    recording = PreparedDataset(shared_prepared).recording("r10")
    reader = trained.source.reader(recording)
    firsts = [0, 8, 16, 24]  # 20 sampled frames; a window of 7 of them, overlapping by half
    with torch.no_grad():
        alone = [float(trained.model(reader.read(first, 7)[0][None])) for first in firsts]
    rows = predict(tmp_path / "whole", data=shared_prepared).set_index("recording_id")
    assert rows.loc["r10", "prediction"] == pytest.approx(np.mean(alone), abs=1e-4)
    require_method(load_explainable(tmp_path / "whole"), "grad-cam++")  # a frame step is no hindrance


def test_all_windows_are_trained_on_once_an_epoch_with_noise_on_their_labels(shared_prepared: Path) -> None:
    dataset, source = PreparedDataset(shared_prepared), ClipSource(RECIPE)
    _, of, _ = parts_of(dataset, source.segments, split="official", task="", folder=shared_prepared)
    loader = random_clip_loader(source, dataset, of["training"])
    loader.sampler.set_epoch(3)  # type: ignore[attr-defined]
    keys = list(loader.sampler)
    assert sorted(key.item for key in keys) == list(range(6 * 4)) and {key.epoch for key in keys} == {3}
    assert [key.item for key in keys] != sorted(key.item for key in keys)
    found = [loader.dataset[Key(3, item)] for item in range(8)]
    assert [int(one.recording) for one in found] == [0] * 4 + [1] * 4
    noise = np.array([float(one.score) for one in found[:4]]) - float(of["training"]["score"].iloc[0])
    assert len(set(noise)) == 4 and np.abs(noise).max() < 5
    assert float(loader.dataset[Key(4, 0)].score) != float(found[0].score)


def test_the_published_recipe_is_as_described_and_its_rate_never_reaches_zero() -> None:
    recipe = clip_recipe(SYSTEM)
    assert (recipe.model.clip_frames, recipe.frame_step, recipe.overlap, recipe.loss) == (16, 8, 0.5, "mse")
    assert (recipe.score_unit, recipe.optimiser, recipe.schedule) == ("points", "sgd", "cosine-restarts")
    assert recipe.clip_norm and recipe.unfreeze_epochs == 1 and recipe.label_noise == 0
    factors = [schedule_of(recipe)(Step(epoch, 0, 5, recipe.epochs)) for epoch in range(recipe.epochs)]
    assert factors[0] == factors[10] == 1 and min(factors) >= 0.01 and factors[9] < 0.05
    assert factors[5] == pytest.approx(0.505)


def test_the_gradient_is_clipped_at_every_step(
    shared_prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    norms: list[float] = []
    original = torch.optim.SGD.step

    def watch(self: torch.optim.SGD, *arguments: Any, **named: Any) -> Any:
        result = original(self, *arguments, **named)
        held = [p.grad for group in self.param_groups for p in group["params"] if p.grad is not None]
        norms.append(float(torch.stack([gradient.norm() for gradient in held]).norm()))
        return result

    monkeypatch.setattr(torch.optim.SGD, "step", watch)
    recipe = replace(RECIPE, epochs=2, clip_norm=0.5)
    train_clips(SYSTEM, shared_prepared, tmp_path / "run", recipe, progress=False)
    assert len(norms) == 2 * 3 and all(norm <= 0.5 + 1e-4 for norm in norms) and max(norms) > 0.4


def test_what_cannot_go_together_is_refused(shared_prepared: Path, tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match=r"overlap 1\.0: it must be below 1"):
        replace(RECIPE, overlap=1.0)
    with pytest.raises(UnusableInput, match=r"least-rate -0\.1: it must be at least 0"):
        replace(RECIPE, least_rate=-0.1)
    with pytest.raises(UnusableInput, match="sampling spread: a recording is one clip"):
        replace(RECIPE, sampling="spread")
    with pytest.raises(UnusableInput, match="image-size 34 must be a multiple of 4"):
        replace(RECIPE, input="mosaic", model=replace(RECIPE.model, image_size=34))
    other = replace(RECIPE, model=config_for("resnet3d", width=2, stem_channels=2, clip_frames=7, image_size=32))
    with pytest.raises(UnusableInput, match="ResNet3D is not unfrozen part by part"):
        train_clips("resnet3d", shared_prepared, tmp_path / "other", other, progress=False)


def test_a_mosaic_run_trains_predicts_and_is_not_explained(shared_prepared: Path, tmp_path: Path) -> None:
    recipe = replace(RECIPE, input="mosaic", epochs=1, cached=False, reference="none")
    folder = train_clips(SYSTEM, shared_prepared, tmp_path / "run", recipe, progress=False)
    assert np.isfinite(predict(folder.folder, data=shared_prepared)["prediction"]).all()
    said = TrainedRun.load(folder.folder).kind.aggregation
    assert (
        said
        == "Mean over the clips of a recording (a mosaic of face regions), overlapping by 0.5, each weighing the same"
    )
    assert mean_face(folder.model) is None  # no clip of it shows a whole face
    with pytest.raises(UnusableInput, match="mosaic of face regions"):
        require_method(load_explainable(folder.folder), "grad-cam")


def test_the_pretext_stage_teaches_the_backbone_before_anything_is_frozen(
    shared_prepared: Path, tmp_path: Path
) -> None:
    recipe = replace(RECIPE, epochs=1, pretext=StageRecipe(epochs=1, learning_rate=1e-3, batch=8))
    folder = train_clips(SYSTEM, shared_prepared, tmp_path / "run", recipe, progress=False)
    first = create(SYSTEM, seed=0, **vars(recipe.model)).state_dict()
    taught, trained = load_file(folder.pretext), load_file(folder.model)
    stem = "network.stem.0.weight"
    assert not torch.equal(taught[stem], first[stem]) and torch.equal(taught[stem], trained[stem])
    assert not torch.equal(taught["network.fc.weight"], trained["network.fc.weight"])
    assert set(pd.read_csv(folder.metrics)["stage"]) == {"pretext", "clips"}
    assert isinstance(TrainedRun.load(folder.folder).model.network.fc, nn.Linear)  # type: ignore[union-attr]
