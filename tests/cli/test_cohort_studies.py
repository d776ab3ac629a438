"""Studies on a small synthetic cohort through the command line: what they write, refuse, and do when started again."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from openada.cli import main
from openada.cohort.prediction import jobs, scale_study
from openada.errors import UnusableInput
from openada.files import read_json

QUICK = ["--folds", "2", "--inner-folds", "2", "--keep", "3", "--workers", "1", "--scale", "dass21_stress"]
PREDICT = [*QUICK, "--learners", "linear", "--features", "AU*__mean", "--importance", "1"]
CURVE = [*QUICK, "--learner", "linear", "--features", "AU*__mean", "--sizes", "40", "--repeats", "2"]
SEQUENCE = ["--size", "tiny", "--epochs", "1", "--rate-hz", "2", *QUICK[:4], *QUICK[-4:]]
SAME = ("figures.csv", "per_fold.csv", "subgroups.csv", "importance.csv", "predictions.parquet")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cohort")
    made = folder / "made"
    assert main(["cohort", "synth", str(made), "--people", "79", "--seconds", "3", "--seed", "3"]) == 0
    build = ["cohort", "build", str(made / "tables"), str(made / "questionnaire.csv"), "--out", str(folder / "study")]
    assert main([*build, "--workers", "1"]) == 0
    return folder / "study"


@pytest.fixture
def study(built: Path, tmp_path: Path) -> Path:
    """A copy without what other tests did."""
    left_out = shutil.ignore_patterns("prediction", "subtypes", "scale_study", "rows", "report.html")
    return Path(shutil.copytree(built, tmp_path / "study", ignore=left_out))


def run(command: str, folder: Path, *options: str) -> int:
    return main(["cohort", command, str(folder), *options])


def stopped_at(module: object, name: str, monkeypatch: pytest.MonkeyPatch, after: int) -> list[int]:
    """Has `module.name` stop the command like Ctrl-C once it was called `after` times; counts the calls."""
    real, calls = getattr(module, name), [0]

    def stops(*arguments: object, **named: object) -> object:
        if calls[0] == after:
            raise KeyboardInterrupt
        calls[0] += 1
        return real(*arguments, **named)

    monkeypatch.setattr(module, name, stops)
    return calls


def test_predict_prints_fold_means_beside_the_constant_and_goes_on_to_the_same_files_when_stopped(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = Path(shutil.copytree(study, tmp_path / "whole"))
    assert run("predict", whole, *PREDICT) == 0
    told = capsys.readouterr().out
    assert "outer folds to fit" in told and "best fold: what a report that keeps the best would print" in told
    assert all(name in told for name in ("constant", "demographics alone", "linear", "2 folds"))
    out = Path("prediction/dass21_stress-two-class")
    with monkeypatch.context() as patch:
        stopped_at(jobs, "fit_fold", patch, after=4)
        assert run("predict", study, *PREDICT) == 130
    assert len(list((study / out / "fits").iterdir())) == 4 and not (study / out / "study.json").exists()
    assert "Traceback" not in capsys.readouterr().err
    calls = stopped_at(jobs, "fit_fold", monkeypatch, after=99)
    assert run("predict", study, *PREDICT) == 0
    assert calls == [2]  # six in all: two folds of the constant, demographics and the learner
    for name in SAME:
        assert (study / out / name).read_bytes() == (whole / out / name).read_bytes(), name
    figures = pd.read_csv(study / out / "figures.csv").query("metric == 'auroc'").set_index("predictor")
    assert figures.loc["constant", ["pooled", "mean"]].tolist() == [0.5, 0.5]
    assert figures.loc["linear", "low"] <= figures.loc["linear", "pooled"] <= figures.loc["linear", "high"]


def test_scale_study_goes_on_to_the_same_curve_when_stopped(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = Path(shutil.copytree(study, tmp_path / "whole"))
    assert run("scale-study", whole, *CURVE) == 0
    assert "best_fold is no result" in capsys.readouterr().out
    out = Path("scale_study/dass21_stress-two-class")
    with monkeypatch.context() as patch:
        stopped_at(scale_study, "fit_fold", patch, after=3)  # within the second of four cross-validations
        assert run("scale-study", study, *CURVE) == 130
    assert len(list((study / out / "fits").iterdir())) == 1
    assert run("scale-study", study, *CURVE) == 0
    for name in ("curve.csv", "curve.svg"):
        assert (study / out / name).read_bytes() == (whole / out / name).read_bytes()
    table = pd.read_csv(study / out / "curve.csv")
    assert table["people"].tolist()[0] == 40 and table["folds"].tolist() == [4, 4]


def test_sequence_has_the_folds_of_predict_and_goes_on_to_the_same_files_when_stopped(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from openada.studies import cohort_sequence

    whole = Path(shutil.copytree(study, tmp_path / "whole"))
    assert run("sequence", whole, *SEQUENCE) == 0
    assert "sequence network" in capsys.readouterr().out
    out = Path("prediction/dass21_stress-two-class-sequence")
    with monkeypatch.context() as patch:
        stopped_at(cohort_sequence, "fit_series_fold", patch, after=1)
        assert run("sequence", study, *SEQUENCE) == 130
    assert run("sequence", study, *SEQUENCE) == 0
    for name in SAME:
        assert (study / out / name).read_bytes() == (whole / out / name).read_bytes(), name
    about = read_json(study / out / "study.json")
    assert about["steps"] == 6 and "AU12_g" in about["signals"] and "confidence" not in about["signals"]
    assert run("predict", study, *PREDICT) == 0
    assert read_json(study / "prediction/dass21_stress-two-class/study.json")["folds_sha256"] == about["folds_sha256"]


def test_subtypes_and_a_report_of_everything_and_of_what_is_missing(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("subtypes", study, "--clouds", "39", "--numbers", "2", "3", "--method", "k-means") == 0
    assert "how many groups" in capsys.readouterr().out
    people = pd.read_csv(study / "subtypes/k-means/people.csv")
    counts = pd.read_csv(study / "subtypes/k-means/profiles.csv").drop_duplicates("subtype").set_index("subtype")["n"]
    assert people["subtype"].value_counts().sort_index().tolist() == counts.sort_index().tolist()
    assert run("predict", study, *PREDICT) == 0
    assert run("report", study) == 0
    page = (study / "report.html").read_text()
    assert "do not exist" in page and "Subtypes by k-means" in page and "Prediction: DASS-21-stress" in page
    assert "openada cohort associations" in page and "openada cohort scale-study" in page  # not done: named
    assert "http://" not in page.replace("http://www.w3.org", "") and "https://" not in page


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("predict --features dass21_3", "is of a questionnaire"),
        ("predict --features dass21_*", "is of a questionnaire"),
        ("predict --features nothing*", "no feature is called"),
        ("predict --learners wisdom", "no learner is called"),
        ("predict --scale bdi_total", "there is no scale"),
        ("predict --adjust height", "there is no 'height'"),
        ("scale-study --features dass21_stress_band", "is of a questionnaire"),
        ("scale-study --sizes 3", "3 people"),
        ("subtypes --scales dass21_stress", "cuts of one line"),
        ("sequence --longest-s 0", "give two steps or more"),
        ("sequence --tables nowhere", "nowhere does not exist"),
        ("sequence --adjust height", "there is no 'height'"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_line_with_exit_code_2(
    command: str, said: str, built: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, *options = command.split()
    assert run(name, built, *options) == 2
    told = capsys.readouterr().err
    assert said in told.replace("\n", " ") and "Traceback" not in told


def test_a_copy_of_the_label_among_the_features_is_refused(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    features = pd.read_parquet(study / "features.parquet")
    people = pd.read_parquet(study / "people.parquet").set_index("person")
    copied = people.loc[features["person"], "dass21_stress"].to_numpy(float)
    features.assign(AU99_g__mean=2 * copied + 1).to_parquet(study / "features.parquet", index=False)
    assert run("predict", study, *PREDICT) == UnusableInput.exit_code
    assert "AU99_g__mean" in capsys.readouterr().err
