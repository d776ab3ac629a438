import numpy as np
import pytest

from openada.cohort.prediction.figures import pooled


def classes(seed: int) -> np.ndarray:
    high = np.random.default_rng(seed).random(60)
    return np.stack([1 - high, high], axis=1)


def reach(found) -> float:
    """Half the interval on the scale on which it was made."""
    low, high = (np.log(x) - np.log1p(-x) for x in (found.low, found.high))
    return (high - low) / 2


def test_folds_widen_the_interval_by_their_shared_training_people():
    y = np.arange(60) % 2
    plain = pooled("auroc", y, [classes(1)])
    for folds, factor in ((2, 3), (5, 2.25), (10, 1 + 10 / 9)):
        wide = pooled("auroc", y, [classes(1)], folds=folds)
        assert wide.value == plain.value
        assert reach(wide) / reach(plain) == pytest.approx(np.sqrt(factor), rel=1e-9)


def test_more_repeats_make_the_interval_no_narrower():
    y = np.arange(60) % 2
    one = pooled("auroc", y, [classes(1)], folds=5)
    same = pooled("auroc", y, [classes(1)] * 4, folds=5)
    assert (same.low, same.high) == pytest.approx((one.low, one.high), rel=1e-9)
    several = [classes(seed) for seed in range(4)]
    together = pooled("auroc", y, several, folds=5)
    widths = [reach(pooled("auroc", y, [each], folds=5)) for each in several]
    assert reach(together) == pytest.approx(np.sqrt(np.mean(np.square(widths))), rel=0.1)
    assert reach(pooled("auroc", y, several)) < 0.7 * reach(together) / 1.5
