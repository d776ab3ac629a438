import numpy as np
import pandas as pd
import pytest

from openada.errors import UnusableInput
from openada.evaluation.fusion import by_session


@pytest.fixture
def predictions():
    return pd.DataFrame({
        "recording_id": ["203_1_F", "203_1_N", "204_1_F", "203_2_N", "204_1_N"],
        "subject": ["203", "203", "204", "203", "204"],
        "session": ["1", "1", "1", "2", "1"],
        "task": ["F", "N", "F", "N", "N"],
        "split": ["test"] * 5,
        "sex": ["f", "f", "m", "f", "m"],
        "camera": ["a", "b", "a", "a", "a"],
        "score": [10.0, 10.0, 30.0, 20.0, 31.0],
        "prediction": [8.0, 14.0, 20.0, 5.0, 25.0],
        "predicted_band": [0, 1, 2, 0, 2],
    })  # fmt: skip


def test_means_within_subject_and_session(predictions):
    fused = by_session(predictions)
    assert fused[["subject", "session"]].to_numpy().tolist() == [["203", "1"], ["203", "2"], ["204", "1"]]
    assert fused["prediction"].tolist() == [11.0, 5.0, 22.5]
    assert fused["score"].tolist() == [10.0, 20.0, 30.5]
    assert fused["recordings"].tolist() == [2, 1, 2]
    assert fused["sex"].tolist() == ["f", "f", "m"]
    assert not {"recording_id", "task", "predicted_band", "camera"} & set(fused.columns)


def test_order_of_rows_does_not_matter(predictions):
    shuffled = predictions.sample(frac=1.0, random_state=3)
    pd.testing.assert_frame_equal(by_session(shuffled), by_session(predictions))


def test_one_recording(predictions):
    assert by_session(predictions.iloc[:1])["prediction"].tolist() == [8.0]


def test_unusable_tables(predictions):
    with pytest.raises(UnusableInput, match="lack session"):
        by_session(predictions.drop(columns="session"))
    with pytest.raises(UnusableInput, match="'203_1_F' has several predictions"):
        by_session(pd.concat([predictions, predictions]))
    with pytest.raises(UnusableInput, match=r"prediction is NaN .* 3 \(203_2_N\)"):
        by_session(predictions.assign(prediction=[1.0, 2.0, 3.0, np.nan, 4.0]))
    with pytest.raises(UnusableInput, match="mix the scales BDI-II, PHQ-8"):
        by_session(predictions.assign(scale=["PHQ-8"] + ["BDI-II"] * 4))
    with pytest.raises(UnusableInput, match="session is missing for recording '203_1_N'"):
        by_session(predictions.assign(session=["1", None, "1", "1", "1"]))
