"""Whether intervals of associations cover what was planted, and how often a cohort without effects shows one, as a table.

    OMP_NUM_THREADS=1 python benchmarks/cohort_planted.py [--runs 100] [--people 300 1000] > benchmarks/cohort_planted.md

Every run draws other people (`cohort.synthetic`, means and standard deviations of 21 signals, three DASS-21 totals, age, sex and
site acting on both). Planted: how often the 95 % interval of each of the eight planted partial correlations holds its true
size, and the mean error. Null: how many runs find anything at a false discovery rate of 5 % over 126 pairs in the half that is
looked at, and how many see it replicated in the held-out half; beside it, how many pairs have p < .05 without adjustment.
"""

from __future__ import annotations

import argparse
import platform

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from openada.cohort.associations import associate, association_table
from openada.cohort.dictionary import COLUMNS
from openada.cohort.instruments import INSTRUMENTS, totals
from openada.cohort.layout import Cohort
from openada.cohort.synthetic.people import PLANTED, SCALES, draw_people, truth_table
from openada.cohort.synthetic.recordings import FEATURES
from openada.evaluation.table import to_markdown


def drawn(run: int, people: int, seed: int, *, null: bool) -> Cohort:
    """A cohort of people that no other run has."""
    made = draw_people(np.arange(run * people, (run + 1) * people), seed, FEATURES, () if null else PLANTED)
    table = made.table.copy()
    for name in SCALES:
        table[name] = totals(table[list(INSTRUMENTS[name].columns)].to_numpy(), INSTRUMENTS[name])
    features = pd.DataFrame(made.traits, columns=list(FEATURES))
    features.insert(0, "person", table["person"])
    kinds = {"age": "demographic", "sex": "demographic", "site": "demographic"}
    dictionary = pd.DataFrame(
        [(name, "people", kind, "", "", 1.0) for name, kind in kinds.items()], columns=list(COLUMNS)
    )
    return Cohort(features, table, dictionary)


def planted(runs: int, people: int, seed: int, method: str) -> tuple[float, float, float]:
    """Share of intervals that hold the truth, mean error (away from 0 is positive), share of intervals without 0."""
    truth = truth_table(FEATURES).query("planted").set_index(["feature", "scale"])["r_adjusted"]
    names = [effect.feature for effect in PLANTED]
    rows = []
    for run in range(runs):
        cohort = drawn(run, people, seed, null=False)
        covariates = cohort.people[["age", "sex", "site"]]
        found = associate(cohort.features[names], cohort.people[list(SCALES)], covariates, method=method)  # type: ignore[arg-type]
        rows.append(found.set_index(["feature", "scale"]).loc[truth.index])
    table = pd.concat(rows)
    true = np.tile(truth.to_numpy(), runs)
    inside = (table["low"].to_numpy() <= true) & (true <= table["high"].to_numpy())
    away = (table["r"].to_numpy() - true) * np.sign(true)
    seen = (table["low"] * table["high"] > 0).to_numpy()
    return float(inside.mean()), float(away.mean()), float(seen.mean())


def without_effects(runs: int, people: int, seed: int) -> tuple[int, int, float]:
    """Runs with any pair found, runs with any replicated, and the mean share of pairs with p < .05 without adjustment."""
    any_found = any_replicated = 0
    naive = []
    for run in range(runs):
        cohort = drawn(run, people, seed, null=True)
        table = association_table(cohort, seed=run)
        any_found += bool(table["found"].any())
        any_replicated += bool(table["replicated"].any())
        unadjusted = associate(cohort.features[list(FEATURES)], cohort.people[list(SCALES)])
        naive.append(float((unadjusted["p_value"] < 0.05).mean()))
    return any_found, any_replicated, float(np.mean(naive))


def interval_text(count: int, runs: int) -> str:
    found = binomtest(count, runs).proportion_ci(method="exact")
    return f"{count} of {runs} ({found.low:.3f}–{found.high:.3f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--people", type=int, nargs="+", default=[300, 1000])
    parser.add_argument("--seed", type=int, default=2026)
    options = parser.parse_args()
    rows, null_rows = [], []
    for people in options.people:
        for method in ("pearson", "spearman"):
            coverage, error, seen = planted(options.runs, people, options.seed, method)
            rows.append((people, method, len(PLANTED) * options.runs, coverage, error, seen))
        found, replicated, naive = without_effects(options.runs, people, options.seed)
        runs = options.runs
        null_rows.append((people, interval_text(found, runs), interval_text(replicated, runs), naive))
    sizes = " ".join(map(str, options.people))
    print("# Planted cohorts: coverage of intervals, and discoveries where there is nothing\n")
    print(
        f"`OMP_NUM_THREADS=1 python benchmarks/cohort_planted.py --runs {options.runs} --people {sizes} --seed {options.seed}`\n"
    )
    print(
        f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}. Planted figures, not people's.\n"
    )
    print(
        "Effects of .05 to .15, adjusted for age, sex and site. The planted size is Pearson's; ranks shrink it a little.\n"
    )
    columns = ["people", "method", "intervals", "coverage of 95 %", "mean error", "share without 0"]
    print(to_markdown(pd.DataFrame(rows, columns=columns), digits=3))
    print("No effects, false discovery rate .05, half of the people held out.\n")
    columns = ["people", "runs with any found", "runs with any replicated", "pairs with p < .05 unadjusted"]
    print(to_markdown(pd.DataFrame(null_rows, columns=columns), digits=3), end="")


if __name__ == "__main__":
    main()
