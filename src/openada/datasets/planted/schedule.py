"""When each group of movements is on: trains drawn without the score, and a coincidence that follows it.

A recording has one list of episodes (durations), the same for the three groups; amplitudes are drawn per group.
All of that is drawn before the score is used. The score then decides only *which* episodes are placed as cues,
the same episode of all three groups with one start and one end; every other episode is placed at random, alone or in
pairs, never three together. Total time, counts, durations and amplitudes of a group are therefore
independent of the score by construction, not by correction.

Times live on a grid of 0.05 s, so that an occupied timeline is one Python integer, a bit per tick, and "where does
this episode fit" is a few shifts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from openada.datasets.planted.severity import expected_cue_share
from openada.errors import UnusableInput

GROUPS = ("brows", "mouth", "lids")
TICK_S = 0.05
TRAIN_SHARE = 0.40
TRAIN_SHARE_RELATIVE_SD = 0.08
TRAIN_SHARE_LIMITS = (0.32, 0.48)
SHORTEST_EPISODE_S, LONGEST_EPISODE_S = 0.5, 4.0
OWN_GAP_S = 0.25  # between two episodes of one group, so that they stay two
AMPLITUDE_LIMITS = (0.7, 1.0)
DYNAMIC_LAG_S = 0.3
SHORTEST_RECORDING_S = 4.0
GIBBS_SWEEPS = 2
CANDIDATES = 8  # places compared by a group that seeks company
ATTEMPTS = 200


@dataclass(frozen=True)
class Episode:
    """One group on from `start_s` to `end_s`; its intensity rises to `amplitude` and is zero outside."""

    group: str
    start_s: float
    end_s: float
    amplitude: float
    cue: bool


@dataclass(frozen=True)
class Trains:
    """What is drawn before the score: durations (n,) in ticks, shared by the groups, and amplitudes (3, n)."""

    durations: np.ndarray
    amplitudes: np.ndarray


@dataclass(frozen=True)
class Schedule:
    """The episodes of one recording, its cue episodes as (start_s, end_s), and the cue's share of the time."""

    seconds: float
    episodes: tuple[Episode, ...]
    cues: tuple[tuple[float, float], ...]

    @property
    def cue_share(self) -> float:
        """Share of the recording's time in which the cue is on, 0 to 1."""
        return sum(end - start for start, end in self.cues) / self.seconds

    def of(self, group: str) -> list[Episode]:
        """The episodes of one group in order of time."""
        return sorted((e for e in self.episodes if e.group == group), key=lambda e: e.start_s)


def draw_trains(rng: np.random.Generator, seconds: float) -> Trains:
    """Episode durations and amplitudes of one recording of `seconds`; the score plays no part.

    The train fills 40 % of the time (sd 8 % of itself, kept in 32–48 %) with episodes of 0.5–4 s, mean about 1.7 s.
    """
    if seconds < SHORTEST_RECORDING_S:
        raise UnusableInput(f"seconds = {seconds}: a planted recording needs at least {SHORTEST_RECORDING_S:g} s")
    share = np.clip(rng.normal(TRAIN_SHARE, TRAIN_SHARE * TRAIN_SHARE_RELATIVE_SD), *TRAIN_SHARE_LIMITS)
    low, high = round(SHORTEST_EPISODE_S / TICK_S), round(LONGEST_EPISODE_S / TICK_S)
    total = int(share * seconds / TICK_S)
    count = max(1, round(total / (low + (high - low) / 3)))
    durations = np.clip(np.rint(low + (high - low) * rng.beta(1.5, 3.0, count)), low, high).astype(int)
    # Single ticks are moved at random until the train has its total: proportional scaling would pile up at the limits.
    while (missing := total - int(durations.sum())) != 0:
        step = 1 if missing > 0 else -1
        room = np.flatnonzero(durations < high) if step > 0 else np.flatnonzero(durations > low)
        chosen = rng.choice(room, size=min(abs(missing), len(room)), replace=False)
        durations[chosen] += step
    return Trains(durations, rng.uniform(*AMPLITUDE_LIMITS, (len(GROUPS), count)))


