"""A synthetic cohort on disk: per-frame tables or the wide table itself, the questionnaire, and the truth."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from openada.behaviour.statistics import statistics
from openada.cohort import layout
from openada.cohort.build import LEAST_TRACKED
from openada.cohort.measures import MIN_CONFIDENCE
from openada.cohort.questionnaire import PERSON, read_questionnaire
from openada.cohort.sources import RECORDING_COLUMN
from openada.cohort.synthetic.people import PLANTED, People, Planted, draw_people, truth_table
from openada.cohort.synthetic.recordings import FEATURES, draw_recordings, frames_of
from openada.errors import UnusableInput
from openada.files import atomic_path, write_json

Layout = Literal["set", "files"]
TABLES_FOLDER = "tables"
QUESTIONNAIRE_FILE = "questionnaire.csv"
TRUTH_FILE = "truth.csv"
SYNTHETIC_FILE = "synthetic.json"
COHORT_FOLDER = "cohort"
_AT_ONCE = 200


def write_synthetic_cohort(
    out: Path,
    *,
    people: int,
    seed: int = 0,
    null: bool = False,
    seconds: float = 20.0,
    fps: float = 10.0,
    layout_of_tables: Layout = "set",
    only_statistics: bool = False,
) -> None:
    """Write OUT/questionnaire.csv, OUT/truth.csv, OUT/synthetic.json, and OUT/tables or, with `only_statistics`, OUT/cohort.

    tables, "set": Parquet files of 200 people, a row group for each; "files": a Parquet file per person. cohort: the wide tables
    that a build makes of the same tables, without the features that need events or head angles over time. `null`: the same
    people, covariates and confounding without any effect. Raises UnusableInput for fewer than two people.
    """
    if people < 2:
        raise UnusableInput(f"{people} people: give 2 or more")
    frames_of(seconds, fps)
    effects: tuple[Planted, ...] = () if null else PLANTED
    about = {"people": people, "seed": seed, "null": null, "seconds": seconds, "fps": fps, "synthetic": True}
    out.mkdir(parents=True, exist_ok=True)
    drawn, rows = [], []
    for first in range(0, people, _AT_ONCE):
        numbers = np.arange(first, min(first + _AT_ONCE, people))
        block = draw_people(numbers, seed, FEATURES, effects)
        drawn.append(block.table)
        named = _recordings(block, numbers, seed, seconds, fps)
        if only_statistics:
            rows += [_features(name, table) for name, table in named]
        elif layout_of_tables == "set":
            _write_set(out / TABLES_FOLDER / f"part_{first // _AT_ONCE:04d}.parquet", named)
        else:
            for name, table in named:
                with atomic_path(out / TABLES_FOLDER / f"{name}.parquet") as temporary:
                    table.to_parquet(temporary, compression="zstd", index=False)
    with atomic_path(out / QUESTIONNAIRE_FILE) as temporary:
        answers = pd.concat(drawn, ignore_index=True)
        answers.astype({name: "Int64" for name in answers if name.startswith("dass21_")}).to_csv(temporary, index=False)
    with atomic_path(out / TRUTH_FILE) as temporary:
        truth_table(FEATURES, effects).to_csv(temporary, index=False)
    write_json(out / SYNTHETIC_FILE, about)
    if only_statistics:
        _write_cohort(out, [row for row in rows if row], about)


def _recordings(
    block: People, numbers: np.ndarray, seed: int, seconds: float, fps: float
) -> Iterator[tuple[str, pd.DataFrame]]:
    for row, name in enumerate(block.table[PERSON]):
        one = slice(row, row + 1)
        yield name, draw_recordings(numbers[one], block.traits[one], seed, seconds=seconds, fps=fps)[0]


def _write_set(path: Path, named: Iterator[tuple[str, pd.DataFrame]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer = None
    with atomic_path(path) as temporary:
        try:
            for name, table in named:
                made = pa.Table.from_pandas(table.assign(**{RECORDING_COLUMN: name}), preserve_index=False)
                writer = writer or pq.ParquetWriter(temporary, made.schema, compression="zstd")
                writer.write_table(made)
        finally:
            if writer is not None:
                writer.close()


def _features(name: str, table: pd.DataFrame) -> dict[str, Any]:
    """A person's row of the wide table; empty where a build would leave the recording out."""
    counts = table["tracked"] & (table["confidence"] >= MIN_CONFIDENCE)
    if counts.mean() < LEAST_TRACKED:
        return {}
    row = statistics(table.assign(tracked=counts)).drop(columns="tracked_share")
    return {PERSON: name, **dict(zip(row.columns, row.to_numpy()[0].tolist(), strict=True))}


def _write_cohort(out: Path, rows: list[dict[str, Any]], about: dict[str, Any]) -> None:
    asked = read_questionnaire(out / QUESTIONNAIRE_FILE)
    features = pd.DataFrame(rows)
    asked.people[layout.RECORDINGS] = asked.people[PERSON].isin(features[PERSON]).astype(int)
    layout.write_cohort(out / COHORT_FOLDER, features, asked, about)
