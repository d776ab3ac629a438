from itertools import pairwise
from pathlib import Path

import pytest

from openada.training.fitting import learning_rate_factor, record_metrics, stream_seed


def test_learning_rate_warms_up_then_falls_to_zero() -> None:
    values = [learning_rate_factor(step / 1000, 0.05) for step in range(1001)]
    assert values[0] < 0.05 and values[-1] == pytest.approx(0, abs=1e-12)
    assert max(values) == pytest.approx(1, abs=1e-2) and values.index(max(values)) in range(45, 55)
    assert all(a <= b for a, b in pairwise(values[:50]))
    assert all(a >= b for a, b in pairwise(values[51:]))


def test_seeds_of_neighbouring_batches_differ() -> None:
    seeds = {stream_seed(seed, epoch, batch) for seed in range(3) for epoch in range(20) for batch in range(50)}
    assert len(seeds) == 3 * 20 * 50


def test_an_epoch_done_again_replaces_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    record_metrics(path, "encoder", 0, {"loss": 3.0})
    record_metrics(path, "encoder", 1, {"loss": 2.0, "rmse": 9.0})
    record_metrics(path, "encoder", 1, {"loss": 1.5})
    record_metrics(path, "selector", 1, {"loss": 7.0})
    assert path.read_text().splitlines() == [
        "stage,epoch,metric,value", "encoder,0,loss,3", "encoder,1,loss,1.5", "selector,1,loss,7",
    ]  # fmt: skip
