"""How much of a model's maps lies where and when the planted cue is, on the run's recordings of the planted benchmark.

Three truths per recording, each a mask over frames and pixels of the aligned crop:

- *place and time*: the regions that the cue moves (brows, eyes and mouth), in the frames of its episodes;
- *place*: these regions in all frames;
- *time*: the whole crop in the frames of the episodes.

The share of a recording is that of the mass of all its clips together. Beside the maps stand controls on the same grid: a uniform
map, a centred Gaussian, the density of the face's landmarks, the truth itself averaged over each cell (what an ideal map on this
grid reaches), and the best single cell (the most that any map on it can have).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from openada.clips.corruptions import covered
from openada.datasets.planted.truth_file import REGION_PREFIX, read_truth
from openada.errors import UnusableInput
from openada.evaluation import saliency_mass as mass
from openada.evaluation.checks import Floats
from openada.evaluation.means import mean_over_subjects
from openada.explanation.recording_maps import ClipMap
from openada.explanation.saliency import without_colours
from openada.face.ibug68 import ibug68
from openada.prepared.dataset import PreparedDataset, PreparedRecording
from openada.prepared.layout import LANDMARK_COLUMNS
from openada.prepared.track import landmarks_of
from openada.studies.planted_material import measure_row

if TYPE_CHECKING:
    import pandas as pd

CUE_REGIONS = ("brows", "eyes", "mouth")
"""Where the three groups of movements show, names of face/regions.py."""
TRUTHS = {"place and time": "share_place_and_time", "place": "share_place", "time": "share_time"}
MASK_PX = 112
"""Side of the masks: the crop at this size, fine enough for a brow and four times cheaper than the stored 224 pixels."""
UNIFORM, GAUSSIAN, LANDMARKS = "uniform map", "centred Gaussian", "landmark density"
IDEAL, BEST = "ideal map on the grid", "best single cell"

Explain = Callable[[PreparedRecording], Sequence[ClipMap]]
"""The maps of one prepared recording, by whatever model and method."""


@dataclass(frozen=True)
class RecordingShares:
    """Shares of one recording: measure → name of the truth → share, NaN where it has none."""

    recording_id: str
    subject: str
    shares: Mapping[str, Mapping[str, float]]


def planted_saliency(
    recordings: pd.DataFrame,
    dataset: PreparedDataset,
    truth: Path,
    explain: Mapping[str, Explain],
    *,
    tick: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """A row per measure and truth, as of `measure_row`: the mean share over recordings with its interval over subjects.

    recordings: rows with recording_id and subject. truth: the folder that holds episodes.csv and the truth of each recording.
    explain: name of a measure → maps of a recording; of signed maps the positive part is measured. Each map also gets rows of its
    difference to the controls, paired by recording. Recordings without a cue are left out and counted, as are those whose
    map has no mass. Raises UnusableInput where truth and prepared recording have different frames.
    """
    import pandas as pd

    episodes = pd.read_csv(truth / "episodes.csv", dtype={"recording_id": str})
    found = []
    for done, row in enumerate(recordings.itertuples(), start=1):
        cues = episodes.loc[episodes["recording_id"] == row.recording_id, ["start_s", "end_s"]].to_numpy(float)
        if len(cues):
            shares = recording_shares(dataset.recording(row.recording_id), truth, cues.reshape(-1, 2), explain)
            found.append(RecordingShares(row.recording_id, str(row.subject), shares))
        if tick:
            tick(done, len(recordings))
    return pd.DataFrame(share_rows(found, tuple(explain), without_cue=len(recordings) - len(found)))


def recording_shares(
    recording: PreparedRecording, truth: Path, episodes_s: np.ndarray, explain: Mapping[str, Explain]
) -> dict[str, dict[str, float]]:
    """Measure → truth → share of one recording. Controls come once per grid: those of the first map of `explain`."""
    scene = _Scene.read(recording, truth / f"{recording.recording_id}.parquet", episodes_s)
    shares: dict[str, dict[str, float]] = {}
    for name, maps_of in explain.items():
        maps = maps_of(recording)
        if not maps:
            raise UnusableInput(f"{recording.recording_id}: {name} has no map of any clip")
        values = [np.maximum(without_colours(one.explanation), 0.0) for one in maps]
        grids = [scene.on_grid(one, value.shape) for one, value in zip(maps, values, strict=True)]
        shares[name] = _of_all(values, grids)
        if len(shares) == 1:
            controls = _controls(scene, maps, grids)
    return shares | controls


def share_rows(
    found: Sequence[RecordingShares], maps: Sequence[str], *, without_cue: int = 0
) -> list[dict[str, object]]:
    """The rows of the table: every measure, then each map less each control."""
    rows: list[dict[str, object]] = []
    measures = list(dict.fromkeys(name for one in found for name in one.shares))
    for truth, metric in TRUTHS.items():
        for name in measures:
            rows.append(_row(name, metric, [(one, one.shares[name][truth]) for one in found], (0.0, 1.0), without_cue))
        for name in maps:
            for control in (UNIFORM, GAUSSIAN, LANDMARKS):
                gaps = [(one, one.shares[name][truth] - one.shares[control][truth]) for one in found]
                rows.append(_row(f"{name} − {control}", metric, gaps, (-1.0, 1.0), without_cue))
    return rows


def _row(
    name: str,
    metric: str,
    values: Sequence[tuple[RecordingShares, float]],
    bounds: tuple[float, float],
    without_cue: int,
) -> dict[str, object]:
    known = [(one.subject, value) for one, value in values if np.isfinite(value)]
    interval = mean_over_subjects([value for _, value in known], [subject for subject, _ in known], bounds=bounds)
    empty = len(values) - len(known)
    note = f"{empty} recordings whose map has no mass" if empty else ""
    return measure_row(name, metric, interval, without_cue + empty, 0, note)


@dataclass(frozen=True)
class _OnGrid:
    """What a value of 1 in each cell draws, inside each truth and everywhere; arrays (t, h, w)."""

    inside: Mapping[str, Floats]
    everywhere: Floats


@dataclass(frozen=True)
class _Scene:
    """A recording's truth on its aligned crops.

    regions: (F, MASK_PX, MASK_PX) bool. cue: (F,) bool. landmarks: (F, 68, 2) as shares of the side, NaN where lost.
    """

    regions: np.ndarray
    cue: np.ndarray
    landmarks: np.ndarray

    @staticmethod
    def read(recording: PreparedRecording, truth: Path, episodes_s: np.ndarray) -> _Scene:
        track = recording.track([*LANDMARK_COLUMNS, "crop_from_frame"])
        frames, size_px = len(track), recording.reference().shape[0]
        planted = read_truth(truth)
        if len(planted) != frames:
            raise UnusableInput(
                f"{recording.recording_id}: its truth has {len(planted)} frames, the prepared recording {frames}; give the "
                "truth of the benchmark that was prepared"
            )
        to_share = np.stack(list(track["crop_from_frame"])).reshape(-1, 2, 3) / size_px
        polygons = zip(*(planted[REGION_PREFIX + name] for name in CUE_REGIONS), strict=True)
        regions = np.zeros((frames, MASK_PX, MASK_PX), bool)
        for frame, of_frame in enumerate(polygons):
            for polygon in (one for parts in of_frame for one in parts):
                regions[frame] |= covered(MASK_PX * _moved(polygon, to_share[frame]), MASK_PX, MASK_PX)
        points = ibug68(landmarks_of(track)[..., :2])
        moved = np.stack([_moved(one, matrix) for one, matrix in zip(points, to_share, strict=True)])
        return _Scene(regions, mass.inside_spans(recording.time_s, episodes_s), moved)

    def on_grid(self, clip: ClipMap, grid: tuple[int, int, int]) -> _OnGrid:
        """The truths of one clip on a map's cells."""
        regions, cue = self.regions[clip.places], self.cue[clip.places, None, None]
        whole = np.ones_like(regions)
        truths = {"place and time": regions & cue, "place": regions, "time": whole & cue}
        return _OnGrid(
            {name: mass.mass_on_cells(mask, grid) for name, mask in truths.items()}, mass.mass_on_cells(whole, grid)
        )


