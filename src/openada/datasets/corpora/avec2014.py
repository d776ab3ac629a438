"""AVEC 2014: two tasks per session, 203_1_Freeform_video.mp4 and 203_1_Northwind_video.mp4, BDI-II scores."""

from __future__ import annotations

from pathlib import Path

from openada.datasets.corpora.avec import read_avec
from openada.datasets.corpora.files import VIDEO, Tree
from openada.datasets.corpora.found import Found

NAME, TITLE = "avec2014", "AVEC 2014"
LOOKED_FOR = "videos named like 203_1_Freeform_video.mp4"
_VIDEO = r"(\d+)_(\d+)_(freeform|northwind)(?:_video)?" + VIDEO


def evidence(tree: Tree) -> int:
    """How many files have this corpus's names."""
    return len(tree.named(_VIDEO))


def read(root: Path) -> Found:
    """The recordings below `root`; tasks are "Freeform" and "Northwind", ids are like 203_1_Freeform."""
    return read_avec(
        root,
        year=2014,
        video=_VIDEO,
        tasks={"freeform": "Freeform", "northwind": "Northwind"},
        looked_for=LOOKED_FOR,
        per_part="50 sessions of both tasks in each part",
    )
