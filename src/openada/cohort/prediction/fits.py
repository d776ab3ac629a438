"""Fits of a study as one resumable batch: what is stored is not fitted again, and a failure leaves the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from openada.batch import Item, Outcome, run
from openada.errors import SomeItemsFailed


class Stored(Protocol):
    """A job that knows the file its result goes to."""

    @property
    def file(self) -> Path: ...  # noqa: D102


def run_fits(
    do: Callable[..., Any],
    jobs: Sequence[Stored],
    stored: Callable[[Any], Any],
    *,
    lock: Path,
    workers: int | None,
    progress: bool,
) -> list[Outcome]:
    """Do every job that `stored` finds no result of. Raises SomeItemsFailed, once the others are done, if any failed."""
    outcomes = run(
        do,
        [Item(job.file.stem, job) for job in jobs],
        finished=lambda item: stored(item.payload),
        lock=lock,
        title="Fitting",
        workers=workers,
        progress=progress,
    )
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    if failed:
        raise SomeItemsFailed(f"{len(failed)} of {len(outcomes)} fits failed, first {failed[0].key}: {failed[0].error}")
    return outcomes
