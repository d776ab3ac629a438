"""Who is who: evidence of motion and appearance, the census of a video, and the rules for the subject."""

import math

import numpy as np
import pytest

from openada.errors import UnusableInput
from openada.face.appearance import DESCRIPTOR
from openada.face.known import PARAMETERS, Known
from openada.face.networks import Detections
from openada.face.people import People, Person, _best_pairs, by_rule, choose

PICTURE = (640, 480)


def look(index, away=0.0):
    """Descriptor of person `index`: two people are 2 apart, and `away` is the distance from a person's usual look."""
    descriptor = np.zeros(DESCRIPTOR, np.float32)
    descriptor[index], descriptor[100 + index] = math.sqrt(2), away
    return descriptor


def box(x, y=200.0, side=100.0):
    return np.array([x, y, side, side], float)


def faces(*boxes):
    boxes = np.array(boxes, float).reshape(-1, 4)
    return Detections(boxes, np.full(len(boxes), 0.9), np.zeros((len(boxes), 6, 2)))


def add(people, time_s, *seen):
    """Search a frame that shows faces `seen`: (box, descriptor) each."""
    return people.add(time_s, faces(*(b for b, _ in seen)), [d for _, d in seen], PICTURE)


def person(number, **facts):
    usual = {"first_s": 0.0, "last_s": 9.0, "detections": 10, "area_px2": 100.0, "off_centre": 0.1, "share": 1.0}
    return Person(number, **{**usual, **facts}, appearance=look(number)[None], first_box_px=box(0))


# evidence


def test_appearance_is_undecided_at_the_measured_distance_and_bounded():
    known = Known(0, 0.0, box(0), np.stack([look(0), look(0, away=3.0)]))
    assert known.resembles(look(0, away=1.2)) == pytest.approx(0, abs=1e-5)
    assert known.resembles(look(0, away=1.0)) == pytest.approx(2, abs=1e-5)
    assert known.resembles(look(0, away=2.0)) == pytest.approx(2, abs=1e-5)  # the second view is 1 away
    assert (known.resembles(look(0)), known.resembles(look(1))) == (6, -6)


def test_place_is_weighed_against_anywhere_in_the_picture():
    known = Known(0, 5.0, box(100), look(0)[None])
    here, spread_px = known.is_near(5.0, box(100), 640 * 480), 15.0
    assert here == pytest.approx(math.log(0.95 * 640 * 480 / (2 * math.pi * spread_px**2) + 0.05))
    beside = known.is_near(5.0, box(130), 640 * 480)
    assert beside == pytest.approx(math.log(0.95 * 640 * 480 / (2 * math.pi * spread_px**2) * math.exp(-2) + 0.05))
    assert known.is_near(5.0, box(400), 640 * 480) == pytest.approx(math.log(0.05))
    assert known.is_near(5.0, box(100, side=200), 640 * 480) < beside
    after_s = [known.is_near(5.0 + later, box(100), 640 * 480) for later in (0.0, 0.5, 2.0, 30.0)]
    assert after_s == sorted(after_s, reverse=True) and after_s[-1] == pytest.approx(0, abs=0.01)


def test_a_place_is_foretold_from_motion_for_a_second():
    known = Known(0, 0.0, box(100), look(0)[None])
    for tick in range(1, 11):
        known.move(tick / 10, box(100 + 12 * tick))
        known.count(tick / 10, box(100 + 12 * tick), 0.1, 0.0)
    np.testing.assert_allclose(known.predicted_px(1.5), box(280), atol=0.1)
    np.testing.assert_allclose(known.predicted_px(7.0), box(340), atol=0.1)
    known.move(4.0, box(500))  # away for three seconds: what it does now is unknown
    np.testing.assert_allclose(known.predicted_px(4.5), box(500))


def test_views_are_few_the_first_one_stays_and_adapts():
    known = Known(0, 0.0, box(0), look(0)[None])
    for away in (0.7, 1.4, 2.1, 2.8, 3.5):
        known.learn(look(0, away))
    assert known.views.shape == (PARAMETERS["views"], DESCRIPTOR)
    np.testing.assert_allclose(known.views[:, 100], (0, 2.1, 2.8, 3.5), atol=1e-6)
    known.learn(look(0, 0.5))
    np.testing.assert_allclose(known.views[:, 100], (0.05, 2.1, 2.8, 3.5), atol=1e-6)


def test_what_a_view_has_not_seen_is_learnt_and_what_is_hidden_is_not_forgotten():
    unseen, hidden = look(0), look(0)
    unseen[:3], hidden[-2:] = (math.nan, math.nan, math.nan), (math.nan, math.nan)
    known = Known(0, 0.0, box(0), unseen[None])
    known.learn(hidden)
    np.testing.assert_allclose(known.views[0], look(0), atol=1e-6)


