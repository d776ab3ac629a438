"""How long clustered resampling takes, against a plain Python loop in the same run, as a table.

    OMP_NUM_THREADS=1 python benchmarks/resampling_speed.py [--resamples 10000] [--repeats 7] > benchmarks/resampling_speed.md

100 recordings of 50 subjects, two each; whole subjects are drawn with replacement. The loop gathers the recordings of every
drawn subject and calls the metric on them, for the first 500 resamples; its time is scaled up. Both are given the same
draws and must give the same figures to 1e-12. The shortest of the repeats is shown.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from openada.evaluation.metrics import METRICS, Metric
from openada.evaluation.resampling import bootstrap, draws, statistic
from openada.evaluation.table import to_markdown

NAMES = ("rmse", "mae", "ccc", "pcc")
SUBJECTS, RECORDINGS, LOOPED = 50, 100, 500


def drawn(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """label, prediction and subject code (100,) of 50 subjects with two recordings each."""
    rng = np.random.default_rng(seed)
    subject = np.repeat(np.arange(SUBJECTS), RECORDINGS // SUBJECTS)
    label = rng.integers(0, 64, SUBJECTS)[subject].astype(float)
    shared = rng.standard_normal(SUBJECTS)[subject]
    return label, 15.0 + 0.5 * (label - 15.0) + 5.0 * shared + 3.0 * rng.standard_normal(RECORDINGS), subject


def loop(
    metric: Metric, label: np.ndarray, prediction: np.ndarray, subject: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """The figure on each resample by gathering its recordings; weights (r, g) say how often a subject was drawn."""
    recordings = [np.flatnonzero(subject == j) for j in range(weights.shape[1])]
    values = []
    for row in weights.astype(int):
        chosen = np.concatenate([recordings[j] for j, times in enumerate(row) for _ in range(times)])
        values.append(metric.function(label[chosen], prediction[chosen]))
    return np.array(values)


def best_s(work: Callable[[], Any], repeats: int) -> float:
    """The shortest of `repeats` times, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def measure(resamples: int = 10_000, repeats: int = 7, looped: int = LOOPED) -> pd.DataFrame:
    """A row per metric and one for all four on the same resamples: metric, seconds, loop seconds, times faster,
    largest difference.
    """
    label, prediction, subject = drawn()
    weights = np.concatenate(list(draws(SUBJECTS, resamples, np.random.default_rng(1))))[:looped]
    rows = []
    each = {name: statistic(METRICS[name], label, prediction, subject, SUBJECTS, None) for name in NAMES}
    for names in (*((name,) for name in NAMES), NAMES):
        figures = [each[name] for name in names]
        fast_s = best_s(lambda f=figures: bootstrap(f, SUBJECTS, resamples, np.random.default_rng(1)), repeats)
        together = bootstrap(figures, SUBJECTS, resamples, np.random.default_rng(1))[: len(weights)]

        def slowly(names: tuple[str, ...] = names) -> np.ndarray:
            return np.stack([loop(METRICS[n], label, prediction, subject, weights) for n in names], axis=1)

        slow_s = best_s(slowly, 1) * resamples / len(weights)
        gap = float(np.abs(slowly() - together).max())
        title = METRICS[names[0]].title if len(names) == 1 else "all four, same resamples"
        rows.append((title, fast_s, slow_s, slow_s / fast_s, f"{gap:.0e}"))
    return pd.DataFrame(rows, columns=["metric", "seconds", "loop seconds", "times faster", "largest difference"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--resamples", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    table = measure(options.resamples, options.repeats)
    print(f"# {options.resamples:,} clustered resamples of {RECORDINGS} recordings of {SUBJECTS} subjects\n")
    print(
        f"`OMP_NUM_THREADS=1 python benchmarks/resampling_speed.py --resamples {options.resamples} --repeats {options.repeats}`\n"
    )
    print(f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}.\n")
    table["times faster"] = table["times faster"].round().astype(int)
    print(to_markdown(table, digits=3), end="")


if __name__ == "__main__":
    main()
