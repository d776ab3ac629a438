"""From the items of a questionnaire to its totals: which items, which factor, and what a missing answer means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from openada.datasets.scales import SCALES, Scale
from openada.errors import UnusableInput


@dataclass(frozen=True)
class Instrument:
    """How a scale of `datasets.scales` is made of items.

    `columns` names its items in our tables; each is a whole number from 0 to 3. The total is `factor` times their sum.
    `most_missing`: with at most so many answers missing, the mean of the person's other items of the scale stands in for each
    (the total is then not rounded); with more there is no total. `rule` says where that comes from.
    """

    scale: str
    total: str
    columns: tuple[str, ...]
    factor: int
    most_missing: int
    rule: str

    @property
    def bands(self) -> Scale:
        """Range and severity bands."""
        return SCALES[self.scale]


HIGHEST_ANSWER = 3

_DASS_RULE = "one missing of seven: mean of the other six (the limit is ours); more: no total"
_PHQ_RULE = "up to two missing: mean of the others (Arroll et al. 2010); more: no total"
_BDI_RULE = "any missing: no total, as the manual gives no rule for a missing answer"


def _dass(name: str, *numbers: int) -> Instrument:
    columns = tuple(f"dass21_{number}" for number in numbers)
    return Instrument(f"DASS-21-{name}", f"dass21_{name}", columns, 2, 1, _DASS_RULE)


def _numbered(scale: str, prefix: str, items: int, most_missing: int, rule: str) -> Instrument:
    columns = tuple(f"{prefix}_{number}" for number in range(1, items + 1))
    return Instrument(scale, f"{prefix}_total", columns, 1, most_missing, rule)


INSTRUMENTS: dict[str, Instrument] = {
    instrument.total: instrument
    for instrument in (
        # Lovibond and Lovibond 1995: seven items each; sums are doubled to be read on the bands of the 42-item form.
        _dass("depression", 3, 5, 10, 13, 16, 17, 21),
        _dass("anxiety", 2, 4, 7, 9, 15, 19, 20),
        _dass("stress", 1, 6, 8, 11, 12, 14, 18),
        _numbered("PHQ-8", "phq8", 8, 2, f"as PHQ-9; {_PHQ_RULE}"),
        _numbered("PHQ-9", "phq9", 9, 2, _PHQ_RULE),
        _numbered("BDI-II", "bdi2", 21, 0, _BDI_RULE),
        _numbered("BDI", "bdi", 21, 0, _BDI_RULE),
    )
}
"""By the name of the column that holds the total."""

ITEM_COLUMNS = {column: instrument for instrument in INSTRUMENTS.values() for column in instrument.columns}


def of_questionnaire(column: str) -> bool:
    """Whether a column is called like an item, a total or a band, or like a statistic of one (`dass21_3__mean`)."""
    return any(
        part in ITEM_COLUMNS or part.removesuffix("_band") in INSTRUMENTS
        for part in (column, column.partition("__")[0])
    )


def totals(items: np.ndarray, instrument: Instrument) -> np.ndarray:
    """Totals (n,) of items (n, k), one column per item of the instrument; NaN is a missing answer, and a total that
    cannot be made.

    Raises UnusableInput for another number of columns and for an answer that is no whole number from 0 to 3.
    """
    items = np.asarray(items, np.float64)
    k = len(instrument.columns)
    if items.ndim != 2 or items.shape[1] != k:
        raise UnusableInput(f"{instrument.scale} has {k} items, the table {items.shape}: give a column per item")
    known = ~np.isnan(items)
    wrong = known & ((items % 1 != 0) | (items < 0) | (items > HIGHEST_ANSWER))
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise UnusableInput(
            f"{instrument.columns[column]} in row {row + 1} is {items[row, column]:g}: answers are 0, 1, 2 or 3"
        )
    answered = known.sum(axis=1)
    enough = answered >= k - instrument.most_missing
    sums = np.where(known, items, 0.0).sum(axis=1)
    return np.where(enough, instrument.factor * sums * k / np.maximum(answered, 1), np.nan)
