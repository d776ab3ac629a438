"""A study on disk: best fold beside the mean, resumed without fitting twice, hours first."""

import json

import numpy as np
import pandas as pd
import pytest

from null_cohort import null_cohort
from openada.cohort.prediction import jobs
from openada.cohort.prediction.fold import Fitting
from openada.cohort.prediction.study import predict_study
from openada.cohort.prediction.summary import CHOSEN_INSIDE, grouped
from openada.errors import UnusableInput


def study(cohort, out, said, **changed):
    settings = {"scale": "dass21_stress", "learners": ["linear"], "adjust": ("age", "sex"), "outer": 5, "inner": 2}
    settings |= {"fitting": Fitting(keep=(3,)), "workers": 1, "progress": False, "say": said.append}
    return predict_study(cohort, out, **(settings | changed))


def test_on_a_null_cohort_the_interval_holds_a_half_and_the_best_of_thirty_folds_is_beside(tmp_path):
    said = []
    found = study(null_cohort(), tmp_path, said, outer=10, repeats=3, adjust=())
    assert len(said) == 1 and "60 outer folds to fit" in said[0] and "hours of processor time" in said[0]
    row = found.figures.query("predictor == 'linear' and metric == 'auroc'").iloc[0]
    folds = found.per_fold.query("predictor == 'linear' and metric == 'auroc'")["value"]
    assert row["folds"] == 30 == len(folds) and row["n"] == 120
    assert row["low"] < 0.5 < row["high"] and row["best_fold"] == folds.max() > 0.6
    assert row["mean"] == pytest.approx(folds.mean()) and row["sd"] == pytest.approx(folds.std(ddof=1))
    predictions = pd.read_parquet(tmp_path / "predictions.parquet").query("predictor == 'linear'")
    assert predictions.groupby("repeat")["person"].nunique().tolist() == [120] * 3
    assert set(found.figures["predictor"]) == {"constant", "linear"}
    assert set(found.subgroups["grouping"]) == {"age", "sex"}


def test_a_study_goes_on_where_it_was_and_starts_anew_when_something_changes(tmp_path, monkeypatch):
    cohort, fitted = null_cohort(), []
    real = jobs.fit_fold
    monkeypatch.setattr(jobs, "fit_fold", lambda inputs, name, *rest: fitted.append(name) or real(inputs, name, *rest))
    first = study(cohort, tmp_path, [], learners=["linear", "adaboost"], outer=2, task="regression")
    assert len(fitted) == 2 * 4
    (tmp_path / "fits" / "repeat-1-fold-2-adaboost.json").unlink()
    fitted.clear()
    said = []
    again = study(cohort, tmp_path, said, learners=["linear", "adaboost"], outer=2, task="regression")
    assert fitted == ["adaboost"] and "1 outer folds" in said[0]
    pd.testing.assert_frame_equal(first.figures, again.figures)
    assert CHOSEN_INSIDE in set(again.figures["predictor"])
    fitted.clear()
    cohort.features.iloc[0, 1] += 1.0
    study(cohort, tmp_path, [], learners=["linear"], outer=2, task="regression")
    assert len(fitted) == 2 * 3
    assert json.loads((tmp_path / "study.json").read_text())["people"] == 120


def test_absent_extras_unknown_learners_and_covariates_are_said_in_a_line(tmp_path):
    for changed in ({"learners": ["wisdom"]}, {"adjust": ("height",)}, {"repeats": 0}, {"scale": "bdi_total"}):
        with pytest.raises(UnusableInput):
            study(null_cohort(), tmp_path, [], **changed)


def test_numbers_of_many_values_become_three_groups_and_missing_is_one():
    ages = pd.Series([*np.arange(30.0), np.nan])
    assert sorted(grouped(ages).value_counts()) == [1, 10, 10, 10]
