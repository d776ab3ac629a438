from pathlib import Path

from openada.training.fitting import best_epoch, epochs_since_best, record_metrics, stream_seed


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


def test_the_best_epoch_is_the_first_of_the_lowest_finite_values(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    assert best_epoch(path, "clips", "loss") is None
    for epoch, value in enumerate((5.0, 2.0, float("nan"), 2.0, 3.0)):
        record_metrics(path, "clips", epoch, {"loss": value, "other": -epoch})
        record_metrics(path, "another", epoch, {"loss": -value})
    assert best_epoch(path, "clips", "loss") == 1
    record_metrics(path, "clips", 1, {"loss": 4.0})  # done again: what came after is gone too
    assert best_epoch(path, "clips", "loss") == 1
    assert best_epoch(path, "clips", "nothing") is None


def test_epochs_without_progress_are_counted_among_those_that_are_done(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    assert epochs_since_best(path, "clips", "loss", 0) == 0
    for epoch, value in enumerate((5.0, 3.0, 4.0, 3.0, 2.0)):
        record_metrics(path, "clips", epoch, {"loss": value})
    assert [epochs_since_best(path, "clips", "loss", done) for done in range(6)] == [0, 0, 0, 1, 2, 0]
