"""The region mosaic: boxes by hand, pixels that name their place, tiles that stay in theirs."""

from pathlib import Path

import numpy as np
import pytest
import torch

from conftest import face_points
from openada.clips import reading
from openada.clips.augmentation import WHOLE, Drawn, apply, move
from openada.clips.corrupted import CorruptedRecording
from openada.clips.mosaic import PADDING, TILES, MosaicRecording, mosaic, region_boxes, tiles_px
from openada.clips.reading import ClipReader
from openada.clips.strengths import Augmentation
from openada.errors import UnusableInput
from openada.face import regions
from openada.prepared.dataset import PreparedDataset

ORDER = list(TILES)


def planted_landmarks() -> np.ndarray:
    """Every region of the mosaic a rectangle of its own, (left, top, right, bottom) in the frame; the rest elsewhere."""
    points = np.full((478, 2), 500.0)
    for region, (left, top, right, bottom) in PLANTED.items():
        rings = regions._RINGS[region]
        numbers = [number for ring in rings for number in ring]
        points[numbers] = (left + right) / 2, (top + bottom) / 2
        points[numbers[0]], points[numbers[1]] = (left, top), (right, bottom)
    return points


PLANTED = {
    "jaw": (10.0, 100.0, 110.0, 140.0),
    "nose": (50.0, 50.0, 70.0, 80.0),
    "brows": (20.0, 10.0, 100.0, 22.0),
    "eyes": (24.0, 30.0, 96.0, 42.0),
    "mouth": (40.0, 84.0, 80.0, 96.0),
}


def test_boxes_follow_the_landmarks_through_the_frame_s_own_transform() -> None:
    """x' = 2x + 3, y' = 2y − 5; mouth and eyes are wider by a quarter on each side."""
    boxes = region_boxes(planted_landmarks(), np.array([[2.0, 0, 3], [0, 2, -5]]))
    for region, box in zip(ORDER, boxes, strict=True):
        left, top, right, bottom = PLANTED[region]
        across, down = (0.5 * (right - left), 0.5 * (bottom - top)) if region in PADDING else (0, 0)
        expected = (2 * left + 3 - across, 2 * top - 5 - down, 2 * right + 3 + across, 2 * bottom - 5 + down)
        np.testing.assert_allclose(box, expected)
    assert set(PADDING) == {"mouth", "eyes"}
    assert np.isnan(region_boxes(np.full((478, 3), np.nan), np.full((2, 3), np.nan))).all()


def test_tiles_cover_the_picture_once() -> None:
    covered = np.zeros((44, 44), int)
    for rows, columns in tiles_px(44).values():
        covered[rows, columns] += 1
    assert (covered == 1).all()
    with pytest.raises(UnusableInput, match="multiple of 4 px"):
        tiles_px(42)


def test_each_region_fills_its_tile_with_what_lies_in_its_box() -> None:
    """Red grows by 1 a column and green by 1 a row, so a resized pixel says which place it shows."""
    crop = np.zeros((200, 240, 3), np.uint8)
    crop[..., 0], crop[..., 1] = np.arange(240)[None], np.arange(200)[:, None]
    boxes = np.array(
        [(20.0, 31.0, 108.0, 53.0), (7.5, 60.0, 95.5, 82.0), (100, 40, 144, 84), (60, 90, 104, 112), (12, 120, 56, 142)]
    )
    found = mosaic(crop, boxes, 44)
    for (rows, columns), (left, top, right, bottom) in zip(tiles_px(44).values(), boxes, strict=True):
        height, width = rows.stop - rows.start, columns.stop - columns.start
        centres = left + (np.arange(width) + 0.5) * (right - left) / width - 0.5
        levels = top + (np.arange(height) + 0.5) * (bottom - top) / height - 0.5
        assert np.abs(found[rows, columns, 0] - centres[None]).max() <= 1
        assert np.abs(found[rows, columns, 1] - levels[:, None]).max() <= 1


