"""Figures that papers give, to be shown beside ours and never among them: published, not measured here.

Test-part errors on AVEC 2013 and AVEC 2014 in points of the BDI-II, from ExpADA (Liao et al., AAAI 2026, Tables 1 and 2),
STA-DRN (Pan et al., Expert Systems with Applications 2023, Tables 6 and 7) and DepNet (He et al., Int. J. of Intelligent
Systems 2022, Tables 4 and 5). None of the papers gives an interval. On AVEC 2014 a figure on 100 clips and one on 50
fused sessions are not comparable.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

LABEL = "published, not measured here"


class PublishedFigure(NamedTuple):
    """One line of a paper's results table; `unit` says what was counted and how often."""

    system: str
    variant: str
    corpus: str
    unit: str
    mae: float
    rmse: float


_CLIPS, _TASK, _FUSED = "100 clips", "50 clips of one task", "50 sessions"
FIGURES: tuple[PublishedFigure, ...] = (
    PublishedFigure("ExpADA", "base regression", "AVEC 2013", "50 clips", 7.52, 9.15),
    PublishedFigure("ExpADA", "ordinal regression", "AVEC 2013", "50 clips", 6.76, 8.38),
    PublishedFigure("ExpADA", "selection", "AVEC 2013", "50 clips", 5.77, 7.48),
    PublishedFigure("STA-DRN", "k = 2, vector fusion", "AVEC 2013", "50 clips", 6.15, 7.98),
    PublishedFigure("DepNet", "SENet-based", "AVEC 2013", "50 clips", 7.36, 9.17),
    PublishedFigure("ExpADA", "base regression, Freeform", "AVEC 2014", _TASK, 7.40, 9.26),
    PublishedFigure("ExpADA", "ordinal regression, Freeform", "AVEC 2014", _TASK, 6.51, 8.10),
    PublishedFigure("ExpADA", "selection, Freeform", "AVEC 2014", _TASK, 5.83, 7.64),
    PublishedFigure("ExpADA", "base regression, Northwind", "AVEC 2014", _TASK, 7.71, 9.22),
    PublishedFigure("ExpADA", "ordinal regression, Northwind", "AVEC 2014", _TASK, 5.93, 7.53),
    PublishedFigure("ExpADA", "selection, Northwind", "AVEC 2014", _TASK, 5.20, 7.02),
    PublishedFigure("ExpADA", "selection, both tasks fused", "AVEC 2014", _FUSED, 5.11, 6.89),
    PublishedFigure("STA-DRN", "k = 2, vector fusion", "AVEC 2014", _CLIPS, 6.00, 7.75),
    PublishedFigure("DepNet", "SENet-based", "AVEC 2014", _CLIPS, 7.26, 9.03),
)


# Liao et al. 2026, Table 1: source, then MAE and RMSE on the test part of AVEC 2013, MAE and RMSE on that of AVEC 2014.
EXPADA_TABLE_1: tuple[tuple[str, float, float, float, float], ...] = (
    ("Meng et al. 2013", 10.88, 13.61, 8.86, 10.86),
    ("Zhu et al. 2017", 7.58, 9.82, 7.47, 9.55),
    ("Al Jazaery and Guo 2018", 7.37, 9.28, 7.22, 9.2),
    ("Zhou et al. 2018", 6.2, 8.28, 6.21, 8.39),
    ("de Melo, Granger, and Hadid 2019", 6.4, 8.26, 6.59, 8.31),
    ("Song et al. 2022", 6.16, 8.1, 5.95, 7.15),
    ("De Melo, Granger, and Lopez 2020", 5.69, 7.97, 6.2, 7.94),
    ("De Melo, Granger, and Hadid 2020", 5.98, 7.9, 5.82, 7.61),
    ("Uddin, Joolee, and Lee 2020", 7.04, 8.93, 6.86, 8.78),
    ("He, Chan, and Wang 2021", 6.59, 8.39, 6.51, 8.3),
    ("Niu et al. 2022", 6.09, 7.42, 5.87, 7.39),
    ("Uddin, Joolee, and Sohn 2022", 5.9, 7.32, 5.75, 6.98),
    ("Pan et al. 2023b", 5.97, 7.26, 5.99, 7.3),
    ("Niu et al. 2024", 5.43, 7.49, 5.63, 7.27),
    ("Xu et al. 2024", 5.95, 7.57, 5.86, 7.18),
    ("Liao et al. 2026 (ExpADA)", 5.77, 7.48, 5.11, 6.89),
)
_EXPADA_METHODS = {"base": "base regression", "ordinal": "ordinal regression", "selection": "selection"}


def expada_comparators() -> pd.DataFrame:
    """ExpADA's Table 1 on AVEC 2013 and AVEC 2014, columns marked as published.

    On AVEC 2014 some papers count 100 clips, some 50 sessions; the table does not say which.
    """
    columns = [f"{year} {metric} (published)" for year in ("2013", "2014") for metric in ("MAE", "RMSE")]
    return pd.DataFrame(EXPADA_TABLE_1, columns=["source", *columns])


def expada_figure(corpora: Sequence[str], subset: str, method: str) -> tuple[float, float] | None:
    """MAE and RMSE that ExpADA gives for one corpus (of `corpora`, which must be one), a task of it or its fused sessions
    (a `subset` that speaks of fused tasks), and a method; None where it gives none.
    """
    if len(corpora) != 1 or method not in _EXPADA_METHODS:
        return None
    asked = _EXPADA_METHODS[method]
    variants = {f"{asked}, {subset}".lower(), f"{asked}, both tasks fused" if "fused" in subset else asked}
    for row in FIGURES:
        if row.system == "ExpADA" and _key(row.corpus) == _key(corpora[0]) and row.variant.lower() in variants:
            return row.mae, row.rmse
    return None


def published_table(corpora: Sequence[str], *, planted: bool = False) -> tuple[pd.DataFrame, str]:
    """The published figures of the given corpora, columns marked as published, and the line that must stand beside them.

    `corpora` are names of a manifest's column corpus, compared by their letters and digits alone ("avec2014" is
    "AVEC 2014"). For the planted benchmark all figures are given, with the line that they are of another corpus; for a
    corpus of which no figure is held the table is empty and the line says so.
    """
    asked = {_key(name) for name in corpora}
    chosen = [row for row in FIGURES if planted or _key(row.corpus) in asked]
    table = pd.DataFrame(
        [(*row[:4], row.mae, row.rmse) for row in chosen],
        columns=["system", "variant", "corpus", "unit", "MAE (published)", "RMSE (published)"],
    )
    if planted:
        return table, (
            "These figures are of another corpus (people, not rendered faces; another scale) and cannot be compared with "
            "any figure of the planted benchmark."
        )
    if not chosen:
        return table, f"No published figure of {', '.join(corpora) or 'a corpus that is not named'} is held here."
    return table, (
        "Test part of the official split, without intervals. Compare only figures of the same unit and the same split; "
        "with 50 sessions most published methods cannot be told apart."
    )


def _key(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
