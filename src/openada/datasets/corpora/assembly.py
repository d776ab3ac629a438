"""From files and settled labels to the table and findings of a `Found`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from openada.datasets.corpora.files import Tree
from openada.datasets.corpora.found import Finding, Found
from openada.datasets.corpora.labels import Label
from openada.datasets.manifest import validated
from openada.errors import UnusableInput


@dataclass(frozen=True)
class Entry:
    """A recording by its file: whom, when and what it shows. `label` is the key of its label."""

    recording_id: str
    path: Path
    subject: str
    session: str
    task: str
    label: str
    split: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


def single_files(
    named: Iterable[tuple[str, Path]], tree: Tree, findings: list[Finding], *, by_folder: bool
) -> dict[str, tuple[Path, str]]:
    """Recording id -> its file and split; of several files the first in the tree is used, and a finding names the others.

    by_folder: the folders tell the split; files of one recording in two parts leave it without one.
    """
    paths: dict[str, list[Path]] = {}
    for recording_id, path in named:
        paths.setdefault(recording_id, []).append(path)
    single = {}
    for recording_id, found in paths.items():
        splits = sorted({tree.split_of(path) for path in found} - {""}) if by_folder else []
        if len(found) > 1:
            others = ", ".join(tree.shown(path) for path in found[1:])
            findings.append(Finding("duplicate file", recording_id, f"{tree.shown(found[0])} is used, beside {others}"))
        if len(splits) > 1:
            detail = f"files in {' and '.join(splits)}: no split is stated, remove the wrong files"
            findings.append(Finding("split conflict", recording_id, detail))
        single[recording_id] = (found[0], splits[0] if len(splits) == 1 else "")
    return single


def assembled(
    entries: Sequence[Entry],
    labels: Mapping[str, Label],
    findings: list[Finding],
    *,
    corpus: str,
    title: str,
    scale: str,
    kind: str,
    tree: Tree,
    looked_for: str,
    notes: Sequence[str] = (),
    subject_known: bool = True,
    has_splits: bool = True,
) -> Found:
    """The corpus as a `Found`: a row per entry, labels joined, and findings for what has no label, file or split.

    Raises UnusableInput when there are no entries, saying what was looked for and, if anything lies there packed, that.
    """
    packed = tree.archives()
    if not entries:
        hint = (
            f"; unpack the {len(packed)} archives there (such as {next(iter(packed.values())).name})" if packed else ""
        )
        raise UnusableInput(f"{tree.root}: no recording of {title}; looked for {looked_for} at any depth{hint}")
    conflicting = {finding.item for finding in findings if finding.kind == "split conflict"}
    explained = {finding.item for finding in findings if finding.kind in ("duplicate label", "label out of range")}
    rows = []
    for entry in sorted(entries, key=lambda entry: natural(entry.recording_id)):
        label = labels.get(entry.label)
        split = _split(entry, label, conflicting, findings)
        if has_splits and split == "" and not conflicting & {entry.recording_id, entry.label}:
            findings.append(
                Finding("split unknown", entry.recording_id, f"nothing names the part of {entry.path.name}")
            )
        if label is None or (math.isnan(label.score) and entry.label not in explained):
            findings.append(Finding("missing label", entry.recording_id, f"no score for {tree.shown(entry.path)}"))
        rows.append(
            {
                "recording_id": entry.recording_id,
                "video": str(entry.path),
                "subject": entry.subject,
                "session": entry.session,
                "task": entry.task,
                "split": split,
                "score": math.nan if label is None else label.score,
                "scale": scale,
                "corpus": title,
                "kind": kind,
                "subject_known": subject_known,
                **({} if label is None else label.extra),
                **entry.extra,
            }
        )
    present = {entry.label for entry in entries}
    for key in sorted(set(labels) - present, key=natural):
        findings.append(_without_file(key, labels[key], packed, tree))
    unused = [name for name in packed if not any(finding.kind == "packed" for finding in findings)]
    if unused and kind == "video":
        findings.append(
            Finding("packed", packed[unused[0]].name, f"{len(unused)} archives are not looked into; unpack them")
        )
    table = validated(pd.DataFrame(rows), source=f"{title} in {tree.root}", folder=tree.root)
    return Found((corpus,), tree.root, table, tuple(findings), tuple(notes))


def natural(name: str) -> tuple[tuple[int, str], ...]:
    """A sorting key by which 9 comes before 10."""
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name) if part)


def _split(entry: Entry, label: Label | None, conflicting: set[str], findings: list[Finding]) -> str:
    if conflicting & {entry.recording_id, entry.label}:
        return ""
    stated = {entry.split, label.split if label else ""} - {""}
    if len(stated) > 1:
        assert label is not None
        detail = f"the file lies in {entry.split}, its label in {label.split}: no split is stated, move one"
        findings.append(Finding("split conflict", entry.recording_id, detail))
        conflicting.add(entry.recording_id)
        return ""
    return stated.pop() if stated else ""


def _without_file(key: str, label: Label, packed: Mapping[str, Path], tree: Tree) -> Finding:
    for name in (f"{key}_p", key.lower()):
        if name in packed:
            return Finding("packed", key, f"its files are still in {tree.shown(packed[name])}; unpack it")
    return Finding("missing file", key, f"labelled in {tree.shown(label.source)}, and no file of it is there")
