import numpy as np

from openada.prepared.reference import ReferenceAccumulator


def test_crops_kept_are_evenly_spaced_and_bounded() -> None:
    accumulator = ReferenceAccumulator(most=7)
    for level in range(100):
        accumulator.add(np.full((3, 3, 3), level, np.uint8))
    kept = [int(crop[0, 0, 0]) for crop in accumulator._kept]
    assert len(kept) <= 7 and kept[0] == 0
    assert len(set(np.diff(kept))) == 1
    assert kept[-1] + np.diff(kept)[0] >= 100


def test_few_crops_are_all_kept_and_none_gives_none() -> None:
    accumulator = ReferenceAccumulator()
    assert accumulator.median() is None
    for level in (10, 200, 30):
        accumulator.add(np.full((2, 2, 3), level, np.uint8))
    assert accumulator.median()[0, 0, 0] == 30
