"""The functions of `openada datasets`: look at a corpus on disk, and make a manifest of it."""

from __future__ import annotations

from pathlib import Path

from tyro.conf import Positional

from openada.errors import UnusableInput


def check(root: Positional[Path], /, corpus: str | None = None) -> None:
    """Say which corpus a folder holds, what was found per part and task, what is missing or unreadable, and who is in two parts.

    Every video is opened and every table's head read. Exit code 2 if not one recording has both a readable file and a label;
    anything less is a warning.

    Args:
        root: Folder of the corpus, in whatever layout, or a manifest.
        corpus: Which corpus, where the file names leave it open: avec2013, avec2014, avec2013+avec2014, daic-woz, e-daic, d-vlog,
            lmvd, manifest.
    """
    from openada.datasets.corpora.check import check as run_check

    report = run_check(root, corpus)
    print(report.text)
    if report.unusable:
        raise UnusableInput(report.unusable)


def manifest(root: Positional[Path], /, *, out: Path, corpus: str | None = None) -> None:
    """Write a corpus as a manifest, for 'openada prepare' (corpora of video) or the behaviour models (the others).

    Labels that are missing, contradict one another or leave their scale are written as empty scores, with a warning.

    Args:
        root: Folder of the corpus, in whatever layout.
        out: The manifest to write, a CSV.
        corpus: Which corpus, where the file names leave it open, as in 'openada datasets check'.
    """
    from collections import Counter

    from openada.datasets.corpora.registry import read
    from openada.datasets.manifest import write_manifest

    found = read(root, corpus)
    write_manifest(found.table, out)
    for kind, count in Counter(finding.kind for finding in found.findings).items():
        print(f"warning: {count} × {kind}; openada datasets check {root} names them")
    for note in found.notes:
        print(f"note: {note}")
    videos = set(found.table["kind"]) == {"video"}
    following = f"openada prepare {out} --out PREPARED" if videos else "docs/corpora.md says how to read its behaviour"
    print(f"{len(found.table)} recordings in {out}; next: {following}")
