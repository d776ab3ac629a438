"""Localisation of several seeds together: the mean of every recording's, and no mean of unlike recordings."""

import numpy as np
import pytest

from openada.evaluation.localisation import Localisation
from openada.evaluation.means import mean_over_subjects
from openada.studies.reproduce.planted_relevance import _cell, _over_seeds

SUBJECTS = {"a1": "a", "a2": "a", "b1": "b", "c1": "c"}


def _found(**aurocs: float) -> Localisation:
    interval = mean_over_subjects(list(aurocs.values()), [SUBJECTS[name] for name in aurocs], bounds=(0, 1))
    return Localisation(interval, aurocs, recordings_excluded=1)


def test_the_mean_of_seeds_is_that_of_every_recordings_mean() -> None:
    seeds = [
        {"relevance": _found(a1=0.9, a2=0.7, b1=0.6, c1=1.0), "SDR where severe is predicted": _found(a1=0.9)},
        {"relevance": _found(a1=0.5, a2=0.7, b1=0.8, c1=0.6), "SDR where severe is predicted": _found(b1=0.8)},
    ]
    (row,) = _over_seeds(seeds, SUBJECTS)  # SDR by category is of other recordings under each seed
    expected = mean_over_subjects([0.7, 0.7, 0.7, 0.8], ["a", "a", "b", "c"], bounds=(0, 1))
    assert row["measure"] == "relevance" and row["recordings_excluded"] == 1
    assert (row["value"], row["low"], row["high"]) == pytest.approx((expected.value, expected.low, expected.high))
    assert row["value"] == pytest.approx(np.mean([0.8, 0.65]))  # seeds first or recordings first


def test_a_cell_without_an_interval_shows_none() -> None:
    assert _cell({"value": 0.5, "low": np.nan, "high": np.nan, "n": 7}) == "0.50, n = 7"
    assert _cell({"value": 0.853, "low": 0.82, "high": 0.881, "n": 207}) == "0.85 [0.82, 0.88], n = 207"
