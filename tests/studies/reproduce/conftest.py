"""A job on small recordings; what is trained once in a session is copied, not trained again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from openada.datasets.splits import Split
from openada.studies.reproduce.job import Job
from training_recipe import RECIPE


@pytest.fixture(scope="session")
def trained(shared_prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Base and selection runs of two seeds; only read."""
    job = Job(shared_prepared, tmp_path_factory.mktemp("reproduced"), RECIPE, (0, 1), progress=False)
    for seed in job.seeds:
        job.train("expada-base", seed, method="base")
    for runs in job.selection_runs().values():
        job.predictions(runs)
    return job.out


@pytest.fixture
def job(shared_prepared: Path, trained: Path, tmp_path: Path) -> Callable[..., Job]:
    """A job with what is trained already beside it."""

    def make(**changes: object) -> Job:
        out = tmp_path / "reproduced"
        if "data" not in changes and not out.is_dir():
            shutil.copytree(trained, out)
        return Job(**{"data": shared_prepared, "out": out, "recipe": RECIPE, "progress": False, **changes})  # type: ignore[arg-type]

    return make


@pytest.fixture
def two_tasks(tiny_prepared: Path) -> Path:
    """The small data set with each person's recordings as two tasks of a session, two people in every part."""
    path = tiny_prepared / "manifest.parquet"
    manifest = pd.read_parquet(path)
    manifest["task"] = ["read" if number % 2 else "talk" for number in range(len(manifest))]
    manifest.to_parquet(path, index=False)
    ids = {
        part: tuple(f"r{first + k}" for k in range(4))
        for part, first in (("training", 0), ("development", 4), ("test", 8))
    }
    split = tiny_prepared / "splits" / "official.json"
    split.unlink()
    Split("official", ids, dict(zip(manifest["recording_id"], manifest["subject"], strict=True))).save(split)
    return tiny_prepared
