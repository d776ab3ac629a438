"""Whom the tracker follows in footage of several people: cut-outs of real faces that move over a plain background.

Scenes are told by the person who is to be followed ("me") and another, each at a place (x, y, size) over time.
"""

from functools import cache

import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from openada.errors import UnusableInput
from openada.face import create_tracker
from openada.face.people import choose
from openada.video import Frame, frames

FPS = 20
WIDTH, HEIGHT = 560, 400
INTEROCULAR = 40  # px, of a cut-out of size 1: a face about 100 px wide
GREY = np.full((HEIGHT, WIDTH, 3), (120, 130, 125), np.float32)

pytestmark = pytest.mark.filterwarnings("ignore:SymbolDatabase")


def cut_out(rgb, eyes):
    """Head and shoulders with soft edges: rgba float32, the point between the eyes at (2.6, 2) inter-ocular distances."""
    left, right = np.array(eyes, float)
    along = (right - left) / np.hypot(*(right - left))
    turn = INTEROCULAR / np.hypot(*(right - left)) * np.array([along, (-along[1], along[0])])
    anchor = np.array([2.6, 2.0]) * INTEROCULAR
    matrix = np.column_stack([turn, anchor - turn @ ((left + right) / 2)])
    size = (round(5.2 * INTEROCULAR), 7 * INTEROCULAR)
    cut = cv2.warpAffine(rgb, matrix, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    u, v = np.meshgrid(*((np.arange(n) - a) / INTEROCULAR for n, a in zip(size, anchor, strict=True)))
    head, body = (u / 1.35) ** 2 + ((v - 0.3) / 1.75) ** 2, (u / 2.4) ** 2 + ((v - 4.6) / 2.9) ** 2
    alpha = np.clip((1.1 - np.minimum(head, body)) / 0.2, 0, 1)
    return np.dstack([cut, alpha]).astype(np.float32)


def somebody_else(rgba):
    """Another person made of a cut-out: mirrored, with a longer face, dark hair, darker skin and other clothes."""
    other = rgba[:, ::-1].copy()
    rows = np.arange(len(other)) / INTEROCULAR - 2
    other[rows < -0.5, :, :3] *= 0.25
    other[(rows > -0.5) & (rows < 1.9), :, :3] *= (0.75, 0.6, 0.5)
    other[rows > 1.9, :, :3] = 255 - other[rows > 1.9, :, :3]
    return cv2.resize(other, None, fx=0.93, fy=1.12, interpolation=cv2.INTER_LINEAR)


@cache
def portrait():
    return cut_out(astronaut(), [(203, 103), (248, 106)])


@cache
def friend(photograph):
    return cut_out(next(iter(frames(photograph))).rgb, [(562, 356), (607, 357)])


@pytest.fixture(params=["photographs", "altered"])
def cast(request):
    """The portrait, and another person: of a photograph where there is one, and made of the portrait."""
    if request.param == "altered":
        return {"me": portrait(), "other": somebody_else(portrait())}
    return {"me": portrait(), "other": friend(request.getfixturevalue("footage") / "multi_face.jpg")}


@pytest.fixture(scope="module")
def tracker():
    return create_tracker()


class Scene:
    """`places` of people, the hindmost first: functions from seconds to (x, y, size) of the point between the eyes, or None."""

    def __init__(self, cast, count, light=lambda time_s: 1.0, **places):
        self.cast, self.count, self.light, self.places = cast, count, light, places

    def __iter__(self):
        sheet = np.random.default_rng(11).normal(0, 2, (HEIGHT + 40, WIDTH, 3)).astype(np.float32)
        for i in range(self.count):
            rgb = GREY.copy()
            for name, place in self.places.items():
                if place(i / FPS) is not None:
                    self.paste(rgb, self.cast[name], *place(i / FPS))
            rgb *= np.asarray(self.light(i / FPS), np.float32)
            rgb += sheet[7 * i % 40 :][:HEIGHT]
            yield Frame(i, i / FPS, rgb.clip(0, 255).astype(np.uint8))

    @staticmethod
    def paste(rgb, rgba, x, y, size):
        corner = np.array([x - size * rgba.shape[1] / 2, y - size * rgba.shape[0] * 2 / 7])
        left, top = np.maximum(np.floor(corner), 0).astype(int)
        width, height = (
            (np.array([WIDTH, HEIGHT]) - (left, top))
            .clip(0, np.ceil(size * np.array(rgba.shape[1::-1])) + 1)
            .astype(int)
        )
        if min(width, height) > 0:
            matrix = np.array([[size, 0, corner[0] - left], [0, size, corner[1] - top]])
            laid = cv2.warpAffine(rgba, matrix, (int(width), int(height)))
            under = rgb[top : top + height, left : left + width]
            under += laid[..., 3:] * (laid[..., :3] - under)

    def shown(self, observation, i):
        """Whose face is in front in the middle of the tracked box; None if lost, "?" if nobody's."""
        if not observation.tracked:
            return None
        middle = observation.box_px[:2] + observation.box_px[2:] / 2
        for name, place in reversed(self.places.items()):
            if place(i / FPS) is not None:
                x, y, size = place(i / FPS)
                off = (middle - (x, y + 0.4 * size * INTEROCULAR)) / (size * INTEROCULAR * np.array([1.1, 1.4]))
                if off @ off < 1:
                    return name
        return "?"

    def follow(self, tracker, subject="largest"):
        """Whose face each frame's landmarks are."""
        return [self.shown(seen, frame.index) for frame, seen in tracker.track(self, subject=subject)]


def move(start, end, from_s, to_s, size=1.0, y=150):
    """From x `start` to `end` between two times, at rest before and after."""

    def place(time_s):
        share = min(max((time_s - from_s) / (to_s - from_s), 0), 1)
        return start + share * (end - start), y, size

    return place


def rest(x, size=1.0):
    return lambda time_s: (x + 5 * np.sin(4 * time_s), 150, size)


@pytest.mark.parametrize("in_front", ["me", "other"])
def test_two_faces_cross_and_the_subject_stays_the_subject(tracker, cast, in_front):
    places = {"me": move(110, 450, 0, 2.5, 1.05), "other": move(470, 90, 0, 2.5)}
    if in_front == "me":
        places = dict(reversed(places.items()))
    seen = Scene(cast, 50, **places).follow(tracker)
    if in_front == "me":
        assert seen == ["me"] * 50
    else:
        assert seen[:20] == ["me"] * 20 and seen[-14:] == ["me"] * 14
        assert None in seen and seen.count("other") + seen.count("?") <= 2
    assert len(tracker.people) == 2 and tracker.followed is tracker.people[0]


def test_a_face_that_leaves_and_returns_is_found_and_another_one_meanwhile_is_not(tracker, cast):
    places = {
        "me": lambda time_s: move(280, 700, 0.3, 0.7)(time_s) if time_s < 2 else move(700, 200, 2.2, 2.6)(time_s),
        "other": lambda time_s: (
            move(-100, 300, 0.7, 1.1)(time_s) if time_s < 1.9 else move(300, -100, 1.9, 2.2)(time_s)
        ),
    }
    seen = Scene(cast, 60, **places).follow(tracker)
    assert seen[:8] == ["me"] * 8 and seen[-6:] == ["me"] * 6
    assert "other" not in seen and seen[18:44] == [None] * 26


def test_somebody_who_steps_in_front_and_stays_is_not_followed(tracker, cast):
    seen = Scene(cast, 50, me=rest(280), other=move(-100, 280, 0.2, 1.0)).follow(tracker)
    assert seen[:12] == ["me"] * 12 and seen[-25:] == [None] * 25
    assert seen.count("other") + seen.count("?") <= 3


def test_after_a_black_stretch_the_subject_is_found_among_others_and_in_another_place(tracker, cast):
    places = {
        "me": lambda t: (180, 150, 0.9) if t < 1 else (400, 170, 1.1),
        "other": lambda t: None if t < 1 else (170, 150, 1.2),
    }
    seen = Scene(cast, 50, light=lambda time_s: float(not 0.5 <= time_s < 1.5), **places).follow(tracker)
    assert seen[:10] == ["me"] * 10 and seen[10:30] == [None] * 20
    found = seen[30:]
    assert set(found[found.index("me") :]) == {"me"} and found.index("me") <= 2 and "other" not in found


def test_a_change_of_light_and_of_size_loses_nothing(tracker, cast):
    dusk = Scene(cast, 40, light=lambda t: 1.0 if t < 0.8 else np.array([0.45, 0.36, 0.27]), me=rest(280))
    assert dusk.follow(tracker) == ["me"] * 40
    nearer = Scene(cast, 50, me=lambda t: (300, 150, 0.6 + 0.3 * t), other=lambda t: (80, 120, 0.45))
    assert nearer.follow(tracker) == ["me"] * 50


def test_the_subject_returns_in_other_light(tracker, cast):
    scene = Scene(
        cast,
        40,
        light=lambda t: 1.0 if t < 1.2 else np.array([0.6, 0.5, 0.42]),
        me=lambda t: None if 0.6 <= t < 1.5 else (280, 150, 1.0),
    )
    seen = scene.follow(tracker)
    assert seen[:12] == ["me"] * 12 and seen[-7:] == ["me"] * 7 and len(tracker.people) == 1


@pytest.mark.parametrize(
    ("rule", "guess", "subject"), [("largest", "me", "other"), ("centre", "other", "other"), ("first", "me", "me")]
)
def test_the_rules_guess_at_the_start_and_judge_at_the_end(tracker, cast, rule, guess, subject):
    # me: larger, at the side, and gone after 1.3 s; the other: smaller, in the middle, and there all along
    scene = Scene(cast, 50, me=lambda t: (90, 150, 1.15) if t < 1.3 else None, other=rest(300))
    seen = scene.follow(tracker, rule)
    assert seen[0] == guess and set(seen) <= {guess, None}
    everyone = tracker.people
    assert [p.number for p in everyone] == [1, 2] and everyone[0].area_px2 > everyone[1].area_px2
    assert tracker.followed is everyone[("me", "other").index(guess)]
    assert choose(everyone, rule) is everyone[("me", "other").index(subject)]
    assert everyone[1].share == pytest.approx(1, abs=0.1) and everyone[0].share < 0.7


def test_each_person_can_be_followed_in_a_pass_of_their_own(tracker, cast):
    scene = Scene(cast, 60, me=move(150, 170, 0, 3, 0.9), other=lambda t: None if t < 1.25 else (400, 160, 1.1))
    scene.follow(tracker)
    me, other = tracker.people
    assert scene.follow(tracker, me) == ["me"] * 60 and tracker.followed is tracker.people[0]
    seen = scene.follow(tracker, other)
    assert seen[:25] == [None] * 25 and seen[-33:] == ["other"] * 33 and "me" not in seen
    assert tracker.followed is tracker.people[1]


def test_the_same_scene_twice_is_the_same_bit_for_bit(tracker, cast):
    scene = Scene(cast, 36, me=move(110, 450, 0, 1.8, 1.05), other=move(470, 90, 0, 1.8))

    def once(tracker):
        seen = [s for _, s in tracker.track(scene)]
        facts = [
            (p.number, p.first_s, p.last_s, p.detections, p.area_px2, p.off_centre, p.share) for p in tracker.people
        ]
        arrays = [a.tobytes() for p in tracker.people for a in (p.appearance, p.first_box_px)]
        return [s.landmarks_px.tobytes() + s.box_px.tobytes() for s in seen], facts, arrays

    assert once(tracker) == once(tracker) == once(create_tracker())


def test_five_people_in_a_photograph(tracker, footage):
    ((_, seen),) = tracker.track(frames(footage / "multi_face.jpg"))
    assert seen.tracked and seen.faces_seen == len(tracker.people) == 5
    areas = [p.area_px2 for p in tracker.people]
    assert areas == sorted(areas, reverse=True) and tracker.followed is tracker.people[0]
    for p in tracker.people:
        ((_, seen),) = tracker.track(frames(footage / "multi_face.jpg"), subject=p)
        x, y, width, height = p.first_box_px
        assert (
            seen.tracked
            and np.hypot(*(seen.box_px[:2] + seen.box_px[2:] / 2 - (x + width / 2, y + height / 2))) < width / 3
        )
        assert tracker.followed.number == p.number


def test_footage_without_a_face_has_no_people(tracker, footage):
    assert not any(seen.tracked for _, seen in tracker.track(frames(footage / "no_face.mp4")))
    assert tracker.people == () and tracker.followed is None


def test_an_unknown_rule_is_refused_before_a_frame_is_read(tracker):
    with pytest.raises(UnusableInput, match=r"'all'.*largest, centre, first"):
        tracker.track(iter(()), subject="all")
