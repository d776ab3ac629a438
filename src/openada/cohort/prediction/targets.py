"""What is predicted from behaviour: a scale's total, or a class made of its bands (systems of Faces of the Mind).

`two-class`: at or above the scale's cut against below (on the DASS-21 anything against normal). `three-class`: the lowest
band, the third, and all above it; people in the second are left out, as in the paper (of the DASS-21: normal, moderate, severe
and extremely severe).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from openada.datasets.scales import Scale, band_index
from openada.errors import UnusableInput

Task = Literal["regression", "two-class", "three-class"]
TASKS: tuple[Task, ...] = ("regression", "two-class", "three-class")


class Target(NamedTuple):
    """`y` (n,): total or class 0, 1, …; NaN for people who lack a total or whose band is left out. `classes`: names, in order."""

    y: np.ndarray
    classes: tuple[str, ...]


def target_of(totals: np.ndarray, scale: Scale, task: Task) -> Target:
    """The target of totals (n,), NaN where there is none. Raises UnusableInput for a scale with fewer bands than needed."""
    total = np.asarray(totals, np.float64)
    if task == "regression":
        return Target(total, ())
    known = ~np.isnan(total)
    y = np.full(len(total), np.nan)
    if task == "two-class":
        y[known] = total[known] >= scale.cut
        return Target(y, (f"below {scale.cut:g}", f"{scale.cut:g} or more"))
    names = [name for name, _ in scale.bands]
    if len(names) < 4:
        raise UnusableInput(f"{scale.name} has {len(names)} bands: three classes need four or more; use two-class")
    place = np.array([band_index(value, scale) for value in total[known]])
    y[known] = np.select([place == 0, place == 2, place >= 3], [0.0, 1.0, 2.0], np.nan)
    return Target(y, (names[0], names[2], " or ".join(names[3:])))