def test_pairs_are_best_for_all_together():
    assert _best_pairs(np.array([[5.0, 4.0], [4.5, -9.0]])) == [(0, 1), (1, 0)]  # not 5, which leaves the other nothing
    assert _best_pairs(np.array([[5.0, 4.0], [-4.5, -9.0]])) == [(0, 0)]
    assert _best_pairs(np.array([[-1.0], [-2.0]])) == [] == _best_pairs(np.empty((0, 3)))
    assert _best_pairs(np.array([[1.0], [2.0]])) == [(1, 0)]


# the census


def test_what_a_person_is_told_by():
    people = People()
    add(people, 0.0, (box(100), look(0)))
    add(people, 0.5, (box(110, side=120), look(0)))
    add(people, 1.0)
    add(people, 3.0, (box(120), look(0)))  # two seconds count as one
    (found,) = people.people
    weights = np.array([1 / 60, 0.5, 1.0])
    assert (found.number, found.first_s, found.last_s, found.detections) == (1, 0.0, 3.0, 3)
    assert found.area_px2 == pytest.approx(weights @ (10000, 14400, 10000) / weights.sum())
    middles = [(150, 250), (170, 260), (170, 250)]
    off = [math.hypot(x - 320, y - 240) / 800 for x, y in middles]
    assert found.off_centre == pytest.approx(weights @ off / weights.sum())
    assert found.share == pytest.approx(weights.sum() / (weights.sum() + 0.5))
    np.testing.assert_array_equal(found.first_box_px, box(100))
    np.testing.assert_allclose(found.appearance, look(0)[None], atol=1e-6)


def test_in_one_frame_the_larger_face_has_the_lower_number():
    people = People()
    add(people, 0.0, (box(100, side=50), look(0)), (box(300, side=90), look(1)), (box(500, side=70), look(2)))
    assert [p.first_box_px[0] for p in people.people] == [300, 500, 100]


def test_two_who_cross_are_told_apart_by_their_looks_while_one_is_hidden():
    people = People()
    a, b = add(people, 0.0, (box(100), look(0)), (box(400), look(1)))
    for tick in range(1, 31):
        left, right = box(100 + 10 * tick), box(400 - 10 * tick)
        seen = [(right, look(1))] if 12 <= tick <= 18 else [(left, look(0)), (right, look(1))]
        assert add(people, tick / 10, *seen) == ([b] if 12 <= tick <= 18 else [a, b])
    assert [p.detections for p in people.people] == [24, 31]


def test_two_of_one_look_are_told_apart_by_their_motion():
    people = People()
    a, b = add(people, 0.0, (box(100), look(0)), (box(400, 180), look(0, 0.3)))
    for tick in range(1, 31):
        assert add(people, tick / 10, (box(100 + 10 * tick), look(0)), (box(400 - 10 * tick, 180), look(0, 0.3))) == [
            a,
            b,
        ]


def test_a_cut_to_another_place_and_size_keeps_the_person_of_the_same_look():
    people = People()
    (a,) = add(people, 0.0, (box(100), look(0)))
    assert add(people, 0.04, (box(450, 90, side=210), look(0, 0.6))) == [a]


def test_other_light_in_the_same_place_keeps_the_person_and_elsewhere_later_does_too():
    people = People()
    (a,) = add(people, 0.0, (box(100), look(0)))
    assert add(people, 0.1, (box(101), look(0, 1.5))) == [a]
    assert add(people, 9.0, (box(401), look(0, 1.6))) == [a]  # a look learnt in place


def test_a_stranger_after_an_absence_is_somebody_new_and_a_friend_is_not():
    people = People()
    (a,) = add(people, 0.0, (box(100), look(0)))
    assert add(people, 9.0, (box(130), look(1))) != [a]
    assert add(people, 19.0, (box(400), look(0, 0.8))) == [a]


def test_who_is_first_taken_for_new_is_recognised_by_and_by():
    people = People()
    (a,) = add(people, 0.0, (box(100), look(0)))
    (b,) = add(people, 5.0, (box(400), look(0, 1.9)))  # from the side, say
    assert b != a
    assert add(people, 5.1, (box(400), look(0, 1.05))) == [b]  # a little like a: evidence 1.5
    assert add(people, 5.2, (box(400), look(0, 0.8))) == [b]  # evidence 3: in all 1.5, after 3 against
    assert add(people, 5.3, (box(400), look(0, 0.8))) == [a]
    assert add(people, 5.4, (box(400), look(0, 1.9))) == [a]
    (only,) = people.people
    assert (only.first_s, only.last_s, only.detections) == (0.0, 5.4, 6)


def test_who_was_seen_beside_somebody_is_not_taken_for_them():
    between = (look(0) + look(1)) / 2  # 1 away from both: evidence 2 for either
    for beside in (False, True):
        people = People()
        (a,) = add(people, 0.0, (box(100), look(0)))
        if beside:
            a, b = add(people, 0.1, (box(100), look(0)), (box(400), look(1)))
        else:
            (b,) = add(people, 5.0, (box(400), look(1)))
        found = [add(people, 5.1 + tick / 10, (box(400), between)) for tick in range(9)]
        assert found == ([[b]] * 9 if beside else [[b]] * 3 + [[a]] * 6)


