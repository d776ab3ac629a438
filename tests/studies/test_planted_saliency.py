"""Shares of maps in a planted truth: maps whose share is known, and masks drawn another way."""

import numpy as np
import pandas as pd
import pytest
from skimage.draw import polygon2mask

from conftest import face_points
from openada.datasets.planted.truth_file import read_truth, write_truth
from openada.errors import UnusableInput
from openada.explanation.explanation import Explanation, Pixels, Spans
from openada.explanation.recording_maps import ClipMap
from openada.face.alignment import align
from openada.prepared.dataset import PreparedDataset
from openada.studies.planted_saliency import CUE_REGIONS, planted_saliency

NAMES = ("r0", "r2", "r4", "r6")
GRID = (4, 7, 5)


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    """Four recordings of four people: r0, r2 and r4 have an episode in the frames 8 to 15, r6 has none."""
    folder = tmp_path_factory.mktemp("truth")
    landmarks = np.repeat(face_points()[None, :, :2].astype(float), 40, axis=0)
    landmarks[20:] += 3  # the regions move
    for name in NAMES:
        write_truth(folder / f"{name}.parquet", pd.DataFrame({"time_s": np.arange(40) / 20}), landmarks, {})
    rows = [{"recording_id": name, "start_s": 0.4, "end_s": 0.8} for name in NAMES[:3]]
    pd.DataFrame(rows).to_csv(folder / "episodes.csv", index=False)
    return folder


def maps_with(values_of):
    """Maps of the five clips of 8 frames of a recording."""

    def explain(recording):
        found = []
        for first in range(0, 40, 8):
            borders = np.linspace(first, first + 8, GRID[0] + 1) / 20
            axes = (Spans(np.stack([borders[:-1], borders[1:]], axis=1)), Pixels(GRID[1], 224), Pixels(GRID[2], 224))
            found.append(ClipMap(first, 8, Explanation(values_of(first), axes, "x", "", True, 0.0)))
        return found

    return explain


@pytest.fixture(scope="module")
def table(truth, shared_prepared):
    recordings = pd.DataFrame({"recording_id": NAMES, "subject": [f"p{name[1]}" for name in NAMES]})
    explain = {
        "everywhere": maps_with(lambda first: np.full(GRID, 3.0)),
        "in the episode": maps_with(lambda first: np.full(GRID, 1.0 if first == 8 else -5.0)),
        "nowhere": maps_with(lambda first: np.full(GRID, -1.0)),
    }
    return planted_saliency(recordings, PreparedDataset(shared_prepared), truth, explain)


def value(table, measure, metric):
    return table.set_index(["measure", "metric"]).loc[(measure, metric), "value"]


def test_maps_whose_share_is_known_have_it(table):
    assert value(table, "everywhere", "share_time") == pytest.approx(8 / 40)
    assert value(table, "in the episode", "share_time") == 1.0  # the positive part alone is measured
    assert value(table, "best single cell", "share_time") == value(table, "ideal map on the grid", "share_time") == 1.0
    for metric in table["metric"].unique():
        assert value(table, "everywhere", metric) == pytest.approx(value(table, "uniform map", metric))
        assert value(table, "everywhere − uniform map", metric) == pytest.approx(0)
        shares = [value(table, name, metric) for name in ("uniform map", "ideal map on the grid", "best single cell")]
        assert shares == sorted(shares) and shares[0] < shares[2]
    gap = value(table, "in the episode", "share_place_and_time") - value(
        table, "centred Gaussian", "share_place_and_time"
    )
    assert value(table, "in the episode − centred Gaussian", "share_place_and_time") == pytest.approx(gap)


def test_the_regions_are_where_a_mask_drawn_on_the_source_frame_lands_on_the_crop(table, truth, shared_prepared):
    recording = PreparedDataset(shared_prepared).recording("r0")
    planted = read_truth(truth / "r0.parquet")
    matrices = np.stack(list(recording.track(["crop_from_frame"])["crop_from_frame"])).reshape(-1, 2, 3)
    fine = 8  # drawn at eight times the frame's resolution
    covered = []
    for frame in (0, 39):
        mask = np.zeros((100 * fine, 120 * fine), bool)
        for name in CUE_REGIONS:
            for polygon in planted[f"region_{name}"][frame]:
                mask |= polygon2mask(mask.shape, fine * polygon[:, ::-1] - 0.5)
        matrix = matrices[frame] * [1 / fine, 1 / fine, 1]
        crop = align(np.repeat(255 * mask[..., None], 3, axis=-1).astype(np.uint8), matrix)
        inside = align(np.zeros((*mask.shape, 3), np.uint8), matrix)[..., 0] == 0  # grey lies outside the frame
        covered.append((crop[..., 0][inside] > 127).sum() / crop[..., 0].size)
    assert 0.02 < covered[0] < 0.9
    assert value(table, "uniform map", "share_place") == pytest.approx(np.mean(covered), abs=0.01)
    assert value(table, "in the episode", "share_place_and_time") == pytest.approx(covered[0], abs=0.01)


def test_recordings_without_a_cue_or_without_a_map_are_counted(table):
    rows = table.set_index(["measure", "metric"])
    assert rows.loc[("everywhere", "share_time"), ["n", "n_subjects", "recordings_excluded"]].tolist() == [3, 3, 1]
    empty = rows.loc[("nowhere", "share_place")]
    assert np.isnan(empty["value"]) and empty["recordings_excluded"] == 4 and "no mass" in empty["note"]


def test_the_truth_of_another_recording_is_refused(truth, shared_prepared, tmp_path):
    short = pd.DataFrame({"time_s": np.arange(7) / 20})
    write_truth(tmp_path / "r0.parquet", short, np.zeros((7, 478, 2)), {})
    (tmp_path / "episodes.csv").write_text((truth / "episodes.csv").read_text())
    recordings = pd.DataFrame({"recording_id": ["r0"], "subject": ["p0"]})
    with pytest.raises(UnusableInput, match="7 frames, the prepared recording 40"):
        planted_saliency(
            recordings, PreparedDataset(shared_prepared), tmp_path, {"x": maps_with(lambda first: np.ones(GRID))}
        )
