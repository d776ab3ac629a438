"""How long the statistics of one recording take, against pandas' own aggregation in the same run, as a table.

    OMP_NUM_THREADS=1 python benchmarks/cohort_statistics.py [--frames 5400] [--repeats 3] > benchmarks/cohort_statistics.md

A table with the 709 measurements of an OpenFace 2.2 CSV, of which about 6 % of the frames do not count. pandas:
`frame.agg` of the same twelve statistics over the frames that count. Its moments are a sample's (divided by n − 1, skewness and
kurtosis corrected for bias), ours the population's; they are converted, outside of what is timed, before the numbers are
compared. Times are processor seconds of one thread, the shortest of the repeats, so that they hold on a busy machine too.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from openada.behaviour.statistics import STATISTICS, statistics
from openada.evaluation.table import to_markdown

LARGEST_DIFFERENCE = 1e-9


def openface_columns() -> list[str]:
    """The 709 measurements of OpenFace 2.2, in order."""
    eyes = [f"eye_lmk_{axis}_{point}" for axis in "xyXYZ" for point in range(56)]
    gaze = [f"gaze_{eye}_{axis}" for eye in (0, 1) for axis in "xyz"] + ["gaze_angle_x", "gaze_angle_y"]
    pose = [f"pose_{kind}{axis}" for kind in "TR" for axis in "xyz"]
    face = [f"{axis}_{point}" for axis in "xyXYZ" for point in range(68)]
    shape = ["p_scale", "p_rx", "p_ry", "p_rz", "p_tx", "p_ty", *(f"p_{mode}" for mode in range(34))]
    units = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45)
    intensity = [f"AU{unit:02d}_r" for unit in units]
    presence = [f"AU{unit:02d}_c" for unit in (*units[:-1], 28, 45)]
    return [*gaze, *eyes, *pose, *face, *shape, *intensity, *presence]


def recording(frames: int, seed: int = 0) -> pd.DataFrame:
    """A table (frames, 709) that moves slowly, with presences of 0 or 1, and `time_s` and `tracked`."""
    rng = np.random.default_rng(seed)
    names = openface_columns()
    level, spread = rng.uniform(-500, 900, len(names)), rng.gamma(2.0, 4.0, len(names))
    values = level + spread * (rng.standard_normal((frames, len(names))) + np.sin(np.arange(frames) / 90)[:, None])
    table = pd.DataFrame(values, columns=names)
    presence = [name for name in names if name.endswith("_c")]
    table[presence] = (table[presence] > table[presence].mean()).astype(float)
    table.insert(0, "time_s", np.arange(frames) / 30)
    table.insert(1, "tracked", rng.random(frames) < 0.94)
    return table


def range_(column: pd.Series) -> float:
    return column.max() - column.min()


def q25(column: pd.Series) -> float:
    return column.quantile(0.25)


def q75(column: pd.Series) -> float:
    return column.quantile(0.75)


def iqr(column: pd.Series) -> float:
    return column.quantile(0.75) - column.quantile(0.25)


def by_pandas(table: pd.DataFrame) -> pd.DataFrame:
    """A row per statistic, a column per measurement."""
    counted = table.loc[table["tracked"], table.columns[2:]]
    return counted.agg(["mean", "median", "max", "min", "std", "var", range_, q25, q75, iqr, "skew", "kurt"])


def as_population(aggregated: pd.DataFrame, n: int) -> np.ndarray:
    """The same (12, 709) with moments of the population, in the order of `STATISTICS`."""
    made = aggregated.rename(index={"range_": "range", "skew": "skewness", "kurt": "kurtosis"})
    made.loc["var"] *= (n - 1) / n
    made.loc["std"] *= np.sqrt((n - 1) / n)
    made.loc["skewness"] *= (n - 2) / np.sqrt(n * (n - 1))
    made.loc["kurtosis"] = (made.loc["kurtosis"] * (n - 2) * (n - 3) / (n - 1) - 6) / (n + 1)
    return made.loc[list(STATISTICS)].to_numpy()


def best_s(work: Callable[[], Any], repeats: int) -> float:
    """The least processor time of `repeats` runs, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def measure(frames: int = 5400, repeats: int = 3) -> pd.DataFrame:
    """One row: frames, columns, seconds of ours and of pandas, times faster, largest difference (relative above 1)."""
    table = recording(frames)
    ours = statistics(table).to_numpy()[0, :-1].reshape(-1, len(STATISTICS)).T
    theirs = as_population(by_pandas(table), int(table["tracked"].sum()))
    gap = float((np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1.0)).max())
    if not gap < LARGEST_DIFFERENCE:
        raise SystemExit(f"the numbers differ by {gap:g}")
    fast_s = best_s(lambda: statistics(table), repeats)
    slow_s = best_s(lambda: by_pandas(table), repeats)
    row = (frames, table.shape[1] - 2, fast_s, slow_s, f"{slow_s / fast_s:.0f}", f"{gap:.0e}")
    return pd.DataFrame(
        [row], columns=["frames", "columns", "seconds", "pandas seconds", "times faster", "largest difference"]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=5400)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    table = measure(options.frames, options.repeats)
    print("# Twelve statistics of every column of one recording\n")
    print(
        f"`OMP_NUM_THREADS=1 python benchmarks/cohort_statistics.py --frames {options.frames} --repeats {options.repeats}`\n"
    )
    print(
        f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}, pandas {pd.__version__}; "
        "processor seconds of one thread.\n"
    )
    print(to_markdown(table, digits=3), end="")


if __name__ == "__main__":
    main()
