"""A data set of many people and runs that were tested on it, for everything that evaluates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tested_runs


@pytest.fixture(scope="session")
def many_people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data set; only read."""
    return tested_runs.data_set(tmp_path_factory.mktemp("people") / "data")


@pytest.fixture
def made_run(shared_run: Path, many_people: Path, tmp_path: Path) -> Callable[..., Path]:
    """Makes a run of a given name that was tested on it (`tested_runs.tested_run`)."""

    def make(name: str, data: Path = many_people, **how: Any) -> Path:
        return tested_runs.tested_run(shared_run, data, tmp_path / name, **how)

    return make
