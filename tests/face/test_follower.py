"""The rules of following a face, with scripted networks and painted people."""

import cv2
import numpy as np
import pytest

from openada.face.follower import Follower
from openada.face.networks import Detections, MeshResult
from openada.video import Frame

FACE = (200, 200, 100, 100)  # in a picture of 500 px; the crop reaches from 150 to 350 px
FPS = 20
GREY = np.full((500, 500, 3), 100, np.uint8)


class Detector:
    """Finds `faces` (boxes) and counts how often it is asked."""

    def __init__(self, *faces):
        self.faces, self.asked = list(faces), 0

    def detect(self, rgb):
        self.asked += 1
        boxes = np.array(self.faces, float).reshape(-1, 4)
        shares = np.array([(0.3, 0.35), (0.7, 0.35), (0.5, 0.57), (0.5, 0.74), (0.0, 0.4), (1.0, 0.4)])
        return Detections(boxes, np.full(len(boxes), 0.75), boxes[:, None, :2] + shares * boxes[:, None, 2:])


class Mesh:
    """Sees a face of half its picture's side in the middle of every picture, while `present`."""

    def __init__(self):
        self.present, self.corners, self.blendshapes = True, ((0.25, 0.25), (0.75, 0.75)), None

    def landmarks(self, crop_rgb, fresh):
        if not self.present:
            return None
        return MeshResult(np.array([(x, y, 0.0) for x, y in self.corners] * 239), self.blendshapes)


def frame(i, rgb=GREY):
    return Frame(i, i / FPS, rgb)


def paint(**people):
    """A picture of people with looks of their own (one per name), head and shoulders about their boxes."""
    rgb = GREY.copy()
    for name, (x, y, width, height) in people.items():
        look = np.random.default_rng(len(name)).integers(0, 256, (9, 7, 3), dtype=np.uint8)
        left, top = round(x - 0.2 * width), round(y - 0.2 * height)
        size = (round(1.4 * width), round(2.1 * height))
        inside = rgb[max(top, 0) : top + size[1], max(left, 0) : left + size[0]]
        inside[:] = cv2.resize(look, size, interpolation=cv2.INTER_NEAREST)[-min(top, 0) :, -min(left, 0) :][
            : inside.shape[0], : inside.shape[1]
        ]
    return rgb


def scene(detector, i, **people):
    """Frame i with painted people, all of whom the detector finds."""
    detector.faces = list(people.values())
    return frame(i, paint(**people))


def left_edges(seen):
    return [round(float(s.box_px[0])) if s.tracked else None for s in seen]


def test_detection_runs_once_per_second_of_video():
    detector = Detector(FACE)
    follower = Follower(detector, Mesh())
    seen = [follower.observe(frame(i)) for i in range(3 * FPS + 1)]
    assert detector.asked == 4 and all(s.tracked and s.confidence == 0.75 for s in seen)
    np.testing.assert_allclose(seen[-1].box_px, FACE)


def test_a_mesh_that_sees_what_no_detection_confirms_is_lost_within_a_second_and_a_half():
    detector = Detector(FACE)
    follower = Follower(detector, Mesh())
    follower.observe(frame(0))
    detector.faces.clear()
    tracked = [follower.observe(frame(i)).tracked for i in range(1, 3 * FPS)]
    assert tracked.index(False) + 1 == 1.5 * FPS and not any(tracked[tracked.index(False) :])


def test_a_detector_that_misses_the_face_for_a_moment_loses_nothing():
    detector = Detector(FACE)
    follower = Follower(detector, Mesh())
    for i in range(4 * FPS):
        detector.faces = [] if FPS <= i < 1.4 * FPS else [FACE]
        assert follower.observe(frame(i)).tracked


def test_a_lost_face_is_searched_in_every_frame_for_a_second_and_then_at_intervals():
    detector = Detector()
    follower = Follower(detector, Mesh())
    for i in range(FPS + 1):
        assert not follower.observe(frame(i)).tracked
    assert detector.asked == FPS + 1
    for i in range(FPS + 1, 3 * FPS + 1):
        follower.observe(frame(i))
    assert detector.asked == FPS + 1 + 2 * 10  # every 0.1 s


