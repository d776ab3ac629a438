import numpy as np
import pytest

from openada.errors import UnusableInput
from openada.evaluation.intervals import interval
from openada.evaluation.metrics import rmse
from openada.evaluation.spread import over_folds, over_seeds


def test_seed_average_is_of_the_metric_not_of_the_predictions(sample):
    label, prediction, subject = sample(19)
    rng = np.random.default_rng(1)
    by_seed = {seed: prediction + 6.0 * rng.standard_normal(label.size) for seed in (3, 5, 11)}
    found = over_seeds("rmse", label, by_seed, subject)
    values = [rmse(label, p) for p in by_seed.values()]
    assert found.interval.value == pytest.approx(np.mean(values), abs=1e-13)
    assert found.sd == pytest.approx(np.std(values, ddof=1))
    assert found.per_seed == pytest.approx(dict(zip(by_seed, values, strict=True)))
    assert found.interval.value > rmse(label, np.mean(list(by_seed.values()), axis=0))
    assert found.interval.low < found.interval.value < found.interval.high


def test_one_seed_and_equal_seeds_are_the_plain_interval(sample):
    label, prediction, subject = sample(19)
    plain = interval("ccc", label, prediction, subject)
    for seeds in ((7,), (7, 8)):
        found = over_seeds("ccc", label, dict.fromkeys(seeds, prediction), subject)
        assert (found.interval.low, found.interval.high) == pytest.approx((plain.low, plain.high), abs=1e-12)
    assert np.isnan(over_seeds("ccc", label, {7: prediction}, subject).sd)
    with pytest.raises(UnusableInput, match="no seeds"):
        over_seeds("ccc", label, {}, subject)


def test_folds():
    assert over_folds([5.0, 7.0, 12.0]) == pytest.approx((8.0, np.sqrt(13.0), 5.0, 12.0, 3))
    assert np.isnan(over_folds([5.0]).sd)
    with pytest.raises(UnusableInput, match="position 1"):
        over_folds([5.0, np.nan])