def choose_cues(rng: np.random.Generator, durations: np.ndarray, target: float) -> np.ndarray:
    """Which whole episodes become cues, (n,) bool, so that their total is `target` ticks in expectation.

    Of the subsets whose total lies next below and next above the target one is drawn with the probability that makes the
    expectation exact; no episode at all is one of the subsets.
    """
    order = rng.permutation(len(durations))
    fine, coarse = order[:10], order[10:]
    chosen = np.zeros(len(durations), dtype=bool)
    remaining = min(float(target), float(durations.sum()))
    for index in coarse:
        if durations[index] <= remaining - durations[fine].sum() / 2:
            chosen[index] = True
            remaining -= durations[index]
    subsets = (np.arange(2 ** len(fine))[:, None] >> np.arange(len(fine))) & 1
    totals = subsets @ durations[fine]
    below = totals[totals <= remaining].max()
    above = totals[totals >= remaining].min() if remaining <= totals.max() else below
    probability = 0.0 if above == below else (remaining - below) / (above - below)
    picked = above if rng.random() < probability else below
    subset = subsets[rng.choice(np.flatnonzero(totals == picked))]
    chosen[fine] = subset.astype(bool)
    return chosen


def _free_starts(blocked: int, length: int, ticks: int) -> int:
    """Bit t is set if `length` ticks from t on are free of `blocked` and inside the recording."""
    free = ~blocked & ((1 << ticks) - 1)
    have = 1
    while have < length:
        step = min(have, length - have)
        free &= free >> step
        have += step
    return free


