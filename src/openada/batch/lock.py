"""One run at a time in a folder, with a lock that ends with the process that holds it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from openada.errors import UnusableInput


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock file `path` for the length of the block.

    The operating system releases it when the holder ends in any way, so that a killed run never blocks the next; the
    file itself stays. Raises UnusableInput if another run holds it, if the folder cannot be written, or if the file
    system has no locks.
    """
    import fcntl

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise UnusableInput(f"{path.parent}: cannot write there ({error.strerror}). Choose another folder.") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise UnusableInput(
                f"{path}: another run (process {holder}) is at work here. Wait until it ends, or stop it."
            ) from None
        except OSError as error:
            raise UnusableInput(
                f"{path}: the file system cannot lock files ({error.strerror}). Choose an output folder on a local disk."
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        yield
    finally:
        os.close(descriptor)
