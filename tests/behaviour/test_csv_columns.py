import warnings

import numpy as np
import pytest

from openada.behaviour.csv_columns import column_names, numbers, read_columns
from openada.errors import UnusableInput


def test_spaces_byte_order_mark_and_line_ends_do_not_matter(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"\xef\xbb\xbfframe, a b, c\r\n1, 2.5, x\r\n2, -nan(ind), y\r\n")
    assert column_names(path) == ["frame", "a b", "c"]
    table = read_columns(path, ["c", "a b"])
    assert list(table.columns) == ["a b", "c"]
    assert table["c"].tolist() == ["x", "y"]
    np.testing.assert_array_equal(table["a b"], [2.5, np.nan])


@pytest.mark.parametrize("tail", ["3,0.", "3,", "3", "-"])
def test_a_line_that_breaks_off_is_left_out_with_one_warning(tmp_path, tail):
    path = tmp_path / "t.csv"
    path.write_text("frame,a,b\n1,10,100\n\n2,20,200\n" + tail)
    with pytest.warns(UserWarning, match=r"breaks off after [12] of 3 columns") as caught:
        table = read_columns(path, ["frame", "a"])
    assert len(caught) == 1
    assert table["frame"].tolist() == [1, 2] and table["a"].tolist() == [10, 20]


def test_a_whole_last_line_without_line_end_is_kept(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("frame,a\n1,10\n2,20")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_columns(path, ["a"])["a"].tolist() == [10, 20]


def test_of_a_name_that_occurs_twice_the_first_is_read(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b,a\n1,2,3\n")
    assert read_columns(path, ["a", "b"]).iloc[0].tolist() == [1, 2]


def test_words_among_numbers_are_refused_with_their_row(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n,3\nthree,4\n")
    table = read_columns(path, ["a", "b"])
    with pytest.raises(UnusableInput, match="row 3: a 'three' is not a number"):
        numbers(table, ["b", "a"], path)
    converted = numbers(table[:2], ["a"], path)
    assert list(converted) == ["a", "b"]
    np.testing.assert_array_equal(converted["a"], [1, np.nan])


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "does not exist"), (b"", "is empty"), (b"\xff\xfe\x00a", "UTF-8"), (b"a,b\n", "no rows")],
)
def test_files_that_are_no_tables_are_refused(tmp_path, content, said):
    path = tmp_path / "t.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnusableInput, match=said):
        read_columns(path, ["a"])
