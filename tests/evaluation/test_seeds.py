import numpy as np
import pandas as pd
import pytest

from openada.evaluation.fusion import by_session
from openada.evaluation.metrics import auroc, rmse
from openada.evaluation.seeds import differences_from, rows_over_seeds
from openada.evaluation.table import evaluation_rows

LIMITS = (0, 14, 20, 29)


@pytest.fixture
def seeds():
    rng = np.random.default_rng(6)
    people = [f"p{k:02d}" for k in range(19)]
    table = pd.DataFrame([(p, "1", task) for p in people for task in "FN"], columns=["subject", "session", "task"])
    table["recording_id"] = table["subject"] + table["task"]
    table["score"] = np.repeat(rng.integers(0, 50, 19).astype(float), 2)
    return {
        seed: table.assign(prediction=8 + 0.5 * table["score"] + rng.normal(0, 5, len(table))) for seed in (2, 5, 11)
    }


def test_rows_of_one_seed_are_those_of_the_table(seeds):
    training = pd.DataFrame({"subject": ["x", "y", "p03"], "session": "0", "score": [3.0, 10.0, 23.0]})
    one = rows_over_seeds({2: seeds[2]}, predictor="m", training=training, band_limits=LIMITS, cut=14)
    whole = evaluation_rows(seeds[2], training=training, predictor="m", band_limits=LIMITS, cut=14)
    expected = whole[whole["predictor"].str.startswith("m")]
    keys = ["predictor", "metric", "unit"]
    merged = one.merge(expected, on=keys, suffixes=("", "_expected"), validate="one_to_one")
    assert len(merged) == len(one) == len(expected)
    for column in ("value", "low", "high", "n", "n_subjects"):
        np.testing.assert_allclose(merged[column], merged[f"{column}_expected"], rtol=1e-9)
    assert one["sd_over_seeds"].isna().all() and set(one["seeds"]) == {"2"}
    assert "m − identity look-up" in set(one["predictor"])
    row = one.query("metric == 'auroc_at_cut' and unit == 'recordings'").iloc[0]
    assert row["value"] == pytest.approx(auroc(seeds[2]["score"] >= 14, seeds[2]["prediction"]), rel=1e-12)


def test_differences_from_predictions_that_are_not_constant(seeds):
    own = {"recording": seeds[5]["prediction"].to_numpy(), "session": by_session(seeds[5])["prediction"].to_numpy()}
    rows = differences_from({2: seeds[2], 11: seeds[11]}, {"five": own}, predictor="m")
    assert rows["predictor"].unique().tolist() == ["m − five"] and len(rows) == 4
    for unit, fuse in (("recordings", lambda table: table), ("sessions", by_session)):
        value = {seed: rmse(fuse(table)["score"], fuse(table)["prediction"]) for seed, table in seeds.items()}
        row = rows.query(f"metric == 'rmse' and unit == '{unit}'").iloc[0]
        assert row["value"] == pytest.approx((value[2] + value[11]) / 2 - value[5], rel=1e-12)


def test_rows_of_several_seeds_are_mean_and_sd_and_name_them(seeds):
    rows = rows_over_seeds(seeds, predictor="m", training=pd.DataFrame({"score": [10.0, 20.0]}), band_limits=LIMITS)
    per_seed = np.array([rmse(t["score"], t["prediction"]) for t in seeds.values()])
    row = rows.query("predictor == 'm' and metric == 'rmse' and unit == 'recordings'").iloc[0]
    assert (row["value"], row["sd_over_seeds"]) == pytest.approx((per_seed.mean(), per_seed.std(ddof=1)), rel=1e-12)
    assert row["seeds"] == "2, 5, 11" and row["n"] == 38 and row["n_subjects"] == 19
    gap = rows.query("predictor == 'm − training mean' and metric == 'rmse' and unit == 'recordings'").iloc[0]
    label = seeds[2]["score"]
    assert gap["value"] == pytest.approx(per_seed.mean() - rmse(label, np.full(len(label), 15.0)), rel=1e-12)
