import itertools
from pathlib import Path

import numpy as np
import pytest

from landmarker_bundle import networks, write_bundle
from openada.errors import UnusableInput
from openada.face import create_tracker
from openada.face.tracker import names
from openada.video import Frame, frames

VIDEOS = Path(__file__).resolve().parents[3] / "shared" / "videos"
needs_videos = pytest.mark.skipif(not VIDEOS.is_dir(), reason="the real footage in ../shared/videos is not here")
FRAME_HEIGHT, FRAME_WIDTH = 331, 479


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    """What "face-landmarker" needs, made of networks that mediapipe carries."""
    return write_bundle(tmp_path_factory.mktemp("model") / "face_landmarker.task", networks())


def create(name, model_file):
    return create_tracker(name, model_file=model_file if name == "face-landmarker" else None)


@pytest.fixture(scope="module", params=names())
def tracker(request, model_file):
    return create(request.param, model_file)


@pytest.fixture(scope="module")
def portrait():
    from skimage.data import astronaut

    return astronaut()[0:270, 100:360]


def scene(portrait, x, y):
    """The portrait's face (260×270) placed with its corner at (x, y), cut off at the frame's edge."""
    rgb = np.full((FRAME_HEIGHT, FRAME_WIDTH, 3), 110, np.uint8)
    left, top = max(x, 0), max(y, 0)
    right, bottom = min(x + portrait.shape[1], FRAME_WIDTH), min(y + portrait.shape[0], FRAME_HEIGHT)
    if left < right and top < bottom:
        rgb[top:bottom, left:right] = portrait[top - y : bottom - y, left - x : right - x]
    return rgb


def observe(tracker, pictures, fps=30):
    return [seen for _, seen in tracker.track(Frame(i, i / fps, rgb) for i, rgb in enumerate(pictures))]


def track_file(tracker, name, count=None):
    return [seen for _, seen in tracker.track(itertools.islice(frames(VIDEOS / name), count))]


def assert_nothing_is_made_up(seen):
    assert not seen.tracked
    assert np.isnan(seen.landmarks_px).all() and seen.landmarks_px.shape == (478, 3)
    assert np.isnan(seen.box_px).all() and seen.box_px.shape == (4,)
    assert np.isnan(seen.confidence)


def test_an_unknown_tracker_is_refused_with_the_known_ones():
    with pytest.raises(UnusableInput, match=r"'dlib'.*mediapipe"):
        create_tracker("dlib")


def test_a_model_file_is_asked_for_where_one_is_needed_and_refused_where_not():
    with pytest.raises(UnusableInput, match=r"face_landmarker\.task"):
        create_tracker("face-landmarker")
    with pytest.raises(UnusableInput, match=r"'mediapipe' takes no model file \('a\.task'\).*face-landmarker"):
        create_tracker("mediapipe", model_file=Path("a.task"))


def test_no_frames_give_no_observations(tracker, portrait):
    observe(tracker, [scene(portrait, 40, 20)])
    assert observe(tracker, []) == [] and tracker.people == () and tracker.followed is None


def test_the_person_followed_is_one_of_those_seen(tracker, portrait):
    observe(tracker, [scene(portrait, 40, 20)] * 3)
    assert len(tracker.people) == 1 and tracker.followed is tracker.people[0]


def test_landmarks_follow_a_face_that_moves_through_the_frame(tracker, portrait):
    # far enough for the crop to move several times: landmarks relative to the face must not notice
    places = [(round(-5 + 210 * i / 66), round(5 + 50 * i / 66)) for i in range(67)]
    seen = observe(tracker, (scene(portrait, *place) for place in places))
    assert all(s.tracked for s in seen)
    relative = np.stack([s.landmarks_px[:, :2] - place for s, place in zip(seen, places, strict=True)])
    error = np.linalg.norm(relative - np.median(relative, axis=0), axis=-1).mean(axis=1)
    assert error.mean() < 0.7 and error.max() < 1.5  # px of a face about 110 px high


