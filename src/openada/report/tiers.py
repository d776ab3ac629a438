"""Annotation tiers: what the writers for ELAN (`elan.py`) and Praat (`textgrid.py`) both take."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from openada.errors import UnusableInput


class Interval(NamedTuple):
    """A labelled stretch, in seconds from the start of the media."""

    start_s: float
    end_s: float
    label: str


@dataclass(frozen=True)
class Tier:
    """A named row of intervals, ascending; they may touch and never overlap. Both programs refuse overlaps within a tier."""

    name: str
    intervals: Sequence[Interval] = ()

    def whole(self, per_second: int) -> list[tuple[int, int, str]]:
        """The intervals in whole ticks of which a second has `per_second`, so that touching ones share a tick.

        Raises UnusableInput for an interval before 0, one without a length in these ticks, and an overlap.
        """
        out: list[tuple[int, int, str]] = []
        for interval in self.intervals:
            if not (math.isfinite(interval.start_s) and math.isfinite(interval.end_s)):
                raise UnusableInput(f"tier {self.name!r}: {interval.start_s} s to {interval.end_s} s is no interval")
            start, end = (round(time_s * per_second) for time_s in (interval.start_s, interval.end_s))
            if start < 0 or end <= start:
                raise UnusableInput(
                    f"tier {self.name!r}: {interval.start_s} s to {interval.end_s} s: an interval starts at 0 or later "
                    f"and is at least {1 / per_second:g} s long"
                )
            if out and start < out[-1][1]:
                raise UnusableInput(
                    f"tier {self.name!r}: an interval starts at {interval.start_s} s, before the one before it ends "
                    f"({out[-1][1] / per_second} s); merge them or give them tiers of their own"
                )
            out.append((start, end, interval.label))
        return out


def check_names(tiers: Sequence[Tier]) -> None:
    """Raise UnusableInput if two tiers share a name, which neither program allows."""
    names = [tier.name for tier in tiers]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UnusableInput(f"two tiers are named {twice[0]!r}: give each a name of its own")
