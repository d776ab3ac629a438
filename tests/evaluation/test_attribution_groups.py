"""Groups of recordings: outcomes at their limits, subject means of z with Student's t, FDR, means by band and outcome."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import false_discovery_control, ttest_1samp

from openada.errors import UnusableInput
from openada.evaluation.attribution_groups import group_means, outcomes
from openada.evaluation.group_correlation import group_correlations


def test_outcomes_at_their_limits():
    error = np.array([5.0, -5.0, 5.1, 15.5, 15.6, -15.5, -15.6])
    expected = ["correct", "correct", "the rest", "the rest", "over-estimated", "the rest", "under-estimated"]
    assert outcomes(np.full(7, 20.0), 20 + error) == expected
    with pytest.raises(UnusableInput, match="1 errors"):
        outcomes([1.0], [np.nan])


def test_group_inference_is_students_on_subject_means_of_z():
    rng = np.random.default_rng(0)
    rows = []
    for signal, mean in (("AU01_g", 0.5), ("AU12_g", 0.0)):
        for subject in range(7):
            for _ in range(1 + subject % 3):
                rows.append({"signal": signal, "subject": f"s{subject}", "z": rng.normal(mean, 0.2), "p_value": 0.01})
    rows.append({"signal": "head_x_mm", "subject": "s0", "z": np.nan, "p_value": np.nan})
    rows.append({"signal": "AU01_g", "subject": "s9", "z": np.nan, "p_value": np.nan})
    table = pd.DataFrame(rows)
    found = group_correlations(table).set_index("signal")
    for signal in ("AU01_g", "AU12_g"):
        own = table[(table["signal"] == signal) & table["z"].notna()].groupby("subject")["z"].mean()
        tested = ttest_1samp(own, 0)
        assert found.loc[signal, "r"] == pytest.approx(np.tanh(own.mean()))
        assert found.loc[signal, "p_value"] == pytest.approx(tested.pvalue)
        np.testing.assert_allclose(
            found.loc[signal, ["low", "high"]].astype(float), np.tanh(tested.confidence_interval())
        )
    np.testing.assert_allclose(found["q_value"][:2], false_discovery_control(found["p_value"][:2]))
    assert found.loc["AU01_g", ["n", "n_subjects", "undefined"]].tolist() == [13, 7, 1]
    assert np.isnan(found.loc["head_x_mm", "q_value"]) and "undefined in every" in found.loc["head_x_mm", "note"]


def test_means_by_group_weigh_recordings_alike_and_count_what_is_undefined():
    table = pd.DataFrame(
        {
            "recording_id": list("aabbcc"),
            "subject": list("xxyyzz"),
            "region": ["brows", "mouth"] * 3,
            "band": ["mild"] * 4 + ["severe"] * 2,
            "outcome": ["correct"] * 2 + ["the rest"] * 4,
            "share": [0.2, 0.8, 0.4, np.nan, 0.9, 0.1],
        }
    )
    found = group_means(table, "region", {"share": (0.0, 1.0)}, ["mild", "severe", "none"]).set_index(
        ["group", "region"]
    )
    assert found.loc[("all recordings", "brows"), "value"] == pytest.approx(0.5)
    assert found.loc[("all recordings", "mouth"), ["n", "undefined"]].tolist() == [2, 1]
    assert found.loc[("band mild", "brows"), "value"] == pytest.approx(0.3)
    assert found.loc[("correct", "mouth"), "value"] == pytest.approx(0.8)
    assert "band none" not in found.index.get_level_values(0)
