import numpy as np
import pandas as pd
import pytest

from openada.errors import UnusableInput
from openada.evaluation.intervals import interval
from openada.evaluation.subgroups import subgroup_rows


@pytest.fixture
def predictions(sample):
    label, prediction, subject = sample(37)
    number = np.array([int(s[1:]) for s in subject])
    return pd.DataFrame({
        "recording_id": [f"r{k}" for k in range(label.size)],
        "subject": subject,
        "session": "1",
        "task": np.where(np.arange(label.size) % 2, "F", "N"),
        "sex": np.where(number < 5, None, np.where(number % 2, "f", "m")),
        "score": label,
        "prediction": prediction,
    })  # fmt: skip


def test_groups_have_intervals_and_small_ones_no_rank(predictions):
    table = subgroup_rows(predictions)
    assert table[["grouping", "group"]].to_numpy().tolist() == [
        ["sex", "f"], ["sex", "m"], ["sex", "missing"], ["task", "F"], ["task", "N"],
    ]  # fmt: skip
    women = predictions[predictions["sex"] == "f"]
    expected = interval("rmse", women["score"], women["prediction"], women["subject"])
    assert (table["value"][0], table["low"][0], table["n"][0]) == (expected.value, expected.low, expected.n)
    assert table["n_subjects"][2] == 5
    assert np.isnan(table["rank"][2])
    assert sorted(table["rank"][:2]) == [1.0, 2.0]
    assert table["rank"][int(np.argmin(table["value"][:2]))] == 1.0


def test_no_rank_among_one_and_sessions(predictions):
    alone = subgroup_rows(predictions[predictions["sex"] != "m"], ["sex"], unit="session", metric="ccc")
    assert alone["unit"].tolist() == ["sessions", "sessions"]
    assert alone["rank"].isna().all()
    assert (alone["n"] == alone["n_subjects"]).all()
    assert subgroup_rows(predictions, ["site"]).empty
    with pytest.raises(UnusableInput, match="choose a metric of scores"):
        subgroup_rows(predictions, metric="macro_f1")
    with pytest.raises(UnusableInput, match="choose from recording, session"):
        subgroup_rows(predictions, unit="clip")
