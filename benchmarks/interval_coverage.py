"""How often do nominal 95 % intervals cover, by number of subjects?

    python benchmarks/interval_coverage.py [--runs 6000] [--subjects 30 50 100 200] > benchmarks/interval_coverage.md

Each run draws subjects, each with 1 to 3 recordings; the intervals are those of openada.evaluation.intervals. The truth is the
figure on 4 million subjects of the same population. `openada.evaluation.coverage` holds such a table, to be printed beside
results; tests/evaluation/test_coverage.py checks the default interval against it.

Population: label = a skewed severity score (half of it minimal: the square of a normal, cut at 63), the same for all
recordings of a subject; prediction = shrunken towards the mean, as regressors are, with an error of the subject
(sd 5.5) and of the recording (sd 3), both growing with the severity. "plain bootstrap" draws recordings as if each
were a person of its own.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time

import numpy as np
import pandas as pd

from openada.evaluation.coverage import MEASURED
from openada.evaluation.intervals import from_draws, jackknife_t
from openada.evaluation.metrics import METRICS
from openada.evaluation.resampling import bootstrap, statistic
from openada.evaluation.table import to_markdown

NAMES = ("rmse", "mae", "ccc", "pcc")
METHODS = ("jackknife-t", "plain bootstrap", "clustered-percentile", "bca")
PEOPLE_OF_TRUTH = 4_000_000


def draw(n_subjects: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """label, prediction and subject code (n,) of a sample with 1 to 3 recordings per subject."""
    severity = np.minimum(np.round(np.square(3.6 + 1.6 * rng.standard_normal(n_subjects))), 63.0)
    growth = 0.8 + severity / 75.0
    mean = 15.5 + 0.5 * (severity - 15.5) + 5.5 * growth * rng.standard_normal(n_subjects)
    subject = np.repeat(np.arange(n_subjects), rng.integers(1, 4, n_subjects))
    prediction = mean[subject] + 3.0 * growth[subject] * rng.standard_normal(subject.size)
    return severity[subject], prediction, subject


def true_figures(rng: np.random.Generator, n_subjects: int = PEOPLE_OF_TRUTH) -> dict[str, float]:
    """The figures of the population, from a sample so large that its own error does not matter."""
    label, prediction, _ = draw(n_subjects, rng)
    return {name: METRICS[name].function(label, prediction) for name in NAMES}


def covered(n_subjects: int, truth: dict[str, float], resamples: int, rng: np.random.Generator) -> np.ndarray:
    """(metrics, methods) of one run: 1 where the interval holds the truth, else 0."""
    label, prediction, subject = draw(n_subjects, rng)
    metrics = [METRICS[name] for name in NAMES]
    values = [m.function(label, prediction) for m in metrics]
    by_subject = [statistic(m, label, prediction, subject, n_subjects, None) for m in metrics]
    by_recording = [statistic(m, label, prediction, np.arange(label.size), label.size, None) for m in metrics]
    clustered = bootstrap(by_subject, n_subjects, resamples, rng)
    plain = bootstrap(by_recording, label.size, resamples, rng)
    inside = np.zeros((len(metrics), len(METHODS)))
    for k, (m, value) in enumerate(zip(metrics, values, strict=True)):
        without = by_subject[k].delete_one()
        spans = (
            jackknife_t(value, without, 0.95, m.scale, (m.low, m.high)),
            from_draws(value, plain[:, k], None, 0.95),
            from_draws(value, clustered[:, k], None, 0.95),
            from_draws(value, clustered[:, k], without, 0.95),
        )
        inside[k] = [low <= truth[m.name] <= high for low, high, _ in spans]
    return inside


def coverage_table(shares: dict[int, np.ndarray]) -> pd.DataFrame:
    """A row per metric and method, a column per number of subjects; `shares`: subjects → (metrics, methods)."""
    rows = [
        {
            "metric": METRICS[name].title,
            "interval": method + (" (default)" if method == METHODS[0] else ""),
            **{f"{size} subjects": f"{share[k, i]:.3f}" for size, share in shares.items()},
        }
        for k, name in enumerate(NAMES)
        for i, method in enumerate(METHODS)
    ]
    return pd.DataFrame(rows)


def farthest_from_printed(shares: dict[int, np.ndarray]) -> float:
    """The largest distance between a share here and the one that openada prints beside results."""
    return max(
        abs(float(share[k, i]) - MEASURED[name][method][size])
        for size, share in shares.items()
        for k, name in enumerate(NAMES)
        for i, method in enumerate(METHODS)
        if size in MEASURED[name][method]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=6000)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--subjects", type=int, nargs="+", default=[10, 20, 30, 50, 100, 200])
    parser.add_argument("--seed", type=int, default=2026)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    truth = true_figures(rng)
    shares = {}
    for n_subjects in options.subjects:
        start = time.perf_counter()
        runs = [covered(n_subjects, truth, options.resamples, rng) for _ in range(options.runs)]
        shares[n_subjects] = np.mean(runs, axis=0)
        print(f"{n_subjects} subjects: {time.perf_counter() - start:.0f} s", file=sys.stderr)
    sizes = " ".join(str(n) for n in options.subjects)
    print("# Share of nominal 95 % intervals that hold the true figure\n")
    print(
        f"`python benchmarks/interval_coverage.py --runs {options.runs} --resamples {options.resamples} --subjects {sizes} "
        f"--seed {options.seed}`\n"
    )
    at_95, at_80 = (np.sqrt(share * (1 - share) / options.runs) for share in (0.95, 0.8))
    known = ", ".join(f"{METRICS[name].title} {value:.3f}" for name, value in truth.items())
    print(
        f"{options.runs} simulated tests a size, 1 to 3 recordings per subject, {options.resamples} resamples for the "
        f"bootstraps. A share's standard error: {at_95:.3f} at .95, {at_80:.3f} at .80. The plain bootstrap draws recordings "
        f"as if each were another person. True figures of the population: {known}. {platform.machine()}, Python "
        f"{platform.python_version()}, numpy {np.__version__}.\n"
    )
    print(to_markdown(coverage_table(shares)), end="")
    print(
        f"\nLargest distance from the table that openada prints beside results (`openada.evaluation.coverage`): "
        f"{farthest_from_printed(shares):.3f}."
    )


if __name__ == "__main__":
    main()
