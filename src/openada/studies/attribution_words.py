"""An attribution in sentences that a clinician can read, and only what its numbers carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from openada.explanation.frame_attribution import shortest_span
from openada.explanation.region_pooling import LOST, OUTSIDE, POOLS
from openada.studies.attribution import RecordingAttribution

if TYPE_CHECKING:
    import pandas as pd

MOST = 0.5
"""Share from which on the word "most" is used."""
NARROW = 1 / 3
"""A stretch of time is named if it is at most this share of the recording."""
SIGNIFICANT_Q = 0.05
OUTSIDE_LIMIT = 1.0
"""Area-normalised attribution outside the face above which it is flagged: more than an even map has there."""
NOT_SAID = (
    "Attribution says where this model's number came from. It does not say that the model is right, that what it points at has "
    "to do with depression, or what would happen if the person moved otherwise.",
    "Values depend on the method and on the baseline that the clip is compared with; other choices give other pictures.",
    "A correlation with a movement says that the two rose and fell together in this recording, not that the model saw it.",
)


def sentences(found: RecordingAttribution) -> list[str]:
    """What stands out, first; then what goes with it, and how much lies outside the face."""
    return [*_where(found), *_with_what(found), *outside_sentences(found)[0]]


def outside_sentences(found: RecordingAttribution) -> tuple[list[str], bool]:
    """The share outside the face beside what its area would give, and whether it is above the limit."""
    row = found.regions.set_index("region").loc[OUTSIDE]
    if not np.isfinite(row["share"]):
        return ["No share outside the face: there is no attribution at all."], False
    flagged = bool(row["area_normalised"] > OUTSIDE_LIMIT)
    text = (
        f"{row['share']:.0%} of the attribution lies outside the face, which takes up {row['area_share']:.0%} of the picture "
        f"({row['area_normalised']:.2f} times what an even map would have there)."
    )
    if flagged:
        text += (
            " Above the limit of 1: the score rests on the surroundings (hair, light, background, things in view) more than "
            "their area explains. Look at the attribution video before using this score."
        )
    return [text], flagged


def _where(found: RecordingAttribution) -> list[str]:
    column = "share_raised" if found.contributes else "share"
    what = "what raised the score" if found.contributes else "the map"
    table = found.regions[found.regions["region"] != LOST]
    shares = table[column].to_numpy(float)
    if not np.isfinite(shares).any():
        return ["Nothing raised the score." if found.contributes else "The map is empty."]
    best = int(np.nanargmax(shares))
    region, share = str(table["region"].iloc[best]), float(shares[best])
    place = POOLS.index(region)
    along = np.nan_to_num(found.region_along[:, place])
    total = float(np.nan_to_num(found.region_along).sum())
    said = _name(region)
    time_s = found.time_s
    both = MOST * total / along.sum() if along.sum() > 0 else np.inf
    if both <= 1:  # the region holds enough to carry "most" by itself
        first, last = shortest_span(along, both)
        if _narrow(time_s, first, last):
            span = _span(time_s, first, last)
            return [f"Most of {what} came from {said} {span}; over the whole recording {share:.0%} of it did."]
    first, last = shortest_span(along, MOST)
    when = (
        f", half of that {_span(time_s, first, last)}"
        if _narrow(time_s, first, last)
        else ", spread over the recording"
    )
    lead = f"Most of {what} ({share:.0%})" if share > MOST else f"The largest part of {what}, {share:.0%},"
    return [f"{lead} came from {said}{when}."]


def _span(time_s: np.ndarray, first: int, last: int) -> str:
    if first == last:
        return f"at {time_s[first]:.1f} s"
    return f"between {time_s[first]:.1f} s and {time_s[last]:.1f} s"


def _narrow(time_s: np.ndarray, first: int, last: int) -> bool:
    return bool(time_s[last] - time_s[first] <= NARROW * (time_s[-1] - time_s[0]))


def _with_what(found: RecordingAttribution) -> list[str]:
    """The movement that goes most with the attribution; of a signed one also with its size, if any does."""
    known = found.units[np.isfinite(found.units["q_value"].to_numpy(float))]
    if not len(known):
        return ["No measured movement could be set beside the attribution."]
    said = _clearest(known, "r", "q_value", "attribution" if found.signed else "the size of the attribution")
    size = (
        _clearest(known, "r_size", "q_size", "the size of the attribution, upwards or downwards,")
        if found.signed
        else []
    )
    none = (
        f"It went with none of {len(known)} measured movements more than chance allows (circular shifts, "
        f"false discovery rate {SIGNIFICANT_Q:g})."
    )
    return [*(said or [none]), *size]


def _clearest(known: pd.DataFrame, r: str, q: str, what: str) -> list[str]:
    clear = known[known[q] < SIGNIFICANT_Q]
    if not len(clear):
        return []
    row = clear.iloc[int(np.abs(clear[r].to_numpy(float)).argmax())]
    way = (
        "rose and fell together with"
        if row[r] > 0
        else "rose where there was less of, and fell where there was more of,"
    )
    return [
        f"Frame by frame {what} {way} {row['name']}, r = {row[r]:.2f} (q = {row[q]:.3f} over {len(known)} movements, "
        f"circular shifts; {int(row['n_frames'])} frames)."
    ]


def _name(region: str) -> str:
    return {
        "nose": "the nose",
        "mouth": "the mouth",
        "forehead": "the forehead",
        "jaw": "the jaw",
        OUTSIDE: OUTSIDE,
    }.get(region, "the rest of the face" if region == "face, rest" else f"the {region}")
