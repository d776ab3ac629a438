"""What each behaviour signal means: the columns of `behaviour.parquet` beside `time_s` and `tracked`."""

from __future__ import annotations

from typing import NamedTuple


class Signal(NamedTuple):
    """One behaviour signal: its column name, unit, usual range and what it is measured from."""

    name: str
    unit: str
    range: str
    source: str


_IOD, _EYE = "inter-ocular distances", "eye widths"


def _unit(number: str, usual: str, source: str) -> Signal:
    return Signal(f"AU{number}_g", _IOD, usual, source)


def _iris(side: str) -> tuple[Signal, ...]:
    return (
        Signal(f"iris_{side}_x", _EYE, "-0.3 to 0.3", f"iris centre of the {side} eye, right of its corners' midpoint"),
        Signal(f"iris_{side}_y", _EYE, "-0.2 to 0.2", f"iris centre of the {side} eye, below its corners' midpoint"),
        Signal(f"iris_{side}_diameter", _EYE, "0.3 to 0.5", f"iris of the {side} eye; the pupil is not measurable"),
    )


DICTIONARY: tuple[Signal, ...] = (
    _unit("01", "-0.15 to 0.15", "inner brow raise: inner ends of the brows above the outer corners of the eyes"),
    _unit("02", "-0.15 to 0.15", "outer brow raise: outer ends of the brows above the inner corners of the eyes"),
    _unit("04", "-0.1 to 0.1", "brows drawn together: half the distance between their inner ends shortening"),
    _unit("05", "-0.1 to 0.1", "upper lid raise: upper lids above the corners of the eyes"),
    _unit(
        "06", "-0.1 to 0.1", "cheek raise, by the lower lids: their height above the corners, lid closure allowed for"
    ),
    _unit("09", "-0.1 to 0.1", "nose wrinkle: wings of the nose nearing the inner corners of the eyes"),
    _unit("10", "-0.1 to 0.1", "upper lip raise: upper edge of the lip nearing the nose"),
    _unit("12", "-0.1 to 0.3", "lip corner pull: half the mouth's width growing beyond the nose's"),
    _unit(
        "15", "-0.3 to 0.2", "lip corner depress: corners of the mouth below the nose, as far as no smile explains it"
    ),
    _unit("17", "-0.1 to 0.1", "chin raise: lower edge of the lips rising above the edge of the jaw"),
    _unit("24", "-0.1 to 0.1", "lips pressed: the red of the lips growing thinner"),
    _unit("25", "-0.1 to 0.5", "lips part: gap between the lips"),
    _unit("26", "-0.1 to 0.8", "jaw drop: chin moving away from below the nose"),
    _unit("45", "-0.25 to 0.25", "lid closure: gap between the lids narrowing"),
    Signal("brow_asymmetry", _IOD, "-0.1 to 0.1", "left brow higher than the right"),
    Signal("eye_asymmetry", "ratio", "-0.2 to 0.2", "left eye more open than the right"),
    Signal("mouth_asymmetry", _IOD, "-0.1 to 0.1", "left corner of the mouth higher than the right"),
    Signal("asymmetry", _IOD, "0 to 0.1", "root mean square of what is one-sided in the landmarks' displacements"),
    Signal("expressivity", _IOD, "0 to 0.2", "root mean square displacement of landmarks from the reference"),
    Signal("expressivity_upper", _IOD, "0 to 0.2", "the same over brows and eyes"),
    Signal("expressivity_lower", _IOD, "0 to 0.3", "the same over nose wings, cheeks, mouth and chin"),
    Signal("eye_openness", "ratio", "0 to 0.5", "gap between the lids over the eye's width, mean of both eyes"),
    Signal("blink", "0 or 1", "0 to 1", "1 inside a blink of events.parquet"),
    Signal("gaze_yaw_deg", "degrees", "-45 to 45", "gaze in the head's frame, + to image right"),
    Signal("gaze_pitch_deg", "degrees", "-45 to 45", "gaze in the head's frame, + down"),
    Signal("saccade", "0 or 1", "0 to 1", "1 inside a saccade of events.parquet"),
    Signal("fixation", "0 or 1", "0 to 1", "1 inside a fixation of events.parquet"),
    *_iris("left"),
    *_iris("right"),
    Signal("head_yaw_deg", "degrees", "-90 to 90", "head angle, + the subject turns to image right"),
    Signal("head_pitch_deg", "degrees", "-90 to 90", "head angle, + looks down"),
    Signal("head_roll_deg", "degrees", "-180 to 180", "head angle, + clockwise in the image"),
    Signal(
        "head_speed_deg_s",
        "degrees/s",
        "0 to 300",
        "angle by which the head has turned in the 0.2 s before, over that time",
    ),
    Signal(
        "head_shift_iod_s",
        f"{_IOD}/s",
        "0 to 10",
        "way of the eyes' midpoint in the picture in the 0.2 s before, over that time",
    ),
    Signal(
        "head_x_mm", "mm", "-1000 to 1000", "head position right of the camera's axis; only with a known focal length"
    ),
    Signal("head_y_mm", "mm", "-1000 to 1000", "head position below the camera's axis; only with a known focal length"),
    Signal("head_z_mm", "mm", "200 to 3000", "distance from the camera; only with a known focal length"),
)
"""Left and right are the image's. Signals ending in `_g` are geometric: displacements of landmarks in the head's frame, named
after the action unit of the Facial Action Coding System (Ekman & Friesen 1978) whose movement they follow, less their
reference's. They are not coders' intensities A to E and were not trained on coded faces; the endings `_r` and `_c` are
OpenFace's own and stay reserved for values read from its tables. Units that these landmarks cannot tell apart are
not claimed: AU06_g answers to AU07 too, AU12_g to AU20, AU24_g to AU23 and AU28, AU26_g to AU27, AU45_g to AU43. Brows
lowered without being drawn together show as negative AU01_g and AU02_g, not as AU04_g. How well each follows
intensities planted in rendered faces is measured in benchmarks/behaviour_on_planted.md."""


def blendshape_dictionary() -> tuple[Signal, ...]:
    """The further columns of a recording tracked with MediaPipe's face_landmarker model."""
    from openada.face.landmarker_backend import blendshape_signals

    return tuple(Signal(*row) for row in blendshape_signals())


def dictionary_markdown() -> str:
    """Every signal as the rows of a Markdown table, for the docs."""
    rows = ["| column | unit | usual range | what it is |", "|---|---|---|---|"]
    rows += [f"| `{signal.name}` | {signal.unit} | {signal.range} | {signal.source} |" for signal in DICTIONARY]
    return "\n".join(rows) + "\n"
