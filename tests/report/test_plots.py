from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np

from openada.report.content import Curve
from openada.report.plots import curves, scatter

BANDS = (("minimal", 0), ("mild", 14), ("moderate", 20), ("severe", 29))


def test_fitted_line_of_exact_data() -> None:
    label = np.array([0.0, 10, 20, 40, 60])
    drawn = scatter(label, 0.25 * label + 3, 0, 63, BANDS, "BDI-II")
    assert "slope 0.25" in drawn and "label (BDI-II)" in drawn
    ElementTree.fromstring(drawn)


def test_missing_pairs_and_constant_labels_are_drawn_without_a_line() -> None:
    drawn = scatter(np.array([5.0, 5, 5, np.nan]), np.array([1.0, 2, np.nan, 4]), 0, 63, BANDS, "BDI-II")
    assert "slope" not in drawn
    ElementTree.fromstring(scatter(np.array([]), np.array([]), 0, 63, BANDS, "BDI-II"))


def test_drawings_are_the_same_each_time_and_carry_no_date() -> None:
    line = [Curve("training", np.arange(7.0), np.array([5, 4, np.nan, 3, 2, 2, 1]))]
    first, second = curves(line, 5), curves(line, 5)
    assert first == second
    assert "metadata" not in first and "weights kept" in first
    assert all(name.startswith("curves-") for name in re.findall(r'\bid="([^"]+)"', first))
