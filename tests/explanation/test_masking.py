import numpy as np
import pytest
import torch

from openada import models
from openada.errors import UnusableInput
from openada.explanation.masking import score_of_kept


@pytest.fixture
def selector():
    return models.create("expada", "demo", seed=0).selector


@pytest.mark.parametrize("most_units", [1, 25, 8192])
def test_each_mask_scores_as_if_asked_alone(selector, most_units):
    rng = np.random.default_rng(0)
    feature = rng.normal(size=(7, 64)).astype(np.float32)
    masks = rng.random((11, 7)) < 0.5
    masks[:, 2] = True
    found = score_of_kept(selector, feature, most_units=most_units)(masks)
    assert selector.training
    selector.eval()
    with torch.no_grad():
        alone = [selector(torch.from_numpy(feature)[None], torch.from_numpy(mask)[None]).score.item() for mask in masks]
    np.testing.assert_allclose(found, alone, rtol=1e-5)
    assert np.unique(found.round(4)).size > 5


def test_only_kept_units_count(selector):
    rng = np.random.default_rng(0)
    feature = rng.normal(size=(5, 64)).astype(np.float32)
    mask = np.array([[False, False, True, True, False]])
    other = np.where(mask.T, feature, np.nan).astype(np.float32)
    np.testing.assert_array_equal(score_of_kept(selector, feature)(mask), score_of_kept(selector, other)(mask))
    # the same two units with nothing around them
    np.testing.assert_allclose(
        score_of_kept(selector, feature)(mask), score_of_kept(selector, feature[2:4])(np.ones((1, 2), bool)), rtol=1e-5
    )
    with pytest.raises(UnusableInput, match="no usable segment"):
        score_of_kept(selector, feature)(np.zeros((1, 5), bool))
