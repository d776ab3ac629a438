"""One person of a video as far as it has been seen: where, how large, how often, and what it looks like.

Whether a detected face is this person is weighed as evidence: the natural logarithm of how much more likely the face is if
it is this person than if it is anybody else. 0 is undecided. Appearance and motion add up.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from openada.face.appearance import distances

PARAMETERS: dict[str, Any] = {
    "alike_within": 1.2,
    "evidence_per_distance": 10.0,
    "appearance_evidence_max": 6.0,
    "motion_evidence_max": 6.0,
    "place_spread_widths": 0.15,
    "place_spread_widths_per_s": 0.3,
    "size_spread_log": 0.15,
    "size_spread_log_per_s": 0.3,
    "astray_share": 0.05,
    "place_forgotten_s": 3.0,
    "views": 4,
    "view_within": 0.6,
    "view_adapts": 0.1,
}
"""`alike_within`: the distance of appearance (see `appearance`) that speaks neither for nor against. With three views of a
person 1.6 % of that person's pictures lie beyond it and 3.6 % of other people's within, most of these of two people who look
alike. `evidence_per_distance` is less than the 13 that normal distributions of the measured distances would give there, as the
pictures of one moment share their errors. `place_spread_…`, `size_spread_…`: standard deviations, growing with the time since
the person was seen, as shares of the face's size and in its logarithm. `astray_share` of faces are anywhere (a cut, a jump), and
all of them in the end (`place_forgotten_s`). `view_within`: nearer than that a look is known, farther it is a view of its own."""

_VELOCITY_HOLDS_S = 1.0
_VELOCITY_SETTLES_S = 0.2


class Known:
    """What is remembered of one person. Memory is bounded."""

    def __init__(self, number: int, time_s: float, box_px: np.ndarray, views: np.ndarray) -> None:
        self.number = number
        self.views = views
        self.box_px = box_px
        self.first_box_px = box_px
        self.first_s = self.last_s = self.seen_s = time_s
        self.velocity_px = np.zeros(2)
        self.met: set[int] = set()
        """Numbers of people seen in the same frame as this one, who are therefore others."""
        self.likeness: dict[int, float] = {}
        self.detections = 0
        self.weight = self.area = self.off_centre = 0.0

    def predicted_px(self, time_s: float) -> np.ndarray:
        """The box at another time, moved on at the latest velocity for a second at most."""
        ahead_s = min(max(time_s - self.seen_s, 0.0), _VELOCITY_HOLDS_S)
        return np.concatenate([self.box_px[:2] + ahead_s * self.velocity_px, self.box_px[2:]])

    def resembles(self, descriptor: np.ndarray) -> float:
        """Evidence of appearance alone: its distance to the nearest view."""
        closeness = PARAMETERS["alike_within"] - distances(descriptor, self.views).min()
        limit = PARAMETERS["appearance_evidence_max"]
        return float(np.clip(PARAMETERS["evidence_per_distance"] * closeness, -limit, limit))

    def is_near(self, time_s: float, box_px: np.ndarray, picture_area_px2: float) -> float:
        """Evidence of place and size alone.

        A normal distribution about the predicted place against a uniform one over the picture, widening with the time
        since the person was seen.
        """
        unseen_s = abs(time_s - self.seen_s)
        here = self.predicted_px(time_s)
        size, other = math.sqrt(here[2] * here[3]), math.sqrt(box_px[2] * box_px[3])
        spread_px = size * (PARAMETERS["place_spread_widths"] + PARAMETERS["place_spread_widths_per_s"] * unseen_s)
        spread_log = PARAMETERS["size_spread_log"] + PARAMETERS["size_spread_log_per_s"] * unseen_s
        off = (box_px[:2] + box_px[2:] / 2 - here[:2] - here[2:] / 2) / spread_px
        exponent = -0.5 * (float(off @ off) + (math.log(other / size) / spread_log) ** 2)
        expected = picture_area_px2 / (2 * math.pi * spread_px**2) * math.exp(exponent)
        settled = (1 - PARAMETERS["astray_share"]) * math.exp(-unseen_s / PARAMETERS["place_forgotten_s"])
        return min(math.log(settled * expected + 1 - settled), float(PARAMETERS["motion_evidence_max"]))

    def move(self, time_s: float, box_px: np.ndarray) -> None:
        """Now at `box_px`."""
        passed_s = time_s - self.seen_s
        if 0 < passed_s <= 1:
            step = (box_px[:2] + box_px[2:] / 2 - self.box_px[:2] - self.box_px[2:] / 2) / passed_s
            share = 1 - math.exp(-passed_s / _VELOCITY_SETTLES_S) if self.detections > 1 else 1.0
            self.velocity_px = self.velocity_px + share * (step - self.velocity_px)
        elif passed_s != 0:
            self.velocity_px = np.zeros(2)
        self.box_px, self.seen_s = box_px, time_s

    def count(self, time_s: float, box_px: np.ndarray, weight: float, off_centre: float) -> None:
        """One more detection: `weight` is how much searched time it stands for, `off_centre` its distance from the centre."""
        self.detections += 1
        self.last_s = time_s
        self.weight += weight
        self.area += weight * float(box_px[2] * box_px[3])
        self.off_centre += weight * off_centre

    def absorb(self, later: Known) -> None:
        """`later` was this person all along."""
        if not self.detections:
            self.first_s, self.first_box_px = later.first_s, later.first_box_px
        self.box_px, self.velocity_px = later.box_px, later.velocity_px
        self.seen_s, self.last_s = later.seen_s, later.last_s
        self.met |= later.met
        self.detections += later.detections
        self.weight += later.weight
        self.area += later.area
        self.off_centre += later.off_centre
        self.learn(later.views[-1])

    def learn(self, descriptor: np.ndarray) -> None:
        """Adapt the nearest view a little, or keep a new look as a view of its own; the first view always stays."""
        apart = distances(descriptor, self.views)
        nearest = int(apart.argmin())
        if apart[nearest] < PARAMETERS["view_within"]:
            old, share = self.views[nearest], np.float32(PARAMETERS["view_adapts"])
            new = np.where(np.isnan(descriptor), old, descriptor)
            self.views = self.views.copy()
            self.views[nearest] = np.where(np.isnan(old), new, old + share * (new - old))
        else:
            kept = self.views if len(self.views) < PARAMETERS["views"] else np.delete(self.views, 1, axis=0)
            self.views = np.vstack([kept, descriptor])
