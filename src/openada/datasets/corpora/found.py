"""What an adapter hands back: a manifest, and a named finding for everything that is not as it should be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import pandas as pd

Kind = Literal[
    "missing label",  # a recording without a score
    "missing file",  # a label, or a part of a recording, without its file
    "unreadable",  # a file that is there and cannot be read
    "packed",  # data still inside an archive
    "duplicate file",  # several files of one recording; the first is used
    "same content",  # files of different recordings that are equal byte by byte
    "duplicate label",  # several labels of one session
    "label out of range",  # a score that the scale does not have
    "inconsistent label",  # two statements of one label table contradict each other
    "split unknown",  # neither folder nor table says which part it belongs to
    "split conflict",  # it is said to belong to two parts
    "unexpected",  # an id that the corpus does not have
    "known issue",  # documented by those who made the corpus
    "across years",  # AVEC 2013 and AVEC 2014 disagree on a session
]
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True)
class Finding:
    """`item` is a recording, session or file below the root; `detail` says what was met and what was done about it."""

    kind: Kind
    item: str
    detail: str


@dataclass(frozen=True)
class Found:
    """A corpus as read from `root`.

    table: a manifest that `manifest.validated` passed, a row per recording with a file. Beside the required columns:
        `corpus`; `kind`, "video" or "behaviour" (then `video` holds the path of a per-frame table, for `read_behaviour`);
        `subject_known`, False where the corpus does not say who is seen and each recording stands for a subject of its own;
        and the corpus's own (sex, phq8_binary, transcript, known_issue …). A score that is missing, contradictory or out of range
        is NaN and has a finding; no row is left out.
    notes: facts about the corpus as a whole that a reader of results needs.
    """

    corpus: tuple[str, ...]
    root: Path
    table: pd.DataFrame
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()

    def of_kind(self, kind: Kind) -> tuple[Finding, ...]:
        """The findings of one kind."""
        return tuple(finding for finding in self.findings if finding.kind == kind)
