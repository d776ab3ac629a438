"""The rules of following a face, with scripted networks in place of MediaPipe's."""

from types import SimpleNamespace

import numpy as np
import pytest

from openada.face.mediapipe_backend import _Crop, _Follower, _nearest
from openada.video import Frame

FACE = (0.4, 0.4, 0.2, 0.2)  # of a picture of 500 px: a box of 100 px, hence a crop from 150 to 350 px
FPS = 20


class Detector:
    """Finds `faces` (relative boxes) and counts how often it is asked."""

    def __init__(self, *faces):
        self.faces, self.asked = list(faces), 0

    def process(self, rgb):
        self.asked += 1
        boxes = [SimpleNamespace(xmin=x, ymin=y, width=w, height=h) for x, y, w, h in self.faces]
        return SimpleNamespace(
            detections=[
                SimpleNamespace(location_data=SimpleNamespace(relative_bounding_box=box), score=[0.75]) for box in boxes
            ]
        )


class Mesh:
    """Sees a face of half its picture's side in the middle of every picture that is not blank, while `present`."""

    def __init__(self):
        self.present = True

    def process(self, rgb):
        if not self.present or not rgb.any():
            return SimpleNamespace(multi_face_landmarks=None)
        corners = [(0.25, 0.25), (0.75, 0.75)]
        points = [SimpleNamespace(x=x, y=y, z=0.0) for x, y in (corners * 239)]
        return SimpleNamespace(multi_face_landmarks=[SimpleNamespace(landmark=points)])


def frame(i, rgb=np.full((500, 500, 3), 100, np.uint8)):  # noqa: B008 -- never written to
    return Frame(i, i / FPS, rgb)


def test_detection_runs_once_per_second_of_video():
    detector = Detector(FACE)
    follower = _Follower(detector, Mesh())
    seen = [follower.observe(frame(i)) for i in range(3 * FPS + 1)]
    assert detector.asked == 4 and all(s.tracked and s.confidence == 0.75 for s in seen)
    np.testing.assert_allclose(seen[-1].box_px, (200, 200, 100, 100))


def test_a_mesh_that_sees_what_no_detection_confirms_is_lost_within_a_second_and_a_half():
    detector = Detector(FACE)
    follower = _Follower(detector, Mesh())
    follower.observe(frame(0))
    detector.faces.clear()
    tracked = [follower.observe(frame(i)).tracked for i in range(1, 3 * FPS)]
    assert tracked.index(False) + 1 == 1.5 * FPS and not any(tracked[tracked.index(False) :])


def test_a_detector_that_misses_the_face_for_a_moment_loses_nothing():
    detector = Detector(FACE)
    follower = _Follower(detector, Mesh())
    for i in range(4 * FPS):
        detector.faces = [] if FPS <= i < 1.4 * FPS else [FACE]
        assert follower.observe(frame(i)).tracked


def test_a_lost_face_is_searched_in_every_frame_for_a_second_and_then_at_intervals():
    detector, mesh = Detector(), Mesh()
    follower = _Follower(detector, mesh)
    for i in range(FPS + 1):
        assert not follower.observe(frame(i)).tracked
    assert detector.asked == FPS + 1
    for i in range(FPS + 1, 3 * FPS + 1):
        follower.observe(frame(i))
    assert detector.asked == FPS + 1 + 2 * 10  # every 0.1 s


def test_the_largest_face_is_followed_and_kept_when_a_larger_one_comes():
    detector = Detector((0.1, 0.1, 0.1, 0.1), FACE)
    follower = _Follower(detector, Mesh())
    assert follower.observe(frame(0)).box_px[0] == pytest.approx(200)
    detector.faces = [(0.65, 0.6, 0.3, 0.3), (0.41, 0.4, 0.2, 0.2)]
    seen = [follower.observe(frame(i)) for i in range(1, 2 * FPS)]
    assert all(s.tracked and s.box_px[0] == pytest.approx(200) for s in seen) and seen[-1].faces_seen == 2


def test_the_crop_moves_at_a_detection_and_only_if_the_face_has_drifted_enough():
    detector = Detector(FACE)
    follower = _Follower(detector, Mesh())
    follower.observe(frame(0))
    detector.faces = [(0.42, 0.4, 0.2, 0.2)]  # 10 px of a crop of 200
    assert {follower.observe(frame(i)).box_px[0] for i in range(1, FPS + 2)} == {200}
    detector.faces = [(0.46, 0.4, 0.2, 0.2)]  # 30 px
    seen = [follower.observe(frame(i)).box_px[0] for i in range(FPS + 2, 2 * FPS + 2)]
    assert seen == [200] * (FPS - 2) + [230] * 2


def test_landmarks_of_another_face_in_the_crop_are_refused():
    detector = Detector((0.4, 0.4, 0.05, 0.2))  # crop of 200 px about (212, 250), the mesh's face in its middle

    class Beside(Mesh):
        def process(self, rgb):
            found = super().process(rgb).multi_face_landmarks
            for point in found[0].landmark if found else []:
                point.x = point.x / 4  # a small face at the crop's left edge
            return SimpleNamespace(multi_face_landmarks=found)

    assert not _Follower(detector, Beside()).observe(frame(0)).tracked


@pytest.mark.parametrize("box", [(-40, 13, 101, 89), (460, 470, 97, 103), (150, 150, 307, 211), (10, 10, 480, 470)])
def test_a_crop_is_the_square_it_says_padded_with_black(box):
    rng = np.random.default_rng(7)
    rgb = rng.integers(1, 256, (503, 509, 3), dtype=np.uint8)
    crop = _Crop(np.array(box, float))
    assert 2 * max(box[2:]) <= crop.side <= 2 * max(box[2:]) + crop.shrink
    padded = np.zeros((503 + 2000, 509 + 2000, 3), np.uint8)
    padded[1000:1503, 1000:1509] = rgb
    top, left = 1000 + crop.y, 1000 + crop.x
    whole = padded[top : top + crop.side, left : left + crop.side].astype(float)
    blocks = whole.reshape(crop.side // crop.shrink, crop.shrink, crop.side // crop.shrink, crop.shrink, 3)
    np.testing.assert_allclose(crop.cut(rgb), blocks.mean(axis=(1, 3)), atol=0.51)


def test_the_nearest_face_must_be_near_enough():
    boxes = np.array([[0, 0, 100, 100], [300, 0, 100, 100], [330, 0, 100, 100]], float)
    assert _nearest(boxes, np.array([310, 0, 100, 100.0])) == 1
    assert _nearest(boxes, np.array([180, 0, 100, 100.0])) is None
    assert _nearest(boxes, None) is None
    assert _nearest(np.empty((0, 4)), np.array([0, 0, 1, 1.0])) is None
