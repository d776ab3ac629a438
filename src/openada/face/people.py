"""Who is in view: a census of a video's faces, and the rules that say whom of them to follow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from openada.errors import UnusableInput
from openada.face.boxes import gap_in_widths
from openada.face.known import Known
from openada.face.networks import Detections

RULES = ("largest", "centre", "first")

PARAMETERS: dict[str, Any] = {
    "people_max": 16,
    "person_min_s": 0.25,
    "search_counts_max_s": 1.0,
    "learn_beyond_widths": 0.2,
    "company_lasts_s": 1.0,
    "likeness_step": 3.0,
    "likeness_merges": 4.0,
    "likeness_min": -12.0,
    "here_before_first_seen_s": 1.0,
    "steady_share": 0.5,
}
_SEARCH_COUNTS_MIN_S = 1 / 60


@dataclass(frozen=True, eq=False)
class Person:
    """One person of a video, as seen in the frames that were searched for faces.

    number: from 1 in order of first appearance (in the same frame: the larger face first).
    first_s, last_s: times of the first and the latest detection. detections: how many.
    area_px2: mean area of the detected box. off_centre: mean distance of its middle from the picture's, as a share of the
        picture's diagonal, 0 to 0.5 and a little more for a box that leaves the picture.
    share: share of the searched time in which the person was seen, 0 to 1: every search counts for the time since the one
        before, one second at most, so that frequent searches do not count more.
    appearance: (V, D) float32, one to four views, each a descriptor of `appearance`.
    first_box_px: (4,) float64, the box of the first detection.
    """

    number: int
    first_s: float
    last_s: float
    detections: int
    area_px2: float
    off_centre: float
    share: float
    appearance: np.ndarray
    first_box_px: np.ndarray


def choose(people: Sequence[Person], rule: str) -> Person | None:
    """Who the subject is by a rule, judged over the whole video; None where nobody was seen.

    largest: the greatest mean face area times share of time seen: the largest and steadiest. centre: the nearest to the
    picture's centre on average, of those seen at least half as long as the one seen longest. first: the first to appear.
    Equal ones: the lower number. Raises UnusableInput for another rule.
    """
    check_rule(rule)
    if not people:
        return None
    if rule == "first":
        return min(people, key=lambda p: p.number)
    if rule == "largest":
        return min(people, key=lambda p: (-p.area_px2 * p.share, p.number))
    least = PARAMETERS["steady_share"] * max(p.share for p in people)
    return min((p for p in people if p.share >= least), key=lambda p: (p.off_centre, p.number))


def check_rule(rule: str) -> None:
    """Raises UnusableInput if `rule` names no rule for one subject."""
    if rule not in RULES:
        raise UnusableInput(f"Unknown subject rule {rule!r}; choose one of: {', '.join(RULES)}.")


def by_rule(detections: Detections, picture_px: tuple[int, int], rule: str) -> list[int]:
    """Indices of the faces of one picture (width, height), the best guess at the subject first."""
    boxes = detections.boxes_px
    large_first = sorted(range(len(boxes)), key=lambda i: (-boxes[i, 2] * boxes[i, 3], i))
    if rule != "centre":
        return large_first
    return sorted(large_first, key=lambda i: _off_centre(boxes[i], picture_px))


def _off_centre(box_px: np.ndarray, picture_px: tuple[int, int]) -> float:
    x, y, width, height = box_px
    return math.hypot(x + width / 2 - picture_px[0] / 2, y + height / 2 - picture_px[1] / 2) / math.hypot(*picture_px)


class People:
    """The census of one video: who each detected face is. Memory is bounded, whoever passes by.

    A face is given to the person for whom the evidence of motion and appearance is best (see `known`), of several faces and
    people in the way that is best for all together; a face with no evidence for anyone is somebody new. Nobody is in one frame
    twice. Somebody who was taken for new while a known person was away, and is then seen to look like them, was them all along.
    """

    def __init__(self, wanted: Person | None = None) -> None:
        """`wanted`: the subject, from an earlier pass over the same video; not in view before about `first_s`."""
        self.subject: int | None = None
        self._known: list[Known] = []
        self._created = 0
        self._wanted = wanted
        self._confirmed = False
        self._followed: tuple[float, np.ndarray] | None = None
        self._searched_s: float | None = None
        self._searches = 0
        self._weight = 0.0
        if wanted is not None:
            self.subject = self._new(wanted.first_s, wanted.first_box_px, wanted.appearance).number

    def add(
        self, time_s: float, detections: Detections, descriptors: Sequence[np.ndarray], picture_px: tuple[int, int]
    ) -> list[int]:
        """Take in the faces of a searched frame, a descriptor each, in a picture (width, height); say who each of them is.

        The numbers returned tell people apart within this object and while it lasts; those of `Person` are given at the end.
        """
        self._move_subject()
        weight = self._weigh(time_s)
        boxes = detections.boxes_px
        found = self._assign(time_s, boxes, descriptors, picture_px)
        for index in by_rule(detections, picture_px, "largest"):
            if found[index] is None:
                found[index] = self._new(time_s, boxes[index], descriptors[index][None])
        here = [known for known in found if known is not None]
        for index, known in enumerate(here):
            known.met |= {other.number for other in here if other is not known}
            if not known.detections:
                known.first_s, known.first_box_px = time_s, boxes[index]
            known.move(time_s, boxes[index])
            known.count(time_s, boxes[index], weight, _off_centre(boxes[index], picture_px))
        for index, known in enumerate(list(here)):
            if self.gap_to_others(time_s, boxes[index], known.number) > PARAMETERS["learn_beyond_widths"]:
                known.learn(descriptors[index])
            here[index] = self._recognise(known, descriptors[index], here)
        self._forget(here)
        return [known.number for known in here]

    def follow(self, time_s: float, box_px: np.ndarray) -> None:
        """The subject's landmarks were found about `box_px` between searches; the size stays that of the latest detection."""
        self._followed = (time_s, box_px)  # taken in at the next search: most frames need no more

    def confirm(self, number: int) -> None:
        """The subject is `number`: its landmarks were found."""
        self.subject, self._confirmed = number, True

    def gap_to_others(self, time_s: float, box_px: np.ndarray, number: int | None) -> float:
        """Widths between a box of person `number` and the nearest other face as it is expected now; infinite without others.

        They count for a second after they were seen; one seen only once counts as touching, until its motion is known.
        """
        nearest = math.inf
        for known in self._known:
            recently = 0 <= time_s - known.seen_s <= PARAMETERS["company_lasts_s"]
            if recently and known.detections and known.number != number:
                gap = gap_in_widths(box_px, known.predicted_px(time_s))
                nearest = min(nearest, gap if known.detections > 1 else min(gap, 0.0))
        return nearest

    @property
    def people(self) -> tuple[Person, ...]:
        """Everyone but fleeting faces, in order of first appearance.

        A person was detected twice at least and for a quarter of a second of searched time (in a video too short for that:
        all along), or was followed.
        """
        return tuple(self._person(number, known) for number, known in enumerate(self._lasting(), start=1))

    def followed(self, people: Sequence[Person]) -> Person | None:
        """The one of `people` (this census's own) who was followed, or None where nobody was."""
        numbers = [known.number for known in self._lasting()]
        return people[numbers.index(self.subject)] if self._confirmed and self.subject in numbers else None

    def _lasting(self) -> list[Known]:
        often, long_s = min(2, self._searches), min(PARAMETERS["person_min_s"], self._weight)
        lasting = [
            known
            for known in self._known
            if (known.detections >= often and known.weight >= long_s)
            or (self._confirmed and known.number == self.subject)
        ]
        return sorted(lasting, key=lambda k: (k.first_s, -k.first_box_px[2] * k.first_box_px[3], k.number))

    def _person(self, number: int, known: Known) -> Person:
        return Person(
            number,
            known.first_s,
            known.last_s,
            known.detections,
            known.area / known.weight,
            known.off_centre / known.weight,
            known.weight / self._weight,
            known.views,
            known.first_box_px,
        )

    def _weigh(self, time_s: float) -> float:
        """How much time this search stands for."""
        if self._searched_s is None:
            weight = _SEARCH_COUNTS_MIN_S
        else:
            passed_s = time_s - self._searched_s
            weight = min(max(passed_s, _SEARCH_COUNTS_MIN_S), PARAMETERS["search_counts_max_s"])
        self._searched_s = time_s
        self._searches += 1
        self._weight += weight
        return weight

    def _new(self, time_s: float, box_px: np.ndarray, views: np.ndarray) -> Known:
        known = Known(self._created, time_s, box_px, views)
        self._created += 1
        self._known.append(known)
        return known

    def _move_subject(self) -> None:
        if self._followed is not None:
            time_s, box = self._followed
            subject = next(known for known in self._known if known.number == self.subject)
            size = subject.box_px[2:]
            subject.move(time_s, np.concatenate([box[:2] + box[2:] / 2 - size / 2, size]))
            self._followed = None

    def _may_be_here(self, known: Known, time_s: float) -> bool:
        if known.detections or self._wanted is None:
            return True
        return time_s >= self._wanted.first_s - PARAMETERS["here_before_first_seen_s"]

    def _assign(
        self, time_s: float, boxes_px: np.ndarray, descriptors: Sequence[np.ndarray], picture_px: tuple[int, int]
    ) -> list[Known | None]:
        """The known person of each face, or None for somebody new."""
        candidates = [known for known in self._known if self._may_be_here(known, time_s)]
        area = float(picture_px[0] * picture_px[1])
        evidence = np.array(
            [
                [known.resembles(d) + known.is_near(time_s, box, area) for known in candidates]
                for box, d in zip(boxes_px, descriptors, strict=True)
            ]
        ).reshape(len(boxes_px), len(candidates))
        found: list[Known | None] = [None] * len(boxes_px)
        for face, person in _best_pairs(evidence):
            found[face] = candidates[person]
        return found

    def _recognise(self, known: Known, descriptor: np.ndarray, here: Sequence[Known]) -> Known:
        """The absent person whom `known` turns out to be, or `known` itself: a sum of evidence, as one look may deceive."""
        absent = [
            other
            for other in self._known
            if other not in here
            and other.number not in known.met
            and other.seen_s <= known.first_s
            and self._may_be_here(other, known.seen_s)
        ]
        step, least = PARAMETERS["likeness_step"], PARAMETERS["likeness_min"]
        for other in absent:
            looks = float(np.clip(other.resembles(descriptor), -step, step))
            known.likeness[other.number] = max(known.likeness.get(other.number, 0.0) + looks, least)
        alike = max(absent, key=lambda other: known.likeness[other.number], default=None)
        if alike is None or known.likeness[alike.number] < PARAMETERS["likeness_merges"]:
            return known
        self._known.remove(known)
        if known.number == self.subject:
            self.subject = alike.number
        for other in self._known:
            if known.number in other.met:
                other.met.add(alike.number)
        alike.absorb(known)
        return alike

    def _forget(self, here: Sequence[Known]) -> None:
        """Keep no more people than memory is bounded to: those seen least go, but nobody who is here and not the subject."""
        while len(self._known) > PARAMETERS["people_max"]:
            absent = [known for known in self._known if known not in here and known.number != self.subject]
            if not absent:
                return
            self._known.remove(min(absent, key=lambda known: (known.detections, known.seen_s, known.number)))


def _best_pairs(evidence: np.ndarray) -> list[tuple[int, int]]:
    """Pairs (row, column) of positive evidence, each row and column once, whose sum is greatest."""
    if not evidence.size:
        return []
    if 1 in evidence.shape:
        best = np.unravel_index(int(evidence.argmax()), evidence.shape)
        pairs = [(int(best[0]), int(best[1]))]
    else:
        from scipy.optimize import linear_sum_assignment

        rows, columns = linear_sum_assignment(np.maximum(evidence, 0.0), maximize=True)
        pairs = list(zip(rows.tolist(), columns.tolist(), strict=True))
    return [(row, column) for row, column in pairs if evidence[row, column] > 0]
