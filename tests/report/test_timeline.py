from __future__ import annotations

import numpy as np
import pytest

from openada.report.content import Segment
from openada.report.timeline import contrast, coverage_mean, merged, tracks


def test_coverage_mean_by_hand() -> None:
    edges, value = coverage_mean(np.array([0.0, 1.0, 5.0]), np.array([2.0, 3.0, 6.0]), np.array([2.0, 4.0, 7.0]))
    np.testing.assert_allclose(edges, [0, 1, 2, 3, 5, 6])
    np.testing.assert_allclose(value, [2, 3, 4, np.nan, 7])


def test_coverage_mean_against_a_loop() -> None:
    rng = np.random.default_rng(11)
    start = rng.uniform(0, 50, 31)
    end, value = start + rng.uniform(0.5, 9, 31), rng.uniform(0, 1e-4, 31)
    edges, found = coverage_mean(start, end, value)
    middle = (edges[1:] + edges[:-1]) / 2
    for time, mean in zip(middle, found, strict=True):
        over = (start <= time) & (time < end)
        assert mean == pytest.approx(value[over].mean(), rel=1e-6) if over.any() else np.isnan(mean)


def test_ends_and_starts_computed_apart_leave_no_sliver() -> None:
    unit = 32 / 29.97
    start, end = np.array([k * unit for k in range(7)]), np.array([(k + 1) * 32 / 29.97 for k in range(7)])
    edges, value = coverage_mean(start, end, np.arange(7.0))
    assert len(edges) == 8 and not np.isnan(value).any()


def test_missing_value_covers_nothing_and_tracks_are_split_by_scale() -> None:
    given = [
        Segment(0.0, 1.0, 32, 0.1, np.nan, False),
        Segment(1.0, 2.0, 32, 0.2, 0.5, True),
        Segment(0.0, 2.0, 64, 0.3, 0.7, False),
    ]
    short, long = tracks(given)
    np.testing.assert_allclose(short["edges_s"], [0, 1, 2])
    np.testing.assert_allclose(short["severity"], [np.nan, 0.5])
    np.testing.assert_allclose(short["category"], [0.1, 0.2])
    np.testing.assert_allclose(long["category"], [0.3])


def test_merged_and_contrast() -> None:
    assert merged([(4.0, 5.0), (0.0, 1.0), (1.0, 2.0), (4.5, 4.7)]) == [(0.0, 2.0), (4.0, 5.0)]
    assert contrast([1.0, 1.0, 4.0, float("nan")]) == 2.0
    assert np.isnan(contrast([])) and np.isnan(contrast([0.0, 0.0]))
