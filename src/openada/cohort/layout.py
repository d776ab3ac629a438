"""A cohort on disk: which file holds what, and how it is read back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from openada.cohort.dictionary import dictionary_of
from openada.cohort.instruments import INSTRUMENTS, Instrument
from openada.cohort.questionnaire import PERSON, Questionnaire
from openada.errors import UnusableInput
from openada.files import atomic_path, read_json, write_json

FORMAT_VERSION = 1
COHORT_FILE = "cohort.json"
FEATURES_FILE = "features.parquet"
PEOPLE_FILE = "people.parquet"
DICTIONARY_FILE = "dictionary.csv"
RECORDINGS_FILE = "recordings.csv"
ROWS_FOLDER = "rows"
RECORDINGS = "usable_recordings"
"""Column of `people` that counts a person's usable recordings."""


@dataclass(frozen=True)
class Cohort:
    """`features`: a row per person with behaviour, `person` and then float64 columns, NaN where undefined. `people`: a row per
    person of the questionnaire, whether with behaviour or not. `dictionary`: a row per column of both. Labels and inputs
    lie in different tables so that no questionnaire column is among the inputs by accident.
    """

    features: pd.DataFrame
    people: pd.DataFrame
    dictionary: pd.DataFrame

    @property
    def instruments(self) -> dict[str, Instrument]:
        """The scales that are there, by the name of their total."""
        return {total: of for total, of in INSTRUMENTS.items() if total in self.people}

    def of_kind(self, kind: str) -> list[str]:
        """Columns that the dictionary says are of a kind: feature, demographic, item, total, band."""
        return self.dictionary["column"][self.dictionary["kind"] == kind].tolist()


def write_cohort(out: Path, features: pd.DataFrame, questionnaire: Questionnaire, about: dict[str, Any]) -> Cohort:
    """Write features.parquet, people.parquet, dictionary.csv and, last, cohort.json with `about`; each file in one step."""
    dictionary = dictionary_of(features, questionnaire.people, questionnaire.demographics)
    out.mkdir(parents=True, exist_ok=True)
    (out / COHORT_FILE).unlink(missing_ok=True)
    for table, name in ((features, FEATURES_FILE), (questionnaire.people, PEOPLE_FILE)):
        with atomic_path(out / name) as temporary:
            table.to_parquet(temporary, compression="zstd", index=False)
    with atomic_path(out / DICTIONARY_FILE) as temporary:
        dictionary.to_csv(temporary, index=False)
    write_json(out / COHORT_FILE, {"format_version": FORMAT_VERSION, **about})
    return Cohort(features, questionnaire.people, dictionary)


def read_cohort(folder: Path) -> Cohort:
    """A cohort that `openada cohort build` or `cohort synth --statistics` wrote. Raises UnusableInput for anything else."""
    path = folder / COHORT_FILE
    if not path.is_file():
        raise UnusableInput(f"{folder} is no cohort: it has no {COHORT_FILE}; make one with openada cohort build")
    version = read_json(path).get("format_version")
    if version != FORMAT_VERSION:
        raise UnusableInput(f"{folder} has format {version}, this openada reads {FORMAT_VERSION}; build it anew")
    features = pd.read_parquet(folder / FEATURES_FILE)
    people = pd.read_parquet(folder / PEOPLE_FILE)
    if not set(features[PERSON]) <= set(people[PERSON]):
        raise UnusableInput(f"{folder}: {FEATURES_FILE} has people that {PEOPLE_FILE} lacks; build it anew")
    return Cohort(features, people, pd.read_csv(folder / DICTIONARY_FILE, keep_default_na=False))
