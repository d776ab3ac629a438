"""Training with gradient checkpointing and in mixed precision, both stages, on the processor."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from openada.models.expada import trunk
from openada.training import expada_modules
from openada.training.expada import train_expada
from openada.training.run_folder import RunFolder
from training_recipe import RECIPE


def test_checkpointing_changes_no_weight(
    shared_prepared: Path, shared_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = []
    original = trunk.checkpoint
    monkeypatch.setattr(trunk, "checkpoint", lambda *a, **k: used.append(1) or original(*a, **k))
    train_expada(shared_prepared, tmp_path / "run", replace(RECIPE, checkpoint_trunk=True), progress=False)
    mine, plain = (load_file(RunFolder(folder).model) for folder in (tmp_path / "run", shared_run))
    assert used and mine.keys() == plain.keys()
    for name, value in plain.items():
        torch.testing.assert_close(mine[name], value, rtol=1e-4, atol=1e-6, msg=name)


def test_mixed_precision_trains_both_stages(
    shared_prepared: Path, shared_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, set[object]] = {}
    for name in ("segment_loss", "selection_loss"):

        def spy(*args: object, original: object = getattr(expada_modules, name), name: str = name, **given: object):  # type: ignore[no-untyped-def]
            loss = original(*args, **given)  # type: ignore[operator]
            seen.setdefault(name, set()).add((torch.is_autocast_enabled("cpu"), loss.dtype))
            return loss

        monkeypatch.setattr(expada_modules, name, spy)
    recipe = replace(RECIPE, precision="bf16-mixed", accelerator="cpu")
    # oneDNN's bfloat16 weight gradient of a 3-D convolution on grids as small as these holds inf and NaN (torch 2.15, AVX-512
    # without bfloat16 instructions); on grids of 14×14 and more it is right.
    with torch.backends.mkldnn.flags(enabled=False):
        train_expada(shared_prepared, tmp_path / "run", recipe, progress=False)
    assert seen == {name: {(True, torch.float32)} for name in ("segment_loss", "selection_loss")}
    assert all(
        value.dtype == torch.float32
        for value in load_file(RunFolder(tmp_path / "run").model).values()
        if value.is_floating_point()
    )
    mixed, plain = (
        pd.read_csv(folder / "metrics.csv").query("metric == 'training_loss' and stage != 'pretext'")
        for folder in (tmp_path / "run", shared_run)
    )
    assert np.isfinite(mixed["value"]).all() and not np.allclose(mixed["value"], plain["value"], rtol=1e-6)
    # A few noisy steps on twelve recordings: rounding moves them, but a term that is wrongly scaled would show.
    np.testing.assert_allclose(mixed["value"], plain["value"], rtol=0.5)
