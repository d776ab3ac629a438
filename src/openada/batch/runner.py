"""The run itself: what is kept, what is to do, in which process, and the outcomes in order."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from openada.batch.attempt import attempt
from openada.batch.lock import exclusive
from openada.batch.types import Item, Outcome
from openada.errors import UnusableInput


def run(
    work: Callable[[Any], dict],
    items: Sequence[Item],
    *,
    finished: Callable[[Item], dict | None],
    begin: Callable[[], None] | None = None,
    lock: Path,
    title: str,
    workers: int | None = None,
    scheduler: str | None = None,
    retries: int = 1,
    progress: bool = True,
) -> list[Outcome]:
    """Do `work(item.payload)` for every item that `finished` does not know; outcomes in the order of `items`.

    `finished(item)` gives the stored result of an item done before, or None. The work publishes its own output in one
    step, so that a run that is stopped at any moment is resumed by running it again. `begin` is called first, when no other
    run can be at work: the place to clear what a killed one left.

    With one worker, or one item left, the work runs in this process, and a crash ends it. With more it runs in a local
    cluster of processes, or at `scheduler` ("tcp://host:8786", on
    up to `workers` of its workers), with at most one item at a time on each worker: a crash of a worker is counted
    against the item it was at, and no other. Such an item, and one that failed by OSError or MemoryError, is tried
    `retries` times again; any other exception is recorded at once. The batch goes on in each case.
    Work, payloads and results are pickled (by value for functions of a script); a script that calls this with more than
    one worker keeps its own top level under `if __name__ == "__main__":`.

    Raises UnusableInput if another run holds `lock`, for a key that occurs twice, a number of workers below one, and a
    scheduler that does not answer. KeyboardInterrupt stops the workers and is raised again.
    """
    if workers is not None and workers < 1:
        raise UnusableInput(f"workers is {workers}. Give 1 or more, or leave it out for one per core.")
    _check_keys(items)
    with exclusive(lock):
        if begin is not None:
            begin()
        outcomes: dict[str, Outcome] = {}
        for item in items:
            result = finished(item)
            if result is not None:
                outcomes[item.key] = Outcome(item.key, "kept", result, None, None, 0.0)
        pending = [item for item in items if item.key not in outcomes]
        with (
            _progress_bar(title, len(items), len(outcomes), shown=progress) as advance,
            closing(_outcomes(work, pending, workers, scheduler, retries)) as made,  # workers end before the lock does
        ):
            for outcome in made:
                outcomes[outcome.key] = outcome
                advance(outcome)
    return [outcomes[item.key] for item in items]


def default_workers() -> int:
    """The number of cores that this process may use (affinity and container limits counted)."""
    from dask.system import cpu_count

    return cpu_count()


def _outcomes(
    work: Callable[[Any], dict], pending: Sequence[Item], workers: int | None, scheduler: str | None, retries: int
) -> Generator[Outcome, None, None]:
    if not pending:
        return
    if scheduler is None:
        workers = min(len(pending), workers or default_workers())
        if workers == 1:
            for item in pending:
                yield _in_this_process(work, item, retries)
            return
    from openada.batch.cluster import outcomes_from_cluster

    yield from outcomes_from_cluster(work, pending, workers, scheduler, retries)


def _in_this_process(work: Callable[[Any], dict], item: Item, retries: int) -> Outcome:
    for _ in range(retries):
        outcome, worth_repeating = attempt(item.key, work, item.payload)
        if not worth_repeating:
            return outcome
    return attempt(item.key, work, item.payload).outcome


def _check_keys(items: Sequence[Item]) -> None:
    seen: set[str] = set()
    for item in items:
        if item.key in seen:
            raise UnusableInput(f"the item {item.key!r} occurs twice in the batch. Give each item a name of its own.")
        seen.add(item.key)


@contextmanager
def _progress_bar(title: str, total: int, kept: int, *, shown: bool) -> Iterator[Callable[[Outcome], None]]:
    if not shown:
        yield lambda outcome: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    failures = 0
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=total, completed=kept, note="")

        def advance(outcome: Outcome) -> None:
            nonlocal failures
            failures += outcome.status == "failed"
            bar.update(task, advance=1, note=f"{failures} failed" if failures else "")

        yield advance
