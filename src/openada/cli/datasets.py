"""The functions of `openada datasets`: look at a corpus on disk, make a manifest of it, write splits and folds."""

from __future__ import annotations

import re
from collections.abc import Sequence
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


def merge(manifests: Sequence[Path], out: Path) -> None:
    """Write several manifests as one, and say who is in more than one corpus and in which parts.

    Args:
        manifests: Two or more, CSV or Parquet.
        out: The manifest to write, a CSV.
    """
    from openada.datasets.manifest import read_manifest, write_manifest
    from openada.datasets.splits import official
    from openada.datasets.union import REMEDY, across_parts, merged, shared_subjects

    table = merged({path.stem: read_manifest(path) for path in manifests})
    write_manifest(table, out)
    shared = shared_subjects(table)
    print(f"{len(shared)} of {table['subject'].nunique()} subjects are in more than one corpus")
    whole = table["split"].ne("").all()
    for subject, here, there in across_parts(table, official(table)) if whole else []:
        print(f"warning: subject {subject} is in {here} and in {there}")
    if whole and across_parts(table, official(table)):
        print(f"note: training on the official split of all of them is refused: {REMEDY}")
    print(f"{len(table)} recordings in {out}; next: openada prepare {out} --out PREPARED")


def split(
    root: Path,
    *,
    kind: str,
    out: Path | None,
    name: str | None,
    folds: int,
    inner: int,
    shares: tuple[float, float, float],
    seed: int,
) -> None:
    """Write a split or a set of folds of a prepared data set (into it) or of a manifest (to `out`), and print who is where.

    Args:
        root: A prepared data set, or a manifest.
        kind: official, official-apart, subject-disjoint, grouped, leave-one-subject-out or nested.
        out: The file to write, for a manifest.
        name: Name of the split, and of its file in a prepared data set.
        folds: Number of folds (grouped, nested).
        inner: Number of inner folds (nested).
        shares: Shares of training, development and test (subject-disjoint).
        seed: Decides who comes where.
    """
    from openada.datasets.folds import Folds, grouped_folds, leave_one_subject_out, nested_folds
    from openada.datasets.manifest import read_manifest
    from openada.datasets.splits import Split, official, official_apart, subject_disjoint
    from openada.prepared import layout
    from openada.prepared.dataset import PreparedDataset

    prepared = root.is_dir()
    if prepared == (out is not None):
        raise UnusableInput(
            f"{root} is a folder: its splits are written into it, without --out"
            if prepared
            else f"{root} is no prepared data set: name the file to write with --out"
        )
    table = PreparedDataset(root).manifest if prepared else read_manifest(root)
    named = {} if name is None else {"name": name}
    made: Split | Folds
    if kind == "official":
        made = official(table, **named)
    elif kind == "official-apart":
        made = official_apart(table, **named)
    elif kind == "subject-disjoint":
        made = subject_disjoint(table, seed, shares, **(named or {"name": f"subject-disjoint-{seed}"}))
    elif kind == "grouped":
        made = grouped_folds(table, folds, seed, name)
    elif kind == "leave-one-subject-out":
        made = leave_one_subject_out(table, **named)
    else:
        made = nested_folds(table, folds, inner, seed, name)
    if not re.fullmatch(r"[\w.-]+", made.name):
        raise UnusableInput(f"name {made.name!r}: use letters, digits, '-', '_' and '.', it names a file")
    of_parts = isinstance(made, Split)
    folder = layout.SPLITS_FOLDER if of_parts else layout.FOLDS_FOLDER
    path = out or root / folder / f"{made.name}.json"
    made.save(path)
    print(made.describe())
    print(f"written to {path}")
    if not prepared:
        return
    if of_parts:
        print(f"next: openada train expada --data {root} --out RUN --split {made.name}")
    else:
        print(
            f"next: for every fold K openada train expada --data {root} --out RUNS/fold-K --split {made.name}/K, "
            "then openada evaluate RUNS/fold-*"
        )
