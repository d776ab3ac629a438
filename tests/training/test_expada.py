"""Training end to end on twelve small recordings, and what an interruption may and may not change."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from openada.datasets.splits import load
from openada.errors import UnusableInput
from openada.files import read_json, write_json
from openada.training import expada as training
from openada.training import fitting
from openada.training.expada import train_expada
from openada.training.recipe import from_json
from openada.training.run_folder import RunFolder
from training_recipe import RECIPE


class StopError(Exception):
    """Stands for a power cut."""


def weights(run: Path) -> dict[str, torch.Tensor]:
    return load_file(RunFolder(run).model)


def assert_same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> None:
    assert a.keys() == b.keys()
    for name, value in a.items():
        torch.testing.assert_close(value, b[name], rtol=0, atol=0, msg=name)


def interrupt(monkeypatch: pytest.MonkeyPatch, stage: str, epoch: int, when: str) -> None:
    """Cut training off in the given epoch of a stage: in the middle of it, or just before its resume file is written."""
    if when == "middle":
        original = fitting._Repeatable.on_train_batch_start

        def cut(self: object, trainer: object, module: object, batch: object, batch_idx: int) -> None:
            own = type(module).__name__.removesuffix("Training").lower()
            if own == stage and trainer.current_epoch == epoch and batch_idx == 1:  # type: ignore[attr-defined]
                raise StopError
            original(self, trainer, module, batch, batch_idx)  # type: ignore[arg-type]

        monkeypatch.setattr(fitting._Repeatable, "on_train_batch_start", cut)
    else:
        original_end = fitting._EpochEnd.on_train_epoch_end

        def cut_end(self: fitting._EpochEnd, trainer: object, module: object) -> None:
            if self._stage == stage and trainer.current_epoch == epoch:  # type: ignore[attr-defined]
                raise StopError
            original_end(self, trainer, module)  # type: ignore[arg-type]

        monkeypatch.setattr(fitting._EpochEnd, "on_train_epoch_end", cut_end)


@pytest.mark.parametrize(
    ("stage", "epoch", "when"),
    [
        ("pretext", 1, "middle"),
        ("encoder", 0, "middle"),
        ("encoder", 2, "middle"),
        ("encoder", 1, "end"),
        ("selector", 0, "middle"),
        ("selector", 3, "end"),
    ],
)
def test_interrupted_and_resumed_equals_undisturbed(
    shared_run: Path,
    shared_prepared: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stage: str,
    epoch: int,
    when: str,
) -> None:
    run = tmp_path / "resumed"
    with monkeypatch.context() as patch:
        interrupt(patch, stage, epoch, when)
        with pytest.raises(StopError):
            train_expada(shared_prepared, run, RECIPE, progress=False)
    epochs = _count_epochs(monkeypatch)
    train_expada(shared_prepared, run, RECIPE, progress=False)
    assert_same(weights(run), weights(shared_run))
    pd.testing.assert_frame_equal(pd.read_csv(run / "metrics.csv"), pd.read_csv(shared_run / "metrics.csv"))
    assert epochs[stage] == {"pretext": 2, "encoder": 3, "selector": 4}[stage] - epoch


def test_cut_off_after_the_last_epoch_the_weights_are_still_the_trained_ones(
    shared_run: Path, shared_prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*arguments: object) -> None:
        raise StopError

    with monkeypatch.context() as patch:
        patch.setattr(training, "save_checkpoint", stop)
        with pytest.raises(StopError):
            train_expada(shared_prepared, tmp_path / "resumed", RECIPE, progress=False)
    train_expada(shared_prepared, tmp_path / "resumed", RECIPE, progress=False)
    assert_same(weights(tmp_path / "resumed"), weights(shared_run))


def _count_epochs(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How many epochs each stage still trains."""
    counted = {"pretext": 0, "encoder": 0, "selector": 0}
    original = fitting.record_metrics

    def count(path: Path, stage: str, epoch: int, values: dict[str, float]) -> None:
        counted[stage] += 1
        original(path, stage, epoch, values)

    monkeypatch.setattr(fitting, "record_metrics", count)
    return counted


def test_a_finished_run_is_left_alone_and_another_recipe_is_refused(run: Path, shared_prepared: Path) -> None:
    before = (run / "checkpoint" / "model.safetensors").stat().st_mtime_ns
    train_expada(shared_prepared, run, RECIPE, progress=False)
    assert (run / "checkpoint" / "model.safetensors").stat().st_mtime_ns == before
    with pytest.raises(UnusableInput, match="choose another --out"):
        train_expada(shared_prepared, run, replace(RECIPE, seed=1), progress=False)


def test_a_run_from_before_a_setting_existed_is_one_with_its_default(run: Path, shared_prepared: Path) -> None:
    config = read_json(run / "config.json")
    del config["recipe"]["frame_order"]
    write_json(run / "config.json", config)
    train_expada(shared_prepared, run, RECIPE, progress=False)
    with pytest.raises(UnusableInput, match="choose another --out"):
        train_expada(shared_prepared, run, replace(RECIPE, frame_order="shuffled"), progress=False)


