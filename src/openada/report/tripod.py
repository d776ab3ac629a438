"""The TRIPOD+AI checklist of a prediction-model study, with what a run answers by itself filled in.

Items, numbers and what each applies to (D development, E evaluation) follow Collins et al., TRIPOD+AI statement, BMJ
2024;385:e078378 (27 items, 52 with their sub-items), in short words of our own: `tripod_items.csv`. The statement and its
explanation decide what an item asks. A filled-in answer says what the run's files hold; that is never the whole of a report.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from openada.errors import UnusableInput

ITEMS_FILE = Path(__file__).with_name("tripod_items.csv")
AUTHORS = "to be filled in by the authors"
State = Literal["open", "in part", "from the run"]
STATES: tuple[State, ...] = ("from the run", "in part", "open")


class Item(NamedTuple):
    """One line of the checklist: its published number, section, topic and what it asks for."""

    number: str
    section: str
    applies: str
    topic: str
    asks: str


class Answer(NamedTuple):
    """What a run says to an item, and whether that is all of it (`complete`) or the authors have to add to it."""

    text: str
    complete: bool = False


@dataclass(frozen=True)
class ChecklistRow:
    """An item with its answer; `state` is "from the run", "in part" or "open"."""

    item: Item
    state: State
    answer: str


def items() -> list[Item]:
    """All items in their published order."""
    with ITEMS_FILE.open(encoding="utf-8", newline="") as lines:
        return [Item(**row) for row in csv.DictReader(lines)]


def checklist(answers: Mapping[str, Answer]) -> list[ChecklistRow]:
    """Every item with its answer, by item number; those without one are open. Unknown numbers are refused."""
    known = items()
    unknown = sorted(set(answers) - {item.number for item in known})
    if unknown:
        raise UnusableInput(f"TRIPOD+AI has no item {unknown[0]!r}: its items are 1 to 27c")
    rows = []
    for item in known:
        found = answers.get(item.number)
        if found is None:
            rows.append(ChecklistRow(item, "open", AUTHORS))
        elif found.complete:
            rows.append(ChecklistRow(item, "from the run", found.text))
        else:
            rows.append(ChecklistRow(item, "in part", f"{found.text} The rest is {AUTHORS}."))
    return rows


def summary(rows: Sequence[ChecklistRow]) -> str:
    """How many items are answered, answered in part, and open."""
    counts = {state: sum(row.state == state for row in rows) for state in STATES}
    return ", ".join(f"{n} {state}" for state, n in counts.items())


def to_markdown(rows: Sequence[ChecklistRow], title: str) -> str:
    """The checklist as a Markdown page with a table per section."""
    lines = [
        f"# TRIPOD+AI checklist: {title}",
        "",
        "Items of Collins et al., BMJ 2024;385:e078378, in short words of our own; D: development, E: evaluation. Filled in",
        f"from the run's files as far as they go ({summary(rows)}). A filled-in line is a draft for the authors to check.",
    ]
    section = ""
    for row in rows:
        if row.item.section != section:
            section = row.item.section
            lines += [
                "",
                f"## {section}",
                "",
                "| item | for | topic | asks for | state | answer |",
                "|---|---|---|---|---|---|",
            ]
        cells = (row.item.number, row.item.applies, row.item.topic, row.item.asks, row.state, row.answer)
        lines.append("| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |")
    return "\n".join(lines) + "\n"
