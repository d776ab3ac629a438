import numpy as np
import pytest


@pytest.fixture
def sample():
    """Builds label, prediction and subject of `n_subjects` with 1 to 3 recordings each, in shuffled order."""

    def build(n_subjects=23, seed=0):
        rng = np.random.default_rng(seed)
        subject = np.repeat(np.arange(n_subjects), rng.integers(1, 4, n_subjects))
        label = np.round(np.minimum(np.square(3.6 + 1.6 * rng.standard_normal(n_subjects)), 63.0))[subject]
        shared = rng.standard_normal(n_subjects)[subject]
        prediction = 15.5 + 0.5 * (label - 15.5) + 5.0 * shared + 3.0 * rng.standard_normal(subject.size)
        order = rng.permutation(subject.size)
        return label[order], prediction[order], np.array([f"s{k:03d}" for k in subject])[order]

    return build