def test_a_subject_who_turns_out_to_be_an_earlier_person_stays_the_subject():
    people = People()
    (a,) = add(people, 0.0, (box(100), look(0)))
    (b,) = add(people, 5.0, (box(400), look(1)))
    people.confirm(b)
    for tick in range(9):
        people.follow(5.09 + tick / 10, box(401))
        assert add(people, 5.1 + tick / 10, (box(400), (look(0) + look(1)) / 2)) == [people.subject]
    assert people.subject == a and people.followed(people.people).number == 1


def test_a_fleeting_face_is_nobody_unless_the_video_is_as_short():
    people = People()
    for tick in range(30):
        extra = [(box(450, 50, 40), look(1))] if tick in (7, 8) else []
        add(people, tick / 10, (box(100), look(0)), *extra)
    add(people, 9.0, (box(100), look(0)), (box(400), look(2)))  # for all of a second, but once
    assert [p.detections for p in people.people] == [31]
    still = People()
    add(still, 0.0, *((box(100 * i), look(i)) for i in range(5)))
    assert len(still.people) == 5


def test_the_subject_is_somebody_however_fleeting():
    people = People()
    (a,) = add(people, 0.0, (box(100), look(0)))
    people.confirm(a)
    for tick in range(1, 50):
        add(people, tick / 10)
    everyone = people.people
    assert len(everyone) == 1 and people.followed(everyone) is everyone[0]


def test_memory_is_bounded_and_keeps_the_subject_and_the_steady():
    people = People()
    subject, steady = add(people, 0.0, (box(0), look(0)), (box(500), look(1)))
    people.confirm(subject)
    for tick in range(1, 4):
        add(people, tick / 10, (box(500), look(1)))
    for passer_by in range(2, 60):
        add(people, 10.0 * passer_by, (box(300), look(passer_by)))
    assert len(people._known) == 16 and {subject, steady} <= {known.number for known in people._known}


def test_the_gap_to_others_follows_their_motion_and_ends_a_second_after_they_were_seen():
    people = People()
    a, _ = add(people, 0.0, (box(100), look(0)), (box(500), look(1)))
    people.confirm(a)
    assert people.gap_to_others(0.0, box(100), a) == 0  # of one seen only once nothing is known
    add(people, 0.5, (box(100), look(0)), (box(450), look(1)))
    assert people.gap_to_others(0.5, box(100), a) == pytest.approx(2.5)
    assert people.gap_to_others(1.0, box(100), a) == pytest.approx(2.0)
    assert people.gap_to_others(1.6, box(100), a) == math.inf


def test_looks_beside_others_are_not_learnt():
    people = People()
    for tick in range(3):
        add(people, tick / 10, (box(100), look(0, 0.7 * tick)), (box(210), look(1, 0.7 * tick)))
    assert [len(p.appearance) for p in people.people] == [1, 1]
    for tick in range(3, 6):
        add(people, tick / 10, (box(100), look(0, 0.7 * (tick - 3))), (box(300), look(1)))
    assert len(people.people[0].appearance) == 3


def test_a_wanted_person_is_not_found_earlier_than_they_can_be_there():
    wanted = Person(2, 5.0, 9.0, 7, 1.0, 0.1, 0.5, look(3)[None], box(300))
    people = People(wanted)
    assert add(people, 3.0, (box(300), look(3))) != [people.subject]
    people = People(wanted)
    assert add(people, 4.2, (box(300), look(3, 0.5))) == [people.subject]
    assert add(people, 4.3, (box(300), look(3, 0.5))) == [people.subject]
    people.confirm(people.subject)
    (found,) = everyone = people.people
    assert people.followed(everyone) is found and (found.number, found.first_s) == (1, 4.2)


# the rules


def test_the_largest_and_steadiest():
    assert (
        choose(
            [person(1, area_px2=100), person(2, area_px2=400, share=0.3), person(3, area_px2=400, share=0.2)], "largest"
        ).number
        == 2
    )
    assert choose([person(1, area_px2=100), person(2, area_px2=400, share=0.2)], "largest").number == 1
    assert choose([person(1), person(2)], "largest").number == 1


def test_the_nearest_to_the_centre_of_those_who_stay():
    seen = [person(1, off_centre=0.3), person(2, off_centre=0.2, share=0.5), person(3, off_centre=0.0, share=0.4)]
    assert choose(seen, "centre").number == 2


def test_the_first():
    assert choose([person(2), person(1), person(3)], "first").number == 1


def test_nobody_and_an_unknown_rule():
    assert choose([], "largest") is None
    with pytest.raises(UnusableInput, match=r"'smallest'.*largest, centre, first"):
        choose([], "smallest")


def test_the_best_guess_of_one_frame_comes_first():
    seen = faces(box(0, 0, 50), box(500, 300, 90), box(290, 200, 70), box(200, 0, 90))
    assert by_rule(seen, PICTURE, "largest") == by_rule(seen, PICTURE, "first") == [1, 3, 2, 0]
    assert by_rule(seen, PICTURE, "centre") == [2, 3, 1, 0]
