"""LMVD: vlogs from the web, labelled by their content; no video, an OpenFace table per vlog.

He et al., "LMVD: A large-scale multimodal vlog dataset for depression detection in the wild", 2024.
"""

from __future__ import annotations

from pathlib import Path

from openada.datasets.corpora.assembly import Entry, assembled, single_files
from openada.datasets.corpora.d_vlog import SCALE
from openada.datasets.corpora.files import Tree, tree_of
from openada.datasets.corpora.found import Finding, Found
from openada.datasets.corpora.labels import Label, label_file, settled
from openada.errors import UnusableInput

NAME, TITLE = "lmvd", "LMVD"
LOOKED_FOR = "tables named like 0017.csv with labels named like 0017_Depression.csv"
_TABLE = r"(\d+)\.csv"
_LABEL = r"(\d+)_depression\.csv"


def evidence(tree: Tree) -> int:
    """How many files have this corpus's names; numbered tables alone do not tell it."""
    return len(tree.named(_TABLE)) if tree.named(_LABEL) else 0


def read(root: Path) -> Found:
    """A row per vlog with a table, without split: the corpus has none. It names no people either: each vlog stands for a subject.

    The score is 1 or 0 on the scale "content-label": a judgement of content, no diagnosis and no severity.
    """
    tree = tree_of(root)
    findings: list[Finding] = []
    said = []
    for match, path in tree.named(_LABEL):
        try:
            said.append((_id(match[1]), Label(label_file(path), "", path)))
        except UnusableInput as error:
            findings.append(Finding("unreadable", tree.shown(path), str(error)))
    labels = settled(said, SCALE, tree, findings)
    tables = single_files(
        ((_id(match[1]), path) for match, path in tree.named(_TABLE)), tree, findings, by_folder=False
    )
    return assembled(
        [Entry(vlog, path, vlog, "1", "vlog", vlog) for vlog, (path, _) in tables.items()],
        labels,
        findings,
        corpus=NAME,
        title=TITLE,
        scale=SCALE,
        kind="behaviour",
        tree=tree,
        looked_for=LOOKED_FOR,
        notes=(
            "Labels are judgements of what a vlog is about, not diagnoses",
            "The corpus does not say who is seen: subject-disjoint splits are impossible",
            "The corpus has no official split: one drawn by vlog may have a person on both sides",
            "It holds behaviour signals and no video: models of video do not apply",
        ),
        subject_known=False,
        has_splits=False,
    )


def _id(written: str) -> str:
    return f"{int(written):04d}"
