"""On labels that belong to others no interval may claim that a model beats the constant, and a leak must show."""

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "null_variant.py"


@pytest.fixture(scope="module")
def null_variant():
    spec = importlib.util.spec_from_file_location("null_variant", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def below_zero(found):
    return int((found["high"] < 0).sum())


def test_a_leaked_label_makes_the_count_go_up(null_variant):
    small = {"seeds": range(3), "subjects": 41, "seconds": 12.0, "models": ["ridge"]}
    honest, leaked = null_variant.intervals(**small), null_variant.intervals(**small, leak=True)
    assert below_zero(honest) == 0
    assert below_zero(leaked) == 3
    assert (leaked["ratio"] < 0.5).all() and (honest["ratio"] > 0.9).all()
    assert null_variant.counts(leaked).loc[0, "below zero"] == 3


@pytest.mark.slow  # about a minute and a half: 4,000 recordings are drawn
def test_at_most_two_of_twenty_intervals_lie_below_zero(null_variant):
    found = null_variant.intervals(range(20))
    for model, rows in found.groupby("model"):
        assert len(rows) == 20
        assert below_zero(rows) <= 2, f"{model}: {rows}"
