"""How much of a map over space and time lies where a planted truth is: shares of mass, and what they are to be read against.

A map has one value ≥ 0 per cell of a coarse grid (t, h, w) over a clip of (T, H, W) frames and pixels, and is read as it is
drawn: interpolated linearly along each axis between the cells' centres, constant beyond the outer ones (`interpolation_matrix`;
what trilinear interpolation without aligned corners does). The truth is a boolean mask (T, H, W).
Interpolation is linear in the values, so a mask acts on cells: `mass_on_cells` gives how much mass a value of 1 in each cell
draws inside the mask, and every share is Σ value · inside / Σ value · everywhere. No map is ever enlarged.

A share is not comparable across grids or truths by itself: a thin region on coarse cells cannot hold much. `uniform`,
`centred_gaussian` and `landmark_density` are maps that know nothing of the score, `ideal` is the truth averaged over each cell,
and `best_cell` is the most that any map on the grid can reach, with all of its mass on one cell.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from openada.errors import UnusableInput
from openada.evaluation.checks import Bools, Floats

SIGMA_SHARE = 0.25
"""Standard deviation of the centred Gaussian as a share of the picture's side."""


def interpolation_matrix(samples: int, cells: int) -> Floats:
    """(samples, cells) weights, rows of sum 1, of linear interpolation from the centres of equal cells to those of samples."""
    if samples < 1 or cells < 1:
        raise UnusableInput(f"interpolation of {cells} cells to {samples} samples: both must be at least 1")
    place = np.clip((np.arange(samples) + 0.5) * cells / samples - 0.5, 0, cells - 1)
    low = np.minimum(np.floor(place).astype(int), max(cells - 2, 0))
    matrix = np.zeros((samples, cells))
    matrix[np.arange(samples), low] = 1 - (place - low)
    if cells > 1:
        matrix[np.arange(samples), low + 1] = place - low
    return matrix


def mass_on_cells(weight: npt.ArrayLike, grid: tuple[int, int, int]) -> Floats:
    """(t, h, w): the mass that a value of 1 in each cell of `grid` draws, each sample counted by its `weight` (T, H, W) ≥ 0.

    A boolean mask counts what lies inside it. This is the transpose of the interpolation, applied to the mask.
    """
    counted = np.asarray(weight, dtype=np.float64)
    if counted.ndim != 3:
        raise UnusableInput(f"a mask of shape {counted.shape}; give (frames, height, width)")
    for axis, cells in enumerate(grid):
        matrix = interpolation_matrix(counted.shape[axis], cells)
        counted = np.moveaxis(np.tensordot(matrix, counted, axes=(0, axis)), 0, axis)
    return counted


def share(
    values: Sequence[npt.ArrayLike], inside: Sequence[npt.ArrayLike], everywhere: Sequence[npt.ArrayLike]
) -> float:
    """Share, 0 to 1, of the mass of a recording's clips that lies inside the truth; NaN where there is no mass at all.

    Each sequence has an array (t, h, w) per clip: the map's values, and what `mass_on_cells` gives for the truth and for a mask
    that is True throughout. All clips weigh by their mass. Raises UnusableInput for values below 0 or not finite: give
    the positive part of a signed map.
    """
    within = total = 0.0
    for value, mass, whole in zip(values, inside, everywhere, strict=True):
        v, m, n = (np.asarray(one, dtype=np.float64) for one in (value, mass, whole))
        if not v.shape == m.shape == n.shape:
            raise UnusableInput(
                f"a map of shape {v.shape} with masses of shapes {m.shape} and {n.shape}: one grid is needed"
            )
        if not np.all(v >= 0) or not np.isfinite(v).all():
            raise UnusableInput("a map with values below 0 or not finite has no share of mass: give its positive part")
        within += float((v * m).sum())
        total += float((v * n).sum())
    return within / total if total > 0 else float("nan")


def uniform(grid: tuple[int, int, int]) -> Floats:
    """The same value in every cell."""
    return np.ones(grid)


def centred_gaussian(grid: tuple[int, int, int], sigma: float = SIGMA_SHARE) -> Floats:
    """A Gaussian about the picture's centre, the same at all times; `sigma` in sides of the picture."""
    offsets = [(np.arange(cells) + 0.5) / cells - 0.5 for cells in grid[1:]]
    rows, columns = (np.exp(-0.5 * (offset / sigma) ** 2) for offset in offsets)
    return np.broadcast_to(rows[:, None] * columns, grid).copy()


def landmark_density(points: npt.ArrayLike, shape: tuple[int, int, int], grid: tuple[int, int, int]) -> Floats:
    """How many landmarks each cell holds per mass that it draws: where a face has parts, whoever it is and whatever it does.

    points (T, P, 2): x and y of each frame's landmarks as shares of the picture's sides. Points outside the picture, and frames
    without (NaN), count nothing. shape: (T, H, W) of the masks, the resolution at which landmarks are counted.
    """
    places = np.asarray(points, dtype=np.float64)
    frames, height, width = shape
    if places.ndim != 3 or places.shape[0] != frames or places.shape[2] != 2:
        raise UnusableInput(f"landmarks of shape {places.shape} for {frames} frames; give (frames, points, 2)")
    counts = np.zeros(shape)
    inside = np.all((places >= 0) & (places < 1), axis=2)  # False for NaN
    frame, _ = np.nonzero(inside)
    x, y = places[inside].T
    np.add.at(counts, (frame, (y * height).astype(int), (x * width).astype(int)), 1.0)
    return mass_on_cells(counts, grid) / mass_on_cells(np.ones(shape), grid)


def ideal(inside: npt.ArrayLike, everywhere: npt.ArrayLike) -> Floats:
    """The truth averaged over what each cell draws, 0 to 1: what a map that knows the truth looks like on this grid."""
    return np.asarray(inside, dtype=np.float64) / np.asarray(everywhere, dtype=np.float64)


def best_cell(inside: Sequence[npt.ArrayLike], everywhere: Sequence[npt.ArrayLike]) -> float:
    """The largest share that any map on the grid can have: that of one cell with all the mass. NaN without a clip."""
    return max(
        (float(ideal(m, n).max()) for m, n in zip(inside, everywhere, strict=True)),
        default=float("nan"),
    )


def inside_spans(time_s: npt.ArrayLike, spans_s: npt.ArrayLike) -> Bools:
    """(T,) whether each frame is shown during one of the spans (E, 2), start included and end not."""
    times = np.asarray(time_s, dtype=np.float64)
    spans = np.asarray(spans_s, dtype=np.float64).reshape(-1, 2)
    return np.any((times[:, None] >= spans[:, 0]) & (times[:, None] < spans[:, 1]), axis=1)
