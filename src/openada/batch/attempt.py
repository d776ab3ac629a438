"""One attempt at one item, in whatever process it runs."""

from __future__ import annotations

import pickle
import time
import traceback
from collections.abc import Callable
from typing import Any, NamedTuple

from openada.batch.types import Outcome
from openada.errors import OpenadaError


class Attempt(NamedTuple):
    """What an attempt gave, and whether another one might give something else."""

    outcome: Outcome
    worth_repeating: bool


def attempt(key: str, work: Callable[[Any], dict], payload: Any) -> Attempt:
    """Call `work(payload)` and put every exception but an interruption into an Outcome.

    Only a failure of the surroundings is worth repeating (OSError, MemoryError): anything else would fail again.
    """
    started = time.perf_counter()
    try:
        result = work(payload)
    except OpenadaError as error:
        return Attempt(failed(key, str(error), error.exit_code, time.perf_counter() - started), False)
    except Exception as error:
        outcome = failed(
            key, f"{type(error).__name__}: {error}", 1, time.perf_counter() - started, traceback.format_exc()
        )
        return Attempt(outcome, isinstance(error, (OSError, MemoryError)))
    return Attempt(Outcome(key, "done", result, None, None, time.perf_counter() - started), False)


def attempt_pickled(key: str, pickled: bytes) -> bytes:
    """`attempt` for a cloudpickled (work, payload), as a worker process receives it; gives a pickled Attempt."""
    import cloudpickle  # type: ignore[import-untyped]  # ships none; comes with Dask

    started = time.perf_counter()
    try:
        work, payload = cloudpickle.loads(pickled)
    except Exception as error:
        text = f"{type(error).__name__}: {error}. The worker cannot load the work; install the same openada there."
        return pickle.dumps(Attempt(failed(key, text, 1, 0.0, traceback.format_exc()), False))
    made = attempt(key, work, payload)
    try:
        return pickle.dumps(made)
    except Exception as error:
        text = f"{type(error).__name__}: {error}. A result has to be plain data that can be pickled."
        return pickle.dumps(Attempt(failed(key, text, 1, time.perf_counter() - started), False))


def failed(key: str, error: str, exit_code: int, seconds: float, trace: str | None = None) -> Outcome:
    """The Outcome of a failure, its text brought onto one line."""
    return Outcome(key, "failed", None, " ".join(error.split()), exit_code, seconds, trace)
