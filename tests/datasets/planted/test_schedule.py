from itertools import pairwise

import numpy as np
import pytest

from openada.datasets.planted.schedule import (
    GROUPS,
    TICK_S,
    Schedule,
    choose_cues,
    draw_cue_share,
    draw_schedule,
    draw_trains,
)
from openada.datasets.planted.severity import draw_labels, draw_severities, expected_cue_share
from openada.errors import UnusableInput


def drawn(seed: int, severity: float, seconds: float, dynamic: bool = False) -> Schedule:
    return draw_schedule(np.random.SeedSequence(seed), severity, seconds, dynamic=dynamic)


def on(schedule: Schedule, group: str) -> np.ndarray:
    """(ticks,) how many episodes of the group are on, from a plain loop."""
    ticks = np.zeros(round(schedule.seconds / TICK_S), dtype=int)
    for episode in schedule.episodes:
        if episode.group == group:
            ticks[round(episode.start_s / TICK_S) : round(episode.end_s / TICK_S)] += 1
    return ticks


@pytest.mark.parametrize("seconds", [4.0, 5.3, 12.0, 30.0])
def test_three_groups_are_on_together_in_cues_and_nowhere_else(seconds):
    for seed in range(60):
        schedule = drawn(seed, 63 * (seed % 7) / 6, seconds)
        levels = np.stack([on(schedule, group) for group in GROUPS])
        assert levels.max() <= 1
        cue = np.zeros(levels.shape[1], dtype=bool)
        for start, end in schedule.cues:
            cue[round(start / TICK_S) : round(end / TICK_S)] = True
        np.testing.assert_array_equal(levels.sum(axis=0) == 3, cue)
        assert schedule.cue_share == pytest.approx(cue.mean(), abs=TICK_S / seconds)


@pytest.mark.parametrize("seconds", [12.0, 30.0, 61.7])
def test_trains_keep_their_limits_and_their_gaps(seconds):
    for seed in range(40):
        schedule = drawn(seed, 63 * (seed % 5) / 4, seconds)
        for group in GROUPS:
            episodes = schedule.of(group)
            lengths = np.array([e.end_s - e.start_s for e in episodes])
            assert lengths.min() >= 0.5 - 1e-9 and lengths.max() <= 4.0 + 1e-9
            assert 0.32 - TICK_S / seconds <= lengths.sum() / seconds < 0.5
            assert episodes[0].start_s >= 0 and episodes[-1].end_s <= seconds + 1e-9
            gaps = [b.start_s - a.end_s for a, b in pairwise(episodes)]
            assert min(gaps, default=1) >= 0.25 - 1e-9


def test_cues_are_whole_episodes_of_all_three_groups():
    for seed in range(30):
        schedule = drawn(seed, 50.0, 30.0)
        for group in GROUPS:
            spans = [(e.start_s, e.end_s) for e in schedule.of(group) if e.cue]
            assert spans == list(schedule.cues)


def test_the_score_does_not_reach_a_single_train():
    for seed in range(50):
        low, high = drawn(seed, 0.0, 30.0), drawn(seed, 63.0, 30.0)
        assert low.cue_share < high.cue_share
        for group in GROUPS:
            a, b = (
                sorted((round((e.end_s - e.start_s) / TICK_S), e.amplitude) for e in s.of(group)) for s in (low, high)
            )
            assert a == b


def test_the_expected_cue_share_is_linear_in_the_score_and_exact_on_average():
    assert expected_cue_share(0.0) == pytest.approx(0.02)
    assert expected_cue_share(63.0) == pytest.approx(0.38)
    for severity in (0.0, 17.0, 41.0):
        shares = [draw_cue_share(np.random.SeedSequence(seed), severity, 12.0) for seed in range(1500)]
        assert np.mean(shares) == pytest.approx(expected_cue_share(severity), abs=4 * np.std(shares) / 1500**0.5)
    assert 0.0 in [draw_cue_share(np.random.SeedSequence(seed), 0.0, 12.0) for seed in range(30)]


def test_choice_of_cues_on_known_durations():
    rng = np.random.default_rng(0)
    durations = np.array([10, 20, 40])
    picks = {tuple(choose_cues(rng, durations, 30)) for _ in range(20)}
    assert picks == {(True, True, False)}
    totals = [durations[choose_cues(rng, durations, 45)].sum() for _ in range(2000)]
    assert set(totals) == {40, 50} and np.mean(totals) == pytest.approx(45, abs=0.5)
    assert choose_cues(rng, durations, 1000).all()
    many = rng.integers(10, 80, 47)
    for target in (0, 60, 700, int(many.sum())):
        assert many[choose_cues(rng, many, target)].sum() == pytest.approx(target, abs=12)


def test_cue_share_without_placing_is_that_of_the_schedule():
    for dynamic in (False, True):
        for seed in range(20):
            share = draw_cue_share(np.random.SeedSequence(seed), 37.0, 30.0, dynamic=dynamic)
            assert share == pytest.approx(drawn(seed, 37.0, 30.0, dynamic).cue_share)


def test_a_decoy_is_a_cue_run_backwards():
    for seed in range(20):
        schedule = drawn(seed, 31.0, 30.0, dynamic=True)
        order = {True: set(), False: set()}
        for brow, mouth, lids in zip(*(schedule.of(group) for group in GROUPS), strict=True):
            lag = 0.3 if brow.cue else -0.3
            assert mouth.start_s - brow.start_s == pytest.approx(lag)
            assert mouth.end_s - brow.end_s == pytest.approx(lag)
            assert lids.start_s - brow.start_s == pytest.approx(lag / 2)
            order[brow.cue].add(brow.start_s)
        assert len(order[True]) == len(schedule.cues)


def test_the_same_seed_gives_the_same_schedule_and_another_another():
    assert drawn(3, 20.0, 30.0) == drawn(3, 20.0, 30.0)
    assert drawn(3, 20.0, 30.0) != drawn(4, 20.0, 30.0)


def test_a_long_recording_is_scheduled_too():
    assert drawn(1, 30.0, 1200.0).cue_share == pytest.approx(expected_cue_share(30.0), abs=0.003)


def test_too_short_a_recording_is_refused():
    with pytest.raises(UnusableInput, match=r"seconds = 3\.9"):
        draw_trains(np.random.default_rng(0), 3.9)


def test_scores_are_skewed_as_on_bdi_and_labels_noisy():
    rng = np.random.default_rng(0)
    severities = draw_severities(rng, 4001)
    assert np.mean(severities < 13.5) == pytest.approx(0.5, abs=0.03)
    assert severities.min() >= 0 and severities.max() <= 63
    labels = draw_labels(rng, severities)
    assert labels.dtype == np.int64 and labels.min() >= 0 and labels.max() <= 63
    inner = (severities > 8) & (severities < 55)
    assert np.std((labels - severities)[inner]) == pytest.approx((2**2 + 1 / 12) ** 0.5, abs=0.12)
