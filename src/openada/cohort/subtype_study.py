"""Subtypes of a cohort's people, and how behaviour differs between them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from openada.cohort.associations import FALSE_DISCOVERY_RATE, associate
from openada.cohort.groups import membership
from openada.cohort.layout import Cohort
from openada.cohort.questionnaire import PERSON
from openada.cohort.subtypes import NUMBERS, Method, Subtypes, find_subtypes
from openada.errors import UnusableInput
from openada.evaluation.comparison import false_discovery


def totals_of(cohort: Cohort, scales: Sequence[str] = ()) -> pd.DataFrame:
    """Totals of everyone who has all of `scales` (none: all that the cohort has), indexed by person, in the order of people.

    Raises UnusableInput for a scale that is not there, and for a single one: its groups would be cuts of a line.
    """
    chosen = list(scales) or list(cohort.instruments)
    lacking = [name for name in chosen if name not in cohort.instruments]
    if lacking:
        raise UnusableInput(f"there is no scale {lacking[0]!r}; the cohort has {', '.join(cohort.instruments)}")
    if len(set(chosen)) < 2:
        raise UnusableInput(f"subtypes on {', '.join(chosen)} alone would be cuts of one line: give two scales or more")
    table = cohort.people.set_index(PERSON)[chosen].dropna()
    table.index = table.index.astype(str)
    return table


def subtypes_of(
    totals: pd.DataFrame, method: Method, *, numbers: tuple[int, ...] = NUMBERS, clouds: int = 39, seed: int = 0
) -> Subtypes:
    """`find_subtypes` of the people of `totals_of`."""
    return find_subtypes(totals.to_numpy(np.float64), method, numbers=numbers, clouds=clouds, seed=seed)


def difference_table(
    cohort: Cohort,
    people: Sequence[str],
    label: np.ndarray,
    *,
    adjust: Sequence[str],
    rate: float = FALSE_DISCOVERY_RATE,
) -> pd.DataFrame:
    """A row per subtype and feature, surest first: r (rank-biserial, in the subtype against all others, adjusted), low, high,
    p_value, n, q_value (Benjamini and Hochberg over all rows), found.

    Subtypes are made of the questionnaire alone, so that features had no part in making them. Raises UnusableInput for a
    covariate that the cohort lacks.
    """
    demographics = cohort.of_kind("demographic")
    lacking = [name for name in adjust if name not in demographics]
    if lacking:
        raise UnusableInput(
            f"there is no {lacking[0]!r} to adjust for; the cohort has {', '.join(demographics) or 'no demographics'}"
        )
    inside = membership(label).set_index(pd.Index(people))
    features = cohort.features.set_index(cohort.features[PERSON].astype(str)).drop(columns=PERSON)
    both = features.index[features.index.isin(inside.index)]
    who = cohort.people.set_index(cohort.people[PERSON].astype(str)).loc[both, list(adjust)].reset_index(drop=True)
    features, inside = (table.loc[both].reset_index(drop=True) for table in (features, inside))
    found = associate(features, inside, who, method="mann-whitney").rename(columns={"scale": "subtype"})
    found["q_value"] = false_discovery(found["p_value"])
    found["found"] = found["q_value"] <= rate
    return found.sort_values("p_value", kind="stable").reset_index(drop=True)
