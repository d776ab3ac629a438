import numpy as np
import pandas as pd
import pytest

from openada.cohort.questionnaire import read_questionnaire
from openada.errors import UnusableInput

ANSWERS = pd.DataFrame({f"dass21_{number}": [number % 4, 1, 0] for number in range(1, 22)})
TABLE = pd.concat(
    [pd.DataFrame({"person": ["007", "b", "c"], "age": [14, 15, 16], "site": ["x", "NA", ""]}), ANSWERS], axis=1
)


def read(tmp_path, table, **options):
    table.to_csv(tmp_path / "q.csv", index=False)
    return read_questionnaire(tmp_path / "q.csv", **options)


def test_items_become_totals_and_bands_and_the_rest_is_kept(tmp_path):
    found = read(tmp_path, TABLE)
    assert found.people["person"].tolist() == ["007", "b", "c"]
    assert found.demographics == ("age", "site")
    # items 3, 5, 10, 13, 16, 17, 21 modulo 4: 3 1 2 1 0 1 1 = 9, doubled
    assert found.people["dass21_depression"].tolist() == [18, 14, 0]
    assert found.people["dass21_depression_band"].tolist() == ["moderate", "moderate", "normal"]
    assert set(found.instruments) == {"dass21_depression", "dass21_anxiety", "dass21_stress"}
    assert found.recordings is None


@pytest.mark.parametrize("style", ["DASS_{:02d}", "dass-21 item {}", "DASS21_{}", "dass_21_q{}"])
def test_columns_are_known_however_they_are_spelt(tmp_path, style):
    renamed = TABLE.rename(columns={f"dass21_{number}": style.format(number) for number in range(1, 22)})
    found = read(tmp_path, renamed.rename(columns={"person": "Participant_ID"}))
    pd.testing.assert_frame_equal(found.people, read(tmp_path, TABLE).people)


def test_other_scales_by_items_and_by_total(tmp_path):
    table = pd.DataFrame({"id": ["a", "b"], "PHQ8_Score": [24, 4]})
    table[[f"bdi_ii_{number}" for number in range(1, 22)]] = 1
    found = read(tmp_path, table)
    assert found.people["phq8_total_band"].tolist() == ["severe", "minimal"]
    assert (
        found.people["bdi2_total"].tolist() == [21, 21] and found.people["bdi2_total_band"].tolist() == ["moderate"] * 2
    )


def test_single_dass_sums_are_doubled_on_request_and_suspected_otherwise(tmp_path):
    table = pd.DataFrame({"person": ["a", "b"], "dass21_stress": [7, 21]})
    assert read(tmp_path, table, dass_totals="single").people["dass21_stress"].tolist() == [14, 42]
    with pytest.raises(UnusableInput, match="odd values"):
        read(tmp_path, table)


def test_missing_answers_leave_totals_and_bands_open(tmp_path):
    table = TABLE.astype({"dass21_3": float, "dass21_5": float})
    table.loc[1, "dass21_3"] = np.nan
    table.loc[2, ["dass21_3", "dass21_5"]] = np.nan
    people = read(tmp_path, table).people
    np.testing.assert_allclose(people["dass21_depression"], [18, 14, np.nan])
    assert people["dass21_depression_band"].isna().tolist() == [False, False, True]


def test_several_recordings_of_a_person(tmp_path):
    table = pd.concat([TABLE, TABLE.iloc[:1]]).assign(recording_id=["r1", "r2", "r3", "r4"])
    found = read(tmp_path, table)
    assert len(found.people) == 3 and found.recordings == {"r1": "007", "r2": "b", "r3": "c", "r4": "007"}
    table.iloc[3, table.columns.get_loc("age")] = 99
    with pytest.raises(UnusableInput, match="person '007' has several rows that differ"):
        read(tmp_path, table)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"dass21_4": [1, 5, 0]}, "row 2: dass21_4 is 5"),
        ({"dass21_4": [1, 0.5, 0]}, "row 2: dass21_4 is 0.5"),
        ({"dass21_4": [1, "often", 0]}, "row 2: dass21_4 'often' is not a number"),
        ({"person": ["a", "b", "a"]}, "person 'a' has several rows"),
        ({"person": ["a", "", "c"]}, "row 2: person is empty"),
        ({"DASS_4": [1, 1, 1]}, "columns dass21_4, DASS_4 all mean dass21_4"),
        ({"dass21_stress": [2, 14, 0]}, "row 1: dass21_stress is 2 but its items give"),
        ({"phq9_total": [2, 28, 0]}, "row 2: phq9_total 28 is outside 0–27"),
        ({"PHQ_Score": [2, 3, 0]}, "columns PHQ_Score look like a questionnaire's"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(tmp_path, change, said):
    with pytest.raises(UnusableInput) as refused:
        read(tmp_path, TABLE.assign(**change))
    assert said in str(refused.value) and "\n" not in str(refused.value)


def test_every_fault_has_a_line_of_its_own(tmp_path):
    with pytest.raises(UnusableInput) as refused:
        read(tmp_path, TABLE.assign(dass21_4=[1, 5, 0], dass21_3=[1, 1, 9]).drop(columns="dass21_1"))
    lines = str(refused.value).splitlines()
    assert (
        len(lines) == 4
        and "dass21_3 is 9" in lines[1]
        and "dass21_4 is 5" in lines[2]
        and "dass21_1 missing" in lines[3]
    )


def test_tables_without_people_or_scales_are_refused(tmp_path):
    with pytest.raises(UnusableInput, match="no column that names the person"):
        read(tmp_path, TABLE.drop(columns="person"))
    with pytest.raises(UnusableInput, match="no scale is in it"):
        read(tmp_path, TABLE[["person", "age"]])
    with pytest.raises(UnusableInput, match="does not exist"):
        read_questionnaire(tmp_path / "absent.csv")
