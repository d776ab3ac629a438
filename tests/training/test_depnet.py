"""Training on kept features of a frozen trunk, and frame networks on single frames, on twelve small recordings."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from openada.clips.dataset import SegmentSample
from openada.clips.strengths import Augmentation
from openada.errors import UnusableInput
from openada.explanation.recording_maps import FrameMaps, explain_recording
from openada.inference.predict import predict
from openada.inference.recording import TrainedRun
from openada.models.registry import config_for, create
from openada.models.weights import local_weights
from openada.prepared.dataset import PreparedDataset
from openada.studies.attribution import attribute
from openada.studies.explainable import load_explainable
from openada.training import clips
from openada.training.clip_module import ClipTraining, score_loss
from openada.training.clip_recipe import ClipRecipe, clip_recipe
from openada.training.clips import train_clips
from openada.training.kept_features import KeptFeatures
from openada.training.pretext import LIMIT_SD, SIGNALS, PretextTraining, read_network
from openada.training.run_folder import RunFolder

SMALL = {"trunk": "test_resnet", "image_size": 64, "filters": 3, "hidden": 5, "head": "pooled"}
RECIPE: ClipRecipe[Any] = replace(
    clip_recipe("depnet"),
    model=config_for("depnet", **SMALL),
    cached_features=11,
    cached=True,
    epochs=3,
    batch=4,
    learning_rate=1e-3,
)


class StopError(Exception):
    """Stands for a power cut."""


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trunk's weights in a file."""
    path = tmp_path_factory.mktemp("weights") / "trunk.pth"
    network = create("depnet", seed=5, **SMALL).trunk.network
    torch.save(network.state_dict(), path)
    return path


def test_training_reads_features_that_were_computed_once(tiny_prepared: Path, weights: Path, tmp_path: Path) -> None:
    given = local_weights(weights)

    def kept() -> list[Path]:
        return sorted(tiny_prepared.glob("recordings/*/features_*.npy"))

    others = set(kept())
    run = train_clips("depnet", tiny_prepared, tmp_path / "run", RECIPE, weights=given, progress=False)
    files = kept()
    # Eleven candidates of each training recording, five frames of each development recording.
    assert len(set(files) - others) == 6 + 3
    before = [file.stat().st_mtime_ns for file in files]
    other = replace(RECIPE, seed=3)
    train_clips("depnet", tiny_prepared, tmp_path / "other", other, weights=given, progress=False)
    assert kept() == files
    assert [file.stat().st_mtime_ns for file in files] == before
    held = load_file(run.model)
    assert all(torch.equal(held[f"trunk.network.{key}"], value) for key, value in torch.load(weights).items())
    first = create("depnet", seed=0, **SMALL).state_dict()
    assert not torch.equal(held["aggregator.head.0.weight"], first["aggregator.head.0.weight"])


def test_kept_features_are_those_of_the_frames_and_score_alike(tiny_prepared: Path, tmp_path: Path) -> None:
    folder = train_clips("depnet", tiny_prepared, tmp_path / "run", replace(RECIPE, epochs=1), progress=False)
    trained = TrainedRun.load(folder.folder)
    recording = PreparedDataset(tiny_prepared).recording("r7")
    kept = KeptFeatures.of(trained.model, trained.source)  # type: ignore[arg-type]
    assert kept.path(recording, 5).is_file()  # the key is that of training
    features, _ = kept.at_test(recording).read_frames(np.arange(5))
    reader = trained.source.reader(recording)
    clip, _ = reader.read(0, 5)
    with torch.no_grad():
        own = trained.model.frozen_features(clip[None])[0]  # type: ignore[operator]
        torch.testing.assert_close(features, own, rtol=1e-3, atol=1e-3)
        by_hand = float(trained.model.aggregator(features[None])[0])  # type: ignore[operator]
    rows = predict(folder.folder, data=tiny_prepared).set_index("recording_id")
    assert rows.loc["r7", "prediction"] == pytest.approx(by_hand, abs=1e-2)
    # The last development loss was taken on kept features, at test frames.
    last = pd.read_csv(folder.metrics).query("metric == 'development_rmse'")["value"].iloc[-1]
    errors = rows[rows["split"] == "development"].eval("prediction - score")
    assert last == pytest.approx(float(np.sqrt((errors**2).mean())), abs=1e-2)


