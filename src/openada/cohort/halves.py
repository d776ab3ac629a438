"""Which people a study looks at first, and which it keeps back to see whether what it found holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from openada.datasets.splits import Split
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


def held_out_split(people: Sequence[str], *, share: float = HELD_OUT_SHARE, seed: int = 0) -> Split:
    """The same as a split whose recordings are people: those looked at are its training part, those kept back its test part."""
    names = np.asarray(people).astype(str)
    kept = held_out(people, share=share, seed=seed)
    ids = {"training": tuple(names[~kept].tolist()), "test": tuple(names[kept].tolist())}
    name = f"held-out-{share:g}-of-{len(names)}-people-seed-{seed}"
    return Split(name, ids, dict(zip(names.tolist(), names.tolist(), strict=True)))


def save_split(folder: Path, split: Split) -> str:
    """Write the split into a cohort's splits/, once, and say in a line who is where and the hash."""
    split.save(folder / "splits" / f"{split.name}.json")
    looked_at, kept = (len(split.ids[part]) for part in ("training", "test"))
    return f"{looked_at} people looked at, {kept} held out (splits/{split.name}.json, sha256 {split.sha256[:12]})"
