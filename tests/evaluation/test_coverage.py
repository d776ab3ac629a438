"""The printed coverage is that of the committed figures, and the default interval really covers (protocol, rule 5)."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

from openada.errors import UnusableInput
from openada.evaluation.coverage import MEASURED, expected_coverage, expected_line, expected_share
from openada.evaluation.intervals import interval

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def simulation():
    spec = importlib.util.spec_from_file_location("interval_coverage", BENCHMARKS / "interval_coverage.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_is_complete_and_grows_with_subjects():
    for by_method in MEASURED.values():
        assert set(by_method) == {"jackknife-t", "plain bootstrap", "clustered-percentile", "bca"}
        for by_size in by_method.values():
            assert {30, 50, 100, 200} <= set(by_size)
            assert all(0.5 < share < 1.0 for share in by_size.values())
            assert by_size[200] > by_size[30]
    for metric, by_method in MEASURED.items():
        for size, share in by_method["jackknife-t"].items():
            assert share > by_method["plain bootstrap"][size] + 0.1, (metric, size)


def test_the_committed_figures_say_what_is_printed_and_that_the_default_covers():
    """Both tables are measured: they may differ by four standard errors of the difference."""
    text = (BENCHMARKS / "interval_coverage.md").read_text(encoding="utf-8")
    runs = int(re.search(r"--runs (\d+)", text)[1])
    assert runs >= 1500
    head, _, *lines = [
        [cell.strip() for cell in line.strip("|\n").split("|")] for line in text.splitlines() if line[:1] == "|"
    ]
    sizes = [int(cell.split()[0]) for cell in head[2:]]
    assert {30, 50, 100, 200} <= set(sizes) and len(lines) == 16
    for metric, method, *shares in lines:
        default = method.endswith("(default)")
        printed = MEASURED[metric.lower()][method.removesuffix(" (default)")]
        for size, share in zip(sizes, map(float, shares), strict=True):
            error = np.sqrt(share * (1 - share) * (1 / runs + 1 / 6000))
            assert abs(share - printed[size]) < 4 * error, (metric, method, size)
            assert not default or size < 100 or abs(share - 0.95) <= 0.03, (metric, size)


@pytest.mark.slow  # a minute: 12,000 simulated tests of four figures
@pytest.mark.parametrize("n_subjects", [100, 200])
def test_the_default_interval_covers_at_95_within_3_points(simulation, n_subjects):
    """1 to 3 recordings per subject, 6,000 simulated tests, each asked for as a user asks: `interval` and its default."""
    rng = np.random.default_rng(31)
    truth = simulation.true_figures(rng)
    runs = 6000
    held = dict.fromkeys(truth, 0)
    for _ in range(runs):
        label, prediction, subject = simulation.draw(n_subjects, rng)
        for name, value in truth.items():
            found = interval(name, label, prediction, subject)
            held[name] += found.low <= value <= found.high
    for name, count in held.items():
        assert abs(count / runs - 0.95) <= 0.03, (name, count / runs)
        assert abs(count / runs - MEASURED[name]["jackknife-t"][n_subjects]) < 0.015, (name, count / runs)


def test_lookup_takes_the_size_below():
    rmse = MEASURED["rmse"]["jackknife-t"]
    assert expected_share(99) == rmse[50]
    assert expected_share(100) == rmse[100]
    assert expected_share(10**6) == rmse[200]
    assert expected_share(9) is None
    assert expected_share(50, metric="macro_f1") is None


def test_text():
    assert f"{MEASURED['rmse']['jackknife-t'][50]:.0%} at 50 subjects" in expected_coverage(50)
    assert expected_coverage(61).endswith("(measured at 50)")
    assert "not known" in expected_coverage(4)
    rmse, pcc = (f"{MEASURED[name]['jackknife-t'][50]:.0%}" for name in ("rmse", "pcc"))
    assert expected_line(50).startswith(f"RMSE {rmse}, MAE ") and f"PCC {pcc} in simulation" in expected_line(50)
    assert "with 61 subjects (simulated at 50)" in expected_line(61) and "simulated" not in expected_line(50)
    assert expected_line(4).startswith("not known at 4 subjects (in simulation, at 10")
    with pytest.raises(UnusableInput, match="was not measured"):
        expected_coverage(50, metric="macro_f1")
