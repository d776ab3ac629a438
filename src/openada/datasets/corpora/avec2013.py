"""AVEC 2013: one recording of all tasks per session, 203_1_cut_combined.mp4, BDI-II scores."""

from __future__ import annotations

from pathlib import Path

from openada.datasets.corpora.avec import read_avec
from openada.datasets.corpora.files import VIDEO, Tree
from openada.datasets.corpora.found import Found

NAME, TITLE = "avec2013", "AVEC 2013"
LOOKED_FOR = "videos named like 203_1_cut_combined.mp4"
_VIDEO = r"(\d+)_(\d+)_(cut(?:_combined)?|combined)(?:_video)?" + VIDEO


def evidence(tree: Tree) -> int:
    """How many files have this corpus's names."""
    return len(tree.named(_VIDEO))


def read(root: Path) -> Found:
    """The recordings below `root`; the task is "combined", ids are like 203_1_combined."""
    return read_avec(
        root,
        year=2013,
        video=_VIDEO,
        tasks=dict.fromkeys(("cut_combined", "cut", "combined"), "combined"),
        looked_for=LOOKED_FOR,
        per_part="50 recordings of 20 to 50 minutes in each part",
    )
