import json

import numpy as np
import pytest

from openada.face.quality import QualityAccumulator
from openada.face.tracker import FaceObservation, lost

SIZE = 31


def seen(height_px=200.0, faces=1):
    return FaceObservation(True, 0.9, np.array([0, 0, 100, height_px]), np.zeros((478, 3), np.float32), faces)


def crop(level=120):
    """A crop of one mean brightness with enough detail not to count as blurred."""
    board = np.indices((SIZE, SIZE)).sum(axis=0) % 2 * 20 - 10
    return np.repeat((level + board)[..., None], 3, axis=-1).astype(np.uint8)


def collect(tracked, fps=10, **kwargs):
    quality = QualityAccumulator()
    for i, is_tracked in enumerate(tracked):
        quality.add(i / fps, seen(**kwargs) if is_tracked else lost(0), crop())
    return quality.result()


def test_gaps_run_to_the_next_tracked_frame_or_the_end():
    result = collect([True] * 3 + [False] * 2 + [True] * 5 + [False] * 3)
    assert result["tracked_share"] == pytest.approx(8 / 13)
    spans = [(gap["start_s"], gap["end_s"]) for gap in result["gaps"]]
    np.testing.assert_allclose(spans, [(0.3, 0.5), (1.0, 1.3)])


def test_the_share_is_told_in_numbers():
    assert "57 % of frames have no tracked face (72 of 169 tracked)." in collect([True] * 72 + [False] * 97)["warnings"]
    assert collect([True] * 19 + [False])["warnings"] == []


def test_brightness_and_blur_are_means_over_tracked_crops():
    quality = QualityAccumulator()
    flat, detailed = np.full((SIZE, SIZE, 3), 40, np.uint8), crop(80)
    quality.add(0.0, seen(), flat)
    quality.add(0.1, seen(), detailed)
    quality.add(0.2, lost(0), np.full((SIZE, SIZE, 3), 255, np.uint8))
    result = quality.result()
    assert result["brightness"] == pytest.approx((40 + detailed.mean()) / 2)
    # on a chequerboard of ±10 the 3×3 Laplacian is ±80 everywhere (the border is mirrored), on a flat crop zero
    assert result["blur"] == pytest.approx(80**2 / 2, rel=0.01)


@pytest.mark.parametrize(("level", "word"), [(20, "dark"), (235, "overexposed")])
def test_light_is_warned_of(level, word):
    quality = QualityAccumulator()
    quality.add(0.0, seen(), crop(level))
    (warning,) = quality.result()["warnings"]
    assert word in warning and str(level) in warning


def test_blur_small_faces_and_company_are_warned_of():
    quality = QualityAccumulator()
    quality.add(0.0, seen(height_px=37, faces=3), np.full((SIZE, SIZE, 3), 120, np.uint8))
    said = " ".join(quality.result()["warnings"])
    assert "blurred" in said and "37 px" in said and "3 faces" in said


def test_face_size_is_a_median():
    quality = QualityAccumulator()
    for height in (300, 100, 200, 400):
        quality.add(0.0, seen(height_px=height), crop())
    assert quality.result()["face_size_px"] == 250
    quality.add(0.0, seen(height_px=100), crop())
    assert quality.result()["face_size_px"] == 200


@pytest.mark.parametrize("count", [0, 5])
def test_nothing_is_made_up_without_a_face(count):
    result = collect([False] * count)
    assert result["brightness"] is None and result["blur"] is None and result["face_size_px"] is None
    assert result["tracked_share"] == (0 if count else None)
    assert len(result["warnings"]) == 1
    json.dumps(result, allow_nan=False)
