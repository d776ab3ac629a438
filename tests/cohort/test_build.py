from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from openada.cohort import build as building
from openada.cohort.build import build_cohort, person_of
from openada.cohort.layout import read_cohort
from openada.cohort.questionnaire import Questionnaire
from openada.errors import UnusableInput

SAMPLE = Path(__file__).resolve().parents[3] / "shared" / "schemas" / "openface_old_sample.csv"


def table(value, frames=60, tracked=True):
    rng = np.random.default_rng(int(value * 10))
    signal = value + rng.standard_normal(frames)
    return pd.DataFrame(
        {"time_s": np.arange(frames) / 5, "tracked": tracked, "AU12_g": signal, "AU04_g": -2 * signal, "note": "x"}
    )


@pytest.fixture
def study(tmp_path):
    """Five tables of three people, one of them broken, and a questionnaire that knows a fourth."""
    folder = tmp_path / "tables"
    folder.mkdir()
    for name, value in (("a_1", 1.0), ("a_2", 3.0), ("b", 5.0)):
        table(value).to_csv(folder / f"{name}.csv", index=False)
    (folder / "c.csv").write_text("neither,one,nor\n1,2,3\n")
    table(9.0).to_csv(folder / "stranger.csv", index=False)
    pd.DataFrame({"person": ["a", "b", "c", "d"], "age": [14, 15, 16, 17], "dass21_stress": [0, 14, 16, 40]}).to_csv(
        tmp_path / "q.csv", index=False
    )
    return tmp_path


def build(study, **options):
    return build_cohort(study / "tables", study / "q.csv", study / "out", workers=1, progress=False, **options)


def test_a_row_per_person_whose_recordings_weigh_the_same(study):
    built = build(study)
    features = built.cohort.features.set_index("person")
    assert features.index.tolist() == ["a", "b"]
    one, two = (table(value)["AU12_g"] for value in (1.0, 3.0))
    assert features.loc["a", "AU12_g__mean"] == pytest.approx((one.mean() + two.mean()) / 2)
    assert features.loc["a", "AU12_g__var"] == pytest.approx((one.var(ddof=0) + two.var(ddof=0)) / 2)
    assert features.loc["b", "AU04_g__max"] == pytest.approx(-2 * table(5.0)["AU12_g"].min())
    assert built.cohort.people["usable_recordings"].tolist() == [2, 1, 0, 0]
    assert built.cohort.people["age"].tolist() == [14, 15, 16, 17]


def test_failures_are_listed_and_the_rest_goes_on(study):
    built = build(study)
    records = pd.read_csv(study / "out" / "recordings.csv").set_index("recording_id")
    assert records["status"].to_dict() == {
        "a_1": "used",
        "a_2": "used",
        "b": "used",
        "c": "failed",
        "stranger": "nobody's",
    }
    assert "no known behaviour table" in records.loc["c", "error"]
    assert [outcome.key for outcome in built.outcomes if outcome.status == "failed"] == ["c"]
    assert any("belong to nobody" in note for note in built.notes) and any("2 people" in note for note in built.notes)


def test_a_second_build_measures_only_what_changed(study, monkeypatch):
    build(study)
    measured = []
    real = building.measure_row
    monkeypatch.setattr(building, "measure_row", lambda job: measured.append(job.source.recording_id) or real(job))
    build(study)
    assert measured == ["c"]
    table(7.0).to_csv(study / "tables" / "c.csv", index=False)
    built = build(study)
    assert measured == ["c", "c"] and "c" in set(built.cohort.features["person"])
    build(study, min_confidence=0.9)
    assert sorted(measured[2:]) == ["a_1", "a_2", "b", "c"]


@pytest.mark.slow
def test_two_processes_give_what_one_gives(study):
    one = build(study).cohort
    two = build_cohort(study / "tables", study / "q.csv", study / "two", workers=2, progress=False)
    pd.testing.assert_frame_equal(two.cohort.features, one.features)
    assert [outcome.status for outcome in two.outcomes].count("failed") == 1


