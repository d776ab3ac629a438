"""The corpora by name, and which of them a folder holds."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, cast

import pandas as pd

from openada.datasets.corpora import avec2013, avec2014, d_vlog, daic_woz, e_daic, lmvd, manifest_csv
from openada.datasets.corpora.avec import across_years
from openada.datasets.corpora.files import Tree, tree_of
from openada.datasets.corpora.found import Found
from openada.errors import UnusableInput


class Adapter(Protocol):
    """What a corpus's module has."""

    NAME: str
    TITLE: str
    LOOKED_FOR: str

    def evidence(self, tree: Tree) -> int:
        """How many files have this corpus's names."""

    def read(self, root: Path) -> Found:
        """The corpus below `root`."""


ADAPTERS: dict[str, Adapter] = {
    module.NAME: cast(Adapter, module) for module in (avec2013, avec2014, daic_woz, e_daic, d_vlog, lmvd, manifest_csv)
}
BOTH_YEARS = "avec2013+avec2014"


def names() -> tuple[str, ...]:
    """What `read` accepts as a corpus."""
    return (*ADAPTERS, BOTH_YEARS)


def recognised(root: Path) -> dict[str, int]:
    """The corpora whose file names occur below `root`, and how many files have them.

    A manifest counts only where nothing else does: it may have been written from the corpus beside it.
    """
    if Path(root).is_file():
        return {manifest_csv.NAME: 1}
    tree = tree_of(root)
    counts = {name: adapter.evidence(tree) for name, adapter in ADAPTERS.items()}
    found = {name: count for name, count in counts.items() if count}
    return {name: count for name, count in found.items() if name != manifest_csv.NAME or len(found) == 1}


def read(root: Path, corpus: str | None = None) -> Found:
    """The corpus below `root`; which one is told by the file names unless `corpus` says it.

    Raises UnusableInput for an unknown name, for a folder in which no corpus, or several, are recognised, and where the corpus
    has no recording at all.
    """
    if corpus is None:
        corpus = _only(root, recognised(root))
    if corpus not in names():
        raise UnusableInput(f"corpus {corpus!r} is unknown; choose one of {', '.join(names())}")
    if corpus == BOTH_YEARS:
        return _both_years(root)
    return ADAPTERS[corpus].read(Path(root))


def _only(root: Path, found: dict[str, int]) -> str:
    if not found:
        looked_for = "; ".join(f"{adapter.TITLE}: {adapter.LOOKED_FOR}" for adapter in ADAPTERS.values())
        raise UnusableInput(f"{root}: no corpus recognised by its file names. Looked for {looked_for}")
    if len(found) > 1:
        told = ", ".join(f"{name} ({count} files)" for name, count in found.items())
        choice = " or ".join([*found, *([BOTH_YEARS] if {"avec2013", "avec2014"} <= set(found) else [])])
        raise UnusableInput(f"{root} holds several corpora: {told}; choose one by --corpus {choice}")
    return next(iter(found))


def _both_years(root: Path) -> Found:
    first, second = avec2013.read(root), avec2014.read(root)
    table = pd.concat([first.table, second.table], ignore_index=True)
    unlike = across_years(first, second)
    together = set(zip(first.table["subject"], first.table["session"], strict=True)) & set(
        zip(second.table["subject"], second.table["session"], strict=True)
    )
    subjects = set(first.table["subject"]) & set(second.table["subject"])
    note = f"{len(together)} sessions and {len(subjects)} subjects are in both years; recordings of a session belong to one part"
    findings = tuple(dict.fromkeys((*first.findings, *second.findings, *unlike)))
    return Found((*first.corpus, *second.corpus), first.root, table, findings, (*first.notes, *second.notes, note))