def _moved(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2])


def _of_all(values: Sequence[Floats], grids: Sequence[_OnGrid]) -> dict[str, float]:
    everywhere = [grid.everywhere for grid in grids]
    return {truth: mass.share(values, [grid.inside[truth] for grid in grids], everywhere) for truth in TRUTHS}


def _controls(scene: _Scene, maps: Sequence[ClipMap], grids: Sequence[_OnGrid]) -> dict[str, dict[str, float]]:
    shapes = [grid.everywhere.shape for grid in grids]

    def densities() -> Iterator[Floats]:
        for one, shape in zip(maps, shapes, strict=True):
            yield mass.landmark_density(scene.landmarks[one.places], (len(one.places), MASK_PX, MASK_PX), shape)

    controls = {
        UNIFORM: _of_all([mass.uniform(shape) for shape in shapes], grids),
        GAUSSIAN: _of_all([mass.centred_gaussian(shape) for shape in shapes], grids),
        LANDMARKS: _of_all(list(densities()), grids),
    }
    everywhere = [grid.everywhere for grid in grids]
    controls[IDEAL], controls[BEST] = {}, {}
    for truth in TRUTHS:
        inside = [grid.inside[truth] for grid in grids]
        best = [mass.ideal(m, n) for m, n in zip(inside, everywhere, strict=True)]
        controls[IDEAL][truth] = mass.share(best, inside, everywhere)
        controls[BEST][truth] = mass.best_cell(inside, everywhere)
    return controls
