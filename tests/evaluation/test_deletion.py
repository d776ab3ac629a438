import numpy as np
import pytest

from openada.errors import UnusableInput
from openada.evaluation.deletion import (
    RANDOM,
    SHARES,
    UNIFORM,
    deletion_intervals,
    kept_masks,
    recording_points,
    relevance_order,
    spread_order,
)


def additive(weights, constant=3.0):
    """A scorer that adds up what is kept."""
    return lambda masks: constant + masks @ np.asarray(weights)


def test_orders_by_hand():
    assert spread_order(1).tolist() == [0]
    assert spread_order(4).tolist() == [2, 1, 3, 0]
    assert spread_order(7).tolist() == [3, 1, 5, 0, 4, 2, 6]
    assert relevance_order([1.0, 9.0, -2.0, 4.0]).tolist() == [1, 3, 0, 2]
    assert relevance_order([0.0] * 7).tolist() == [3, 1, 5, 0, 4, 2, 6]  # ties are spread


@pytest.mark.parametrize("n", [2, 3, 13, 32, 101])
def test_every_beginning_of_the_spread_order_is_spread(n):
    order = spread_order(n)
    assert sorted(order) == list(range(n))
    for k in range(1, n):
        gaps = np.diff(np.r_[-1, np.sort(order[:k]), n])
        assert gaps.max() <= 2 * (n + 1) / (k + 1) + 2  # no stretch more than about twice its fair length


def test_masks_by_hand():
    # of units 0, 2, 3, 5 (usable) the order takes 3, 0, 5, 2
    masks = kept_masks(np.array([2, 0, 3, 1]), np.array([0, 2, 3, 5]), 7, (0.1, 0.5, 0.95))
    kept = [np.flatnonzero(mask).tolist() for mask in masks]
    assert kept == [[0, 2, 5], [2, 5], [2], [3], [0, 3], [0, 3, 5]]


def test_points_of_an_additive_scorer_by_hand():
    weights = np.array([2.0, 0.0, -1.0, 100.0, 5.0, 1.0])
    usable = np.array([True, True, True, False, True, True])  # what weighs 100 was never there
    shares = (0.2, 0.6)  # one and three of five
    relevance = {"right": weights, "wrong": np.where(usable, -weights, np.nan)}
    found = recording_points("a", "a", relevance, usable, additive(np.where(usable, weights, 0)), shares=shares)
    # right takes 5, 2, 1, 0, −1: deletion (5 + 8) / 2; insertion leaves out 2 and −1: ((5 − 7) + (8 − 7)) / 2
    assert found.points["right"] == pytest.approx((6.5, -0.5))
    # wrong takes −1, 0, 1, 2, 5: deletion (−1 + 0) / 2; insertion ((−1 − 7) + (0 − 7)) / 2
    assert found.points["wrong"] == pytest.approx((-0.5, -7.5))
    # evenly spread over the five (positions 2, 1, 3, …: weights −1, 0, 5): deletion (−1 + 4) / 2
    assert found.points[UNIFORM] == pytest.approx((1.5, (-8 + (4 - 7)) / 2))


def test_random_orders_are_an_average_of_seeded_draws():
    rng = np.random.default_rng(0)
    weights = rng.normal(1, 2, 11)
    usable = np.ones(11, bool)

    def points(name="a", **how):
        return recording_points(name, "s", {"x": weights}, usable, additive(weights), **how).points

    # a random share q of an additive score is worth q of it: deletion → mean(count) / n · sum; counts of 11 by share
    counts = np.floor(np.array(SHARES) * 11 + 0.5)
    worth = counts.mean() / 11 * weights.sum()
    many = points(draws=20_000)[RANDOM]
    assert many.deletion == pytest.approx(worth, abs=0.1)
    assert many.insertion == pytest.approx(worth - weights.sum(), abs=0.1)
    assert points(seed=4) == points(seed=4)
    assert points(seed=4)[RANDOM] != points(seed=5)[RANDOM]
    assert points()[RANDOM] != points("b")[RANDOM]


def test_one_unit_stays_and_one_call_asks_for_everything():
    calls = []

    def scorer(masks):
        calls.append(masks)
        assert masks.any(axis=1).all() and not masks[:, 1].any()
        return masks.sum(axis=1)

    usable = np.array([True, False, True])
    found = recording_points("a", "a", {"x": np.array([1.0, np.nan, 2.0])}, usable, scorer)
    assert len(calls) == 1 and len(np.unique(calls[0], axis=0)) == len(calls[0])  # no mask is asked for twice
    assert found.points["x"] == (1.0, -1.0)
    assert recording_points("a", "a", {}, [True, False, False], scorer) is None


def test_means_and_paired_differences():
    rng = np.random.default_rng(3)
    recordings = []
    for k in range(13):
        weights = np.abs(rng.normal(0, 1 + k, 17))
        recordings.append(
            recording_points(
                f"r{k}", f"s{k // 2}", {"good": weights, "bad": -weights}, np.ones(17, bool), additive(weights)
            )
        )
    good, bad = (deletion_intervals(recordings, name) for name in ("good", "bad"))
    assert list(good) == [
        "deletion_points", "deletion_points_over_random", "deletion_points_over_uniform",
        "insertion_points", "insertion_points_over_random", "insertion_points_over_uniform",
    ]  # fmt: skip
    assert all(of.low > 0 for name, of in good.items() if "_over_" in name)
    assert all(of.high < 0 for name, of in bad.items() if "_over_" in name)
    own = [r.points["good"].deletion for r in recordings]
    gap = [r.points["good"].deletion - r.points[RANDOM].deletion for r in recordings]
    assert good["deletion_points"].value == pytest.approx(np.mean(own))
    assert good["deletion_points_over_random"].value == pytest.approx(np.mean(gap))
    assert (good["deletion_points"].n, good["deletion_points"].n_subjects) == (13, 7)
    assert list(deletion_intervals(recordings, RANDOM)) == ["deletion_points", "insertion_points"]


def test_unusable_input():
    for shares in ((), (0.0, 0.5), (0.5, 1.0)):
        with pytest.raises(UnusableInput, match="between 0 and 1"):
            recording_points("a", "a", {}, [True, True], additive([1, 1]), shares=shares)
    with pytest.raises(UnusableInput, match="'a': x must have a number"):
        recording_points("a", "a", {"x": [1.0, np.nan]}, [True, True], additive([1, 1]))
