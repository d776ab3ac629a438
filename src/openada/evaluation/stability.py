"""Do several seeds call the same segments relevant? (Liao et al. 2026, SDR stability, with the controls it lacks)

The paper gives the mean pairwise cosine of relevance over five initialisations. Relevance is non-negative and may be nearly
uniform, and such vectors have a cosine near 1 whatever they say. Beside it stand the cosine that is left when one of the two
has
its segments shuffled (what the values alone bring, wherever they lie), the centred cosine (Pearson's r), and Spearman's ρ.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from openada.errors import UnusableInput
from openada.evaluation.checks import Floats
from openada.evaluation.means import mean_over_subjects
from openada.evaluation.metrics import is_constant, pcc

MEASURES = {
    "cosine": "mean pairwise cosine (the paper's figure)",
    "cosine_shuffled": "the same with segments shuffled",
    "centred_cosine": "centred cosine (Pearson's r)",
    "spearman": "Spearman's ρ",
}


def cosine(a: Floats, b: Floats) -> float:
    """Cosine of two vectors (m,); NaN if one is all zero."""
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    return float(np.clip(a @ b / lengths, -1.0, 1.0)) if lengths > 0 else float("nan")


def shuffled_cosine(a: Floats, b: Floats) -> float:
    """The mean of `cosine` over all m! orders of b: m · mean(a) · mean(b) / (|a| |b|). Exact, so there is nothing to draw."""
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    return float(a.size * a.mean() * b.mean() / lengths) if lengths > 0 else float("nan")


def spearman(a: Floats, b: Floats) -> float:
    """Spearman's ρ of two vectors (m,), ties sharing their mean rank; NaN if one is constant."""
    from scipy.stats import rankdata

    if is_constant(a) or is_constant(b):
        return float("nan")
    return pcc(rankdata(a), rankdata(b))


def stability_table(
    relevance_by_seed: Mapping[int, Mapping[str, npt.ArrayLike]],
    subject_of: Mapping[str, str],
    *,
    level: float = 0.95,
) -> pd.DataFrame:
    """A row per measure of `MEASURES`: measure, metric, value, low, high, n, n_subjects, unit, method, recordings_excluded,
    pairs_undefined, seeds, note.

    `relevance_by_seed`: seed → recording_id → relevance (m,) of that recording's segments, the same ones in the same order for
    every seed; NaN marks segments to leave out. A recording's figure is the mean over all pairs of seeds for which it is
    defined: a cosine needs vectors that are not zero, the centred cosine and ρ vectors that are not constant. Pairs for which
    it
    is not are counted, recordings without any defined pair are excluded and counted. The figure is the mean over recordings,
    its
    interval the jackknife-t over subjects. Raises UnusableInput for fewer than two seeds and for seeds that differ in
    recordings or segments.
    """
    seeds = list(relevance_by_seed)
    if len(seeds) < 2:
        raise UnusableInput(f"{len(seeds)} seeds: stability needs two or more")
    names = sorted(relevance_by_seed[seeds[0]])
    for seed in seeds[1:]:
        if sorted(relevance_by_seed[seed]) != names:
            raise UnusableInput(f"seeds {seeds[0]} and {seed} have different recordings: give the same for each")
    values = {name: _pairs({seed: relevance_by_seed[seed][name] for seed in seeds}, name) for name in names}
    rows = []
    for position, (metric, measure) in enumerate(MEASURES.items()):
        by_name = {name: pairs[:, position] for name, pairs in values.items()}
        defined = {name: pairs[~np.isnan(pairs)] for name, pairs in by_name.items()}
        used = [name for name in names if defined[name].size]
        found = mean_over_subjects(
            [float(defined[name].mean()) for name in used],
            [subject_of[name] for name in used],
            bounds=(-1.0, 1.0),
            level=level,
        )
        facts = {key: getattr(found, key) for key in ("value", "low", "high", "n", "n_subjects", "unit", "method")}
        rows.append(
            {
                "measure": measure,
                "metric": metric,
                **facts,
                "recordings_excluded": len(names) - len(used),
                "pairs_undefined": int(sum(np.isnan(pairs).sum() for pairs in by_name.values())),
                "seeds": ", ".join(str(seed) for seed in seeds),
                "note": found.note,
            }
        )
    return pd.DataFrame(rows)


def _pairs(by_seed: Mapping[int, npt.ArrayLike], name: str) -> Floats:
    """(pairs of seeds, measures) of one recording."""
    vectors = {seed: np.asarray(values, dtype=np.float64) for seed, values in by_seed.items()}
    first_seed, first = next(iter(vectors.items()))
    for seed, vector in vectors.items():
        if vector.shape != first.shape or vector.ndim != 1 or np.any(np.isnan(vector) != np.isnan(first)):
            raise UnusableInput(f"recording {name!r}: seeds {first_seed} and {seed} do not have the same segments")
    kept = [vector[~np.isnan(first)] for vector in vectors.values()]
    if not kept[0].size:
        return np.full((len(kept) * (len(kept) - 1) // 2, len(MEASURES)), np.nan)
    return np.array(
        [[cosine(a, b), shuffled_cosine(a, b), pcc(a, b), spearman(a, b)] for a, b in combinations(kept, 2)]
    )