def test_outside_the_crop_and_without_a_box_it_is_grey() -> None:
    crop = np.full((40, 40, 3), 200, np.uint8)
    boxes = np.full((5, 4), np.nan)
    boxes[ORDER.index("nose")] = 20, 10, 60, 30  # its right half lies outside
    found = mosaic(crop, boxes, 32)
    rows, columns = tiles_px(32)["nose"]
    tile = found[rows, columns]
    assert (tile[:, :7] == 200).all() and (tile[:, 9:] == 128).all()
    found[rows, columns] = 128
    assert (found == 128).all()


def test_boxes_are_every_frame_s_own_and_lost_frames_are_grey(shared_prepared: Path, tmp_path: Path) -> None:
    recording = PreparedDataset(shared_prepared).recording("r1")  # frames 10 to 13 are lost
    made = MosaicRecording.of(recording)
    assert np.isnan(made.boxes[10:14]).all() and np.isfinite(made.boxes[[9, 14]]).all()
    track = recording.track()
    matrix = np.array(track["crop_from_frame"][20]).reshape(2, 3)
    np.testing.assert_allclose(made.boxes[20], region_boxes(face_points(), matrix), atol=1e-3)
    crops = made.crops(8, 16, 32)
    assert (crops[2:6] == 128).all()
    np.testing.assert_array_equal(crops[0], mosaic(recording.crops(8, 9)[0], made.boxes[8], 32))
    reader = ClipReader(made, 32, cached=False)
    clip, tracked = reader.read(8, 7)
    assert tracked.tolist() == [True, True, False, False, False, False, True]
    assert (clip[:, ~tracked] == 0.5).all()
    np.testing.assert_allclose(clip[:, 0].numpy() * 255, crops[0].transpose(2, 0, 1), atol=1e-4)
    # A corrupted recording's mosaics are made of its corrupted crops, and kept where those are.
    worse = CorruptedRecording.of(recording, "gain", 0.5, tmp_path)
    darker = MosaicRecording.of(worse)
    assert darker.memory_map(32)[20].mean() < made.crops(20, 21, 32).mean() - 10
    assert sorted(path.name for path in tmp_path.glob("mosaic*")) == ["mosaic_32.npy"]


def test_the_median_mosaic_is_subtracted(tiny_prepared: Path) -> None:
    made = MosaicRecording.of(PreparedDataset(tiny_prepared).recording("r4"))
    crops = made.memory_map(32)
    middle = np.median(crops, axis=0)
    assert np.abs(made.reference(32) - middle).max() <= 1
    clip, _ = ClipReader(made, 32, reference="median").read(3, 5)
    expected = (crops[3:8].astype(float) - middle).transpose(3, 0, 1, 2) / 255
    np.testing.assert_allclose(clip.numpy(), expected, atol=1 / 255 + 1e-6)


def test_mirror_images_and_shifts_stay_within_their_places() -> None:
    tiles = tuple(tiles_px(32).values())
    clip = torch.rand(3, 2, 32, 32, generator=torch.Generator().manual_seed(0))
    drawn = Drawn(True, np.eye(3), np.zeros(3), shift=(0.125, -0.25))
    mirrored, moved = apply(drawn, clip, tiles), move(drawn, clip, tiles)
    for rows, columns in tiles:
        part = clip[..., rows, columns]
        height, width = part.shape[-2:]
        torch.testing.assert_close(mirrored[..., rows, columns], part.flip(-1), rtol=0, atol=1e-6)
        assert torch.equal(moved[..., rows, columns], part.roll((height // 8, -width // 4), (-2, -1)))
    assert not torch.allclose(mirrored, clip.flip(-1), atol=1e-3)
    torch.testing.assert_close(apply(drawn, clip), clip.flip(-1), rtol=0, atol=1e-6)


def test_a_mosaic_reader_mirrors_place_by_place(shared_prepared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    original = reading.apply
    monkeypatch.setattr(
        reading, "apply", lambda drawn, frames, tiles: seen.append(tiles) or original(drawn, frames, tiles)
    )
    recording = PreparedDataset(shared_prepared).recording("r4")
    for source in (MosaicRecording.of(recording), recording):
        ClipReader(source, 32, cached=False).read(3, 2, Augmentation(), np.random.default_rng(0))
    assert seen == [tuple(tiles_px(32).values()), WHOLE]
