"""Tiers as a Praat TextGrid: the long text format, UTF-8 (Praat manual, "TextGrid file formats")."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from openada.errors import UnusableInput
from openada.files import write_text
from openada.report.tiers import Tier, check_names

_PER_SECOND = 1_000_000


def write_textgrid(path: Path, tiers: Sequence[Tier], duration_s: float) -> None:
    """Write `tiers` over 0 to `duration_s` seconds, in one step.

    A tier of a TextGrid is gapless: what lies between the intervals becomes intervals with an empty label, and a tier without
    any is one of them. Times are written to the microsecond.

    Raises UnusableInput if there is no tier, no duration, an interval that reaches beyond it, or what `Tier` refuses.
    """
    check_names(tiers)
    end = round(duration_s * _PER_SECOND) if duration_s > 0 else 0
    if end < 1 or not tiers:
        raise UnusableInput(f"{len(tiers)} tiers over {duration_s} s: a TextGrid needs both")
    lines = [
        'File type = "ooTextFile"', 'Object class = "TextGrid"', "",
        "xmin = 0", f"xmax = {_seconds(end)}", "tiers? <exists>", f"size = {len(tiers)}", "item []:",
    ]  # fmt: skip
    for number, tier in enumerate(tiers, start=1):
        intervals = _gapless(tier, end)
        lines += [
            f"    item [{number}]:",
            '        class = "IntervalTier"',
            f"        name = {_quoted(tier.name)}",
            "        xmin = 0",
            f"        xmax = {_seconds(end)}",
            f"        intervals: size = {len(intervals)}",
        ]
        for k, (start, stop, label) in enumerate(intervals, start=1):
            lines += [
                f"        intervals [{k}]:",
                f"            xmin = {_seconds(start)}",
                f"            xmax = {_seconds(stop)}",
                f"            text = {_quoted(label)}",
            ]
    write_text(path, "\n".join(lines) + "\n")


def _gapless(tier: Tier, end: int) -> list[tuple[int, int, str]]:
    out: list[tuple[int, int, str]] = []
    reached = 0
    for start, stop, label in tier.whole(_PER_SECOND):
        if stop > end:
            raise UnusableInput(
                f"tier {tier.name!r}: an interval ends at {stop / _PER_SECOND} s, after the end of the recording "
                f"({end / _PER_SECOND} s)"
            )
        if start > reached:
            out.append((reached, start, ""))
        out.append((start, stop, label))
        reached = stop
    if reached < end:
        out.append((reached, end, ""))
    return out


def _seconds(ticks: int) -> str:
    whole, rest = divmod(ticks, _PER_SECOND)
    return f"{whole}.{rest:06d}".rstrip("0").rstrip(".")


def _quoted(text: str) -> str:
    """A string of the format: a quotation mark inside is doubled; line breaks become spaces."""
    return '"' + " ".join(text.splitlines()).replace('"', '""') + '"'
