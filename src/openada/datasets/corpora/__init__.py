"""Corpora of the field as they lie on disk: one adapter per corpus, each returning a manifest and what it found wrong."""

from openada.datasets.corpora.behaviour import interviewer_turns, read_behaviour
from openada.datasets.corpora.check import Report, check
from openada.datasets.corpora.found import Finding, Found
from openada.datasets.corpora.registry import names, read, recognised

__all__ = [
    "Finding",
    "Found",
    "Report",
    "check",
    "interviewer_turns",
    "names",
    "read",
    "read_behaviour",
    "recognised",
]