def test_nothing_of_the_test_part_is_read_while_training(
    tiny_prepared: Path, tmp_path: Path, shared_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pd.read_parquet(tiny_prepared / "manifest.parquet")
    table.loc[table["split"] == "test", "score"] = 1.0
    table.to_parquet(tiny_prepared / "manifest.parquet")
    train_expada(tiny_prepared, tmp_path / "other-labels", RECIPE, progress=False)
    assert_same(weights(tmp_path / "other-labels"), weights(shared_run))


def test_dropped_recordings_are_named_with_the_reason(tiny_prepared: Path, tmp_path: Path) -> None:
    table = pd.read_parquet(tiny_prepared / "manifest.parquet")
    table.loc[0, "score"] = np.nan
    table.loc[1, "status"] = "no face"
    table.to_parquet(tiny_prepared / "manifest.parquet")
    run = train_expada(tiny_prepared, tmp_path / "run", replace(RECIPE, method="base"), progress=False)
    assert run.config()["dropped"] == [
        {"recording_id": "r0", "reason": "no label"},
        {"recording_id": "r1", "reason": "no face"},
    ]


def test_a_recipe_survives_json_and_unknown_keys_are_errors(shared_run: Path) -> None:
    assert RunFolder(shared_run).recipe() == RECIPE
    with pytest.raises(UnusableInput, match="no setting 'learning'"):
        from_json({"learning": 1})


def test_stage_2_alone_takes_over_encoder_and_units(shared_run: Path, shared_prepared: Path, tmp_path: Path) -> None:
    recipe = replace(RECIPE, seed=5)
    folder = train_expada(
        shared_prepared, tmp_path / "second", recipe, encoder_of=shared_run, keep_epochs=(1,), progress=False
    )
    first, second = weights(shared_run), weights(tmp_path / "second")
    assert_same(
        {name: value for name, value in first.items() if name.startswith("encoder.")},
        {name: value for name, value in second.items() if name.startswith("encoder.")},
    )
    moved = [name for name, value in first.items() if name.startswith("selector.") and not value.equal(second[name])]
    assert moved  # another seed, another selection
    assert set(pd.read_csv(folder.metrics)["stage"]) == {"selector"}
    kept = load_file(folder.kept("selector", 1))
    assert kept.keys() == {name for name in second if name.startswith("selector.")}
    assert any(not value.equal(second[name]) for name, value in kept.items())  # one epoch is not the last
    assert folder.config()["encoder_of"]["run"] == shared_run.name


def test_an_encoder_trained_otherwise_is_refused(shared_run: Path, shared_prepared: Path, tmp_path: Path) -> None:
    other = replace(RECIPE, encoder=replace(RECIPE.encoder, learning_rate=1.0))
    with pytest.raises(UnusableInput, match="another encoder;"):
        train_expada(shared_prepared, tmp_path / "second", other, encoder_of=shared_run, progress=False)
    assert not (tmp_path / "second").exists()


def test_a_pretext_stage_taken_over_gives_the_run_that_trains_its_own(
    shared_run: Path, shared_prepared: Path, tmp_path: Path
) -> None:
    recipe = replace(RECIPE, method="base")
    own = train_expada(shared_prepared, tmp_path / "own", recipe, progress=False)
    taken = train_expada(shared_prepared, tmp_path / "taken", recipe, pretext_of=shared_run, progress=False)
    assert_same(weights(tmp_path / "own"), weights(tmp_path / "taken"))
    assert set(pd.read_csv(own.metrics)["stage"]) == {"pretext", "encoder"}
    assert set(pd.read_csv(taken.metrics)["stage"]) == {"encoder"}
    assert taken.config()["pretext_of"]["run"] == shared_run.name


@pytest.mark.parametrize(
    ("changes", "differs"),
    [({"seed": 5}, "seed"), ({"pretext": replace(RECIPE.pretext, learning_rate=1.0)}, "pretext")],
)
def test_a_pretext_stage_trained_otherwise_is_refused(
    shared_run: Path, shared_prepared: Path, tmp_path: Path, changes: dict, differs: str
) -> None:
    with pytest.raises(UnusableInput, match=f"pretext stage of .* with another {differs};"):
        train_expada(
            shared_prepared, tmp_path / "second", replace(RECIPE, **changes), pretext_of=shared_run, progress=False
        )
    assert not (tmp_path / "second").exists()


@pytest.mark.parametrize("taken", ["encoder_of", "pretext_of"])
def test_nothing_is_taken_over_from_a_run_on_another_split(
    shared_run: Path, tiny_prepared: Path, tmp_path: Path, taken: str
) -> None:
    path = tiny_prepared / "splits" / "official.json"
    official = load(path)
    *test, moved = official.ids["test"]
    path.unlink()
    replace(official, ids={**official.ids, "test": tuple(test), "training": (*official.ids["training"], moved)}).save(
        path
    )
    with pytest.raises(UnusableInput, match="with another split;"):
        train_expada(tiny_prepared, tmp_path / "second", RECIPE, **{taken: shared_run}, progress=False)


def test_a_loss_that_is_not_finite_stops_training_and_says_what_to_do(shared_prepared: Path, tmp_path: Path) -> None:
    recipe = replace(
        RECIPE,
        method="base",
        pretext=replace(RECIPE.pretext, epochs=0),
        encoder=replace(RECIPE.encoder, learning_rate=1e30),
    )
    with pytest.raises(
        UnusableInput, match=r"training loss of encoder is (nan|inf) in epoch \d.*--encoder.learning-rate"
    ):
        train_expada(shared_prepared, tmp_path / "run", recipe, progress=False)
    assert not RunFolder(tmp_path / "run").model.exists()
