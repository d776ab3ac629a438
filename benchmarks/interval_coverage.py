"""Simulated coverage of nominal 95 % intervals by number of subjects: python benchmarks/interval_coverage.py

Each run draws subjects, each with 1 to 3 recordings; the intervals are those of openada.evaluation.intervals, with
1,000 resamples a run. The truth is the figure on 4 million subjects of the same population. What is printed at the
end is the table that openada.evaluation.coverage holds.

Population: label = a skewed severity score (half of it minimal: the square of a normal, cut at 63), the same for all
recordings of a subject; prediction = shrunken towards the mean, as regressors are, with an error of the subject
(sd 5.5) and of the recording (sd 3), both growing with the severity. "plain bootstrap" draws recordings as if each
were a person of its own.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from openada.evaluation.intervals import from_draws, jackknife_t
from openada.evaluation.metrics import METRICS
from openada.evaluation.resampling import bootstrap, statistic

NAMES = ("rmse", "mae", "ccc", "pcc")
METHODS = ("jackknife-t", "plain bootstrap", "clustered-percentile", "bca")


def draw(n_subjects: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """label, prediction and subject code (n,) of a sample with 1 to 3 recordings per subject."""
    severity = np.minimum(np.round(np.square(3.6 + 1.6 * rng.standard_normal(n_subjects))), 63.0)
    growth = 0.8 + severity / 75.0
    mean = 15.5 + 0.5 * (severity - 15.5) + 5.5 * growth * rng.standard_normal(n_subjects)
    subject = np.repeat(np.arange(n_subjects), rng.integers(1, 4, n_subjects))
    prediction = mean[subject] + 3.0 * growth[subject] * rng.standard_normal(subject.size)
    return severity[subject], prediction, subject


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=6000)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--subjects", type=int, nargs="+", default=[10, 20, 30, 50, 100, 200])
    parser.add_argument("--seed", type=int, default=2026)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    label, prediction, _ = draw(4_000_000, rng)
    truth = {name: METRICS[name].function(label, prediction) for name in NAMES}
    print(f"share of minimal {np.mean(label < 14):.2f}, true", {k: round(v, 3) for k, v in truth.items()})
    table: dict[str, dict[str, dict[int, float]]] = {name: {method: {} for method in METHODS} for name in NAMES}
    for n_subjects in options.subjects:
        start = time.perf_counter()
        share = np.mean([covered(n_subjects, truth, options.resamples, rng) for _ in range(options.runs)], axis=0)
        print(f"{n_subjects:4d} subjects, {options.runs} runs, {time.perf_counter() - start:.0f} s")
        for k, name in enumerate(NAMES):
            print(f"  {name:5s}" + "".join(f"  {method} {share[k, i]:.3f}" for i, method in enumerate(METHODS)))
            for i, method in enumerate(METHODS):
                table[name][method][n_subjects] = round(float(share[k, i]), 3)
    print(table)


if __name__ == "__main__":
    main()
