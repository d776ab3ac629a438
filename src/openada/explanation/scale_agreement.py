"""Do the temporal scales point at the same moments? One figure by rank, one by the time that counts.

Scales are read from the same units by one network, so agreement says that the picture does not hang on the segment length; it
is no evidence that the moments mean something. That is measured on the planted benchmark (`evaluation.localisation`).
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from openada.evaluation.localisation import project_to_units
from openada.explanation.episodes import KINDS

if TYPE_CHECKING:
    import pandas as pd

LEAST_UNITS = 3
COLUMNS = (
    "kind",
    "shorter_frames",
    "longer_frames",
    "n_units",
    "spearman",
    "spearman_missing_reason",
    "overlap",
    "overlap_by_chance",
    "overlap_missing_reason",
)


def scale_agreement(segments: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    """A row per kind and pair of scales, columns `COLUMNS`; no row where there is one scale only.

    segments and counts as in `episodes.episodes`. Each scale is projected onto the units (segments of one unit) by the mean of
    its segments that contain the unit; n_units have a value in both. spearman: Spearman's rank correlation over these units,
    −1 to 1; NaN, with the reason, for fewer than 3 units or where a scale is constant. overlap: of the time that counts in
    either scale, the share that counts in both, 0 to 1; NaN, with the reason, where no segment of one of them counts.
    overlap_by_chance: about what it would be if as much time per scale lay anywhere in the units, a·b / (a + b − a·b) for
    the shares a and b of their time.
    """
    import pandas as pd

    spans = segments[["first_unit", "end_unit"]].to_numpy(np.int64)
    scales = [int(frames) for frames in sorted(segments["scale_frames"].unique())]
    n_units = int(spans[:, 1].max()) if len(spans) else 0
    duration_s = np.zeros(n_units)
    single = spans[:, 1] - spans[:, 0] == 1
    duration_s[spans[single, 0]] = (segments["end_s"] - segments["start_s"]).to_numpy(float)[single]
    rows: list[dict[str, Any]] = []
    for kind in KINDS:
        values, counting = segments[kind].to_numpy(float), counts[kind].to_numpy(bool)
        along, covered = {}, {}
        for frames in scales:
            own = (segments["scale_frames"] == frames).to_numpy(bool)
            along[frames] = project_to_units(np.where(own, values, np.nan), spans, n_units)
            covered[frames] = np.zeros(n_units, dtype=bool)
            for first, end in spans[own & counting]:
                covered[frames][first:end] = True
        for a, b in combinations(scales, 2):
            rho, n, no_rho = _spearman(along[a], along[b])
            overlap, chance, no_overlap = _overlap({a: covered[a], b: covered[b]}, duration_s)
            rows.append(dict(zip(COLUMNS, (kind, a, b, n, rho, no_rho, overlap, chance, no_overlap), strict=True)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _spearman(a: np.ndarray, b: np.ndarray) -> tuple[float, int, str]:
    from scipy.stats import spearmanr

    both = np.isfinite(a) & np.isfinite(b)
    n = int(both.sum())
    if n < LEAST_UNITS:
        return float("nan"), n, f"only {n} unit{'' if n == 1 else 's'} in both"
    if np.ptp(a[both]) == 0 or np.ptp(b[both]) == 0:
        return float("nan"), n, "relevance is the same in all units"
    return float(spearmanr(a[both], b[both]).statistic), n, ""


def _overlap(covered: dict[int, np.ndarray], duration_s: np.ndarray) -> tuple[float, float, str]:
    for frames, one in covered.items():
        if not one.any():
            return float("nan"), float("nan"), f"no segment of {frames} frames counts"
    a, b = covered.values()
    share_a, share_b = (float(duration_s[one].sum() / duration_s.sum()) for one in (a, b))
    chance = share_a * share_b / (share_a + share_b - share_a * share_b)
    return float(duration_s[a & b].sum() / duration_s[a | b].sum()), chance, ""
