import math

import pytest

from openada.datasets.scales import SCALES, band_index, band_name, scale_named
from openada.errors import UnusableInput


@pytest.mark.parametrize(
    ("name", "boundaries"),
    [
        ("BDI-II", (13, 19, 28)),
        ("planted", (13, 19, 28)),
        ("PHQ-8", (4, 9, 14, 19)),
        ("PHQ-9", (4, 9, 14, 19)),
        ("BDI", (9, 16, 29)),
        ("DASS-21-depression", (9, 13, 20, 27)),
        ("DASS-21-anxiety", (7, 9, 14, 19)),
        ("DASS-21-stress", (14, 18, 25, 33)),
    ],
)
def test_last_score_of_a_band_and_first_of_the_next(name, boundaries):
    scale = SCALES[name]
    assert band_index(scale.low, scale) == 0
    for index, last in enumerate(boundaries):
        assert band_index(last, scale) == index
        assert band_index(last + 0.999, scale) == index
        assert band_index(last + 1, scale) == index + 1
    assert band_index(scale.high, scale) == len(boundaries)


def test_a_prediction_beyond_the_scale_counts_to_its_ends():
    assert band_name(-3.5, SCALES["BDI-II"]) == "minimal"
    assert band_name(99.0, SCALES["BDI-II"]) == "severe"


def test_nan_and_unknown_scales_are_refused():
    with pytest.raises(UnusableInput, match="NaN"):
        band_index(math.nan, SCALES["BDI-II"])
    with pytest.raises(UnusableInput, match=r"'HDRS'.*BDI-II"):
        scale_named("HDRS")