def test_a_face_lost_by_the_mesh_is_searched_and_found_in_the_same_frame():
    detector, mesh = Detector(FACE), Mesh()
    follower = Follower(detector, mesh)
    follower.observe(frame(0))
    detector.faces = [(300, 220, 100, 100)]
    found = iter([None, mesh.landmarks(GREY, True)])
    mesh.landmarks = lambda crop_rgb, fresh: next(found)
    seen = follower.observe(frame(1))
    assert seen.tracked and left_edges([seen]) == [300] and detector.asked == 2


def test_the_crop_moves_at_a_detection_and_only_if_the_face_has_drifted_enough():
    detector = Detector(FACE)
    follower = Follower(detector, Mesh())
    follower.observe(frame(0))
    detector.faces = [(210, 200, 100, 100)]  # 10 px of a crop of 200
    assert left_edges(follower.observe(frame(i)) for i in range(1, FPS + 2)) == [200] * (FPS + 1)
    detector.faces = [(230, 200, 100, 100)]
    seen = left_edges(follower.observe(frame(i)) for i in range(FPS + 2, 2 * FPS + 2))
    assert seen == [200] * (FPS - 2) + [230] * 2


def test_a_face_at_the_edge_of_the_crop_a_leap_and_a_growth_are_looked_at_at_once():
    for corners, asks in [
        (((0.30, 0.25), (0.80, 0.75)), 0),  # a tenth of the box's width
        (((0.40, 0.25), (0.90, 0.75)), 1),  # three tenths
        (((0.20, 0.25), (0.80, 0.75)), 0),  # a fifth wider
        (((0.17, 0.25), (0.83, 0.75)), 1),  # a third wider
        (((0.25, -0.01), (0.75, 0.49)), 1),  # beyond the crop
    ]:
        detector, mesh = Detector(FACE), Mesh()
        follower = Follower(detector, mesh)
        follower.observe(frame(0))
        mesh.corners = corners
        follower.observe(frame(1))
        assert detector.asked == 1 + asks, corners


def test_landmarks_of_another_face_in_the_crop_are_refused():
    detector, mesh = Detector((200, 200, 25, 100)), Mesh()  # crop of 200 px about (212, 250)
    mesh.corners = ((0.0625, 0.25), (0.1875, 0.75))  # a small face at the crop's left edge
    assert not Follower(detector, mesh).observe(frame(0)).tracked


def test_blendshapes_of_the_mesh_are_passed_on():
    mesh = Mesh()
    mesh.blendshapes = np.linspace(0, 1, 52, dtype=np.float32)
    follower = Follower(Detector(FACE), mesh)
    assert follower.observe(frame(0)).blendshapes is mesh.blendshapes
    mesh.present = False
    assert follower.observe(frame(1)).blendshapes is None


@pytest.mark.parametrize(("rule", "edge"), [("largest", 20), ("first", 20), ("centre", 210)])
def test_the_subject_is_guessed_by_the_rule_and_kept_when_a_larger_face_comes(rule, edge):
    detector = Detector((210, 200, 80, 80), (20, 40, 90, 90))
    follower = Follower(detector, Mesh(), rule)
    assert left_edges([follower.observe(frame(0))]) == [edge]
    detector.faces.append((330, 300, 160, 160))
    seen = [follower.observe(frame(i)) for i in range(1, 2 * FPS)]
    assert left_edges(seen) == [edge] * len(seen) and seen[-1].faces_seen == 3


def test_a_face_without_landmarks_leaves_the_subject_to_the_next_best():
    detector, mesh = Detector((20, 40, 90, 90), (210, 200, 80, 80)), Mesh()
    found = iter([None, mesh.landmarks(GREY, True)])
    mesh.landmarks = lambda crop_rgb, fresh: next(found)
    follower = Follower(detector, mesh)
    assert left_edges([follower.observe(frame(0))]) == [210] and follower.census.people[1].area_px2 == 6400


