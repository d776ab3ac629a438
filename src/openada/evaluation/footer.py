"""What stands under every table: which people the figures are of, and what was lost, left out or added on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from openada.evaluation.coverage import expected_line

NAMED = 5  # recordings, subjects and reasons that are named; the others are counted


@dataclass(frozen=True)
class Footing:
    """The counts behind a table; None where a count is not known (the prepared data set is not at hand), never zero.

    `parts`: part → (recordings, subjects) that were used. `overlap`: "training and test" → subjects in both.
    `dropped`: "part, reason" → recordings of the split that were not used. `untracked`: recordings of the split in which no
    face was found (they are among the dropped). `barely_tracked`: used recordings with a share of tracked frames under
    `tracked_share_low`. `excluded_subjects`: part → subjects of the split who are left without any recording.
    `thin_sessions`: sessions of the reported part that lack a recording. `outside_split`: recordings of the data set that
    are in no part of the split. `findings`: what a guard found, a line each.
    """

    part: str
    split: str
    split_sha256: str
    n_recordings: int
    n_sessions: int
    n_subjects: int
    parts: Mapping[str, tuple[int, int]]
    seeds: Sequence[int]
    selected_on: str | None = None
    overlap: Mapping[str, int] = field(default_factory=dict)
    dropped: Mapping[str, Sequence[str]] = field(default_factory=dict)
    untracked: Sequence[str] | None = None
    barely_tracked: int | None = None
    tracked_share_low: float = 0.9
    excluded_subjects: Mapping[str, Sequence[str]] = field(default_factory=dict)
    thin_sessions: int | None = None
    outside_split: int | None = None
    label_noise: str = ""
    findings: Sequence[str] = ()


def footer_lines(of: Footing) -> list[str]:
    """The counts as sentences, the loss of nothing told as loudly as the loss of something."""
    used = "; ".join(f"{name} {_n(r, 'recording')} of {_n(s, 'subject')}" for name, (r, s) in of.parts.items())
    shared = "; ".join(f"{_n(n, 'subject')} in {pair}" for pair, n in of.overlap.items())
    beside = " Report a subject-disjoint split beside this one." if of.overlap else ""
    one_seed = " What another seed would give is in none of these figures." if len(of.seeds) == 1 else ""
    return [
        f"Unit and n: {_n(of.n_recordings, 'recording')}, {_n(of.n_sessions, 'session')} (mean of their recordings) of "
        f"{_n(of.n_subjects, 'subject')}; part: {of.part}.",
        f"Split: {of.split}, sha256 {of.split_sha256[:12]}; used: {used}.",
        f"Subjects in two parts: {shared or 'none'}.{beside}",
        f"Recordings dropped: {_dropped(of)}.",
        f"Recordings without a tracked face: {_listed(of.untracked)}; used with under {of.tracked_share_low:.0%} of frames "
        f"tracked: {_known(of.barely_tracked)}.",
        f"Subjects excluded for want of a usable recording: {_excluded(of)}.",
        f"Sessions of the {of.part} part that lack a recording: {_known(of.thin_sessions)}; recordings of the data set in no "
        f"part of the split: {_known(of.outside_split)}.",
        f"Label noise in training: {of.label_noise or 'none'}. Model selected on: {of.selected_on or 'nothing'}.",
        f"{'Seed' if len(of.seeds) == 1 else 'Seeds'}: {', '.join(str(seed) for seed in of.seeds)}.{one_seed}",
        f"Coverage of the 95 % intervals: {expected_line(of.n_subjects)}.",
        *of.findings,
    ]


def footer_line(of: Footing) -> str:
    """The same in one line, for every further table."""
    dropped = sum(len(ids) for ids in of.dropped.values())
    excluded = sum(len(names) for names in of.excluded_subjects.values())
    shared = ", ".join(f"{n} in {pair}" for pair, n in of.overlap.items())
    untracked = "not known" if of.untracked is None else str(len(of.untracked))
    return (
        f"{of.part}: {_n(of.n_recordings, 'recording')}, {_n(of.n_sessions, 'session')} of {_n(of.n_subjects, 'subject')}; "
        f"split {of.split} ({of.split_sha256[:12]}); subjects in two parts: {shared or 'none'}; dropped {dropped}, untracked "
        f"{untracked}, barely tracked {_known(of.barely_tracked)}; subjects excluded {excluded}; label noise: "
        f"{of.label_noise or 'none'}; selected on {of.selected_on or 'nothing'}; "
        f"{'seed' if len(of.seeds) == 1 else 'seeds'} {', '.join(str(seed) for seed in of.seeds)}"
        + "".join(f"; {finding}" for finding in of.findings)
    )


def merged(of: Mapping[str, Footing]) -> list[str]:
    """The sentences under a table of several models: those true of all once, the others after the models' names."""
    said: dict[str, list[str]] = {}
    for name, footing in of.items():
        for line in footer_lines(footing):
            said.setdefault(line, []).append(name)
    return [line if len(names) == len(of) else f"{' and '.join(names)}: {line}" for line, names in said.items()]


def _n(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _known(count: int | None) -> str:
    return "not known" if count is None else str(count)


def _listed(names: Sequence[str] | None) -> str:
    if names is None:
        return "not known"
    return f"{len(names)} ({_first(names)})" if names else "0"


def _first(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _dropped(of: Footing) -> str:
    total = sum(len(ids) for ids in of.dropped.values())
    if not total:
        return "0"
    return f"{total} ({'; '.join(f'{len(ids)} {reason}: {_first(ids)}' for reason, ids in of.dropped.items())})"


def _excluded(of: Footing) -> str:
    return "; ".join(f"{len(names)} in {part} ({_first(names)})" for part, names in of.excluded_subjects.items()) or "0"
