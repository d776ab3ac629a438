"""What a cohort's scales say, and how they go together: totals, bands, reliability, correlations, bands side by side."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd

from openada.cohort.instruments import Instrument, totals
from openada.cohort.reliability import cronbach_alpha, mcdonald_omega
from openada.evaluation.intervals import interval


def scale_table(people: pd.DataFrame, instruments: Mapping[str, Instrument]) -> pd.DataFrame:
    """A row per scale: n people with a total, how many of them had a missing answer filled in and how many have none, mean,
    sd (n − 1), median, Cronbach's α with its interval and McDonald's ω where there are items, and the rule for missing answers.
    """
    rows = []
    for total, of in instruments.items():
        values = people[total].to_numpy(np.float64)
        known = values[~np.isnan(values)]
        row: dict[str, object] = {"scale": of.scale, "n": len(known), "no_total": len(values) - len(known)}
        if set(of.columns) <= set(people.columns):
            items = people[list(of.columns)].to_numpy(np.float64)
            alpha = cronbach_alpha(items)
            filled = int((np.isnan(items).any(axis=1) & ~np.isnan(totals(items, of))).sum())
            row |= {"filled_in": filled, "alpha": alpha.value, "alpha_low": alpha.low, "alpha_high": alpha.high}
            row |= {"omega": mcdonald_omega(items), "missing_answers": of.rule}
        spread = float(known.std(ddof=1)) if len(known) > 1 else float("nan")
        middle = (float(known.mean()), float(np.median(known))) if len(known) else (float("nan"),) * 2
        rows.append(row | {"mean": middle[0], "sd": spread, "median": middle[1]})
    order = ("scale", "n", "no_total", "filled_in", "mean", "sd", "median", "alpha", "alpha_low", "alpha_high", "omega")
    return pd.DataFrame(rows).reindex(columns=[*order, "missing_answers"])


def band_table(people: pd.DataFrame, instruments: Mapping[str, Instrument]) -> pd.DataFrame:
    """A row per scale and severity band: n people in it and their share of those with a total."""
    rows = []
    for total, of in instruments.items():
        column = people[f"{total}_band"]
        for band, _ in of.bands.bands:
            n = int((column == band).sum())
            rows.append((of.scale, band, n, n / max(int(column.notna().sum()), 1)))
    return pd.DataFrame(rows, columns=["scale", "band", "n", "share"])


def correlation_table(people: pd.DataFrame, instruments: Mapping[str, Instrument], level: float = 0.95) -> pd.DataFrame:
    """A row per pair of scales: Pearson's r with a jackknife-t interval over people, Spearman's ρ, and the n people with both."""
    rows = []
    for a, b in combinations(instruments, 2):
        both = people[[a, b]].dropna()
        if len(both) < 3:
            continue
        found = interval("pcc", both[a], both[b], np.arange(len(both)), level=level, unit="people")
        spearman = float(both[a].rank().corr(both[b].rank()))
        names = (instruments[a].scale, instruments[b].scale)
        rows.append((*names, found.value, found.low, found.high, spearman, len(both), found.note))
    return pd.DataFrame(rows, columns=["scale_a", "scale_b", "pearson", "low", "high", "spearman", "n", "note"])


def co_occurrence_table(people: pd.DataFrame, instruments: Mapping[str, Instrument]) -> pd.DataFrame:
    """A row per pair of bands of two scales: n people in both, their share of those with both totals, and the share to expect
    if the two had nothing to do with one another (the product of the two bands' shares).
    """
    rows = []
    for a, b in combinations(instruments, 2):
        both = people[[f"{a}_band", f"{b}_band"]].dropna()
        if both.empty:
            continue
        for of_a, _ in instruments[a].bands.bands:
            in_a = (both[f"{a}_band"] == of_a).to_numpy()
            for of_b, _ in instruments[b].bands.bands:
                in_b = (both[f"{b}_band"] == of_b).to_numpy()
                n = int((in_a & in_b).sum())
                shares = (n / len(both), float(in_a.mean() * in_b.mean()))
                rows.append((instruments[a].scale, of_a, instruments[b].scale, of_b, n, *shares))
    return pd.DataFrame(rows, columns=["scale_a", "band_a", "scale_b", "band_b", "n", "share", "share_if_independent"])
