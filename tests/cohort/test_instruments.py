import numpy as np
import pytest

from openada.cohort.instruments import INSTRUMENTS, ITEM_COLUMNS, totals
from openada.errors import UnusableInput


def test_every_dass_item_belongs_to_one_scale_and_they_are_the_manuals():
    of = {
        name: [int(c.split("_")[1]) for c in INSTRUMENTS[f"dass21_{name}"].columns]
        for name in ("depression", "anxiety", "stress")
    }
    assert of["depression"] == [3, 5, 10, 13, 16, 17, 21]
    assert of["anxiety"] == [2, 4, 7, 9, 15, 19, 20]
    assert of["stress"] == [1, 6, 8, 11, 12, 14, 18]
    assert sorted(number for numbers in of.values() for number in numbers) == list(range(1, 22))
    assert {name: len(i.columns) for name, i in INSTRUMENTS.items() if "dass" not in name} == {
        "phq8_total": 8, "phq9_total": 9, "bdi2_total": 21, "bdi_total": 21,
    }  # fmt: skip
    assert len(ITEM_COLUMNS) == 21 + 8 + 9 + 21 + 21


@pytest.mark.parametrize("total", INSTRUMENTS)
def test_the_highest_answers_give_the_top_of_the_scale(total):
    of = INSTRUMENTS[total]
    k = len(of.columns)
    answers = np.stack([np.zeros(k), np.full(k, 3.0), np.eye(k)[0]])
    np.testing.assert_array_equal(totals(answers, of), [of.bands.low, of.bands.high, of.factor])


@pytest.mark.parametrize(
    ("total", "missing", "expected"),
    [
        ("dass21_stress", 0, 14.0),
        ("dass21_stress", 1, 14.0),  # 6 answers of 1, prorated to 7, doubled
        ("dass21_stress", 2, np.nan),
        ("phq9_total", 2, 9.0),
        ("phq9_total", 3, np.nan),
        ("phq8_total", 2, 8.0),
        ("phq8_total", 3, np.nan),
        ("bdi2_total", 0, 21.0),
        ("bdi2_total", 1, np.nan),
        ("bdi_total", 1, np.nan),
    ],
)
def test_missing_answers_follow_the_scales_rule(total, missing, expected):
    of = INSTRUMENTS[total]
    answers = np.ones((1, len(of.columns)))
    answers[0, :missing] = np.nan
    np.testing.assert_allclose(totals(answers, of), [expected])


def test_the_mean_of_the_others_stands_in_and_is_not_rounded():
    answers = np.array([[np.nan, 3, 2, 1, 1, 0, 0]])
    np.testing.assert_allclose(totals(answers, INSTRUMENTS["dass21_anxiety"]), [2 * 7 * 7 / 6])
    assert np.isnan(totals(np.full((1, 7), np.nan), INSTRUMENTS["dass21_anxiety"]))[0]


@pytest.mark.parametrize("answer", [4, -1, 1.5])
def test_answers_that_are_none_are_refused(answer):
    answers = np.zeros((3, 7))
    answers[1, 2] = answer
    with pytest.raises(UnusableInput, match=rf"dass21_7 in row 2 is {answer}"):
        totals(answers, INSTRUMENTS["dass21_anxiety"])
    with pytest.raises(UnusableInput, match="7 items"):
        totals(np.zeros((3, 6)), INSTRUMENTS["dass21_anxiety"])
