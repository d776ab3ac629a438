"""Which people a study looks at first, and which it keeps back to see whether what it found holds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from openada.errors import UnusableInput

HELD_OUT_SHARE = 0.5


def held_out(people: Sequence[str], *, share: float = HELD_OUT_SHARE, seed: int = 0) -> np.ndarray:
    """(n,) bool, True for those kept back: a random `share` of the people, at least one on either side.

    Depends on who the people are and on the seed, not on their order. Raises UnusableInput for people named twice, fewer than
    two, or a share that is not between 0 and 1.
    """
    names = np.asarray(people).astype(str)
    ordered = np.unique(names)
    if len(ordered) < max(len(names), 2):
        raise UnusableInput(f"{len(names)} people of whom {len(ordered)} differ: give two or more, each once")
    if not 0.0 < share < 1.0:
        raise UnusableInput(f"the held-out share is {share:g}; give a number between 0 and 1, such as 0.5")
    n = min(max(round(share * len(ordered)), 1), len(ordered) - 1)
    kept = np.random.default_rng([seed, 0x48414C46]).permutation(ordered)[:n]
    return np.isin(names, kept)
