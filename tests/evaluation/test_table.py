import numpy as np
import pandas as pd
import pytest

from openada.datasets.scales import SCALES, band_index
from openada.errors import UnusableInput
from openada.evaluation.fusion import by_session
from openada.evaluation.intervals import interval, paired_difference
from openada.evaluation.metrics import macro_f1, rmse
from openada.evaluation.table import COLUMNS, bands, evaluation_rows, to_markdown, wide

LIMITS = (0, 14, 20, 29)


@pytest.fixture
def predictions():
    rng = np.random.default_rng(1)
    people = [f"{200 + k}" for k in range(23)]
    rows = [
        (person, str(session), task) for k, person in enumerate(people) for session in range(1 + k % 2) for task in "FN"
    ]
    table = pd.DataFrame(rows, columns=["subject", "session", "task"])
    table["recording_id"] = table["subject"] + "_" + table["session"] + "_" + table["task"]
    score = dict(zip(people, rng.integers(0, 50, 23).astype(float), strict=True))
    table["score"] = table["subject"].map(score)
    table["prediction"] = 10.0 + 0.5 * table["score"] + 5.0 * rng.standard_normal(len(table))
    return table.assign(split="test", scale="BDI-II")


def training(subjects):
    return pd.DataFrame({"subject": subjects, "session": "9", "score": np.arange(len(subjects)) * 3.0})


def test_constants_come_first_and_values_are_the_metrics(predictions):
    table = evaluation_rows(predictions, training=training(["1", "2", "3"]))
    assert tuple(table.columns) == COLUMNS
    for unit, data in (("recordings", predictions), ("sessions", by_session(predictions))):
        part = table[table["unit"] == unit]
        assert part["predictor"].unique().tolist() == [
            "training mean", "training median", "model", "model − training mean", "model − training median",
        ]  # fmt: skip
        assert (part["n"] == len(data)).all()
        assert (part["n_subjects"] == 23).all()
        rows = part.set_index(["predictor", "metric"])
        of = interval("rmse", data["score"], data["prediction"], data["subject"])
        assert rows.loc[("model", "rmse"), ["value", "low", "high"]].tolist() == [of.value, of.low, of.high]
        assert rows.loc[("training mean", "rmse"), "value"] == rmse(data["score"], np.full(len(data), 3.0))
        assert rows.loc[("training mean", "ccc"), "value"] == 0.0
        assert np.isnan(rows.loc[("training mean", "pcc"), "value"])
        gap = paired_difference("mae", data["score"], data["prediction"], np.full(len(data), 3.0), data["subject"])
        assert rows.loc[("model − training mean", "mae"), ["value", "low"]].tolist() == [gap.value, gap.low]
        assert "coverage expected" in rows.loc[("model", "rmse"), "note"]
    sizes = table.groupby("unit", sort=False)["n"].first()
    assert sizes["recordings"] == 2 * sizes["sessions"]


def test_identity_look_up_appears_when_subjects_repeat(predictions):
    table = evaluation_rows(
        predictions, training=training(["200", "1", "201"]), development=training(["202"]), units=["recording"]
    )
    names = table["predictor"].unique().tolist()
    assert names[:5] == [
        "training mean", "training median", "identity look-up", "identity look-up with development", "model",
    ]  # fmt: skip
    notes = table[table["metric"] == "rmse"].set_index("predictor")["note"]
    assert notes["identity look-up"].endswith(f"6 of {len(predictions)} found by subject")
    assert notes["identity look-up with development"].endswith(f"8 of {len(predictions)} found by subject")
    assert "ranks first" in notes["model − identity look-up"]


def test_bands_are_made_after_fusion(predictions):
    table = evaluation_rows(predictions, band_limits=LIMITS, cut=14).set_index(["unit", "metric"])["value"]
    fused = by_session(predictions)
    expected = macro_f1(bands(fused["score"], LIMITS), bands(fused["prediction"], LIMITS))
    assert table["sessions", "macro_f1"] == expected
    assert {"auroc_at_cut", "quadratic_kappa", "band_accuracy"} <= set(table["recordings"].index)
    assert bands([-2.0, 0.0, 13.9, 14.0, 28.0, 29.0, 80.0], LIMITS).tolist() == [0, 0, 0, 1, 2, 3, 3]


