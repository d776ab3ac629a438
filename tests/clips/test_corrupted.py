"""A corrupted recording reads as a prepared one whose video was worse."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from conftest import face_points
from openada.clips import corrupted
from openada.clips.corrupted import CorruptedRecording, region_in_crops
from openada.clips.corruptions import Surroundings, corrupt, corruption_seed
from openada.clips.reading import ClipReader
from openada.face.alignment import crop_from_frame
from openada.face.regions import MOUTH, region_polygons
from openada.prepared.dataset import PreparedDataset, PreparedRecording, resized


@pytest.fixture
def recording(shared_prepared: Path) -> PreparedRecording:
    return PreparedDataset(shared_prepared).recording("r1")  # frames 10 to 13 are lost


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize("reference", ["none", "median"])
def test_at_the_neutral_strength_clips_are_those_of_the_recording(
    recording: PreparedRecording, tmp_path: Path, cached: bool, reference: str
) -> None:
    as_is = CorruptedRecording.of(recording, "gain", 1, tmp_path)
    one, other = (ClipReader(each, 32, reference=reference, cached=cached) for each in (recording, as_is))  # type: ignore[arg-type]
    assert (one.read(7, 17)[0] == other.read(7, 17)[0]).all()


def test_crops_are_corrupted_at_their_stored_size_and_then_shrunk(recording: PreparedRecording, tmp_path: Path) -> None:
    clip = np.stack(list(recording.iterate_crops()))
    seed = corruption_seed(3, "r1", "noise", 0.25)
    expected = corrupt(clip, "noise", 0.25, Surroundings(seed=seed))
    noisy = CorruptedRecording.of(recording, "noise", 0.25, tmp_path, seed=3)
    assert (np.stack(list(noisy.iterate_crops(5, 23))) == expected[5:23]).all()
    assert (noisy.crops(5, 23, 32) == np.stack([resized(crop, 32) for crop in expected[5:23]])).all()
    assert (noisy.memory_map(32)[39] == resized(expected[39], 32)).all()
    assert (noisy.reference(32) == resized(noisy.reference(), 32)).all()


@pytest.mark.parametrize(("kind", "strength"), [("gain", 0.5), ("square-hidden", 0.5), ("frame-rate", 3)])
def test_the_median_face_changes_as_the_median_of_the_crops_does(
    recording: PreparedRecording, tmp_path: Path, kind: str, strength: float
) -> None:
    worse = CorruptedRecording.of(recording, kind, strength, tmp_path)  # type: ignore[arg-type]
    clean, corrupted = (
        np.median(np.stack(list(each.iterate_crops()))[recording.tracked], axis=0) for each in (recording, worse)
    )
    expected = np.clip(recording.reference() + corrupted - clean, 0, 255)
    assert np.abs(worse.reference() - expected).max() <= 1  # medians of an even number are rounded
    if kind == "gain":
        assert worse.reference().mean() == pytest.approx(recording.reference().mean() / 2, abs=3)


def test_blocks_leave_no_trace(recording: PreparedRecording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind, strength in (("noise", 0.1), ("square-hidden", 0.3), ("frame-rate", 2), ("mouth-hidden", 1)):
        monkeypatch.setattr(corrupted, "BLOCK_FRAMES", 240)
        whole = np.stack(list(CorruptedRecording.of(recording, kind, strength, tmp_path).iterate_crops()))
        monkeypatch.setattr(corrupted, "BLOCK_FRAMES", 16)
        blocks = CorruptedRecording.of(recording, kind, strength, tmp_path)
        kept = blocks.tracked
        assert (np.stack(list(blocks.iterate_crops()))[kept] == whole[kept]).all(), kind
        assert (np.stack(list(blocks.iterate_crops(14, 35))) == whole[14:35])[kept[14:35]].all(), kind


def test_nothing_is_written_beside_the_recording_and_lost_frames_stay_lost(
    recording: PreparedRecording, tmp_path: Path
) -> None:
    before = sorted(recording.folder.iterdir())
    dark = CorruptedRecording.of(recording, "gain", 0.25, tmp_path)
    clip, tracked = ClipReader(dark, 24, reference="median").read(0, 40)
    assert sorted(recording.folder.iterdir()) == before and (tmp_path / "crops_24.npy").is_file()
    assert not tracked[10:14].any() and (clip[:, 10:14] == 0).all() and tracked.sum() == 36


def test_regions_are_carried_into_the_crops(recording: PreparedRecording, tmp_path: Path) -> None:
    (mouth,) = region_in_crops(recording, "mouth")
    assert mouth.shape == (40, len(MOUTH) + 1, 2) and np.isnan(mouth[10:14]).all()
    points = face_points()
    matrix = crop_from_frame(points)
    expected = region_polygons(points)["mouth"][0] @ matrix[:, :2].T + matrix[:, 2]
    np.testing.assert_allclose(mouth[20], expected, atol=1e-3)
    left, right = region_in_crops(recording, "eyes")
    corners = np.stack([left[20][[0, 8]].mean(axis=0), right[20][[0, 8]].mean(axis=0)])
    np.testing.assert_allclose(
        corners.mean(axis=0), [0.5 * 224, 0.35 * 224], atol=1e-2
    )  # where alignment puts the eyes
    hidden = np.stack(list(CorruptedRecording.of(recording, "mouth-hidden", 1, tmp_path).iterate_crops(18, 22)))
    clean = np.stack(list(recording.iterate_crops(18, 22)))
    changed = (hidden != clean).any(axis=-1)
    low, high = np.floor(mouth[20].min(axis=0)), np.ceil(mouth[20].max(axis=0))
    y, x = np.nonzero(changed.any(axis=0))
    assert len(x) and low[0] <= x.min() and x.max() < high[0] and low[1] <= y.min() and y.max() < high[1]


def test_a_track_of_several_row_groups(tmp_path: Path, shared_prepared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    track = pd.read_parquet(PreparedDataset(shared_prepared).recording("r1").folder / "track.parquet")
    track.to_parquet(tmp_path / "track.parquet", row_group_size=7)
    parts = region_in_crops(PreparedRecording("r1", tmp_path), "mouth")
    whole = region_in_crops(PreparedDataset(shared_prepared).recording("r1"), "mouth")
    np.testing.assert_array_equal(parts[0], whole[0])


def test_a_turned_head_is_turned_back(tmp_path: Path, shared_prepared: Path) -> None:
    track = pd.read_parquet(PreparedDataset(shared_prepared).recording("r1").folder / "track.parquet").iloc[:2]
    quarter_turn = np.array([0.0, -2.0, 30.0, 2.0, 0.0, 5.0])  # (x, y) → (30 − 2y, 5 + 2x)
    track["crop_from_frame"] = [quarter_turn, quarter_turn]
    track.to_parquet(tmp_path / "track.parquet")
    (mouth,) = region_in_crops(PreparedRecording("r1", tmp_path), "mouth")
    x, y = face_points()[list(MOUTH), :2].T
    np.testing.assert_allclose(mouth[1][:-1], np.stack([30 - 2 * y, 5 + 2 * x], axis=1), atol=1e-4)
