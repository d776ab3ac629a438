"""What goes into a batch and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Item:
    """One piece of work: `key` is unique in its batch and shown to the user, `payload` is given to the work function."""

    key: str
    payload: Any


@dataclass(frozen=True)
class Outcome:
    """What became of an item.

    "done" and "kept" (it was finished before) carry `result`. "failed" carries a one-line `error`, the `exit_code` that
    a command would return for it alone (2 for input that cannot be used, 1 for a fault of ours or a lost process), and
    for an unforeseen exception its `traceback`. `seconds` is the duration of the last attempt, 0 for "kept".
    """

    key: str
    status: Literal["done", "kept", "failed"]
    result: dict | None
    error: str | None
    exit_code: int | None
    seconds: float
    traceback: str | None = None
