"""A batch run with everything that a test does not care about filled in."""

from collections.abc import Callable
from pathlib import Path

import pytest

from openada.batch import Item, Outcome, run


@pytest.fixture
def run_batch(tmp_path: Path) -> Callable[..., list[Outcome]]:
    def go(work: Callable, payloads: list, **options) -> list[Outcome]:
        settings = {"finished": lambda item: None, "lock": tmp_path / "lock", "title": "test", "progress": False}
        return run(work, [Item(f"item {k}", payload) for k, payload in enumerate(payloads)], **(settings | options))

    return go
