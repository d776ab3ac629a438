"""Correlation along frames: scipy's within windows, planted ties found, p uniform where there are none, constants undefined."""

import numpy as np
import pytest
from scipy.stats import kstest, spearmanr

from openada.errors import UnusableInput
from openada.evaluation.shifted_correlation import LARGEST_R, shifted_spearman

RNG = np.random.default_rng(5)


def windows(starts, length):
    return np.asarray(starts)[:, None] + np.arange(length)


def wander(n, rng, memory=0.9):
    values = np.zeros(n)
    for k in range(1, n):
        values[k] = memory * values[k - 1] + rng.normal()
    return values


def test_it_is_the_mean_of_fishers_z_of_scipys_correlation_in_each_window():
    signal, places = RNG.integers(0, 7, 61).astype(float), windows([0, 17, 40], 17)  # ties
    attribution = RNG.normal(size=places.shape)
    found = shifted_spearman(signal, attribution, places)
    z = [np.arctanh(spearmanr(signal[where], row).statistic) for where, row in zip(places, attribution, strict=True)]
    assert found.z == pytest.approx(np.mean(z)) and found.r == pytest.approx(np.tanh(np.mean(z)))
    assert (found.n_frames, found.n_windows, found.shifts, found.reason) == (51, 3, 61, "")


def test_frames_that_either_lacks_are_left_out_and_short_windows_do_not_count():
    signal, places = RNG.normal(size=53), windows([2, 20, 33], 19)
    attribution = RNG.normal(size=places.shape)
    signal[5:9], attribution[1, 3] = np.nan, np.nan
    attribution[2, 7:] = np.nan  # seven frames left
    found = shifted_spearman(signal, attribution, places)
    z = []
    for row in range(2):
        both = np.isfinite(signal[places[row]]) & np.isfinite(attribution[row])
        z.append(np.arctanh(spearmanr(signal[places[row]][both], attribution[row][both]).statistic))
    assert found.z == pytest.approx(np.mean(z)) and found.n_windows == 2 and found.n_frames == 15 + 18


def test_a_planted_tie_is_found_and_its_p_is_the_share_of_turns_as_far_out():
    signal = wander(211, RNG)
    places = windows(range(0, 192, 32), 32)
    found = shifted_spearman(signal, -(signal[places] ** 3), places)
    assert found.r == pytest.approx(-LARGEST_R) and found.p_value <= 5 / 211
    loose = shifted_spearman(signal, signal[places] + RNG.normal(0, 2.5, places.shape), places)
    assert loose.r > 0.3 and loose.p_value < 0.05


def test_p_by_hand_for_one_window_over_the_whole_recording():
    signal, attribution = RNG.normal(size=23), RNG.normal(size=23)
    turned = [abs(spearmanr(np.roll(signal, -k), attribution).statistic) for k in range(23)]
    found = shifted_spearman(signal, attribution[None], np.arange(23)[None])
    assert found.p_value == pytest.approx(np.mean(np.array(turned) >= turned[0] - 1e-12))


def test_p_is_uniform_between_independent_signals_that_follow_themselves():
    rng = np.random.default_rng(11)
    places = windows(range(0, 120, 30), 30)
    found = [
        shifted_spearman(wander(120, rng), wander(120, rng)[places], places, most_shifts=60).p_value for _ in range(150)
    ]
    assert kstest(found, "uniform").pvalue > 0.01
    assert np.mean(np.array(found) < 0.05) < 0.1
    textbook = []
    for _ in range(150):
        textbook.append(spearmanr(wander(120, rng), wander(120, rng)).pvalue)
    assert np.mean(np.array(textbook) < 0.05) > 0.25  # what it is there for


@pytest.mark.parametrize(
    ("signal", "attribution", "reason"),
    [
        (np.full(40, 2.0), RNG.normal(size=(2, 20)), "signal is constant"),
        (np.repeat([1.0, 2.0], 20), RNG.normal(size=(2, 20)), "signal is constant in every window"),
        (np.full(40, np.nan), RNG.normal(size=(2, 20)), "not measured"),
        (RNG.normal(size=40), np.zeros((2, 20)), "attribution is constant"),
    ],
)
def test_what_is_constant_or_missing_is_undefined_with_the_reason(signal, attribution, reason):
    found = shifted_spearman(signal, attribution, windows([0, 20], 20))
    assert np.isnan([found.r, found.z, found.p_value]).all() and reason in found.reason


def test_few_frames_have_no_p_and_wrong_places_are_refused():
    found = shifted_spearman(RNG.normal(size=13), RNG.normal(size=(1, 13)), np.arange(13)[None])
    assert np.isfinite(found.r) and np.isnan(found.p_value)
    with pytest.raises(UnusableInput, match="a recording of 13"):
        shifted_spearman(RNG.normal(size=13), RNG.normal(size=(1, 11)), np.arange(3, 14)[None])
