import numpy as np
import pandas as pd
import pytest

from openada.datasets.planted.check import check
from openada.datasets.planted.draws import draw_recording
from openada.datasets.planted.ridge import cross_validated_ratio, ridge_predictions
from openada.datasets.planted.schedule import Schedule
from openada.datasets.planted.severity import expected_cue_share
from openada.datasets.planted.signals import profile
from openada.errors import UnusableInput


def draw_cues_on_top(seed, subject, task, severity, seconds, fps, variant) -> tuple[Schedule, pd.DataFrame]:
    """The broken design: the same trains for everybody, and cues added to them."""
    schedule, truth = draw_recording(seed, subject, task, 0.0, seconds, fps, variant)
    truth = truth.copy()
    extra = profile(truth["time_s"].to_numpy(), 0.0, expected_cue_share(severity) * seconds, 0.25)
    for unit in ("AU01", "AU04", "AU15"):
        truth[unit] = np.maximum(truth[unit], extra)
    for flag in ("brows", "mouth"):
        truth[flag] |= extra > 0
    return schedule, truth


def test_two_thousand_drawn_recordings_pass():
    table = check(2000, seconds=30.0, fps=4.0)
    limited = table[table["limit"].notna()]
    assert limited["passed"].all(), limited[~limited["passed"]]
    assert {"AU01 mean", "AU15 count", "AU45 duration", "brows time", "total motion"} <= set(limited["baseline"])
    assert "joint ridge of all above" in set(limited["baseline"])
    shares = table.set_index("baseline")["ratio"]
    assert shares["true cue share"] < 0.25
    assert 0.6 < shares["brows x mouth"] < 1


@pytest.mark.parametrize(("variant", "seconds"), [("dynamic", 12.0), ("hard", 12.0), ("standard", 7.0)])
def test_other_variants_and_short_recordings_pass(variant, seconds):
    assert check(400, seconds=seconds, fps=5.0, variant=variant)["passed"].all()


def test_cues_added_on_top_are_found_out():
    table = check(300, seconds=12.0, fps=5.0, draw=draw_cues_on_top).set_index("baseline")
    assert not table["passed"].all()
    for name in ("AU01 mean", "AU15 mean", "brows time", "joint ridge of all above"):
        assert not table.loc[name, "passed"]


def test_too_few_recordings_are_refused():
    with pytest.raises(UnusableInput, match="recordings = 99"):
        check(99)


def test_ridge_finds_a_line_and_nothing_in_noise():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(301, 7))
    y = 3 + x @ np.arange(7.0)
    np.testing.assert_allclose(ridge_predictions(x[:200], y[:200], x[200:]), y[200:], rtol=0.02, atol=0.05)
    assert cross_validated_ratio(x, y) < 0.01
    assert cross_validated_ratio(rng.normal(size=(301, 7)), y) > 0.95


def test_ridge_equals_the_normal_equations():
    from sklearn.linear_model import RidgeCV

    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(53, 11)), rng.normal(size=53)
    scaled = (x - x.mean(0)) / x.std(0)
    reference = RidgeCV(alphas=53 * 10.0 ** np.arange(-4, 4)).fit(scaled, y)
    assert np.corrcoef(ridge_predictions(x, y, x), reference.predict(scaled))[0, 1] > 0.95