def test_what_is_written_reads_back_with_every_column_described(study):
    built = build(study)
    read = read_cohort(study / "out")
    pd.testing.assert_frame_equal(read.features, built.cohort.features)
    assert set(read.dictionary["column"]) == set(read.features) | set(read.people)
    kinds = read.dictionary.set_index("column")
    assert kinds.loc["AU12_g__var", ["kind", "unit"]].tolist() == ["feature", "(inter-ocular distances)²"]
    assert "lip corner pull" in kinds.loc["AU12_g__var", "meaning"]
    assert kinds.loc[["age", "dass21_stress", "dass21_stress_band", "usable_recordings"], "kind"].tolist() == [
        "demographic", "total", "band", "count",
    ]  # fmt: skip
    assert not set(read.of_kind("feature")) & set(read.people)
    (study / "out" / "cohort.json").unlink()
    with pytest.raises(UnusableInput, match="is no cohort"):
        read_cohort(study / "out")


def test_recordings_with_too_few_frames_that_count_are_left_out(study):
    tracked = np.arange(60) < 29
    table(1.0, tracked=tracked).to_csv(study / "tables" / "b.csv", index=False)
    assert build(study).cohort.features["person"].tolist() == ["a"]
    assert build(study, least_tracked=0.4).cohort.features["person"].tolist() == ["a", "b"]
    for path in (study / "tables").glob("*.csv"):
        path.write_text("neither,one,nor\n1,2,3\n")
    with pytest.raises(UnusableInput, match=r"no recording can be used \(4 failed, 1 nobody's\)"):
        build(study)


def test_the_longest_name_owns_a_recording():
    people = pd.DataFrame({"person": ["a", "a_1", "b"]})
    asked = Questionnaire(people, (), {}, None)
    assert person_of(["a_1_x", "a_2", "a", "ab", "b_9_9"], asked) == {
        "a_1_x": "a_1",
        "a_2": "a",
        "a": "a",
        "b_9_9": "b",
    }
    assert person_of(["r1", "a"], Questionnaire(people, (), {}, {"r1": "b"})) == {"r1": "b"}


def test_questionnaires_are_checked_before_anything_is_measured(study):
    (study / "q.csv").write_text("person,dass21_stress\na,99\n")
    with pytest.raises(UnusableInput, match="99 is outside"):
        build(study)
    assert not (study / "out").exists()
    (study / "q.csv").write_text("person,dass21_stress\nzoe,2\n")
    with pytest.raises(UnusableInput, match="none of the 5 recordings is of a person"):
        build(study)


def test_a_real_openface_file_goes_through_unchanged(tmp_path):
    if not SAMPLE.is_file():
        pytest.skip("the real table is not beside this checkout")
    (tmp_path / "q.csv").write_text("person,phq9_total\nopenface_old_sample,3\n")
    built = build_cohort(SAMPLE, tmp_path / "q.csv", tmp_path / "out", workers=1, progress=False)
    raw = pd.read_csv(SAMPLE, skipinitialspace=True)
    counts = (raw["success"] == 1) & (raw["confidence"] >= 0.75)
    row = built.cohort.features.iloc[0]
    for name in ("AU01_r", "AU45_r", "AU04_c"):
        assert row[f"{name}__mean"] == pytest.approx(raw[name][counts].mean())
        assert row[f"{name}__q75"] == pytest.approx(raw[name][counts].quantile(0.75))
    assert row["head_z_mm__median"] == pytest.approx(raw["pose_Tz"][counts].median())
    assert 0.1 < row["eye_openness__mean"] < 0.5
    assert any("frames a second" in note for note in built.notes)  # its times are a millisecond apart
    slow = build_cohort(SAMPLE, tmp_path / "q.csv", tmp_path / "out", fps=30, workers=1, progress=False)
    assert not any("frames a second" in note for note in slow.notes)
