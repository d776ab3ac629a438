import numpy as np
import pytest

from null_cohort import null_cohort
from openada.cohort.prediction.fold import Fitting
from openada.cohort.prediction.inputs import inputs_of
from openada.cohort.prediction.scale_study import curve, drawn, scale_study
from openada.errors import UnusableInput


def test_a_curve_has_all_folds_and_the_best_beside():
    table = curve([(50, [0.5, 0.7]), (50, [0.6, None]), (100, [0.55, 0.65])]).set_index("people")
    assert table.loc[50, "mean"] == pytest.approx(0.6) and table.loc[50, "sd"] == pytest.approx(0.1)
    assert table.loc[50, "best_fold"] == 0.7 and table.loc[50, "undefined"] == 1 and table.loc[50, "folds"] == 4
    assert table.loc[50, "sd_repeats"] == pytest.approx(0.0) and np.isnan(table.loc[100, "sd_repeats"])


def test_smaller_numbers_are_parts_of_larger_ones():
    inputs = inputs_of(null_cohort(), "dass21_stress", "two-class")
    few, many = (drawn(inputs, n, 3) for n in (31, 67))
    assert len(few.people) == 31 and set(few.people) < set(many.people)
    row = np.flatnonzero(inputs.people == few.people[5])[0]
    np.testing.assert_array_equal(few.features[5], inputs.features[row])
    assert set(drawn(inputs, 31, 4).people) != set(few.people)


def test_on_a_null_cohort_the_mean_is_near_a_half_and_the_best_fold_is_not(tmp_path):
    said = []
    settings = {
        "scale": "dass21_stress",
        "learner": "linear",
        "sizes": (40, 500),
        "adjust": (),
        "inner": 2,
        "repeats": 3,
    }
    settings |= {"fitting": Fitting(keep=(3,)), "workers": 1, "progress": False, "say": said.append}
    table = scale_study(null_cohort(), tmp_path, **settings)
    assert table["people"].tolist() == [40, 120] and len(said) == 1
    assert table["folds"].tolist() == [15, 15]
    assert abs(table["mean"] - 0.5).max() < 0.1 and (table["best_fold"] - table["mean"]).min() > 0.1
    again = scale_study(null_cohort(), tmp_path, **settings)
    assert len(said) == 1 and again.equals(table)
    with pytest.raises(UnusableInput, match="20 people"):
        scale_study(null_cohort(), tmp_path, **(settings | {"sizes": (20,)}))
