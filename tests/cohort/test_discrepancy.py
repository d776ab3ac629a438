import numpy as np
import pandas as pd
import pytest

from openada.cohort.discrepancy import discrepancy, discrepancy_table
from openada.cohort.halves import held_out, held_out_split, save_split
from openada.cohort.instruments import INSTRUMENTS
from openada.datasets.splits import load
from openada.errors import UnusableInput


def test_by_hand():
    # Two items of sd 1 and mean 0 in all; label a: (1, 1), (1, -1) lie 1 from their centre; b: both (-1, 0)... made so below.
    items = np.array([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])
    label = np.array(["a", "a", "b", "c"])
    found = discrepancy(items, label, shuffles=0)
    np.testing.assert_allclose(found.distance, [1, 1, 0, 0])
    assert found.groups["label"].tolist() == ["a", "b", "c"] and found.groups["n"].tolist() == [2, 1, 1]
    np.testing.assert_allclose(found.groups["index"], [1, 0, 0])
    assert found.index == pytest.approx(0.5) and found.open_share == pytest.approx(2 / 8)


def test_mean_plus_spread_weighted_by_numbers():
    # One varying item 0 0 0 4 with one label: distances 1 1 1 3 (in units), scaled 0 0 0 1.
    items = np.array([[0.0, 7], [0, 7], [0, 7], [4, 7]])
    found = discrepancy(items, np.zeros(4), shuffles=0)
    assert found.index == pytest.approx(0.25 + np.sqrt(3) / 4)
    assert found.open_share == pytest.approx(1)


def test_a_label_that_tells_all_has_none_and_one_that_tells_nothing_has_that_of_shuffled():
    rng = np.random.default_rng(5)
    answers = rng.integers(0, 4, (997, 7)).astype(float)
    told = discrepancy(answers, answers @ 4.0 ** np.arange(7), shuffles=3)
    assert told.index == 0 and told.open_share == 0 and told.shuffled > 0
    nothing = discrepancy(answers, rng.integers(0, 5, 997))
    assert nothing.index == pytest.approx(nothing.shuffled, rel=0.03) and nothing.open_share == pytest.approx(
        1, abs=0.02
    )
    total = discrepancy(answers, answers.sum(axis=1))
    assert total.open_share == pytest.approx(6 / 7, abs=0.02)  # the sum takes one dimension of seven


def test_missing_answers_are_refused():
    with pytest.raises(UnusableInput, match="missing"):
        discrepancy(np.array([[1.0, np.nan], [0, 0]]), np.zeros(2))
    with pytest.raises(UnusableInput, match="two people"):
        discrepancy(np.zeros((1, 2)), np.zeros(1))


def test_held_out_people_are_never_looked_at():
    of = {"dass21_stress": INSTRUMENTS["dass21_stress"]}
    rng = np.random.default_rng(2)
    table = pd.DataFrame(rng.integers(0, 4, (211, 7)).astype(float), columns=list(of["dass21_stress"].columns))
    table["person"] = [f"p{number}" for number in range(211)]
    table["dass21_stress"] = 2 * table.iloc[:, :7].sum(axis=1)
    table["dass21_stress_band"] = "any"
    kept = held_out(table["person"], seed=3)
    assert kept.sum() == 106 or kept.sum() == 105
    other = table.copy()
    other.iloc[np.flatnonzero(kept), :7] = 3.0
    one, two = (discrepancy_table(t, of, seed=3) for t in (table, other))
    pd.testing.assert_frame_equal(one, two)
    assert one["n"].item() == 211 - kept.sum()


def test_halves_depend_on_people_not_on_their_order():
    names = [f"p{number}" for number in range(37)]
    kept = held_out(names, share=0.3, seed=5)
    assert kept.sum() == 11
    np.testing.assert_array_equal(held_out(names[::-1], share=0.3, seed=5), kept[::-1])
    assert (held_out(names, share=0.3, seed=6) != kept).any()
    with pytest.raises(UnusableInput, match="each once"):
        held_out(["a", "a", "b"])
    with pytest.raises(UnusableInput, match="between 0 and 1"):
        held_out(names, share=1.0)


def test_who_is_held_out_is_written_down_with_a_hash(tmp_path):
    names = [f"p{number}" for number in range(37)]
    split = held_out_split(names, share=0.3, seed=5)
    said = save_split(tmp_path, split)
    read = load(tmp_path / "splits" / f"{split.name}.json")
    assert set(read.ids["test"]) == set(np.array(names)[held_out(names, share=0.3, seed=5)])
    assert not read.overlap() and read.sha256[:12] in said and "26 people looked at, 11 held out" in said