def test_training_ends_where_the_loss_no_longer_falls_and_stays_ended(
    shared_prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a step nothing is learnt: what remains is chance, and soon nothing is below the lowest."""
    recipe = replace(RECIPE, learning_rate=0.0, stop_after=12, epochs=60, cached_features=0)

    def cut(*arguments: object, **named: object) -> None:
        raise StopError

    with monkeypatch.context() as patch:
        patch.setattr(clips, "save_checkpoint", cut)
        with pytest.raises(StopError):
            train_clips("depnet", shared_prepared, tmp_path / "run", recipe, progress=False)
    losses = pd.read_csv(tmp_path / "run" / "metrics.csv").query("metric == 'training_loss'")["value"].to_numpy()
    steps = 6  # 6 recordings, 4 clips of each, batches of 4
    since = [done - 1 - int(np.argmin(losses[:done])) for done in range(1, len(losses) + 1)]
    assert len(losses) < 60 and since[-1] * steps >= 12 and max(since[:-1]) * steps < 12
    train_clips("depnet", shared_prepared, tmp_path / "run", recipe, progress=False)
    again = pd.read_csv(tmp_path / "run" / "metrics.csv").query("metric == 'training_loss'")["value"].to_numpy()
    assert (again == losses).all() and RunFolder(tmp_path / "run").model.is_file()


def test_a_frame_network_learns_from_single_frames_and_is_tested_on_many(shared_prepared: Path, tmp_path: Path) -> None:
    recipe = replace(
        clip_recipe("frame-network"),
        model=config_for("frame-network", network="test_resnet", image_size=64),
        test_frames=7,
        cached=True,
        pretext=replace(RECIPE.pretext, epochs=1),
        epochs=1,
        batch=4,
    )
    folder = train_clips("frame-network", shared_prepared, tmp_path / "run", recipe, progress=False)
    logged = pd.read_csv(folder.metrics).query("stage == 'pretext'")
    assert set(logged["metric"]) == {"training_loss", "development_loss"} and np.isfinite(logged["value"]).all()
    rows = predict(folder.folder, data=shared_prepared).set_index("recording_id")
    trained = TrainedRun.load(folder.folder)
    reader = trained.source.reader(PreparedDataset(shared_prepared).recording("r10"))
    with torch.no_grad():
        alone = [float(trained.model(reader.read_frames(np.array([k]))[0][None])) for k in reader.order(0, 7)]
    assert rows.loc["r10", "prediction"] == pytest.approx(np.mean(alone), abs=1e-4)
    assert (pd.read_parquet(folder.segments)["recording_id"] == "r10").sum() == 1 and trained.kind.frames == 7
    assert "7 frames spread evenly" in trained.kind.aggregation
    run, recording = load_explainable(folder.folder), PreparedDataset(shared_prepared).recording("r10")
    (one,) = explain_recording(
        run.model, run.reader(recording), run.segments(recording), "saliency", size_px=recording.reference().shape[0]
    )
    assert one.places.tolist() == one.covered.tolist() == reader.order(0, 7).tolist()
    assert one.explanation.score == pytest.approx(rows.loc["r10", "prediction"], abs=1e-4)
    spans = one.explanation.axes[0].spans_s
    np.testing.assert_allclose(spans[:, 0], recording.time_s[one.places])
    drawn = FrameMaps([one], len(recording.time_s))
    with_picture = [k for k in range(len(recording.time_s)) if drawn.at(k, 64) is not None]
    assert with_picture == sorted(set(one.places.tolist()))
    for place, frame in enumerate(one.places):
        np.testing.assert_allclose(drawn.at(int(frame), 64), one.explanation.values[place])
    series = attribute(recording, [one]).series
    assert np.flatnonzero(np.isfinite(series)).tolist() == with_picture


def test_what_cannot_go_together_is_refused(shared_prepared: Path, tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match=r"cached-features 11: features that are computed once.*augmented"):
        replace(RECIPE, augmentation=Augmentation())
    with pytest.raises(UnusableInput, match="sampling spread alone"):
        replace(RECIPE, sampling="clip")
    with pytest.raises(UnusableInput, match="cached-features 3: a clip takes 5"):
        replace(RECIPE, cached_features=3)
    with pytest.raises(UnusableInput, match="stop-after -1"):
        replace(RECIPE, stop_after=-1)
    with pytest.raises(UnusableInput, match="shuffled"):
        replace(RECIPE, frame_order="shuffled")
    trained = replace(RECIPE, model=replace(RECIPE.model, frozen=False), pretext=replace(RECIPE.pretext, epochs=1))
    with pytest.raises(UnusableInput, match=r"cached-features 11: .* cannot be kept; set it to 0"):
        train_clips("depnet", shared_prepared, tmp_path / "trained", trained, progress=False)
    assert not (tmp_path / "trained" / "metrics.csv").exists()
    frames = replace(RECIPE, model=config_for("frame-network", network="test_resnet", image_size=64))
    with pytest.raises(UnusableInput, match="FrameNetwork has no frozen trunk"):
        train_clips("frame-network", shared_prepared, tmp_path / "frames", frames, progress=False)
    pretext = replace(RECIPE, cached_features=0, pretext=replace(RECIPE.pretext, epochs=1))
    with pytest.raises(UnusableInput, match=r"pretext\.epochs 1: .*the trunk is frozen"):
        train_clips("depnet", shared_prepared, tmp_path / "pretext", pretext, progress=False)


def test_the_pretext_stage_reads_signals_of_single_frames_and_trains_the_trunk_alone(
    shared_prepared: Path, tmp_path: Path
) -> None:
    model = replace(RECIPE.model, frozen=False)
    recipe = replace(
        RECIPE,
        model=model,
        cached_features=0,
        clips_per_recording=1,
        epochs=1,
        pretext=replace(RECIPE.pretext, epochs=1),
    )
    run = train_clips("depnet", shared_prepared, tmp_path / "run", recipe, progress=False)
    assert list(pd.read_csv(run.metrics)["stage"].unique()) == ["pretext", "clips"]
    before, after = create("depnet", seed=0, **SMALL, frozen=False).state_dict(), load_file(run.pretext)
    changed = {name.split(".")[0] for name, value in after.items() if not torch.equal(value, before[name])}
    assert changed == {"trunk"}
    # Each frame is a time step: its signals are its own, not a mean over the clip's.
    network = create("depnet", seed=0, **SMALL, frozen=False)
    pretext = PretextTraining(
        network,
        read_network(network),  # type: ignore[arg-type]
        np.ones(len(SIGNALS), np.float32),
        clip_shape=(3, 5, 64, 64),
        learning_rate=1e-3,
        weight_decay=0.0,
    )
    torch.nn.init.zeros_(pretext.from_grid.weight)
    torch.nn.init.zeros_(pretext.from_grid.bias)
    signals = torch.randn(2, 5, len(SIGNALS), generator=torch.Generator().manual_seed(3))
    batch = SegmentSample(torch.rand(2, 3, 5, 64, 64), torch.zeros(2), torch.zeros(2), torch.zeros(2), signals)
    torch.testing.assert_close(pretext.training_step(batch, 0), signals.clamp(-LIMIT_SD, LIMIT_SD).square().mean())


def test_the_euclidean_loss_and_caffes_descent() -> None:
    predicted, score = torch.tensor([3.0, 7.0, 1.0]), torch.tensor([5.0, 7.0, 4.0])
    assert float(score_loss(predicted, score, loss="half-mse", unit=1.0)) == pytest.approx((4 + 0 + 9) / 6)
    network = torch.nn.Linear(2, 1)
    network.bias.requires_grad_(False)
    module = ClipTraining(
        network, loss="half-mse", unit=1, learning_rate=0.1, weight_decay=0.5, optimiser="sgd", momentum=0.9
    )
    optimiser = module.configure_optimizers()
    assert [len(group["params"]) for group in optimiser.param_groups] == [1]
    weight, velocity = network.weight.detach().clone(), torch.zeros(1, 2)
    for gradient in (torch.tensor([[1.0, -2.0]]), torch.tensor([[3.0, 5.0]])):
        network.weight.grad = gradient.clone()
        optimiser.step()
        velocity = 0.9 * velocity + gradient + 0.5 * weight
        weight = weight - 0.1 * velocity
        torch.testing.assert_close(network.weight.detach(), weight)
