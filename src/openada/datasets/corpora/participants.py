"""What DAIC-WOZ and E-DAIC share: participants numbered from 300, split tables with PHQ-8 scores, a folder or archive each."""

from __future__ import annotations

import math
import re
from pathlib import Path

from openada.datasets.corpora.assembly import natural
from openada.datasets.corpora.files import Tree, split_of_word
from openada.datasets.corpora.found import Finding
from openada.datasets.corpora.labels import Label, label_table, number, settled
from openada.errors import UnusableInput

SCALE = "PHQ-8"
CUT = 10  # PHQ-8 scores from which the corpora's binary label is 1 (Kroenke et al. 2009)
_SEX = {"0": "female", "1": "male", "f": "female", "m": "male", "female": "female", "male": "male"}


def participant_labels(tree: Tree, pattern: str, findings: list[Finding]) -> dict[str, Label]:
    """Participant -> score, part, and the columns sex ("female", "male" or "") and phq8_binary (0, 1 or NaN).

    pattern: names of the split tables, which name the part. Their columns are found in whatever spelling: Participant_ID or
    participant_ID, PHQ8_Score or PHQ_Score, PHQ8_Binary or PHQ_Binary, Gender (0 female, 1 male, or words). Tables without scores
    (test_split beside full_test_split) add the part and the sex.
    """
    said: list[tuple[str, Label]] = []
    for _, path in tree.named(pattern):
        try:
            said += _of_table(path, tree, findings)
        except UnusableInput as error:
            findings.append(Finding("unreadable", tree.shown(path), str(error)))
    labels = settled(said, SCALE, tree, findings)
    for participant, label in sorted(labels.items(), key=lambda item: natural(item[0])):
        binary = label.extra["phq8_binary"]
        if not math.isnan(label.score) and not math.isnan(binary) and (label.score >= CUT) != (binary == 1):
            detail = f"binary label {binary:g} beside score {label.score:g}, cut at {CUT}; both are kept"
            findings.append(Finding("inconsistent label", participant, detail))
    return labels


def _of_table(path: Path, tree: Tree, findings: list[Finding]) -> list[tuple[str, Label]]:
    table = label_table(path)
    table.columns = [re.sub(r"\W", "_", name).replace("phq8", "phq") for name in table.columns]
    if "participant_id" not in table.columns:
        raise UnusableInput(f"it has no column Participant_ID; its columns are {', '.join(table.columns)}")
    labels = []
    for row in table.to_dict("records"):
        try:
            participant = f"{number(row['participant_id']):.0f}"
            score, binary = number(row.get("phq_score", "")), number(row.get("phq_binary", ""))
        except UnusableInput as error:
            findings.append(Finding("unreadable", tree.shown(path), f"participant {row['participant_id']!r}: {error}"))
            continue
        extra = {"sex": _SEX.get(row.get("gender", "").lower(), ""), "phq8_binary": binary}
        labels.append((participant, Label(score, split_of_word(path.name), path, extra)))
    return labels


def count_archives(tree: Tree) -> int:
    """Archives named like 300_P."""
    return sum(re.fullmatch(r"\d+_p", name) is not None for name in tree.archives())
