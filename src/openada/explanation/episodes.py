"""Episodes: the stretches of a recording on which segments of the temporal scales that count lie together.

The rule (docs/relevance.md tells it to users), for each kind of relevance by itself:

1. *What counts.* Category support: the K segments that the network selected, of which the score is made. Severity relevance:
   as many as the network's own rule selects, max(1, percent · M // 100) of all M valid segments, those with the largest
   severity relevance, but only if above the recording's mean: where all values are the same nothing stands out.
   Equal values: shorter segments first, then earlier ones, as in the network (`models.expada.dfs.top`).
2. *What merges.* Segments of whatever scale that share a unit or touch (one ends with the unit before the other's first).
3. *What splits.* A unit that no counting segment covers. A unit whose face was lost is in no segment, so an episode never
   runs across one. Where less of the face is lost than makes a unit unusable, the episode goes on.

The paper shows relevance per scale (Fig. 3); merging the scales into episodes is ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from openada.errors import UnusableInput
from openada.evaluation.localisation import project_to_units
from openada.explanation.relevance import CATEGORY_SUPPORT, SEVERITY_RELEVANCE

if TYPE_CHECKING:
    import pandas as pd

KINDS = (SEVERITY_RELEVANCE, CATEGORY_SUPPORT)
COLUMNS = (
    "kind",
    "start_s",
    "end_s",
    "peak_s",
    "strength",
    "times_even_share",
    "rank",
    "segments",
    "scales_frames",
    "first_unit",
    "end_unit",
)
_ROUNDING = 1e-6  # relevance comes in float32


def counting_segments(segments: pd.DataFrame, percent: int) -> pd.DataFrame:
    """Which segments count: a boolean column per kind, with the index of `segments`.

    segments: a row per valid representation of one recording with first_unit, end_unit, category_support, severity_relevance
    (≥ 0, NaN where the method has none) and selected. percent: p of the selection, 1 to 100.
    """
    import pandas as pd

    support = segments[CATEGORY_SUPPORT].to_numpy(float)
    severity = segments[SEVERITY_RELEVANCE].to_numpy(float)
    length = (segments["end_unit"] - segments["first_unit"]).to_numpy()
    known = np.isfinite(severity)
    top = np.zeros(len(segments), dtype=bool)
    if known.any():
        order = np.lexsort((segments["first_unit"].to_numpy(), length, np.where(known, -severity, np.inf)))
        top[order[: max(1, percent * int(known.sum()) // 100)]] = True
        top &= np.where(known, severity, 0.0) > severity[known].mean() * (1 + _ROUNDING)
    counts = {SEVERITY_RELEVANCE: top, CATEGORY_SUPPORT: segments["selected"].to_numpy(bool) & np.isfinite(support)}
    return pd.DataFrame(counts, index=segments.index)


def episodes(segments: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    """The episodes of one recording, columns `COLUMNS`: severity relevance first, then category support, each in order of time.

    segments as in `counting_segments`, with start_s, end_s and scale_frames too; counts is its answer. Units are the segments
    of one unit, so each unit of a longer segment must be a row itself.

    start_s, end_s: start of the first counting segment, end of the last one. peak_s: the middle of the unit with the highest
    relevance, that being the mean over all segments, counting or not, that contain the unit (`project_to_units`); the earliest
    of equal ones. strength: M times the mean relevance of the episode's counting segments. Its unit is 1/M, what each of the
    M segments would have if a relevance of 1 were spread evenly over them; its mean over all M segments is z of that
    category, so it does not depend on the length of the recording or of the episode, nor on the scale. times_even_share:
    the same over the recording's mean; 1 is what every moment would have if this recording's relevance were spread evenly,
    NaN if there is none. rank: 1 for the strongest of its kind, the earlier of equal ones first. segments: how many count.
    scales_frames: the lengths of the contributing segments, ascending, with "+" between them.

    Raises UnusableInput if a segment contains a unit that is no row.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for kind in KINDS:
        found = list(_merged(kind, segments, counts[kind].to_numpy(bool)))
        by_strength = sorted(range(len(found)), key=lambda k, found=found: (-found[k]["strength"], k))  # type: ignore[misc]
        for rank, k in enumerate(by_strength, start=1):
            found[k]["rank"] = rank
        rows += found
    return pd.DataFrame(rows, columns=list(COLUMNS))


def stretches(segments: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    """The same merging within each scale by itself, for one row per kind, scale and stretch; columns `COLUMNS` less rank.

    Segments of a longer scale overlap, one beginning with every unit: a stretch is what a drawing or a tier can hold.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for kind in KINDS:
        for frames in sorted(segments["scale_frames"].unique()):
            rows += _merged(kind, segments, (counts[kind] & (segments["scale_frames"] == frames)).to_numpy(bool))
    return pd.DataFrame(rows, columns=[name for name in COLUMNS if name != "rank"])


def _merged(kind: str, segments: pd.DataFrame, chosen: np.ndarray) -> Iterator[dict[str, Any]]:
    """Merge the chosen rows; a dictionary per stretch, in order of time."""
    rows = np.flatnonzero(chosen)
    if not rows.size:
        return
    values = segments[kind].to_numpy(float)
    spans = segments[["first_unit", "end_unit"]].to_numpy(np.int64)
    times = segments[["start_s", "end_s"]].to_numpy(float)
    frames = segments["scale_frames"].to_numpy()
    known = np.isfinite(values)
    mean = float(values[known].mean())
    unit_s = _unit_times(spans, times)
    along = project_to_units(values, spans, len(unit_s))
    rows = rows[np.lexsort((spans[rows, 1], spans[rows, 0]))]
    reached = np.maximum.accumulate(spans[rows, 1])
    for part in np.split(rows, np.flatnonzero(spans[rows[1:], 0] > reached[:-1]) + 1):
        first, end = int(spans[part, 0].min()), int(spans[part, 1].max())
        strongest = float(values[part].mean())
        yield {
            "kind": kind,
            "start_s": float(times[part, 0].min()),
            "end_s": float(times[part, 1].max()),
            "peak_s": float(unit_s[first + int(np.nanargmax(along[first:end]))].mean()),
            "strength": int(known.sum()) * strongest,
            "times_even_share": strongest / mean if mean > 0 else float("nan"),
            "segments": len(part),
            "scales_frames": "+".join(str(length) for length in np.unique(frames[part])),
            "first_unit": first,
            "end_unit": end,
        }


def _unit_times(spans: np.ndarray, times: np.ndarray) -> np.ndarray:
    """(N, 2) start and end of each unit in s; NaN for lost units, which no segment contains."""
    unit_s = np.full((int(spans[:, 1].max()), 2), np.nan)
    single = spans[:, 1] - spans[:, 0] == 1
    unit_s[spans[single, 0]] = times[single]
    for first, end in spans:
        lost = np.flatnonzero(np.isnan(unit_s[first:end, 0]))
        if lost.size:
            raise UnusableInput(
                f"a segment spans the units {first} to {end - 1}, of which {first + lost[0]} is no segment by itself; "
                "give the segments of all scales, those of one unit included"
            )
    return unit_s
