import numpy as np
import pandas as pd
import pytest

from openada.behaviour.openface_writer import write_openface
from openada.behaviour.tables import read_behaviour_table
from openada.errors import UnusableInput

OURS = pd.DataFrame({"time_s": [0.0, 0.04, 0.08], "tracked": [True, False, True], "AU12_g": [0.1, np.nan, 0.3]})


def test_our_tables_come_back_as_they_were(tmp_path):
    OURS.to_parquet(tmp_path / "behaviour.parquet")
    OURS.to_csv(tmp_path / "behaviour.csv", index=False)
    OURS.astype({"tracked": int}).to_csv(tmp_path / "numbers.csv", index=False)
    for name in ("behaviour.parquet", "behaviour.csv", "numbers.csv"):
        pd.testing.assert_frame_equal(read_behaviour_table(tmp_path / name), OURS)


def test_the_columns_say_which_tool_wrote_a_table(tmp_path):
    path = tmp_path / "table.csv"
    write_openface(path, [OURS])
    found = read_behaviour_table(path)
    assert found["tracked"].tolist() == [True, False, True]
    np.testing.assert_array_equal(found["AU12_g"], [0.1, np.nan, 0.3])
    assert read_behaviour_table(path, fps=10)["time_s"].tolist() == [0, 0.1, 0.2]
    with pytest.raises(UnusableInput, match="face 'Person_1': people in a table of OpenFace are numbers"):
        read_behaviour_table(path, face="Person_1")

    box = dict.fromkeys(("FaceRectX", "FaceRectY", "FaceRectWidth", "FaceRectHeight"), 5.0)
    pd.DataFrame({**box, "FaceScore": 0.9, "AU12": [0.1, 0.2], "frame": [0, 1]}).to_csv(path)
    assert read_behaviour_table(path, fps=10)["AU12_p"].tolist() == [0.1, 0.2]


def test_other_files_are_refused_with_what_was_looked_for(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("face, confidence, x_0\n0, 0.9, 5\n")
    parquet = tmp_path / "table.parquet"
    OURS.drop(columns="tracked").to_parquet(parquet)
    for file in (path, parquet):
        with pytest.raises(
            UnusableInput, match=r"looked for the columns time_s, tracked \(ours\); frame, timestamp"
        ) as refused:
            read_behaviour_table(file)
        assert "\n" not in str(refused.value)
    with pytest.raises(UnusableInput, match="does not exist"):
        read_behaviour_table(tmp_path / "absent.csv")
    parquet.write_bytes(b"PAR1 and no more")
    with pytest.raises(UnusableInput, match="cannot be read as Parquet"):
        read_behaviour_table(parquet)
    path.write_text("time_s,tracked\n0,yes\n0.1,perhaps\n")
    with pytest.raises(UnusableInput, match="row 1: tracked 'yes'"):
        read_behaviour_table(path)
