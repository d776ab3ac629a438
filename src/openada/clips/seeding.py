"""Seeds that are the same on every machine and in every process."""

from __future__ import annotations

import hashlib


def stable_seed(*parts: object) -> int:
    """63 bits that depend on all parts, by what `str` makes of them."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
