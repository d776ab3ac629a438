"""How behaviour moves in one recording: event rates and durations, spread of the gaze, speeds of the face."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from openada.behaviour.blinks import stretches
from openada.behaviour.eye_movements import measurable_gaze
from openada.behaviour.speed import steps

if TYPE_CHECKING:
    import pandas as pd

LEAST_OBSERVED_S = 10.0
UNIT_STEP_S = 0.1
ELLIPSE_SHARE = 0.68
_NAN = float("nan")


def dynamics(signals: pd.DataFrame, events: pd.DataFrame) -> dict[str, float]:
    """Figures of one recording by name; NaN where undefined, so that 0 always was measured.

    signals: a row per frame with `time_s` (increasing), `tracked` and any of `eye_openness`, `gaze_yaw_deg`,
    `gaze_pitch_deg`, action units (`AU…_g`, `AU…_r`) and iris
    diameters (`iris…diameter`). events: the recording's blinks, closures, saccades and fixations.

    Rates (`__rate_per_min`) are per minute of observed time: of the intervals between neighbouring frames that are both
    tracked, with the signal measured, and less than 0.5 s apart; for saccades and fixations without the surroundings of
    blinks. They are NaN for less than 10 s of it. Events that touch a gap are not in `events`, so that many gaps lower
    the rates.

    - `blink__` rate_per_min, duration_s_mean, _median, _std, amplitude_mean; interval_s_mean, _std: from apex to apex of
      successive blinks with no gap between them.
    - `closure__` rate_per_min, duration_s_mean.
    - `saccade__` rate_per_min, amplitude_deg_mean, _median. `fixation__` rate_per_min, duration_s_mean, _median.
    - `gaze__dispersion_deg`: root of the summed variances of yaw and pitch about their medians. `gaze__bcea_deg2`: area
      of the bivariate contour ellipse that holds 68 % of a normal distribution with the gaze's covariance, 2πk √det,
      k = -ln(1 - 0.68) (Steinman 1965; Castet and Crossland 2012). Both outside blinks.
    - `<AU>__speed_per_s_mean`: mean absolute change, in the signal's unit per second, over 0.1 s or more likewise.
      Jitter adds to it: compare recordings of like frame rate and face size.
    - `<iris…diameter>__cv`: standard deviation over mean. It is the camera's jitter as much as the eye; nothing in it
      is the pupil.

    Moments are the population's (divided by n); a standard deviation needs two values.
    """
    time_s, tracked = signals["time_s"].to_numpy(np.float64), signals["tracked"].to_numpy(bool)

    def column(name: str) -> np.ndarray:
        return signals[name].to_numpy(np.float64) if name in signals else np.full(len(time_s), np.nan)

    seen = tracked & np.isfinite(column("eye_openness"))
    _, gaze, looking = measurable_gaze(time_s, tracked, column("gaze_yaw_deg"), column("gaze_pitch_deg"), events)
    kinds = {kind: events[events["kind"] == kind] for kind in ("blink", "closure", "saccade", "fixation")}
    row = {
        f"{kind}__rate_per_min": _rate(len(kinds[kind]), time_s, usable)
        for kind, usable in (("blink", seen), ("closure", seen), ("saccade", looking), ("fixation", looking))
    }
    summaries = (
        ("blink", "duration_s", "duration_s", ("mean", "median", "std")),
        ("blink", "amplitude", "amplitude", ("mean",)),
        ("closure", "duration_s", "duration_s", ("mean",)),
        ("saccade", "amplitude", "amplitude_deg", ("mean", "median")),
        ("fixation", "duration_s", "duration_s", ("mean", "median")),
    )
    for kind, source, name, wanted in summaries:
        row |= _summary(f"{kind}__{name}", kinds[kind][source].to_numpy(np.float64), wanted)
    row |= _summary("blink__interval_s", _intervals(kinds["blink"], time_s, seen), ("mean", "std"))
    row["gaze__dispersion_deg"], row["gaze__bcea_deg2"] = _spread(gaze[looking])
    for name in signals.columns:
        values = column(name) if name.startswith(("AU", "iris")) else np.zeros(0)
        if name.startswith("AU") and name.endswith(("_g", "_r")):
            early, late = steps(time_s, tracked & np.isfinite(values), UNIT_STEP_S)
            speeds = np.abs(values[late] - values[early]) / (time_s[late] - time_s[early])
            row |= _summary(f"{name}__speed_per_s", speeds, ("mean",))
        elif name.startswith("iris") and name.endswith("diameter"):
            sizes = values[tracked & np.isfinite(values)]
            row[f"{name}__cv"] = float(sizes.std() / sizes.mean()) if len(sizes) > 1 else _NAN
    return row


def _rate(count: int, time_s: np.ndarray, usable: np.ndarray) -> float:
    runs = stretches(time_s, usable)
    observed_s = float((time_s[runs[:, 1] - 1] - time_s[runs[:, 0]]).sum())
    return 60.0 * count / observed_s if observed_s >= LEAST_OBSERVED_S else _NAN


def _summary(name: str, values: np.ndarray, wanted: tuple[str, ...]) -> dict[str, float]:
    """`<name>_<statistic>` of values (N,)."""
    if not len(values):
        return {f"{name}_{statistic}": _NAN for statistic in wanted}
    all_of_them = {
        "mean": values.mean(),
        "median": np.median(values),
        "std": values.std() if len(values) > 1 else _NAN,
    }
    return {f"{name}_{statistic}": float(all_of_them[statistic]) for statistic in wanted}


def _intervals(blinks: pd.DataFrame, time_s: np.ndarray, usable: np.ndarray) -> np.ndarray:
    """Seconds between the apexes of successive blinks in the same stretch."""
    apexes = np.sort(blinks["apex_s"].to_numpy(np.float64))
    stretch = np.searchsorted(time_s[stretches(time_s, usable)[:, 0]], apexes, side="right")
    return np.diff(apexes)[np.diff(stretch) == 0]


def _spread(gaze: np.ndarray) -> tuple[float, float]:
    """Dispersion in degrees and contour ellipse in square degrees of gaze (N, 2)."""
    if len(gaze) < 2:
        return _NAN, _NAN
    dispersion = np.sqrt(((gaze - np.median(gaze, axis=0)) ** 2).mean(axis=0).sum())
    determinant = max(float(np.linalg.det(np.cov(gaze.T, bias=True))), 0.0)
    return float(dispersion), float(-2 * np.pi * np.log(1 - ELLIPSE_SHARE) * np.sqrt(determinant))
