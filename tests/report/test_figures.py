from __future__ import annotations

import re
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pandas as pd

from openada.report.figures import Bar, bland_altman, calibration, intervals, standalone


def span(value: float, low: float = np.nan, high: float = np.nan) -> SimpleNamespace:
    return SimpleNamespace(value=value, low=low, high=high)


LABEL, PREDICTION = np.array([3.0, 17, 29, 41, 8]), np.array([7.0, 15, 25, 30, 10])


def test_limits_are_written_beside_their_lines_and_bands_drawn_where_known() -> None:
    with_bands = bland_altman(
        LABEL, PREDICTION, span(-2.2, -5, 1), span(-13.4, -20, -7), span(9.04, 4, 14), "BDI-II", "ba"
    )
    for told in ("bias −2.2", "lower limit −13.4", "upper limit 9.0", "prediction − label"):
        assert told in with_bands, told
    without = bland_altman(LABEL, PREDICTION, span(-2.2), span(-13.4), span(9.04), "BDI-II", "ba")
    assert "bias −2.2" in without
    assert len(re.findall("opacity: 0.13", with_bands)) == 3 and "opacity: 0.13" not in without
    alone = bland_altman(LABEL[:1], PREDICTION[:1], span(4.0), span(np.nan), span(np.nan), "BDI-II", "ba")
    assert "bias 4.0" in alone and "limit" not in alone


def test_calibration_states_its_slope_or_none() -> None:
    bins = pd.DataFrame({"prediction": [8.5, 25.0], "label": [5.5, 30.0], "low": [2.0, np.nan], "high": [9.0, np.nan]})
    assert "fitted line, slope 1.37" in calibration(LABEL, PREDICTION, bins, 1.3719, "BDI-II", "c")
    constant = calibration(LABEL, np.full(5, 9.0), bins.iloc[:1], float("nan"), "BDI-II", "c")
    assert "slope" not in constant
    ElementTree.fromstring(constant)


def test_intervals_name_every_predictor_and_say_what_is_undefined() -> None:
    bars = [
        Bar("training mean", np.nan, np.nan, np.nan, False),
        Bar("model (3 seeds)", 6.77, 5.08, 9.01, True, (6.5, 6.7, 7.1)),
    ]
    drawn = intervals(bars, "PCC", float("nan"), "i")
    for told in ("training mean", "not defined", "model (3 seeds)", "6.77"):
        assert told in drawn, told
    ElementTree.fromstring(drawn)


def test_a_file_is_a_picture_of_its_own_on_white() -> None:
    drawn = intervals([Bar("a & b <c>", 1.0, 0.5, 2.0, True)], "RMSE", 1.5, "i")
    file = standalone(drawn)
    root = ElementTree.fromstring(file.encode())
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root[0].attrib["fill"] == "#ffffff" and "a & b <c>" in "".join(root.itertext())
    assert not re.search(r'(?:href|src)="(?!#)', file)
    assert file == standalone(intervals([Bar("a & b <c>", 1.0, 0.5, 2.0, True)], "RMSE", 1.5, "i"))
