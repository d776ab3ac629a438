"""How often a nominal 95 % interval really covers, by number of subjects: measured, so that it can be printed."""

from __future__ import annotations

from openada.errors import UnusableInput

# Measured with `python benchmarks/interval_coverage.py` (6,000 runs a size, 1,000 resamples, 1 to 3 recordings per
# subject, 87 % of the squared error the subject's own; a share's standard error is at most .006).
# metric → method → number of subjects → share of intervals that held the true figure.
MEASURED: dict[str, dict[str, dict[int, float]]] = {
    "rmse": {
        "jackknife-t": {10: 0.896, 20: 0.897, 30: 0.91, 50: 0.917, 100: 0.928, 200: 0.932},
        "plain bootstrap": {10: 0.691, 20: 0.728, 30: 0.752, 50: 0.766, 100: 0.794, 200: 0.808},
        "clustered-percentile": {10: 0.78, 20: 0.829, 30: 0.861, 50: 0.881, 100: 0.909, 200: 0.919},
        "bca": {10: 0.81, 20: 0.854, 30: 0.875, 50: 0.891, 100: 0.911, 200: 0.926},
    },
    "mae": {
        "jackknife-t": {10: 0.938, 20: 0.938, 30: 0.946, 50: 0.944, 100: 0.944, 200: 0.95},
        "plain bootstrap": {10: 0.769, 20: 0.796, 30: 0.812, 50: 0.818, 100: 0.821, 200: 0.835},
        "clustered-percentile": {10: 0.865, 20: 0.904, 30: 0.919, 50: 0.924, 100: 0.936, 200: 0.945},
        "bca": {10: 0.872, 20: 0.904, 30: 0.919, 50: 0.93, 100: 0.934, 200: 0.945},
    },
    "ccc": {
        "jackknife-t": {10: 0.919, 20: 0.923, 30: 0.932, 50: 0.933, 100: 0.934, 200: 0.945},
        "plain bootstrap": {10: 0.729, 20: 0.77, 30: 0.78, 50: 0.793, 100: 0.799, 200: 0.812},
        "clustered-percentile": {10: 0.848, 20: 0.887, 30: 0.905, 50: 0.915, 100: 0.923, 200: 0.938},
        "bca": {10: 0.842, 20: 0.881, 30: 0.896, 50: 0.907, 100: 0.911, 200: 0.93},
    },
    "pcc": {
        "jackknife-t": {10: 0.94, 20: 0.936, 30: 0.94, 50: 0.937, 100: 0.938, 200: 0.947},
        "plain bootstrap": {10: 0.769, 20: 0.78, 30: 0.795, 50: 0.797, 100: 0.806, 200: 0.812},
        "clustered-percentile": {10: 0.917, 20: 0.914, 30: 0.926, 50: 0.926, 100: 0.928, 200: 0.939},
        "bca": {10: 0.913, 20: 0.903, 30: 0.908, 50: 0.911, 100: 0.912, 200: 0.931},
    },
}


def expected_share(n_subjects: int, method: str = "jackknife-t", metric: str = "rmse") -> float | None:
    """The measured coverage at the largest measured number of subjects that is not above `n_subjects`; None where
    nothing was measured (fewer subjects, another metric).
    """
    by_size = MEASURED.get(metric, {}).get(method, {})
    sizes = [size for size in by_size if size <= n_subjects]
    return by_size[max(sizes)] if sizes else None


def expected_coverage(n_subjects: int, method: str = "jackknife-t", metric: str = "rmse") -> str:
    """What may be printed beside a nominal 95 % interval: one sentence.

    `metric` is rmse, mae, ccc or pcc; `method` one of the interval methods or "plain bootstrap". The simulated
    population is stated in benchmarks/interval_coverage.py; another one covers a little better or worse.
    """
    if metric not in MEASURED or method not in MEASURED[metric]:
        raise UnusableInput(
            f"coverage of {method!r} for {metric!r} was not measured: metrics {', '.join(MEASURED)}; "
            f"methods {', '.join(MEASURED['rmse'])}"
        )
    share = expected_share(n_subjects, method, metric)
    if share is None:
        fewest = min(MEASURED[metric][method])
        return (
            f"with {n_subjects} subjects the coverage of a nominal 95 % {method} interval for {metric} is not known "
            f"(at {fewest} it was {MEASURED[metric][method][fewest]:.0%})"
        )
    size = max(s for s in MEASURED[metric][method] if s <= n_subjects)
    return f"a nominal 95 % {method} interval for {metric} covers about {share:.0%} at {n_subjects} subjects" + (
        f" (measured at {size})" if size != n_subjects else ""
    )


def expected_line(n_subjects: int, method: str = "jackknife-t") -> str:
    """The coverage of every metric that was measured, at `n_subjects`, for the footer of a table."""
    sizes = MEASURED["rmse"][method]
    size = max((size for size in sizes if size <= n_subjects), default=None)
    shown = min(sizes) if size is None else size
    shares = ", ".join(f"{metric.upper()} {by_method[method][shown]:.0%}" for metric, by_method in MEASURED.items())
    if size is None:
        return f"not known at {n_subjects} subjects (in simulation, at {shown} subjects: {shares})"
    measured_at = "" if size == n_subjects else f" (simulated at {size})"
    return f"{shares} in simulation, to be expected with {n_subjects} subjects{measured_at}; other figures not measured"
