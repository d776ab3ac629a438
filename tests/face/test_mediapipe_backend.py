"""What the backend adds to MediaPipe's graphs: reading their answers, and a mesh that can forget."""

import numpy as np
import pytest
from mediapipe.framework.formats.landmark_pb2 import NormalizedLandmarkList
from skimage.data import astronaut

from openada.face.crop import Crop
from openada.face.full_range import FullRangeDetector
from openada.face.mediapipe_backend import MediaPipeTracker, SolutionsMesh, read_points

EYES = [(203, 103), (248, 106)]

pytestmark = pytest.mark.filterwarnings("ignore:SymbolDatabase")


@pytest.fixture(scope="module")
def mesh():
    return SolutionsMesh()


@pytest.fixture(scope="module")
def crops():
    """The portrait's face in three places of a crop."""
    return [Crop(np.array([174.0 + shift, 68, 104, 104])).cut(astronaut()) for shift in (0, 31, -37)]


@pytest.mark.parametrize("extra", [{}, {"visibility": 0.5}], ids=["x, y, z alone", "more in the message"])
def test_landmarks_are_read_as_their_attributes_say(extra):
    values = np.random.default_rng(3).normal(size=(478, 3)).astype(np.float32)
    values[7] = 0.0
    message = NormalizedLandmarkList()
    for x, y, z in values.tolist():
        message.landmark.add(x=x, y=y, z=z, **extra)
    np.testing.assert_array_equal(read_points(message), values.astype(np.float64))
    assert read_points(NormalizedLandmarkList()).shape == (0, 3)


def test_a_fresh_look_depends_on_its_crop_alone(mesh, crops):
    alone = mesh.landmarks(crops[0], fresh=True).points
    for other in crops[1:]:
        mesh.landmarks(other, fresh=True)
        np.testing.assert_array_equal(mesh.landmarks(crops[0], fresh=True).points, alone)
    mesh.landmarks(crops[1], fresh=True)
    assert not np.array_equal(mesh.landmarks(crops[0], fresh=False).points, alone)


def test_a_picture_without_a_face_has_no_landmarks(mesh, crops):
    assert mesh.landmarks(np.full((200, 200, 3), 90, np.uint8), fresh=True) is None
    found = mesh.landmarks(crops[0], fresh=False)
    assert found.points.shape == (478, 3) and found.points.dtype == np.float64 and found.blendshapes is None


def test_the_detector_tells_boxes_scores_and_points_in_pixels():
    detections = FullRangeDetector().detect(np.pad(astronaut(), ((0, 88), (0, 288), (0, 0))))  # 600 × 800
    assert len(detections) == 1 and 0.5 < detections.scores[0] <= 1
    x, y, width, height = detections.boxes_px[0]
    assert (detections.boxes_px.shape, detections.keypoints_px.shape) == ((1, 4), (1, 6, 2))
    np.testing.assert_allclose(detections.keypoints_px[0, :2], EYES, atol=4)
    np.testing.assert_allclose((x + width / 2, y + height / 2, width), (225, 122, 105), atol=8)


def test_what_defines_the_output_is_recorded():
    parameters = MediaPipeTracker().parameters
    assert parameters["backend"] == "mediapipe" and parameters["detector"] == "full-range"
    assert {"crop_over_box", "detect_every_s", "alike_within", "people_max", "min_presence"} <= set(parameters)
