"""A batch on a Dask cluster: one item at a time on each worker, and a crash counted where it happened."""

from __future__ import annotations

import logging
import math
import os
import pickle
import signal
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from typing import Any

from openada.batch.attempt import Attempt, attempt_pickled, failed
from openada.batch.types import Item, Outcome
from openada.errors import OpenadaError, UnusableInput

_POLL_S = 0.5
_PATIENCE_S = 60.0
_CONNECT_S = 10


@dataclass
class _Flight:
    item: Item
    future: Any
    started: float


def outcomes_from_cluster(
    work: Callable[[Any], dict], pending: Sequence[Item], workers: int | None, scheduler: str | None, retries: int
) -> Iterator[Outcome]:
    """The outcome of each item as it becomes known; `workers` processes here, or up to as many of the scheduler named.

    Each item is pinned to a worker that has nothing else, so that a worker that vanishes takes one known item with it.
    """
    with _client(workers, scheduler) as client:
        flights: dict[str, _Flight] = {}  # by worker address
        try:
            yield from _fly(client, flights, work, deque(pending), workers, retries)
        except OSError as error:
            raise OpenadaError(f"lost contact with the scheduler ({error}). Run again to resume.") from error
        finally:
            for flight in flights.values():
                flight.future.cancel()


def _fly(
    client: Any,
    flights: dict[str, _Flight],
    work: Callable[[Any], dict],
    waiting: deque[Item],
    workers: int | None,
    retries: int,
) -> Iterator[Outcome]:
    attempts: Counter[str] = Counter()
    idle_since = time.monotonic()
    while waiting or flights:
        for address in client.nthreads():
            if waiting and address not in flights and len(flights) < (workers or math.inf):
                flights[address] = _take_off(client, address, work, waiting.popleft())
        if flights:
            idle_since = time.monotonic()
        elif time.monotonic() - idle_since > _PATIENCE_S:
            raise OpenadaError(
                f"there has been no worker for {_PATIENCE_S:.0f} s. Start workers and run again to resume."
            )
        _pause(client, flights)
        for address, (item, result) in _landed(client, flights).items():
            del flights[address]
            attempts[item.key] += 1
            if result.worth_repeating and attempts[item.key] <= retries:
                waiting.append(item)
            else:
                yield result.outcome


def _take_off(client: Any, address: str, work: Callable[[Any], dict], item: Item) -> _Flight:
    import cloudpickle  # type: ignore[import-untyped]  # ships none; comes with Dask

    # As bytes, the payload is not searched for Dask's own task notation, and a fault in loading it is the item's.
    pickled = cloudpickle.dumps((work, item.payload))
    future = client.submit(
        attempt_pickled, item.key, pickled, workers=[address], allow_other_workers=False, pure=False, retries=0
    )
    return _Flight(item, future, time.perf_counter())


def _pause(client: Any, flights: dict[str, _Flight]) -> None:
    """Wait until something has ended, or for a moment."""
    from distributed import CancelledError, wait

    if not flights:
        time.sleep(_POLL_S)
        return
    with client.as_current(), suppress(TimeoutError, CancelledError):
        wait([flight.future for flight in flights.values()], timeout=_POLL_S, return_when="FIRST_COMPLETED")


def _landed(client: Any, flights: dict[str, _Flight]) -> dict[str, tuple[Item, Attempt]]:
    """By address, the items that have ended: with a result, or with the loss of their worker."""
    ended: dict[str, tuple[Item, Attempt]] = {}
    alive = set(client.nthreads())
    for address, flight in flights.items():
        if flight.future.status == "finished":
            ended[address] = (flight.item, pickle.loads(flight.future.result()))
        elif flight.future.done() or address not in alive:
            flight.future.cancel()
            ended[address] = (flight.item, Attempt(_lost(flight), True))
    return ended


def _lost(flight: _Flight) -> Outcome:
    from distributed import KilledWorker

    seconds = time.perf_counter() - flight.started
    if flight.future.status == "error" and not isinstance(flight.future.exception(), KilledWorker):
        error = flight.future.exception()
        return failed(flight.item.key, f"{type(error).__name__}: {error}", 1, seconds)
    text = (
        "the process that worked on this item ended without a word (a crash in native code, or no memory left). "
        "Run it alone with one worker to see more."
    )
    return failed(flight.item.key, text, 1, seconds)


@contextmanager
def _client(workers: int | None, scheduler: str | None) -> Iterator[Any]:
    import dask
    from distributed import Client, LocalCluster

    settings = {
        "distributed.scheduler.allowed-failures": 0,
        "distributed.scheduler.worker-ttl": None,  # native code may keep a worker silent for minutes
        "distributed.admin.tick.limit": "1h",
        "distributed.comm.timeouts.connect": "120s",  # a busy machine starts processes slowly
        "distributed.logging": {"distributed": "critical"},
    }
    with ExitStack() as stack:
        stack.enter_context(dask.config.set(settings))
        stack.enter_context(_quiet("distributed", "tornado", "asyncio"))
        if scheduler is not None:
            try:
                client = stack.enter_context(Client(scheduler, timeout=_CONNECT_S, set_as_default=False))
            except (OSError, ValueError) as error:
                raise UnusableInput(
                    f"the scheduler {scheduler!r} does not answer ({error}). Start one (`dask scheduler`) and give its "
                    "address, such as tcp://host:8786."
                ) from error
            yield client
            return
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="openada-", ignore_cleanup_errors=True))
        with _interrupts_held_back():
            cluster = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address=None,
                # Dask keeps a port for its health pages even so: on loopback, and any that is free.
                scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
                # A process per core: threads inside each would only wait for one another.
                env={"OPENCV_FOR_THREADS_NUM": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
                memory_limit=0,
                local_directory=folder,
                silence_logs=logging.CRITICAL,
            )
            stack.callback(_end, cluster)
        yield stack.enter_context(Client(cluster, set_as_default=False))


def _end(cluster: Any) -> None:
    """Close the cluster. Its workers hold nothing that is needed, and a polite close would wait for what they are at."""
    for nanny in cluster.workers.values():
        nanny.auto_restart = False
        if nanny.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(nanny.pid, signal.SIGKILL)
    with suppress(TimeoutError):
        cluster.close(timeout=30)


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Ctrl-C reaches this thread when the block has ended, and never the threads and processes that start in it.

    The cluster starts whole, and its workers, which a terminal interrupts along with this process, leave the stopping to
    this process. Threads and processes inherit the mask, those that replace a crashed worker too.
    """
    resource_tracker.ensure_running()  # started later, it would lift the mask again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _quiet(*names: str) -> Iterator[None]:
    """Dask's own talk about workers that come and go is not for the user."""
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
