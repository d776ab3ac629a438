"""Any other data set: a manifest CSV or Parquet table with the columns of `recording.REQUIRED`."""

from __future__ import annotations

import math
from pathlib import Path

from openada.datasets.corpora.files import Tree, tree_of
from openada.datasets.corpora.found import Finding, Found
from openada.datasets.manifest import read_manifest
from openada.datasets.recording import REQUIRED
from openada.errors import UnusableInput

NAME, TITLE = "manifest", "manifest"
LOOKED_FOR = f"manifest.csv with the columns {', '.join(REQUIRED)}"
_NAMES = r"manifest\.(?:csv|parquet)"
_VIDEO_OR_TABLE = {".npy": "behaviour", ".csv": "behaviour", ".txt": "behaviour", ".parquet": "behaviour"}


def evidence(tree: Tree) -> int:
    """How many manifests there are."""
    return len(tree.named(_NAMES))


def read(root: Path) -> Found:
    """The recordings of a manifest: `root` is the table itself, or a folder with one manifest.csv or manifest.parquet in it.

    `kind` is added by the file's suffix, `subject_known` as True and `corpus` as the manifest's name, where the manifest has
    no such column. A recording whose file is not there keeps its row.
    """
    path = Path(root) if Path(root).is_file() else _only(tree_of(root))
    table = read_manifest(path)
    kinds = [_VIDEO_OR_TABLE.get(Path(video).suffix.lower(), "video") for video in table["video"]]
    for name, value in (("corpus", path.stem), ("kind", kinds), ("subject_known", True)):
        if name not in table:
            table[name] = value
    findings = []
    for row in table.to_dict("records"):
        if not Path(row["video"]).is_file():
            findings.append(Finding("missing file", row["recording_id"], f"{row['video']} does not exist"))
        if math.isnan(row["score"]):
            findings.append(Finding("missing label", row["recording_id"], f"no score in {path.name}"))
        if row["split"] == "":
            findings.append(Finding("split unknown", row["recording_id"], f"no split in {path.name}"))
    return Found((NAME,), path.resolve().parent, table, tuple(findings))


def _only(tree: Tree) -> Path:
    found = [path for _, path in tree.named(_NAMES)]
    if len(found) != 1:
        shown = ": " + ", ".join(tree.shown(path) for path in found[:3]) if found else ""
        raise UnusableInput(f"{tree.root} holds {len(found)} manifests{shown}; give the path of the table itself")
    return found[0]
