"""The data dictionary of a cohort: what every column of its wide tables is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from openada.behaviour.dictionary import DICTIONARY, blendshape_dictionary
from openada.cohort.instruments import HIGHEST_ANSWER, INSTRUMENTS, ITEM_COLUMNS

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("column", "table", "kind", "unit", "meaning", "share_known")

_STATISTICS = {
    "mean": "mean",
    "median": "median",
    "max": "largest value",
    "min": "smallest value",
    "std": "standard deviation (divided by n)",
    "var": "variance (divided by n)",
    "range": "largest less smallest value",
    "q25": "lower quartile",
    "q75": "upper quartile",
    "iqr": "upper less lower quartile",
    "skewness": "skewness",
    "kurtosis": "kurtosis, in excess of a normal's",
}
_DYNAMICS = {
    "rate_per_min": ("per minute", "events per minute of observed time"),
    "duration_s_mean": ("s", "mean duration"),
    "duration_s_median": ("s", "median duration"),
    "duration_s_std": ("s", "standard deviation of durations"),
    "amplitude_mean": ("share closed", "mean amplitude"),
    "amplitude_deg_mean": ("degrees", "mean amplitude"),
    "amplitude_deg_median": ("degrees", "median amplitude"),
    "interval_s_mean": ("s", "mean time from one to the next"),
    "interval_s_std": ("s", "standard deviation of the time from one to the next"),
    "dispersion_deg": ("degrees", "root of the summed variances of yaw and pitch outside blinks"),
    "bcea_deg2": ("degrees²", "area of the contour ellipse that holds 68 % of the gaze, outside blinks"),
    "speed_per_s_mean": ("per s", "mean absolute change per second over steps of 0.1 s"),
    "cv": (
        "1",
        "standard deviation over mean: fluctuation of the iris's measured size, with the camera's jitter in it",
    ),
}
_OPENFACE_UNIT, _OPENFACE_PRESENCE, _PYFEAT_UNIT = (re.compile(rf"AU(\d\d)_{end}") for end in "rcp")


def describe_feature(name: str) -> tuple[str, str]:
    """Unit and meaning of a feature `<signal>__<statistic>`."""
    signal, _, statistic = name.partition("__")
    unit, what = _signal(signal)
    if statistic in _STATISTICS:
        of_unit = {"var": _squared(unit), "skewness": "1", "kurtosis": "1"}.get(statistic, unit)
        return of_unit, f"{_STATISTICS[statistic]} of {what}"
    if statistic in _DYNAMICS:
        of_unit, said = _DYNAMICS[statistic]
        return (f"{unit} per s" if statistic == "speed_per_s_mean" else of_unit), f"{said}: {what}"
    return "", f"{statistic or 'value'} of {what}"


def _squared(unit: str) -> str:
    if not unit or unit[0].isdigit() or unit == "ratio":
        return unit and "1"
    return f"{unit}²" if unit.isalpha() else f"({unit})²"


def dictionary_of(
    features: pd.DataFrame, people: pd.DataFrame, demographics: Sequence[str], person: str = "person"
) -> pd.DataFrame:
    """A row per column of the two tables, `COLUMNS`; `share_known` is the share of people for whom it is known."""
    import pandas as pd

    rows: list[tuple[object, ...]] = []
    known = dict(zip(features.columns, features.notna().to_numpy().mean(axis=0), strict=True)) if len(features) else {}
    for name in features.columns:
        kind, (unit, meaning) = ("id", ("", "who")) if name == person else ("feature", describe_feature(name))
        rows.append((name, "features", kind, unit, meaning, known.get(name, 0.0)))
    for name in people.columns:
        rows.append((name, "people", *_of_people(name, demographics, person), float(people[name].notna().mean())))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _of_people(name: str, demographics: Sequence[str], person: str) -> tuple[str, str, str]:
    if name == person:
        return "id", "", "who"
    if name in demographics:
        return "demographic", "", "as the questionnaire table has it"
    if name in ITEM_COLUMNS:
        return "item", f"0 to {HIGHEST_ANSWER}", f"answer to item {name.rsplit('_', 1)[1]}"
    if name in INSTRUMENTS:
        of = INSTRUMENTS[name]
        return (
            "total",
            f"{of.bands.low} to {of.bands.high}",
            f"{of.scale}: {of.factor} × sum of items; missing: {of.rule}",
        )
    if name.removesuffix("_band") in INSTRUMENTS:
        return "band", "", "severity band of the total: " + _limits(name.removesuffix("_band"))
    return "count", "", "usable recordings of the person"


def _limits(total: str) -> str:
    return ", ".join(f"{band} from {lowest:g}" for band, lowest in INSTRUMENTS[total].bands.bands)


def _signal(name: str) -> tuple[str, str]:
    known = _known_signals()
    if name in known:
        return known[name]
    for pattern, unit, said in (
        (_OPENFACE_UNIT, "0 to 5", "OpenFace's intensity of action unit"),
        (_OPENFACE_PRESENCE, "0 or 1", "OpenFace's presence of action unit"),
        (_PYFEAT_UNIT, "0 to 1", "Py-Feat's probability of action unit"),
    ):
        found = pattern.fullmatch(name)
        if found:
            return unit, f"{said} {int(found[1])}"
    if name in ("gaze_angle_x", "gaze_angle_y"):
        return "radians", f"OpenFace's {name}, in the camera's frame"
    return "", name


def _known_signals() -> Mapping[str, tuple[str, str]]:
    if not _CACHE:
        _CACHE.update({row.name: (row.unit, row.source) for row in (*DICTIONARY, *blendshape_dictionary())})
        _CACHE.update({kind: ("1", f"{kind}s") for kind in ("blink", "closure", "saccade", "fixation")})
        _CACHE["gaze"] = ("degrees", "gaze in the head's frame")
    return _CACHE


_CACHE: dict[str, tuple[str, str]] = {}
