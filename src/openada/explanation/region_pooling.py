"""Attribution pooled over the regions of the face, with the polygons of each frame's own landmarks.

Every pixel of the aligned crop belongs to one pool: the first region of face/regions.py whose polygon holds its centre (eyes
before brows before the larger ones, which overlap a little), what is left of the face within its outline, what lies outside
it, or, in frames without landmarks, "face not tracked". So the pools add up to the whole.

The released code of Moreno et al. (2023) takes the polygons of the first frame for all; a head that moves leaves those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from openada.clips.corruptions import covered
from openada.evaluation.saliency_mass import interpolation_matrix
from openada.explanation.frame_attribution import on_frames
from openada.explanation.recording_maps import ClipMap
from openada.face.regions import FACE_OVAL, REGIONS, region_polygons

if TYPE_CHECKING:
    import pandas as pd

FACE_REST, OUTSIDE, LOST = "face, rest", "outside the face", "face not tracked"
POOLS = (*REGIONS, FACE_REST, OUTSIDE, LOST)
LEAST_SIDE_PX = 112
"""Maps that are coarser are interpolated to this size before they are pooled, as they are drawn."""
SMALLEST_SHARE = 1e-9
"""Of the largest value times the pixels of a frame: a total below it is none, and has no shares."""
COLUMNS = ("region", "raw", "absolute", "raised", "lowered", "share", "share_raised", "area_share", "area_normalised")


@dataclass(frozen=True)
class PooledMaps:
    """Per window, frame and pool, arrays (W, T, len(POOLS)).

    `raw` is the sum of the values, `raised` that of the positive ones alone (raw = raised − lowered), `area` the share of the
    picture that the pool takes up. `places` (W, T) are the frames of the recording.
    """

    raw: np.ndarray
    raised: np.ndarray
    area: np.ndarray
    places: np.ndarray

    @property
    def absolute(self) -> np.ndarray:
        """Sums of sizes."""
        return 2 * self.raised - self.raw


def pool_regions(
    maps: Sequence[ClipMap], landmarks_px: np.ndarray, crop_from_frame: np.ndarray, size_px: int
) -> PooledMaps:
    """Pool the maps of a recording's clips.

    landmarks_px (F, 478, 2 or 3) in pixels of the source, NaN where lost; crop_from_frame (F, 2, 3) from there to the aligned
    crop of `size_px` pixels.
    """
    side = max(LEAST_SIDE_PX, maps[0].explanation.values.shape[-1], maps[0].explanation.values.shape[-2])
    labels: dict[int, np.ndarray] = {}
    raw, raised, area = [], [], []
    for one in maps:
        values = enlarged(on_frames(one), side)
        for picture, frame in zip(values, one.places.tolist(), strict=True):
            if frame not in labels:
                labels[frame] = pool_labels(landmarks_px[frame], crop_from_frame[frame], size_px, side).ravel()
            where, flat = labels[frame], picture.ravel()
            raw.append(np.bincount(where, flat, len(POOLS)))
            raised.append(np.bincount(where, np.maximum(flat, 0), len(POOLS)))
            area.append(np.bincount(where, minlength=len(POOLS)) / side**2)
    shape = (len(maps), len(maps[0].places), len(POOLS))
    return PooledMaps(
        raw=np.array(raw).reshape(shape),
        raised=np.array(raised).reshape(shape),
        area=np.array(area).reshape(shape),
        places=np.stack([one.places for one in maps]),
    )


def enlarged(values: np.ndarray, side: int) -> np.ndarray:
    """Pictures (T, h, w) on a grid of side², interpolated as they are drawn; their sums stay about what they were."""
    height, width = values.shape[1:]
    if height == width == side:
        return values
    rows, columns = interpolation_matrix(side, height), interpolation_matrix(side, width)
    found = np.einsum("yh,thw,xw->tyx", rows, values, columns, optimize=True)
    return np.asarray(found * (height * width / side**2))


def pool_labels(landmarks_px: np.ndarray, crop_from_frame: np.ndarray, size_px: int, side: int) -> np.ndarray:
    """(side, side) int64: the place in `POOLS` of every pixel of one frame's crop, drawn at `side` pixels.

    landmarks_px (478, 2 or 3) of the frame, crop_from_frame (2, 3).
    """
    points = np.asarray(landmarks_px, dtype=np.float64)[:, :2]
    found = np.full((side, side), POOLS.index(LOST))
    if not np.isfinite(points).all():
        return found
    moved = (points @ crop_from_frame[:, :2].T + crop_from_frame[:, 2]) * (side / size_px)
    found[:] = POOLS.index(OUTSIDE)
    found[covered(moved[[*FACE_OVAL, FACE_OVAL[0]]], side, side)] = POOLS.index(FACE_REST)
    for name, polygons in reversed(region_polygons(moved).items()):
        for polygon in polygons:
            found[covered(polygon, side, side)] = POOLS.index(name)
    return found


def region_table(pooled: PooledMaps) -> pd.DataFrame:
    """A row per pool of the recording, columns `COLUMNS`.

    raw, absolute, raised, lowered: summed over the frames of each window, mean over windows; since a recording's score is the
    mean over its windows, raw adds up to score − baseline score where the method is complete. share and share_raised: of the
    total of absolute and of raised. area_share: of all pixels of all frames. area_normalised: share over area_share; 1 is what
    a map without any preference has everywhere. NaN where the total is none, or the pool has no pixel.
    """
    import pandas as pd

    raw, raised, absolute = (values.sum(1).mean(0) for values in (pooled.raw, pooled.raised, pooled.absolute))
    area = pooled.area.mean((0, 1))
    total, up = float(absolute.sum()), float(raised.sum())
    least = SMALLEST_SHARE * float(pooled.absolute.max(initial=0.0))
    missing = np.full(len(POOLS), np.nan)
    share = absolute / total if total > least else missing
    share_raised = raised / up if up > least else missing
    return pd.DataFrame(
        {
            "region": POOLS,
            "raw": raw,
            "absolute": absolute,
            "raised": raised,
            "lowered": raised - raw,
            "share": share,
            "share_raised": share_raised,
            "area_share": area,
            "area_normalised": np.divide(share, area, out=missing.copy(), where=area > 0),
        },
        columns=list(COLUMNS),
    )
