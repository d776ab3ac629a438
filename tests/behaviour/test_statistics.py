import numpy as np
import pandas as pd
import pytest
import scipy.stats

from openada.behaviour.dictionary import DICTIONARY
from openada.behaviour.series import FLAGS
from openada.behaviour.statistics import STATISTICS, statistics, statistics_of, twelve


def frame(tracked, **columns):
    return pd.DataFrame({"time_s": np.arange(len(tracked)) / 10, "tracked": tracked, **columns})


def test_all_twelve_agree_with_scipy_on_the_tracked_frames():
    rng = np.random.default_rng(8)
    values = rng.gamma(2.0, 1.0, 31)
    tracked = rng.random(31) < 0.7
    values[np.flatnonzero(tracked)[3]] = np.nan  # tracked, yet not measurable
    row = statistics(frame(tracked, a=values, b=-values)).iloc[0]
    kept = values[tracked & np.isfinite(values)]
    oracle = {
        "mean": np.mean(kept),
        "median": np.median(kept),
        "max": kept.max(),
        "min": kept.min(),
        "std": np.std(kept),
        "var": np.var(kept),
        "range": np.ptp(kept),
        "q25": np.percentile(kept, 25),
        "q75": np.percentile(kept, 75),
        "iqr": scipy.stats.iqr(kept),
        "skewness": scipy.stats.skew(kept),
        "kurtosis": scipy.stats.kurtosis(kept),
    }
    assert set(oracle) == set(STATISTICS)
    for name, value in oracle.items():
        assert row[f"a__{name}"] == pytest.approx(value), name
    assert row["b__mean"] == pytest.approx(-oracle["mean"])
    assert row["tracked_share"] == pytest.approx(tracked.mean())


def test_many_rows_at_once_give_what_each_gives_alone_and_what_pandas_gives():
    rng = np.random.default_rng(9)
    values = rng.gamma(2.0, 3.0, (7, 53)) + np.arange(7)[:, None] * 100
    values[rng.random(values.shape) < 0.3] = np.nan
    values[2] = np.nan
    values[3, 1:] = np.nan
    values[3, 0] = 5.0
    values[4] = np.where(np.isnan(values[4]), np.nan, 0.1)
    values[5, 7] = np.inf
    together = twelve(values)
    for row, found in zip(values, together, strict=True):
        kept = row[np.isfinite(row)]
        np.testing.assert_allclose(twelve(kept), found, rtol=1e-12)
        n, of = len(kept), pd.Series(kept)
        if n < 4 or of.nunique() == 1:
            continue
        quartiles = [of.quantile(share) for share in (0.25, 0.75)]
        oracle = [
            *(of.mean(), of.median(), of.max(), of.min(), of.std(ddof=0), of.var(ddof=0), of.max() - of.min()),
            *(*quartiles, quartiles[1] - quartiles[0], of.skew() * (n - 2) / np.sqrt(n * (n - 1))),
            (of.kurt() * (n - 2) * (n - 3) / (n - 1) - 6) / (n + 1),
        ]
        np.testing.assert_allclose(found, oracle, rtol=1e-9)


def test_columns_come_in_order_whatever_is_computed_at_once():
    names = [f"c{number}" for number in range(37)]
    row = statistics_of(names, lambda name: np.array([1.0, 99.0]) * int(name[1:]), np.array([True, False])).iloc[0]
    assert [row[f"{name}__mean"] for name in names] == list(range(37))
    assert list(row.index[:12]) == [f"c0__{statistic}" for statistic in STATISTICS]
    assert len(statistics_of([], lambda name: np.zeros(2), np.array([True, False])).columns) == 1


def test_what_lost_frames_hold_does_not_matter():
    tracked = np.array([True, False, True, True, False])
    one = statistics(frame(tracked, a=[1.0, np.nan, 2.0, 4.0, np.nan]))
    two = statistics(frame(tracked, a=[1.0, 1e9, 2.0, 4.0, -1e9]))
    pd.testing.assert_frame_equal(one, two)


def test_undefined_statistics_are_nan_and_never_zero():
    nothing = statistics(frame(np.zeros(3, bool), a=[1.0, 2.0, 3.0])).iloc[0]
    assert nothing.drop("tracked_share").isna().all() and nothing["tracked_share"] == 0
    single = statistics(frame(np.array([True, False]), a=[5.0, 7.0])).iloc[0]
    assert single["a__mean"] == single["a__q75"] == 5 and single["a__range"] == 0
    assert single[["a__std", "a__var", "a__skewness", "a__kurtosis"]].isna().all()
    constant = statistics(frame(np.ones(5, bool), a=np.full(5, 0.1))).iloc[0]
    assert constant["a__std"] == pytest.approx(0, abs=1e-12) and np.isnan(constant["a__skewness"])
    assert np.isnan(statistics(frame(np.zeros(0, bool), a=np.zeros(0)))["tracked_share"][0])


def test_one_row_with_a_column_per_signal_and_statistic():
    columns = {signal.name: np.arange(5.0) for signal in DICTIONARY}
    row = statistics(frame(np.ones(5, bool), **columns))
    assert row.shape == (1, 12 * (len(DICTIONARY) - len(FLAGS)) + 1)
