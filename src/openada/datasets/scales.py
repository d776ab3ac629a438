"""Clinical self-report scales: their range and the severity bands of their manuals."""

from __future__ import annotations

import math
from dataclasses import dataclass

from openada.errors import UnusableInput


@dataclass(frozen=True)
class Scale:
    """A scale of whole-number scores from `low` to `high`; `bands` are (name, lowest score of the band), in rising order.

    `cut`: the score from which a recording counts as positive where two groups are told apart (AUROC).
    """

    name: str
    low: int
    high: int
    bands: tuple[tuple[str, float], ...]
    cut: float


_BDI_BANDS = (("minimal", 0), ("mild", 14), ("moderate", 20), ("severe", 29))
_PHQ_BANDS = (("minimal", 0), ("mild", 5), ("moderate", 10), ("moderately severe", 15), ("severe", 20))


def _dass_bands(*lowest: float) -> tuple[tuple[str, float], ...]:
    names = ("normal", "mild", "moderate", "severe", "extremely severe")
    return tuple(zip(names, (0, *lowest), strict=True))


SCALES: dict[str, Scale] = {
    scale.name: scale
    for scale in (
        # Beck, Steer and Brown 1996, manual of the BDI-II. Cut: from mild on, as studies on AVEC do.
        Scale("BDI-II", 0, 63, _BDI_BANDS, 14),
        # Kroenke et al. 2009 (PHQ-8) and Kroenke, Spitzer and Williams 2001 (PHQ-9), which also give the cut of 10.
        Scale("PHQ-8", 0, 24, _PHQ_BANDS, 10),
        Scale("PHQ-9", 0, 27, _PHQ_BANDS, 10),
        # The first BDI, as amended (BDI-IA): Beck and Steer 1993, its manual. Cut: from mild on.
        Scale("BDI", 0, 63, (("minimal", 0), ("mild", 10), ("moderate", 17), ("severe", 30)), 10),
        # Lovibond and Lovibond 1995, doubled scores as in the manual, which names no cut: from mild on.
        Scale("DASS-21-depression", 0, 42, _dass_bands(10, 14, 21, 28), 10),
        Scale("DASS-21-anxiety", 0, 42, _dass_bands(8, 10, 15, 20), 8),
        Scale("DASS-21-stress", 0, 42, _dass_bands(15, 19, 26, 34), 15),
        # The planted benchmark's own, with BDI-II's limits; it measures nothing in people.
        Scale("planted", 0, 63, _BDI_BANDS, 14),
        # What a vlog was judged to be about (D-Vlog, LMVD): no clinical scale, no severity, no diagnosis. Cut half way, so that
        # a prediction between the two counts to the nearer one.
        Scale("content-label", 0, 1, (("other content", 0), ("depression content", 0.5)), 0.5),
    )
}


def scale_named(name: str) -> Scale:
    """The scale of that name; UnusableInput lists the known ones."""
    if name not in SCALES:
        raise UnusableInput(f"scale {name!r} is unknown: use one of {', '.join(SCALES)}")
    return SCALES[name]


def band_index(score: float, scale: Scale) -> int:
    """Index of the band that holds `score`, 0 the lowest. A fractional score (a prediction) belongs to the band it has reached.

    Scores outside the scale count to its first or last band; NaN is refused.
    """
    if math.isnan(score):
        raise UnusableInput(f"score is NaN: it has no band on {scale.name}; drop recordings without a score")
    return max(0, sum(score >= lowest for _, lowest in scale.bands) - 1)


def band_name(score: float, scale: Scale) -> str:
    """Name of the band that holds `score`."""
    return scale.bands[band_index(score, scale)][0]
