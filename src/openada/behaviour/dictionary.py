"""What each behaviour signal means: the columns of `behaviour.parquet` beside `time_s` and `tracked`."""

from __future__ import annotations

from typing import NamedTuple


class Signal(NamedTuple):
    """One behaviour signal: its column name, unit, usual range and what it is measured from."""

    name: str
    unit: str
    range: str
    source: str


_IOD = "inter-ocular distances"

DICTIONARY: tuple[Signal, ...] = (
    Signal("AU01_g", _IOD, "-0.15 to 0.15", "inner brow raise: inner ends of the brows moving up the head"),
    Signal("AU02_g", _IOD, "-0.15 to 0.15", "outer brow raise: outer ends of the brows moving up the head"),
    Signal(
        "AU04_g", _IOD, "-0.1 to 0.1", "brows drawn together: half the distance between their inner ends shortening"
    ),
    Signal("AU06_g", _IOD, "-0.1 to 0.1", "cheek raise: upper cheeks and lower lids moving up the head"),
    Signal("AU12_g", _IOD, "-0.1 to 0.3", "lip corner pull: half the distance between the mouth's corners growing"),
    Signal(
        "AU15_g",
        _IOD,
        "-0.3 to 0.2",
        "lip corner depress: corners of the mouth moving down, as far as no smile explains it",
    ),
    Signal("AU26_g", _IOD, "-0.1 to 0.8", "jaw drop: chin moving away from below the nose"),
    Signal("AU45_g", _IOD, "-0.1 to 0.25", "lid closure: gap between the lids narrowing"),
    Signal("eye_openness", "ratio", "0 to 0.5", "gap between the lids over the eye's width, mean of both eyes"),
    Signal("gaze_yaw_deg", "degrees", "-45 to 45", "gaze in the head's frame, + to image right"),
    Signal("gaze_pitch_deg", "degrees", "-45 to 45", "gaze in the head's frame, + down"),
    Signal("head_yaw_deg", "degrees", "-90 to 90", "head angle, + the subject turns to image right"),
    Signal("head_pitch_deg", "degrees", "-90 to 90", "head angle, + looks down"),
    Signal("head_roll_deg", "degrees", "-180 to 180", "head angle, + clockwise in the image"),
)
"""Signals ending in `_g` are geometric: displacements of landmarks in the head's frame, named after the action unit of
the Facial Action Coding System (Ekman & Friesen 1978) whose movement they follow. They are not coders' intensities A
to E and were not trained on coded faces. Departures: brows lowered without being drawn together show as negative
AU01_g and AU02_g, not as AU04_g. A smile pulls the mouth's corners up about as far as outwards; AU15_g is their lowering
plus their outward movement, so that a smile leaves it near zero. The mesh follows AU06 hardly and AU04 weakly
(Pearson correlation with intensities planted in renderings about .2 and .7; the others .8 to .96)."""
