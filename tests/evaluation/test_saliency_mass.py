"""Shares of mass against maps that are really enlarged, and against cases with a known answer."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from openada.errors import UnusableInput
from openada.evaluation import saliency_mass as mass

SHAPE, GRID = (11, 17, 13), (3, 5, 2)


@pytest.fixture
def truth():
    return np.random.default_rng(1).random(SHAPE) < 0.3


def test_a_share_is_that_of_the_map_as_it_is_drawn(truth):
    values = np.random.default_rng(2).random(GRID)
    drawn = F.interpolate(torch.from_numpy(values)[None, None], SHAPE, mode="trilinear", align_corners=False)[
        0, 0
    ].numpy()
    inside, everywhere = mass.mass_on_cells(truth, GRID), mass.mass_on_cells(np.ones(SHAPE), GRID)
    expected = drawn[truth].sum() / drawn.sum()
    assert mass.share([values], [inside], [everywhere]) == pytest.approx(expected, rel=1e-12)
    assert everywhere.sum() == pytest.approx(np.prod(SHAPE))
    # of a recording: clips weigh by their mass
    both = mass.share([values, 3 * values], [inside, 0 * inside], [everywhere, everywhere])
    assert both == pytest.approx(expected / 4, rel=1e-12)


def test_a_single_cell_and_finer_grids_than_the_picture():
    assert mass.interpolation_matrix(5, 1).tolist() == [[1.0]] * 5
    np.testing.assert_allclose(mass.interpolation_matrix(2, 4), [[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]])


def test_no_map_on_the_grid_exceeds_the_best_cell_and_the_uniform_map_gives_the_truths_volume(truth):
    inside, everywhere = mass.mass_on_cells(truth, GRID), mass.mass_on_cells(np.ones(SHAPE), GRID)
    most = mass.best_cell([inside], [everywhere])
    rng = np.random.default_rng(3)
    shares = [mass.share([rng.random(GRID) ** 9], [inside], [everywhere]) for _ in range(50)]
    assert max(shares) < most
    alone = np.zeros(GRID)
    alone[np.unravel_index((inside / everywhere).argmax(), GRID)] = 2.0
    assert mass.share([alone], [inside], [everywhere]) == pytest.approx(most)
    assert mass.share([mass.uniform(GRID)], [inside], [everywhere]) == pytest.approx(truth.mean())
    better = mass.share([mass.ideal(inside, everywhere)], [inside], [everywhere])
    assert truth.mean() < better < most


def test_an_ideal_map_reaches_everything_where_the_truth_is_made_of_pixels_as_large_as_cells():
    truth = np.zeros(GRID, bool)
    truth[1, 2, 0] = truth[2, 0, 1] = True
    inside, everywhere = mass.mass_on_cells(truth, GRID), mass.mass_on_cells(np.ones(GRID), GRID)
    assert mass.share([mass.ideal(inside, everywhere)], [inside], [everywhere]) == 1.0


def test_controls_know_the_place_and_nothing_else():
    gaussian = mass.centred_gaussian((2, 3, 5))
    assert gaussian[0, 1, 2] == gaussian.max() == 1.0
    assert gaussian[1, 0, 2] == pytest.approx(np.exp(-0.5 * ((1 / 3) / 0.25) ** 2))
    np.testing.assert_allclose(gaussian, gaussian[::-1, ::-1, ::-1], rtol=1e-12)
    points = np.full((3, 2, 2), np.nan)
    points[1, 0] = 0.99, 0.01  # top right of the middle frame
    points[1, 1] = 1.2, 0.5  # outside
    density = mass.landmark_density(points, (3, 6, 4), (3, 2, 2))
    assert density[1, 0, 1] > 0 and np.count_nonzero(density[1]) == 1 and not density[0].any()


def test_frames_are_inside_from_the_start_of_a_span_to_before_its_end():
    found = mass.inside_spans([0.0, 0.5, 1.0, 1.5], [[0.5, 1.0], [1.4, 9.0]])
    assert found.tolist() == [False, True, False, True]
    assert not mass.inside_spans([0.0, 0.5], np.empty((0, 2))).any()


def test_what_has_no_share_is_nan_or_refused(truth):
    inside, everywhere = mass.mass_on_cells(truth, GRID), mass.mass_on_cells(np.ones(SHAPE), GRID)
    assert np.isnan(mass.share([np.zeros(GRID)], [inside], [everywhere]))
    with pytest.raises(UnusableInput, match="positive part"):
        mass.share([np.full(GRID, -1.0)], [inside], [everywhere])
    with pytest.raises(UnusableInput, match="one grid"):
        mass.share([np.ones((1, 2, 3))], [inside], [everywhere])
    with pytest.raises(UnusableInput, match="frames, points, 2"):
        mass.landmark_density(np.zeros((2, 5, 2)), SHAPE, GRID)
