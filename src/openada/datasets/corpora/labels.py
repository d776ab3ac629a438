"""Labels of a corpus gathered from however many files, and what is made of them where they repeat or contradict."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from openada.datasets.corpora.files import Tree
from openada.datasets.corpora.found import Finding
from openada.datasets.scales import scale_named
from openada.errors import UnusableInput

_EMPTY = ("", "na", "nan", "n/a", "none")


@dataclass(frozen=True)
class Label:
    """What one source says of a session: NaN where it gives no score, "" where no split, and further columns."""

    score: float
    split: str
    source: Path
    extra: dict[str, Any] = field(default_factory=dict)


def number(text: str) -> float:
    """A score as written; NaN for an empty cell. Raises UnusableInput for anything that is no number."""
    text = text.strip()
    if text.lower() in _EMPTY:
        return math.nan
    try:
        value = float(text)
    except ValueError:
        value = math.inf
    if math.isinf(value):
        raise UnusableInput(f"{text[:40]!r} is no number")
    return value


def label_file(path: Path) -> float:
    """The one number that a label file holds, without a header.

    Raises UnusableInput for a file that holds something else, NaN included.
    """
    try:
        text = path.read_text(encoding="utf-8-sig").strip().rstrip(",;").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableInput(f"cannot be read as text ({error})") from error
    value = number(text)
    if math.isnan(value):
        raise UnusableInput("holds no number; a label file holds one")
    return value


def label_table(path: Path) -> pd.DataFrame:
    """A label table as text, its column names in lower case without spaces, rows without any entry left out.

    Raises UnusableInput when it cannot be read.
    """
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", skipinitialspace=True)
    except (OSError, ValueError) as error:
        raise UnusableInput(f"cannot be read as comma-separated UTF-8 ({error})") from error
    table.columns = [str(name).strip().lower() for name in table.columns]
    table = table.apply(lambda column: column.str.strip())
    return table[(table != "").any(axis=1)].reset_index(drop=True)


def settled(labels: Iterable[tuple[str, Label]], scale: str, tree: Tree, findings: list[Finding]) -> dict[str, Label]:
    """One label per session from all that were found; `findings` gains what repeats, contradicts or leaves the scale.

    Different scores give NaN, different splits "": a choice between them would be a guess.
    """
    of_session: defaultdict[str, list[Label]] = defaultdict(list)
    for session, label in labels:
        of_session[session].append(label)
    return {session: _one(session, said, scale, tree, findings) for session, said in of_session.items()}


def _one(session: str, said: list[Label], scale: str, tree: Tree, findings: list[Finding]) -> Label:
    scored = [label for label in said if not math.isnan(label.score)]
    scores = sorted({label.score for label in scored})
    score = scores[0] if len(scores) == 1 else math.nan
    sources = ", ".join(dict.fromkeys(tree.shown(label.source) for label in scored))
    if len(scored) > 1:
        outcome = "the same score" if len(scores) == 1 else "different scores: none is used, remove the wrong one"
        findings.append(Finding("duplicate label", session, f"{len(scored)} labels in {sources}, {outcome}"))
    limits = scale_named(scale)
    if not math.isnan(score) and not limits.low <= score <= limits.high:
        detail = f"{score:g} in {sources} is outside {limits.low}–{limits.high} of {scale}: not used, correct it"
        findings.append(Finding("label out of range", session, detail))
        score = math.nan
    splits = sorted({label.split for label in said} - {""})
    if len(splits) > 1:
        sources = ", ".join(dict.fromkeys(tree.shown(label.source) for label in said))
        findings.append(
            Finding("split conflict", session, f"{' and '.join(splits)}, by {sources}: no split is stated, remove one")
        )
    extra: dict[str, Any] = {}
    for label in said:
        extra |= {name: value for name, value in label.extra.items() if extra.get(name, "") == ""}
    return Label(score, splits[0] if len(splits) == 1 else "", said[0].source, extra)