def _draw_bits(rng: np.random.Generator, bits: int, ticks: int, count: int = 1) -> list[int]:
    """The places of `count` set bits, drawn uniformly with repetition; empty if none is set."""
    if bits == 0:
        return []
    raw = np.frombuffer(bits.to_bytes((ticks + 7) // 8, "little"), dtype=np.uint8)
    places = np.flatnonzero(np.unpackbits(raw, bitorder="little"))
    return [int(places[int(draw * len(places))]) for draw in rng.random(count)]


def _mask(start: int, length: int) -> int:
    return ((1 << length) - 1) << start


class _Timeline:
    """Where the episodes of the three groups lie; group index -1 stands for all three (a cue)."""

    def __init__(self, ticks: int) -> None:
        self.ticks = ticks
        self.gap = round(OWN_GAP_S / TICK_S)
        self.on = [0, 0, 0]
        self.margins: list[dict[tuple[int, int], int]] = [{}, {}, {}]

    def allowed(self, group: int, length: int) -> int:
        """Start ticks at which an episode keeps its gap to its own group and makes no third of a pair."""
        blocked = 0
        for g in range(3) if group < 0 else (group,):
            for shift in range(1, self.gap + 1):
                blocked |= self.on[g] << shift | self.on[g] >> shift
            blocked |= self.on[g]
        if group >= 0:
            first, second = (self.on[g] for g in range(3) if g != group)
            blocked |= first & second
        else:
            blocked |= self.on[0] | self.on[1] | self.on[2]
        return _free_starts(blocked, length, self.ticks)

    def start(self, rng: np.random.Generator, group: int, length: int, loner: int = -1, company: float = 0.0) -> int:
        """A start tick drawn from the allowed ones, -1 if there is none.

        With probability `company` the best of a few draws is taken: the one most with its partner and least with the
        `loner`, which itself keeps apart.
        """
        picky = group >= 0 and rng.random() < company
        places = _draw_bits(rng, self.allowed(group, length), self.ticks, CANDIDATES if picky else 1)
        if len(places) < 2:
            return places[0] if places else -1
        sought, shunned = 0, 0
        for other in range(3):
            if other != group and loner not in (group, other):
                sought |= self.on[other]
            elif other != group:
                shunned |= self.on[other]
        masks = [_mask(place, length) for place in places]
        gains = [(mask & sought).bit_count() - (mask & shunned).bit_count() for mask in masks]
        return places[gains.index(max(gains))]

    def flip(self, group: int, start: int, length: int) -> None:
        """Add an episode, or take it away again."""
        for g in range(3) if group < 0 else (group,):
            self.on[g] ^= _mask(start, length)


def _place(rng: np.random.Generator, wanted: list[tuple[int, int]], ticks: int, sweeps: int) -> list[int] | None:
    """Start ticks for `wanted` (group, length) episodes, all constraints kept, or None if this attempt got stuck.

    Long ones first, then Gibbs sweeps (each taken out and put back at random among the places open to it), which
    forget the order of placing. Which two groups keep company, and how closely, varies from recording to recording
    whatever the score, so that a pair says less about the three.
    """
    loner, company = int(rng.integers(3)), rng.uniform(0.5, 1.0)
    line = _Timeline(ticks)
    starts = [0] * len(wanted)
    for index in sorted(range(len(wanted)), key=lambda i: (wanted[i][0] >= 0, -wanted[i][1] + rng.random())):
        group, length = wanted[index]
        start = line.start(rng, group, length)
        if start < 0:
            return None
        line.flip(group, start, length)
        starts[index] = start
    for _ in range(sweeps):
        for index in rng.permutation(len(wanted)):
            group, length = wanted[index]
            line.flip(group, starts[index], length)
            starts[index] = line.start(rng, group, length, loner, company)
            line.flip(group, starts[index], length)
    return starts


def _place_all(rng: np.random.Generator, wanted: list[tuple[int, int]], seconds: float) -> list[int]:
    for _ in range(ATTEMPTS):
        starts = _place(rng, wanted, int(seconds / TICK_S + 1e-6), GIBBS_SWEEPS)
        if starts is not None:
            return starts
    # Trains are never redrawn here: a retry that depended on the score would let it back into the marginals.
    raise RuntimeError(f"no schedule found for {len(wanted)} episodes in {seconds} s after {ATTEMPTS} attempts")


def _episodes(trains: Trains, index: int, starts: tuple[int, int, int], cue: bool) -> list[Episode]:
    """Episode `index` of all three groups, starting at `starts` (ticks)."""
    length = int(trains.durations[index])
    return [
        Episode(name, start * TICK_S, (start + length) * TICK_S, float(trains.amplitudes[group, index]), cue)
        for group, (name, start) in enumerate(zip(GROUPS, starts, strict=True))
    ]


def _coincidence_schedule(
    trains: Trains, severity: float, seconds: float, cue_rng: np.random.Generator, place_rng: np.random.Generator
) -> Schedule:
    is_cue = choose_cues(cue_rng, trains.durations, expected_cue_share(severity) * seconds / TICK_S)
    cues, others = ([int(i) for i in np.flatnonzero(kind)] for kind in (is_cue, ~is_cue))
    keys = [(-1, i) for i in cues] + [(g, i) for g in range(3) for i in others]
    starts = _place_all(place_rng, [(g, int(trains.durations[i])) for g, i in keys], seconds)
    start_of = dict(zip(keys, starts, strict=True))
    episodes: list[Episode] = []
    for i in cues:
        episodes += _episodes(trains, i, (start_of[-1, i],) * 3, cue=True)
    for i in others:
        episodes += _episodes(trains, i, (start_of[0, i], start_of[1, i], start_of[2, i]), cue=False)
    spans = sorted((start_of[-1, i] * TICK_S, (start_of[-1, i] + int(trains.durations[i])) * TICK_S) for i in cues)
    return Schedule(seconds, tuple(episodes), tuple(spans))


def _order_schedule(
    trains: Trains, severity: float, seconds: float, cue_rng: np.random.Generator, place_rng: np.random.Generator
) -> Schedule:
    """Variant `dynamic`: all episodes coincide; in a cue the brows lead the mouth by 0.3 s, in a decoy they follow.

    A decoy is a cue run backwards: profiles are symmetric in time and the lids lie in the middle, so both show the same
    frames and only their order tells them apart.
    """
    lag = round(DYNAMIC_LAG_S / TICK_S)
    lengths = trains.durations + lag
    is_cue = choose_cues(cue_rng, lengths, expected_cue_share(severity) * seconds / TICK_S)
    starts = _place_all(place_rng, [(-1, int(length)) for length in lengths], seconds)
    episodes: list[Episode] = []
    for i, start in enumerate(starts):
        brows, mouth = (start, start + lag) if is_cue[i] else (start + lag, start)
        episodes += _episodes(trains, i, (brows, mouth, start + lag // 2), cue=bool(is_cue[i]))
    spans = sorted((starts[i] * TICK_S, (starts[i] + int(lengths[i])) * TICK_S) for i in np.flatnonzero(is_cue))
    return Schedule(seconds, tuple(episodes), tuple(spans))


def draw_schedule(seed: np.random.SeedSequence, severity: float, seconds: float, *, dynamic: bool = False) -> Schedule:
    """The schedule of one recording of `seconds` for a true score `severity` (0–63).

    Trains, the choice of cues and the placing have a stream each: with one `seed`, two scores share their trains exactly.
    """
    train_rng, cue_rng, place_rng = (np.random.default_rng(child) for child in seed.spawn(3))
    trains = draw_trains(train_rng, seconds)
    build = _order_schedule if dynamic else _coincidence_schedule
    return build(trains, severity, seconds, cue_rng, place_rng)


def draw_cue_share(seed: np.random.SeedSequence, severity: float, seconds: float, *, dynamic: bool = False) -> float:
    """The true cue share that `draw_schedule` would give, without placing anything (about 20 times faster)."""
    train_rng, cue_rng, _ = (np.random.default_rng(child) for child in seed.spawn(3))
    trains = draw_trains(train_rng, seconds)
    lengths = trains.durations + round(DYNAMIC_LAG_S / TICK_S) if dynamic else trains.durations
    is_cue = choose_cues(cue_rng, lengths, expected_cue_share(severity) * seconds / TICK_S)
    return float(lengths[is_cue].sum() * TICK_S / seconds)
