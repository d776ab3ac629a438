import numpy as np
import pandas as pd
import pytest

from openada.cohort.instruments import INSTRUMENTS
from openada.cohort.relations import band_table, co_occurrence_table, correlation_table, scale_table
from openada.datasets.scales import band_name

NAMES = ("dass21_depression", "dass21_stress")
OF = {name: INSTRUMENTS[name] for name in NAMES}


def people(depression, stress):
    table = pd.DataFrame({NAMES[0]: depression, NAMES[1]: stress}, dtype=float)
    for name in NAMES:
        table[f"{name}_band"] = [None if np.isnan(v) else band_name(v, OF[name].bands) for v in table[name]]
    return table


def test_correlation_by_hand_and_only_of_those_with_both():
    table = people([0, 10, 20, 30, np.nan], [2, 10, 22, 30, 0])
    row = correlation_table(table, OF).iloc[0]
    x, y = np.array([0, 10, 20, 30.0]), np.array([2, 10, 22, 30.0])
    assert row["pearson"] == pytest.approx(np.corrcoef(x, y)[0, 1]) and row["spearman"] == pytest.approx(1)
    assert row["n"] == 4 and row["low"] < row["pearson"] < row["high"]


def test_bands_side_by_side():
    table = people([0, 0, 10, 30], [0, 34, 34, 34])
    found = co_occurrence_table(table, OF).set_index(["band_a", "band_b"])
    assert found["n"].sum() == 4 and found["share"].sum() == pytest.approx(1)
    assert found.loc[("normal", "extremely severe"), "n"] == 1
    assert found.loc[("normal", "extremely severe"), "share_if_independent"] == pytest.approx(2 / 4 * 3 / 4)
    counts = band_table(table, OF).set_index(["scale", "band"])["n"]
    assert counts["DASS-21-stress"].tolist() == [1, 0, 0, 0, 3] and counts["DASS-21-depression"].tolist() == [
        2,
        1,
        0,
        0,
        1,
    ]


def test_scale_table_counts_who_was_filled_in_and_who_has_no_total():
    of = {"dass21_anxiety": INSTRUMENTS["dass21_anxiety"]}
    items = np.random.default_rng(1).integers(0, 4, (23, 7)).astype(float)
    items[0, 0] = items[1, :2] = np.nan
    from openada.cohort.instruments import totals

    table = pd.DataFrame(items, columns=list(of["dass21_anxiety"].columns))
    table["dass21_anxiety"] = totals(items, of["dass21_anxiety"])
    row = scale_table(table, of).iloc[0]
    assert (row["n"], row["filled_in"], row["no_total"]) == (22, 1, 1)
    assert row["mean"] == pytest.approx(table["dass21_anxiety"].mean())
    assert row["sd"] == pytest.approx(table["dass21_anxiety"].std())
    from_totals = scale_table(table[["dass21_anxiety"]], of).iloc[0]
    assert np.isnan(from_totals["alpha"]) and from_totals["n"] == 22