def test_observations_are_what_the_interface_promises(tracker, portrait):
    first, *_ = observe(tracker, [scene(portrait, 40, 20)])
    assert first.tracked and first.faces_seen == 1 and 0.5 < first.confidence <= 1
    assert first.landmarks_px.shape == (478, 3) and first.landmarks_px.dtype == np.float32
    np.testing.assert_array_equal(first.landmarks_px * 64, np.round(first.landmarks_px * 64))
    x, y, width, height = first.box_px
    surface = first.landmarks_px[:468, :2]
    np.testing.assert_allclose([x, y, x + width, y + height], [*surface.min(axis=0), *surface.max(axis=0)])


def test_a_jump_of_the_face_loses_no_frame_and_an_empty_scene_is_lost_at_once(tracker, portrait):
    empty = np.full((FRAME_HEIGHT, FRAME_WIDTH, 3), 110, np.uint8)
    pictures = (
        [scene(portrait, -20, 0)] * 7 + [scene(portrait, 210, 50)] * 7 + [empty] * 5 + [scene(portrait, 100, 20)] * 3
    )
    seen = observe(tracker, pictures)
    assert [s.tracked for s in seen] == [True] * 14 + [False] * 5 + [True] * 3
    for lost in seen[14:19]:
        assert_nothing_is_made_up(lost)


def test_a_face_is_found_again_soon_after_a_long_loss(tracker, portrait):
    empty = np.full((FRAME_HEIGHT, FRAME_WIDTH, 3), 110, np.uint8)
    seen = observe(tracker, [empty] * 47 + [scene(portrait, 100, 20)] * 5)
    found = [s.tracked for s in seen].index(True)
    assert 47 <= found <= 47 + 3  # searched for every 0.1 s by then


def test_nothing_is_carried_over_from_an_earlier_video(tracker, portrait, model_file):
    pictures = [scene(portrait, 30 + i, 10) for i in range(5)]
    alone = observe(tracker, pictures)
    observe(tracker, [scene(portrait, 200, 55)] * 5)
    again = observe(tracker, pictures)
    fresh = observe(create(tracker.name, model_file), pictures)
    for one, two, three in zip(alone, again, fresh, strict=True):
        np.testing.assert_array_equal(one.landmarks_px, two.landmarks_px)
        np.testing.assert_array_equal(one.landmarks_px, three.landmarks_px)


def test_a_second_video_ends_the_first(tracker, portrait):
    stream = tracker.track(Frame(i, i / 30, scene(portrait, 30, 10)) for i in range(3))
    next(stream)
    observe(tracker, [scene(portrait, 30, 10)])
    with pytest.raises(RuntimeError, match="one tracker per video"):
        next(stream)


def test_logs_of_the_backend_stay_away(portrait, capfd):
    observe(create_tracker("mediapipe"), [scene(portrait, 30, 10)])
    assert capfd.readouterr().err == ""


@needs_videos
def test_a_video_without_a_face_gives_no_tracked_row_and_no_value(tracker):
    seen = track_file(tracker, "no_face.mp4")
    assert len(seen) == 95
    for each in seen:
        assert_nothing_is_made_up(each)


@needs_videos
def test_a_face_that_leaves_is_lost_from_that_frame_on(tracker):
    seen = track_file(tracker, "face_noface.mov")
    assert [s.tracked for s in seen] == [True] * 72 + [False] * 97
    for lost in seen[72:]:
        assert_nothing_is_made_up(lost)


@needs_videos
def test_a_face_in_every_frame_is_tracked_in_every_frame(tracker):
    assert [s.tracked for s in track_file(tracker, "single_face.mp4")] == [True] * 72


@needs_videos
def test_two_runs_agree_bit_for_bit(tracker):
    one, two = (track_file(tracker, "single_face.mp4", 30) for _ in range(2))
    for a, b in zip(one, two, strict=True):
        assert a.landmarks_px.tobytes() == b.landmarks_px.tobytes()
        assert (a.confidence, a.faces_seen, *a.box_px) == (b.confidence, b.faces_seen, *b.box_px)


@needs_videos
def test_all_faces_of_a_photograph_are_counted(tracker):
    (seen,) = track_file(tracker, "multi_face.jpg")
    assert seen.tracked and seen.faces_seen == 5
