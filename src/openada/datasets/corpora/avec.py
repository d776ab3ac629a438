"""What AVEC 2013 and AVEC 2014 share: names of videos and labels, and how the two are matched.

Valstar et al., "AVEC 2013" (AVEC '13, section 2) and "AVEC 2014" (AVEC '14, section 2): file names are subject_session_…, a label
file holds one BDI-II score. Videos and labels lie in separate trees, those of the test part in a third; re-packed copies
put them anywhere. So names are matched at any depth, and folders are asked for the split and the year alone.
"""

from __future__ import annotations

import json
from pathlib import Path

from openada.datasets.corpora.assembly import Entry, assembled, natural, single_files
from openada.datasets.corpora.files import Tree, tree_of
from openada.datasets.corpora.found import Finding, Found
from openada.datasets.corpora.labels import Label, label_file, settled
from openada.errors import UnusableInput

LABEL = r"(\d+)_(\d+)(?:_[a-z]+)*_depression\.(?:csv|txt)"
PLANTED = "benchmark.json"
"""A planted benchmark laid out as this tree carries its own description under this name, at the root."""


def read_avec(root: Path, *, year: int, video: str, tasks: dict[str, str], looked_for: str, per_part: str) -> Found:
    """One year's recordings below `root`.

    video: pattern of its video names: subject, session, task. tasks: task as written in lower case -> its name. A label file
    whose folders name the other year is not used; one that names none serves both, where a year has none of its own.
    """
    tree = tree_of(root)
    findings: list[Finding] = []
    title = f"AVEC {year}"
    names = {}
    videos = []
    for match, path in tree.named(video):
        task = tasks[match[3].lower()]
        recording_id = f"{match[1]}_{match[2]}_{task}"
        names[recording_id] = (match[1], match[2], task)
        videos.append((recording_id, path))
    entries = [
        Entry(recording_id, path, *names[recording_id], label="_".join(names[recording_id][:2]), split=split)
        for recording_id, (path, split) in single_files(videos, tree, findings, by_folder=True).items()
    ]
    notes = [f"The published {title} has {per_part}"]
    scale = "BDI-II"
    if (tree.root / PLANTED).is_file():
        title, scale = _planted(tree.root / PLANTED), "planted"
        notes = [
            "These are rendered faces of the planted benchmark: its figures say nothing about depression in people"
        ]
    labels = settled(_labels(tree, year, findings), scale, tree, findings)
    _missing_tasks(entries, tuple(tasks.values()), findings)
    return assembled(
        entries,
        labels,
        findings,
        corpus=f"avec{year}",
        title=title,
        scale=scale,
        kind="video",
        tree=tree,
        looked_for=looked_for,
        notes=notes,
    )


def across_years(first: Found, second: Found) -> list[Finding]:
    """Sessions that both years have and on which they disagree, in label or part."""
    findings = []
    keys = ["subject", "session"]
    both = first.table.drop_duplicates(keys).merge(second.table.drop_duplicates(keys), on=keys, suffixes=("_a", "_b"))
    titles = f"{first.table['corpus'].iloc[0]} and {second.table['corpus'].iloc[0]}"
    for row in both.to_dict("records"):
        session = f"{row['subject']}_{row['session']}"
        if row["split_a"] != row["split_b"]:
            detail = f"{row['split_a'] or 'no part'} and {row['split_b'] or 'no part'} in {titles}"
            findings.append(Finding("across years", session, f"{detail}: use the subject-disjoint split"))
        if abs(row["score_a"] - row["score_b"]) > 0:  # not so if one is NaN
            findings.append(Finding("across years", session, f"different scores in {titles}; both are kept"))
    return sorted(findings, key=lambda finding: natural(finding.item))


def _labels(tree: Tree, year: int, findings: list[Finding]) -> list[tuple[str, Label]]:
    labels = []
    stated = {path: tree.year_of(path) for path in tree.files}
    both_years = not {2013, 2014} - set(stated.values())
    named = [(f"{match[1]}_{match[2]}", path) for match, path in tree.named(LABEL)]
    own = {session for session, path in named if stated[path] == year}
    for session, path in named:
        if stated[path] != year and (stated[path] is not None or (both_years and session in own)):
            continue
        try:
            labels.append((session, Label(label_file(path), tree.split_of(path), path)))
        except UnusableInput as error:
            findings.append(Finding("unreadable", tree.shown(path), str(error)))
    return labels


def _missing_tasks(entries: list[Entry], tasks: tuple[str, ...], findings: list[Finding]) -> None:
    """A session is expected to have every task that the tree has at all."""
    there = {entry.task for entry in entries}
    for task in tasks:
        if task not in there:
            findings.append(Finding("missing file", task, "no recording of this task is there"))
    of_session: dict[str, set[str]] = {}
    for entry in entries:
        of_session.setdefault(entry.label, set()).add(entry.task)
    for session, done in sorted(of_session.items(), key=lambda item: natural(item[0])):
        for task in sorted(there - done):
            findings.append(
                Finding("missing file", f"{session}_{task}", f"the session has {', '.join(sorted(done))} only")
            )


def _planted(path: Path) -> str:
    try:
        variant = json.loads(path.read_text(encoding="utf-8"))["variant"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnusableInput(
            f"{path} does not describe a planted benchmark ({error!r}); remove it or write it anew"
        ) from error
    return f"planted-{variant}"
