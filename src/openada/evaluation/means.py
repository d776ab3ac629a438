"""The mean of one number per recording, with its interval over subjects."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from openada.evaluation.checks import subject_codes
from openada.evaluation.intervals import Interval, interval_of
from openada.evaluation.resampling import SubjectSums, mean_of_sums, subject_sums


def mean_over_subjects(
    values: npt.ArrayLike,
    subject: Sequence[str] | npt.ArrayLike,
    *,
    bounds: tuple[float, float] = (-np.inf, np.inf),
    level: float = 0.95,
    unit: str = "recordings",
) -> Interval:
    """Mean of finite `values` (n,), n ≥ 0, every recording weighing the same; `subject` (n,).

    The interval is the jackknife-t over subjects, who leave with all their recordings, cut off at `bounds`. Without any value
    the mean is NaN and the note says that it is undefined.
    """
    numbers = np.asarray(values, dtype=np.float64)
    codes, names = subject_codes(subject, numbers.size)
    sums = subject_sums((np.ones_like(numbers), numbers), codes, len(names))
    return interval_of(
        float(numbers.mean()) if numbers.size else float("nan"),
        SubjectSums(sums, mean_of_sums),
        n=numbers.size,
        n_subjects=len(names),
        bounds=bounds,
        level=level,
        unit=unit,
    )
