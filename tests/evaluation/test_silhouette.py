"""The silhouette against scikit-learn, and what leaving subjects out means."""

import numpy as np
import pytest
from sklearn.metrics import silhouette_score

from openada.errors import UnusableInput
from openada.evaluation.silhouette import silhouette


def cloud(n: int = 67, dimensions: int = 5, seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    subject = np.sort(rng.integers(0, 13, n))
    group = subject % 3
    points = rng.standard_normal((n, dimensions)) + group[:, None] * [1.0, 0.4, 0, 0, 0]
    return points, group, subject


def test_equals_scikit_learn() -> None:
    points, group, subject = cloud()
    assert silhouette(points, group, subject).value == pytest.approx(silhouette_score(points, group), abs=1e-12)


def test_the_interval_is_that_of_leaving_out_each_subject() -> None:
    from openada.evaluation.intervals import jackknife_t

    points, group, subject = cloud()
    without = np.array([silhouette_score(points[subject != one], group[subject != one]) for one in np.unique(subject)])
    found = silhouette(points, group, subject)
    low, high, _ = jackknife_t(found.value, without, 0.95, bounds=(-1.0, 1.0))
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-10)
    assert (found.n, found.n_subjects) == (67, np.unique(subject).size)


def test_by_others_is_a_plain_loop_over_other_subjects() -> None:
    points, group, subject = cloud()
    each = []
    for k in range(len(points)):
        distance = np.linalg.norm(points - points[k], axis=1)
        other = subject != subject[k]
        mean = {g: distance[other & (group == g)].mean() for g in np.unique(group) if (other & (group == g)).any()}
        inside = mean.pop(group[k], None)
        outside = min(mean.values())
        each.append(0.0 if inside is None else (outside - inside) / max(outside, inside))
    assert silhouette(points, group, subject, by_others=True).value == pytest.approx(np.mean(each), abs=1e-12)


def test_people_who_are_alike_separate_without_any_group() -> None:
    """Points that say only who someone is: bands drawn by chance look separated until a point's own subject is left out."""
    rng = np.random.default_rng(0)
    subject = np.repeat(np.arange(29), 11)
    band = rng.integers(0, 2, 29)[subject]
    points = 10 * rng.standard_normal((29, 7))[subject] + 0.1 * rng.standard_normal((319, 7))
    few = subject < 4  # so few that a band is hardly more than one person
    assert silhouette(points[few], band[few] + 2 * (subject[few] == 3), subject[few]).value > 0.1
    assert abs(silhouette(points, band, subject, by_others=True).value) < 0.1


def test_one_group_is_undefined_and_bad_points_are_refused() -> None:
    points, group, subject = cloud()
    assert np.isnan(silhouette(points, np.zeros(67), subject).value)
    with pytest.raises(UnusableInput, match="finite"):
        silhouette(np.where(points > 2, np.nan, points), group, subject)
    with pytest.raises(UnusableInput, match="shape"):
        silhouette(points, group[:-1], subject)
