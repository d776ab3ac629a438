"""How far the face is from its reference, and how lopsided: displacements of landmarks that expressions move."""

from __future__ import annotations

import numpy as np

from openada.face import regions

_UPPER_PAIRS = (
    *zip(regions.BROW_LEFT[:5], regions.BROW_RIGHT[:5], strict=True),
    *zip(regions.EYE_LEFT[::2], regions.EYE_RIGHT[::2], strict=True),
)
_LOWER_PAIRS = (
    *((129, 358), (50, 280), (205, 425), (61, 291), (40, 270), (37, 267), (91, 321), (84, 314)),
    *((82, 312), (87, 317), (176, 400), (149, 378)),
)
_LOWER_MIDDLE = (0, 13, 14, 17, 152, 199)

POINTS: tuple[int, ...] = (
    *(left for left, _ in (*_UPPER_PAIRS, *_LOWER_PAIRS)),
    *(right for _, right in (*_UPPER_PAIRS, *_LOWER_PAIRS)),
    *_LOWER_MIDDLE,
)
"""Landmarks whose places are kept: left ones, their right counterparts in the same order, then the midline."""

_PAIRS, _UPPER = len(_UPPER_PAIRS) + len(_LOWER_PAIRS), len(_UPPER_PAIRS)
EXPRESSIVITY_COLUMNS = ("expressivity", "expressivity_upper", "expressivity_lower", "asymmetry")


def places(head: np.ndarray) -> np.ndarray:
    """x and y of `POINTS` from landmarks in the head's frame: (T, 478, 3) -> (T, 2 · len(POINTS))."""
    return head[:, POINTS, :2].reshape(len(head), -1)


def expressivity(places: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """`EXPRESSIVITY_COLUMNS` (T, 4) in inter-ocular distances, from `places` (T, 2P) and the reference's (2P,).

    Expressivity: root mean square, over the landmarks, of their distance from the reference; upper: brows and eyes, lower: nose
    wings, cheeks, mouth and chin. Asymmetry: the same of what is left when each pair's displacement is taken from the mirror
    image of its counterpart's, halved; 0 for a movement that is the same on both sides.
    """
    moved = (places - reference).reshape(len(places), len(POINTS), 2)
    left, right, middle = moved[:, :_PAIRS], moved[:, _PAIRS : 2 * _PAIRS], moved[:, 2 * _PAIRS :]
    upper = np.concatenate([left[:, :_UPPER], right[:, :_UPPER]], axis=1)
    lower = np.concatenate([left[:, _UPPER:], right[:, _UPPER:], middle], axis=1)
    one_sided = (left - right * (-1.0, 1.0)) / 2
    return np.column_stack([_root_mean_square(part) for part in (moved, upper, lower, one_sided)])


def _root_mean_square(moved: np.ndarray) -> np.ndarray:
    return np.asarray(np.sqrt((moved**2).sum(axis=-1).mean(axis=-1)))