@pytest.mark.parametrize(("other", "asked"), [
    ((460, 200, 30, 30), 2 + 2),  # 1.6 widths away: as if alone, but for the second look at a newcomer
    ((345, 200, 30, 30), 1 + 3 * 10),  # 0.45
    ((280, 200, 30, 30), 1 + 3 * FPS),  # overlapping
])  # fmt: skip
def test_near_company_is_watched_more_often(other, asked):
    detector = Detector()
    follower = Follower(detector, Mesh())
    for i in range(3 * FPS + 1):
        assert follower.observe(scene(detector, i, me=FACE, other=other)).tracked
    assert detector.asked == asked


def test_somebody_who_takes_the_subjects_place_is_not_followed_and_the_subject_is_found_behind():
    detector, mesh = Detector(), Mesh()
    follower = Follower(detector, mesh)
    for i in range(6):
        assert follower.observe(scene(detector, i, me=FACE, other=(320, 200, 100, 100))).tracked
    hidden = [follower.observe(scene(detector, 6 + i, other=(205, 200, 100, 100))) for i in range(4)]
    assert left_edges(hidden) == [None] * 4
    seen = follower.observe(scene(detector, 10, me=FACE, other=(90, 200, 100, 100)))
    assert left_edges([seen]) == [200]
    first, second = follower.census.people
    assert follower.census.followed((first, second)) is first and (first.detections, second.detections) == (4, 8)


def test_a_mesh_on_somebody_else_goes_back_to_the_subject_in_the_same_frame():
    detector = Detector()
    follower = Follower(detector, Mesh())
    for i in range(4):
        follower.observe(scene(detector, i, me=FACE, other=(320, 200, 100, 100)))
    seen = follower.observe(scene(detector, 4, me=(330, 200, 100, 100), other=FACE))  # they changed places in a blink
    assert left_edges([seen]) == [330]


def test_a_stranger_is_not_followed_while_the_subject_is_away_who_is_when_back_elsewhere():
    detector, mesh = Detector(), Mesh()
    follower = Follower(detector, mesh)
    pictures = [{"me": FACE}] * 25 + [{}] * 15 + [{"stranger": (190, 190, 110, 110)}] * 60
    pictures += [{"stranger": (190, 190, 110, 110), "me": (350, 90, 120, 120)}] * 10
    seen = []
    for i, people in enumerate(pictures):
        mesh.present = bool(people)
        seen.append(follower.observe(scene(detector, i, **people)))
    assert left_edges(seen[:25]) == [200] * 25 and left_edges(seen[25:100]) == [None] * 75
    found = left_edges(seen[100:])
    assert found.index(350) <= 2 and set(found[found.index(350) :]) == {350}  # searched for every 0.1 s
    assert len(follower.census.people) == 2


def test_a_person_of_an_earlier_pass_is_followed_from_where_they_appear_and_nobody_else():
    detector = Detector()
    pictures = [{"me": FACE}] * 40 + [{"me": FACE, "other": (370, 300, 90, 90)}] * 40 + [{"me": FACE}] * 25
    first = Follower(detector, Mesh())
    for i, people in enumerate(pictures):
        first.observe(scene(detector, i, **people))
    me, other = first.census.people
    assert (me.first_s, other.first_s) == (0, 2)
    again = Follower(detector, Mesh(), other)
    seen = left_edges([again.observe(scene(detector, i, **people)) for i, people in enumerate(pictures)])
    assert seen[:40] == [None] * 40
    assert seen[42:80] == [370] * 38 and set(seen[40:42]) <= {None, 370}
    assert set(seen[-5:]) == {None}
    found = again.census.people
    assert again.census.followed(found) is found[1] and found[1].area_px2 == pytest.approx(8100)


def test_a_person_who_is_not_there_is_never_followed():
    detector = Detector()
    first = Follower(detector, Mesh())
    first.observe(scene(detector, 0, me=FACE))
    (me,) = first.census.people
    again = Follower(detector, Mesh(), me)
    seen = [again.observe(scene(detector, i, stranger=(300, 250, 100, 100))) for i in range(FPS)]
    assert not any(s.tracked for s in seen)
    assert again.census.followed(again.census.people) is None and len(again.census.people) == 1
