"""Scores of the planted benchmark: how they are drawn, labelled, and turned into an expected cue share."""

from __future__ import annotations

import numpy as np

HIGHEST_SCORE = 63
LABEL_NOISE_SD = 2.0
CUE_SHARE_AT_ZERO = 0.02
CUE_SHARE_AT_HIGHEST = 0.38
# A beta distribution whose bands hold 52, 16, 16 and 16 % of subjects (minimal, mild, moderate, severe on BDI-II's limits).
SCORE_BETA = (1.0, 3.0)


def draw_severities(rng: np.random.Generator, subjects: int) -> np.ndarray:
    """True scores s of `subjects` people, (subjects,) float64 in [0, 63]: skewed like BDI-II, half of them minimal.

    Drawn one from each of `subjects` equal slices of the distribution, in random order, so that a small benchmark
    covers the range as a large one does.
    """
    from scipy.stats import beta

    slices = (rng.permutation(subjects) + rng.random(subjects)) / subjects
    return HIGHEST_SCORE * np.asarray(beta(*SCORE_BETA).ppf(slices), dtype=np.float64)


def draw_labels(rng: np.random.Generator, severities: np.ndarray) -> np.ndarray:
    """Labels, one per session: s plus noise (sd 2), rounded and clipped to 0–63, as int64 of the same shape."""
    noisy = severities + rng.normal(0.0, LABEL_NOISE_SD, np.shape(severities))
    return np.clip(np.rint(noisy), 0, HIGHEST_SCORE).astype(np.int64)


def expected_cue_share(severity: float) -> float:
    """c(s), the expected share of the time in which the cue is on: linear from 2 % at s = 0 to 38 % at s = 63."""
    return CUE_SHARE_AT_ZERO + (CUE_SHARE_AT_HIGHEST - CUE_SHARE_AT_ZERO) * severity / HIGHEST_SCORE
