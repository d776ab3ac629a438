import numpy as np
import pytest

from openada.errors import UnusableInput
from openada.explanation.explanation import Explanation, Instants, Pixels, Regions, Spans


def explanation(values, axes, signed=True):
    return Explanation(np.asarray(values), axes, "test", "what it means", signed, score=17.0)


def test_values_live_on_their_grid():
    axes = (Instants(np.array([0.0, 0.04, 0.1])), Pixels(5, 224), Pixels(7, 224))
    assert explanation(np.zeros((3, 5, 7)), axes).values.shape == (3, 5, 7)
    with pytest.raises(UnusableInput, match=r"\(3, 5, 7\)"):
        explanation(np.zeros((3, 7, 5)), axes)


def test_an_unsigned_explanation_has_no_negative_values_but_may_miss_some():
    regions = (Regions(("brows", "mouth")),)
    assert explanation([np.nan, 1.0], regions, signed=False)
    with pytest.raises(UnusableInput, match="1 negative"):
        explanation([-1.0, 1.0], regions, signed=False)


@pytest.mark.parametrize(
    ("axis", "columns"),
    [
        (Spans([[0.0, 1.0], [0.5, 1.5], [3.0, 4.0]]), ["start_s", "end_s", "value"]),
        (Instants([0.0, 1.0, 3.0]), ["time_s", "value"]),
        (Regions(("a", "b", "c")), ["region", "value"]),
        (Pixels(3, 11), ["cell", "value"]),
    ],
)
def test_table(axis, columns):
    table = explanation([2.0, -3.0, 5.0], (axis,)).table()
    assert list(table.columns) == columns
    assert table["value"].tolist() == [2.0, -3.0, 5.0]


def test_a_table_needs_one_axis():
    with pytest.raises(UnusableInput, match="2"):
        explanation(np.zeros((3, 5)), (Pixels(3, 9), Pixels(5, 9))).table()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Spans([[1.0, 1.0]]),
        lambda: Spans([[1.0, np.nan]]),
        lambda: Spans([1.0, 2.0]),
        lambda: Instants([0.0, 0.0]),
        lambda: Instants([0.0, np.inf]),
        lambda: Pixels(0, 5),
    ],
)
def test_impossible_axes_are_refused(make):
    with pytest.raises(UnusableInput):
        make()