def test_bands_of_a_known_scale_are_found_and_agree_with_it(predictions):
    named = evaluation_rows(predictions)
    pd.testing.assert_frame_equal(named, evaluation_rows(predictions, band_limits=LIMITS))
    assert "macro_f1" not in set(evaluation_rows(predictions.drop(columns="scale"))["metric"])
    scores = np.arange(-3.0, 70.0, 0.25)
    expected = [band_index(score, SCALES["BDI-II"]) for score in scores]
    assert bands(scores, LIMITS).tolist() == expected


def test_row_order_does_not_matter(predictions):
    first = evaluation_rows(predictions, training=[4.0, 9.0])
    second = evaluation_rows(predictions.sample(frac=1.0, random_state=2), training=[4.0, 9.0])
    pd.testing.assert_frame_equal(first, second, rtol=1e-9)


def test_one_recording_and_few_subjects_give_reasons(predictions):
    table = evaluation_rows(predictions.iloc[:1], training=[4.0, 9.0], band_limits=LIMITS, cut=14)
    assert table["low"].isna().all()
    assert (table["note"] != "").all()


def test_unusable_arguments(predictions):
    for wrong, told in (
        ({"band_limits": [0, 20, 14]}, "ascending"),
        ({"units": ["clip"]}, "choose from recording, session"),
        ({"training": pd.DataFrame({"label": [1.0]})}, "it needs score"),
        ({"training": [1.0, np.nan]}, "training label is NaN"),
        ({"metrics": ["r2"]}, "no metric is called 'r2'"),
    ):
        with pytest.raises(UnusableInput, match=told):
            evaluation_rows(predictions, **wrong)
    with pytest.raises(UnusableInput, match="macro_f1 without a known scale or band_limits"):
        evaluation_rows(predictions.drop(columns="scale"), metrics=["macro_f1"])
    with pytest.raises(UnusableInput, match=r"\(200_0_N\)"):
        evaluation_rows(predictions.assign(prediction=predictions["prediction"].where(predictions.index != 1)))


def test_markdown():
    table = pd.DataFrame({"metric": ["RMSE", "a|b"], "value": [6.019, np.nan], "gap": [-0.5, -0.001], "n": [50, 7]})
    assert to_markdown(table) == (
        "| metric | value |   gap |   n |\n"
        "| ------ | ----: | ----: | --: |\n"
        "| RMSE   |  6.02 | −0.50 |  50 |\n"
        "| a\\|b   |     – |  0.00 |   7 |\n"
    )
    assert to_markdown(pd.DataFrame({"a": []})).count("\n") == 2
    assert "7" in to_markdown(pd.DataFrame({"n": pd.array([7, None], dtype="Int64")}))


def test_wide_has_a_row_per_predictor_and_unit(predictions):
    table = evaluation_rows(predictions, training=training(["1", "2"]))
    shown = wide(table[~table["predictor"].str.contains(" − ")], ["rmse", "pcc", "macro_f1"])
    assert list(shown.columns) == ["predictor", "unit", "n", "subjects", "RMSE", "PCC", "macro-F1"]
    assert shown["predictor"].tolist() == ["training mean", "training median", "model"] * 2
    of = interval("rmse", predictions["score"], predictions["prediction"], predictions["subject"])
    assert shown["RMSE"].iloc[2] == f"{of.value:.2f} [{of.low:.2f}, {of.high:.2f}]"
    assert shown["PCC"].iloc[0] == "–"
    seeded = wide(table[table["predictor"] == "model"].assign(sd_over_seeds=0.126), ["rmse"])
    assert seeded["RMSE"].iloc[0] == f"{of.value:.2f} ± 0.13 [{of.low:.2f}, {of.high:.2f}]"
