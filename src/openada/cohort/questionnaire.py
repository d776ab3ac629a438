"""The questionnaire table of a cohort: a row per person, checked, its items made into totals and bands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from openada.behaviour.csv_columns import is_parquet
from openada.cohort.instruments import HIGHEST_ANSWER, INSTRUMENTS, ITEM_COLUMNS, Instrument, totals
from openada.datasets.scales import band_name
from openada.errors import UnusableInput

PERSON = "person"
RECORDING = "recording_id"
PERSON_NAMES = ("person", "subject", "participant", "participant_id", "id")
"""What the column that names the person may be called, small or capital letters; the first that is there."""

Single = Literal["doubled", "single"]
_SHOWN = 20
_PREFIXES = (
    (r"dass_?21", "dass21"),
    (r"dass", "dass21"),
    (r"phq_?8", "phq8"),
    (r"phq_?9", "phq9"),
    (r"bdi_?(?:ii|2)", "bdi2"),
    (r"bdi", "bdi"),
)
_QUESTIONNAIRE = re.compile(r"(dass|phq|bdi)[^a-z]", re.IGNORECASE)
_TOTAL_WORDS = r"(?:total|score|sum|total_score)"


@dataclass(frozen=True)
class Questionnaire:
    """`people`: a row per person: `person`, the other columns as they were, items, then `<total>` and `<total>_band` per scale.

    `demographics`: names of the columns that are neither items nor totals. `instruments`: those that are there, by their total.
    `recordings`: recording id -> person where the table has a column `recording_id`, else None.
    """

    people: pd.DataFrame
    demographics: tuple[str, ...]
    instruments: dict[str, Instrument]
    recordings: dict[str, str] | None


def read_questionnaire(path: Path, *, dass_totals: Single = "doubled") -> Questionnaire:
    """A CSV or Parquet table with a row per person.

    Columns, whatever their case: the person (`PERSON_NAMES`); items such as `dass21_1`, `DASS_01`, `phq9_3`, `PHQ8 item 2`,
    `bdi2_17` (BDI-II) and `bdi_17`; totals such as `dass21_depression`, `PHQ8_Score`, `bdi2_total`; optionally
    `recording_id` (a person may then have several rows, alike in all else). Everything else is kept as it is.
    dass_totals: whether DASS-21 totals that the table gives are doubled already, as the bands need them, or single sums.

    Raises UnusableInput with a line for each thing that is wrong.
    """
    table = _table(path)
    problems: list[str] = []
    names = {name.lower(): name for name in reversed(table.columns)}
    person = next((names[name] for name in PERSON_NAMES if name in names), None)
    if person is None:
        raise UnusableInput(
            f"{path} has no column that names the person: call it person (or {', '.join(PERSON_NAMES[1:])})"
        )
    renamed = {name: _our_name(name) for name in table.columns if name != person}
    ours = {name: own for name, own in renamed.items() if own}
    for own in sorted(set(ours.values())):
        meant = [name for name, other in ours.items() if other == own]
        if len(meant) > 1:
            problems.append(f"columns {', '.join(meant)} all mean {own}: keep one")
    unclear = [name for name, own in renamed.items() if not own and _QUESTIONNAIRE.match(name)]
    if unclear:
        problems.append(
            f"columns {', '.join(unclear)} look like a questionnaire's but fit none that is known: call totals "
            f"{', '.join(INSTRUMENTS)}, items phq9_1 and so on, and drop what is made of them"
        )
    table = table.rename(columns={person: PERSON, **ours})
    _refuse(path, problems)
    table[PERSON] = table[PERSON].map(_text)
    empty = np.flatnonzero(table[PERSON] == "")
    if len(empty):
        problems.append(f"row {empty[0] + 1}: {person} is empty; every person needs a name ({len(empty)} rows)")
    measured = [name for name in table.columns if name in ITEM_COLUMNS or name in INSTRUMENTS]
    for name in measured:
        table[name] = _numbers(table[name], name, problems)
    _refuse(path, problems)
    table, recordings = _one_row_per_person(table, problems)
    found: dict[str, Instrument] = {}
    for total, instrument in INSTRUMENTS.items():
        made = _total_of(table, instrument, dass_totals, problems)
        if made is not None:
            found[total] = instrument
            table[total] = made
    if not found and not problems:
        problems.append(
            "no scale is in it: name items dass21_1 … dass21_21, phq8_1, phq9_1, bdi2_1 or bdi_1, or totals "
            + ", ".join(INSTRUMENTS)
        )
    _refuse(path, problems)
    kept = (*ITEM_COLUMNS, *INSTRUMENTS)
    demographics = tuple(name for name in table.columns if name != PERSON and name not in kept)
    items = [name for name in ITEM_COLUMNS if name in table]
    people = table[[PERSON, *demographics, *items]].copy()
    for total, instrument in found.items():
        people[total] = table[total]
        people[f"{total}_band"] = [
            None if np.isnan(value) else band_name(value, instrument.bands) for value in table[total]
        ]
    return Questionnaire(people, demographics, found, recordings)


def _table(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise UnusableInput(f"questionnaire {path} does not exist; give a CSV or Parquet file with a row per person")
    try:
        # Text first: a guess would turn person 007 into 7.
        table = (
            pd.read_parquet(path)
            if is_parquet(path)
            else pd.read_csv(path, dtype=dict.fromkeys(_person_columns(path), str), encoding="utf-8-sig")
        )
    except (ValueError, OSError) as error:
        raise UnusableInput(f"{path} cannot be read as a table ({error}); save it as comma-separated UTF-8") from error
    table.columns = [str(name).strip() for name in table.columns]
    if table.empty:
        raise UnusableInput(f"{path} has no rows; give a row per person")
    return table


def _person_columns(path: Path) -> list[str]:
    head = pd.read_csv(path, nrows=0, encoding="utf-8-sig").columns
    return [name for name in head if name.strip().lower() in (*PERSON_NAMES, RECORDING)]


def _our_name(name: str) -> str:
    """Our name of an item or total, "" for any other column."""
    plain = re.sub(r"[^0-9a-z]+", "_", name.lower()).strip("_")
    if plain == RECORDING:
        return RECORDING
    for pattern, prefix in _PREFIXES:
        item = re.fullmatch(rf"{pattern}_(?:item_?|q_?|i_?)?0*(\d+)", plain)
        if item and f"{prefix}_{item[1]}" in ITEM_COLUMNS:
            return f"{prefix}_{item[1]}"
        part = re.fullmatch(rf"{pattern}_(depression|anxiety|stress)(?:_{_TOTAL_WORDS})?", plain)
        if part and prefix == "dass21":
            return f"dass21_{part[1]}"
        if prefix != "dass21" and re.fullmatch(rf"{pattern}_{_TOTAL_WORDS}", plain):
            return f"{prefix}_total"
    return ""


def _text(value: object) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _numbers(column: pd.Series, name: str, problems: list[str]) -> pd.Series:
    numbers = pd.to_numeric(column, errors="coerce").astype(np.float64)
    strange = np.flatnonzero((numbers.isna() & column.notna() & (column.map(_text) != "")).to_numpy())
    if len(strange):
        problems.append(
            f"row {strange[0] + 1}: {name} {column.iloc[strange[0]]!r} is not a number; leave it empty if unknown"
        )
    return numbers


def _one_row_per_person(table: pd.DataFrame, problems: list[str]) -> tuple[pd.DataFrame, dict[str, str] | None]:
    recordings = None
    if RECORDING in table:
        table[RECORDING] = table[RECORDING].map(_text)
        named = table[table[RECORDING] != ""]
        twice = named[RECORDING][named[RECORDING].duplicated()]
        if len(twice):
            problems.append(f"recording_id {twice.iloc[0]!r} occurs twice; a recording is one person's")
        recordings = dict(zip(named[RECORDING], named[PERSON], strict=True))
        table = table.drop(columns=RECORDING).drop_duplicates()
    twice = table[PERSON][table[PERSON].duplicated()]
    if len(twice):
        differ = " that differ" if recordings is not None else ""
        problems.append(f"person {twice.iloc[0]!r} has several rows{differ} ({twice.nunique()} people have); keep one")
    return table.reset_index(drop=True), recordings


def _total_of(table: pd.DataFrame, of: Instrument, dass_totals: Single, problems: list[str]) -> np.ndarray | None:
    """Totals of the instrument from its items, else as given; None where the table has neither."""
    there = [name for name in of.columns if name in table]
    given = table[of.total].to_numpy(np.float64) if of.total in table else None
    if given is not None:
        given = given * of.factor if dass_totals == "single" else given
        outside = np.flatnonzero((given < of.bands.low) | (given > of.bands.high))
        if len(outside):
            value = given[outside[0]]
            problems.append(f"row {outside[0] + 1}: {of.total} {value:g} is outside {of.bands.low}–{of.bands.high}")
        elif not there and of.factor > 1 and (given[~np.isnan(given)] % of.factor == 1).any():
            problems.append(
                f"{of.total} has odd values, which doubled sums never are: if they are single sums say so (dass-totals single)"
            )
    if not there:
        return given
    lacking = [name for name in of.columns if name not in table]
    if lacking:
        problems.append(f"{of.scale}: {', '.join(lacking)} missing beside {there[0]}; give all {len(of.columns)} items")
        return None
    items = table[there].to_numpy()
    for name, answers in zip(there, items.T, strict=True):
        wrong = np.flatnonzero((answers % 1 > 0) | (answers < 0) | (answers > HIGHEST_ANSWER))
        if len(wrong):
            problems.append(
                f"row {wrong[0] + 1}: {name} is {answers[wrong[0]]:g} ({len(wrong)} such); answers are 0, 1, 2 or 3"
            )
            return None
    made = totals(items, of)
    if given is not None:
        both = ~np.isnan(items).any(axis=1) & ~np.isnan(given)
        apart = np.flatnonzero(both & (np.abs(made - given) > 1e-9))
        if len(apart):
            row = apart[0]
            problems.append(
                f"row {row + 1}: {of.total} is {given[row]:g} but its items give {made[row]:g} ({len(apart)} such); correct one"
            )
    return made


def _refuse(path: Path, problems: list[str]) -> None:
    if problems:
        more = [f"and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
        lines = [*problems[:_SHOWN], *more]
        raise UnusableInput(f"{path}: {lines[0]}" if len(lines) == 1 else "\n  ".join([f"{path}:", *lines]))
