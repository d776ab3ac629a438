from __future__ import annotations

import pytest

from openada.errors import UnusableInput
from openada.report.tripod import Answer, checklist, items, summary, to_markdown


def test_the_items_are_those_of_the_statement() -> None:
    found = [item.number for item in items()]
    assert len(found) == len(set(found)) == 52
    assert list(dict.fromkeys(number.rstrip("abcdefg") for number in found)) == [str(k) for k in range(1, 28)]
    letters = {k: "".join(n[len(str(k)) :] for n in found if n.rstrip("abcdefg") == str(k)) for k in range(1, 28)}
    several = {
        3: "abc",
        5: "ab",
        6: "abc",
        8: "abc",
        9: "abc",
        12: "abcdefg",
        18: "abcdef",
        20: "abc",
        23: "ab",
        27: "abc",
    }
    assert {k: text for k, text in letters.items() if text} == several
    only = {part: [item.number for item in items() if item.applies == part] for part in ("D", "E")}
    assert only["D"] == ["9a", "12a", "12b", "12c", "15", "22", "27a", "27b"]
    assert only["E"] == ["12f", "12g", "20c", "24"]


def test_answers_are_whole_in_part_or_open() -> None:
    rows = {
        row.item.number: row
        for row in checklist({"10": Answer("43 recordings."), "13": Answer("None.", complete=True)})
    }
    assert (rows["13"].state, rows["13"].answer) == ("from the run", "None.")
    assert rows["10"].state == "in part" and rows["10"].answer.startswith("43 recordings. The rest is to be filled in")
    assert (rows["18a"].state, rows["18a"].answer) == ("open", "to be filled in by the authors")
    assert summary(list(rows.values())) == "1 from the run, 1 in part, 50 open"


def test_an_unknown_item_is_refused() -> None:
    with pytest.raises(UnusableInput, match="no item '28'"):
        checklist({"28": Answer("x")})


def test_markdown_has_a_line_per_item_in_its_section() -> None:
    text = to_markdown(checklist({"1": Answer("a | b")}), "run")
    assert (
        sum(
            line.startswith(("| 1", "| 2", "| 3", "| 4", "| 5", "| 6", "| 7", "| 8", "| 9"))
            for line in text.splitlines()
        )
        == 52
    )
    assert "a \\| b" in text and text.index("## Open science") < text.index("| 18a |") < text.index("| 19 |")
