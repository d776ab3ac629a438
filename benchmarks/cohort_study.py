"""Processor time and peak memory of a whole cohort study on generated people, step by step, as a table.

    OMP_NUM_THREADS=1 python benchmarks/cohort_study.py [--people 1000 11427] [--seconds 10] > benchmarks/cohort_study.md

Each step is a command of its own, in one process: build from per-frame tables, associations with replication, subtypes (both
methods, 19 single clouds), and a 5-fold nested gradient-boosting study (HistGradientBoosting, features selected inside the
folds, two classes). The generated tables are made first and not counted.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

STEPS = {
    "build": "build {made}/tables {made}/questionnaire.csv --out {cohort} --workers 1",
    "associations": "associations {cohort}",
    "subtypes": "subtypes {cohort} --clouds 19",
    "predict, gradient boosting": "predict {cohort} --learners gradient-boosting --importance 0 --workers 1",
}


def measured(arguments: list[str]) -> tuple[float, float]:
    """Processor seconds and peak memory in GB of `openada cohort` with these arguments. Raises where it fails."""
    child = subprocess.Popen([sys.executable, "-m", "openada", "cohort", *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with {child.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, nargs="+", default=[1000, 11427])
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    sizes = " ".join(map(str, options.people))
    print("# A cohort study from per-frame tables to prediction: processor time and memory\n")
    print(f"`OMP_NUM_THREADS=1 python benchmarks/cohort_study.py --people {sizes} --seconds {options.seconds:g}`\n")
    print(f"Generated people, recordings of {options.seconds:g} s at 10 frames per second, one process, one thread.\n")
    print("| people | step | processor s | s per 1,000 people | peak memory, GB |")
    print("| -----: | ---- | ----------: | -----------------: | --------------: |", flush=True)
    for people in options.people:
        with tempfile.TemporaryDirectory() as folder:
            made, cohort = Path(folder) / "made", Path(folder) / "cohort"
            measured(["synth", str(made), "--people", str(people), "--seconds", f"{options.seconds:g}"])
            total, most = 0.0, 0.0
            for step, command in STEPS.items():
                seconds, memory = measured(command.format(made=made, cohort=cohort).split())
                total, most = total + seconds, max(most, memory)
                print(
                    f"| {people} | {step} | {seconds:.1f} | {1000 * seconds / people:.1f} | {memory:.2f} |", flush=True
                )
            print(f"| {people} | all | {total:.1f} | {1000 * total / people:.1f} | {most:.2f} |", flush=True)


if __name__ == "__main__":
    main()
