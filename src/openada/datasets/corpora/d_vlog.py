"""D-Vlog: vlogs from the web, labelled by their content; no video, 68 landmarks once a second.

Yoon et al., "D-Vlog: Multimodal vlog dataset for depression detection", AAAI 2022: 961 vlogs of 816 people.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from openada.datasets.corpora.assembly import Entry, assembled, single_files
from openada.datasets.corpora.files import Tree, split_of_word, tree_of
from openada.datasets.corpora.found import Finding, Found
from openada.datasets.corpora.labels import Label, label_table, number, settled
from openada.errors import UnusableInput

NAME, TITLE = "d-vlog", "D-Vlog"
SCALE = "content-label"
LOOKED_FOR = "arrays named like 17_visual.npy"
_ARRAY = r"(\d+)_visual\.npy"
_ID = ("index", "id", "video_id", "vlog_id")
_WORDS = {"depression": 1.0, "normal": 0.0}
_SEX = {"f": "female", "m": "male", "female": "female", "male": "male"}


def evidence(tree: Tree) -> int:
    """How many files have this corpus's names."""
    return len(tree.named(_ARRAY))


def read(root: Path) -> Found:
    """A row per vlog with landmarks. The corpus names no people: each vlog stands for a subject of its own.

    The score is 1 where the vlog's content was judged to be about the speaker's own depression, else 0, on the scale
    "content-label": a judgement of content, no diagnosis and no severity. Further columns: sex, duration_s.
    """
    tree = tree_of(root)
    findings: list[Finding] = []
    said: list[tuple[str, Label]] = []
    for _, path in tree.named(r"labels\.csv"):
        try:
            said += _of_table(path, tree, findings)
        except UnusableInput as error:
            findings.append(Finding("unreadable", tree.shown(path), str(error)))
    labels = settled(said, SCALE, tree, findings)
    arrays = single_files(
        ((_plain(match[1]), path) for match, path in tree.named(_ARRAY)), tree, findings, by_folder=False
    )
    return assembled(
        [Entry(vlog, path, vlog, "1", "vlog", vlog) for vlog, (path, _) in arrays.items()],
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
            "961 vlogs show 816 people and the corpus does not say whom: subject-disjoint splits are impossible, "
            "intervals over vlogs may be too narrow",
            "It holds landmarks and no video: models of video do not apply",
        ),
        subject_known=False,
    )


def _plain(number_: str) -> str:
    return str(int(number_))


def _of_table(path: Path, tree: Tree, findings: list[Finding]) -> list[tuple[str, Label]]:
    table = label_table(path)
    key = next((name for name in _ID if name in table.columns), None)
    if key is None or "label" not in table.columns:
        raise UnusableInput(f"it has no columns index and label; its columns are {', '.join(table.columns)}")
    labels = []
    for row in table.to_dict("records"):
        try:
            vlog = _plain(row[key]) if row[key].isdigit() else row[key]
            word = row["label"].lower()
            score = _WORDS[word] if word in _WORDS else number(word)
            duration_s = number(row.get("duration", ""))
        except UnusableInput as error:
            findings.append(Finding("unreadable", tree.shown(path), f"vlog {row[key]!r}: {error}"))
            continue
        extra: dict[str, Any] = {"sex": _SEX.get(row.get("gender", "").lower(), "")}
        if not math.isnan(duration_s):
            extra["duration_s"] = duration_s
        labels.append((vlog, Label(score, split_of_word(row.get("fold", "")), path, extra)))
    return labels
