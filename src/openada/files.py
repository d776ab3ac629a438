"""Writing files whole or not at all, and reading JSON back."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def atomic_path(final: Path) -> Iterator[Path]:
    """A temporary path beside `final` that takes its name when the block ends well and vanishes when it does not.

    The temporary name keeps the suffix of `final`, for writers that choose a format by it. Works for a file or a folder;
    an existing folder at `final` is replaced.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary = final.with_name(f".{final.stem}.{uuid.uuid4().hex[:8]}.partial{final.suffix}")
    try:
        yield temporary
        replaced = final.with_name(f".{final.stem}.{uuid.uuid4().hex[:8]}.partial") if final.is_dir() else None
        if replaced is not None:
            final.replace(replaced)  # deleting it in its place could be cut off half-way
        temporary.replace(final)
        if replaced is not None:
            shutil.rmtree(replaced, ignore_errors=True)
    finally:
        if temporary.is_dir():
            shutil.rmtree(temporary, ignore_errors=True)
        else:
            temporary.unlink(missing_ok=True)


def write_text(final: Path, text: str) -> None:
    """Write `text` to `final` in one step (UTF-8)."""
    with atomic_path(final) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(final: Path, content: Any) -> None:
    """Write `content` as indented JSON in one step; NaN and infinities are refused, since other readers reject them."""
    write_text(final, json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n")


def read_json(path: Path) -> Any:
    """The content of a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))
