"""Whether intervals of associations cover what was planted, and how often a cohort without effects shows one, as a table.

    OMP_NUM_THREADS=1 python benchmarks/cohort_planted.py [--parts planted null …] > benchmarks/cohort_planted.md

Every run draws other people (`cohort.synthetic`, means and standard deviations of 21 signals, three DASS-21 totals, age, sex and
site acting on both).

- planted: how often the 95 % interval of each of the eight planted partial correlations holds its true size, and the mean error.
  The true size of a partial Spearman correlation is what the method gives of `--reference` other people.
- confounder: a feature and a total that hang on age and sex alone, strongly, in curves and with a spread that grows: how often
  p < .05 and how often the interval holds 0; beside it ranks regressed on the covariates, as is common.
- null: how many runs find anything at a false discovery rate of 5 % over 126 pairs in the half that is looked at, and how many
  see it replicated in the held-out half; beside it, how many pairs have p < .05 without adjustment.
- prediction: on cohorts without effects, six times five folds: the AUROC over all people with its interval, the mean over folds,
  and the best of the 30 folds, which is what a report that keeps the best would print.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import binomtest, rankdata, t

from openada.cohort.associations import associate, association_table
from openada.cohort.dictionary import COLUMNS
from openada.cohort.instruments import INSTRUMENTS, totals
from openada.cohort.layout import Cohort
from openada.cohort.prediction.fold import Fitting
from openada.cohort.prediction.study import predict_study
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


def of_effects(cohort: Cohort, method: str) -> pd.DataFrame:
    """`associate` of the planted pairs, in the order of `PLANTED`."""
    names = [effect.feature for effect in PLANTED]
    covariates = cohort.people[["age", "sex", "site"]]
    found = associate(cohort.features[names], cohort.people[list(SCALES)], covariates, method=method)  # type: ignore[arg-type]
    return found.set_index(["feature", "scale"]).loc[[(effect.feature, effect.scale) for effect in PLANTED]]


def true_sizes(method: str, reference: int, seed: int) -> np.ndarray:
    """(8,): Pearson's is planted; Spearman's is that of `reference` other people."""
    if method == "pearson":
        truth = truth_table(FEATURES).set_index(["feature", "scale"])["r_adjusted"]
        return truth.loc[[(effect.feature, effect.scale) for effect in PLANTED]].to_numpy()
    return of_effects(drawn(0, reference, seed + 1, null=False), method)["r"].to_numpy()


def planted(runs: int, people: int, seed: int, method: str, true: np.ndarray) -> tuple[float, float, float]:
    """Share of intervals that hold the truth, mean error (away from 0 is positive), share of intervals without 0."""
    table = pd.concat([of_effects(drawn(run, people, seed, null=False), method) for run in range(runs)])
    true = np.tile(true, runs)
    inside = (table["low"].to_numpy() <= true) & (true <= table["high"].to_numpy())
    away = (table["r"].to_numpy() - true) * np.sign(true)
    seen = (table["low"] * table["high"] > 0).to_numpy()
    return float(inside.mean()), float(away.mean()), float(seen.mean())


def confounded(people: int, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """A feature, a total that piles up at 0, and the age and sex on which alone both hang."""
    covariates = pd.DataFrame({"age": rng.uniform(12, 18, people), "sex": rng.choice(["female", "male"], people)})
    age, female = (covariates["age"] - 15) / 1.7, (covariates["sex"] == "female").astype(float)
    x = np.exp(1.5 * age) * (1 + female) + np.exp(age) * rng.exponential(1.0, people)
    y = np.maximum(0, np.round(6 * age + 3 * age * female + 2 * np.exp(age / 2) * rng.exponential(1.0, people)))
    return pd.DataFrame({"feature": x}), pd.DataFrame({"total": y}), covariates


def by_regressed_ranks(x: pd.DataFrame, y: pd.DataFrame, covariates: pd.DataFrame) -> tuple[float, float]:
    """r and p of ranks, each regressed on the covariates as they are."""
    n = len(x)
    design = np.column_stack([np.ones(n), covariates["age"], covariates["sex"] == "male"]).astype(float)
    ranks = np.column_stack([rankdata(x), rankdata(y)])
    ranks -= design @ np.linalg.lstsq(design, ranks, rcond=None)[0]
    r = float(np.corrcoef(ranks.T)[0, 1])
    return r, float(2 * t.sf(abs(r) * np.sqrt((n - 4) / (1 - r * r)), n - 4))


def of_confounder(runs: int, people: int, seed: int) -> list[tuple[object, ...]]:
    """A row per method: people, method, mean r, runs with p < .05, share of intervals that hold 0."""
    found: dict[str, list[tuple[float, float, float]]] = {}
    for run in range(runs):
        made = confounded(people, np.random.default_rng([seed, people, run]))
        found.setdefault("ranks regressed", []).append((*by_regressed_ranks(*made), np.nan))
        for method in ("spearman", "pearson"):
            row = associate(*made, method=method).iloc[0]  # type: ignore[arg-type]
            found.setdefault(method, []).append((row["r"], row["p_value"], float(row["low"] <= 0 <= row["high"])))
    rows: list[tuple[object, ...]] = []
    for method, figures in found.items():
        r, p, holds = np.array(figures).T
        rows.append((people, method, float(r.mean()), interval_text(int((p < 0.05).sum()), runs), float(holds.mean())))
    return rows


def null_prediction(people: int, seed: int, learner: str) -> tuple[object, ...]:
    """people, learner, AUROC over all people with its interval, mean over folds, best fold."""
    with tempfile.TemporaryDirectory() as folder:
        found = predict_study(
            drawn(seed, people, 7, null=True),
            Path(folder),
            scale="dass21_depression",
            learners=[learner],
            repeats=6,
            fitting=Fitting(seed=seed),
            workers=1,
            progress=False,
            say=lambda line: None,
        )
    row = found.figures[(found.figures["predictor"] == learner) & (found.figures["metric"] == "auroc")].iloc[0]
    pooled = f"{row['pooled']:.3f} ({row['low']:.3f}–{row['high']:.3f})"
    return people, learner, seed, pooled, f"{row['mean']:.3f} ± {row['sd']:.3f}", f"{row['best_fold']:.3f}"


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
    parts = ("planted", "confounder", "null", "prediction")
    parser.add_argument("--parts", nargs="+", choices=parts, default=parts)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--people", type=int, nargs="+", default=[300, 1000])
    parser.add_argument("--reference", type=int, default=100_000)
    parser.add_argument("--learners", nargs="+", default=["linear", "gradient-boosting"])
    parser.add_argument("--seeds", type=int, default=3, help="cohorts of each size for the part prediction")
    parser.add_argument("--seed", type=int, default=2026)
    options = parser.parse_args()
    runs, seed = options.runs, options.seed
    said = " ".join(f"--{name} {' '.join(map(str, np.atleast_1d(value)))}" for name, value in vars(options).items())
    print("# Planted cohorts: coverage of intervals, and discoveries where there is nothing\n")
    print(f"`OMP_NUM_THREADS=1 python benchmarks/cohort_planted.py {said}`\n")
    machine = f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}"
    print(f"{machine}. Planted figures, not people's.\n", flush=True)
    if "planted" in options.parts:
        true = {method: true_sizes(method, options.reference, seed) for method in ("pearson", "spearman")}
        rows = [
            (people, method, len(PLANTED) * runs, *planted(runs, people, seed, method, true[method]))
            for people in options.people
            for method in true
        ]
        print("Effects of .05 to .15, adjusted for age, sex and site.\n")
        columns = ["people", "method", "intervals", "coverage of 95 %", "mean error", "share without 0"]
        print(to_markdown(pd.DataFrame(rows, columns=columns), digits=3), flush=True)
    if "confounder" in options.parts:
        confounder = [row for people in options.people for row in of_confounder(runs, people, seed)]
        print("No effect, and a strong confounder.\n")
        columns = ["people", "method", "mean r", "runs with p < .05", "intervals that hold 0"]
        print(to_markdown(pd.DataFrame(confounder, columns=columns), digits=3), flush=True)
    if "null" in options.parts:
        null_rows = []
        for people in options.people:
            found, replicated, naive = without_effects(runs, people, seed)
            null_rows.append((people, interval_text(found, runs), interval_text(replicated, runs), naive))
        print("No effects, false discovery rate .05, half of the people held out.\n")
        columns = ["people", "runs with any found", "runs with any replicated", "pairs with p < .05 unadjusted"]
        print(to_markdown(pd.DataFrame(null_rows, columns=columns), digits=3), flush=True)
    if "prediction" in options.parts:
        predicted = [
            null_prediction(people, seed, learner)
            for people in options.people
            for learner in options.learners
            for seed in range(options.seeds)
        ]
        print("No effects, two classes of depression, 30 folds. The best fold is no result.\n")
        columns = ["people", "learner", "seed", "AUROC of all (95 %)", "mean ± sd over folds", "best of 30 folds"]
        print(to_markdown(pd.DataFrame(predicted, columns=columns), digits=3), end="", flush=True)


if __name__ == "__main__":
    main()
