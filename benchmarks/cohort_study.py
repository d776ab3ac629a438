"""Time and peak memory of a whole cohort study on generated people, step by step and at several sizes, as a page.

    OMP_NUM_THREADS=1 python benchmarks/cohort_study.py [--people 1000 3000 11427] [--folder F] > benchmarks/cohort_study.md

Each step is a command of its own: build from per-frame tables, associations with replication, subtypes (both methods, 19 single
clouds), and a 5-fold nested gradient-boosting study (HistGradientBoosting, features selected inside the folds, two classes). The
generated tables are made first; their time is given and not counted. Memory is the proportional set size of a command and its
worker processes together, looked at twice a second.

With --folder the tables and what was measured stay there, and a run that was stopped goes on with the step it was at (a step is
measured whole or again from its start); the folder is the user's to delete.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from openada.evaluation.table import to_markdown

LOOKED_EVERY_S = 0.5
MADE = "tables made (not counted)"
STEPS = {
    MADE: ("made", "synth {made} --people {people} --seconds {seconds:g} --fps {fps:g}"),
    "build": ("cohort", "build {made}/tables {made}/questionnaire.csv --out {cohort} --workers {workers}"),
    "associations": ("cohort/associations", "associations {cohort}"),
    "subtypes": ("cohort/subtypes", "subtypes {cohort} --clouds 19"),
    "prediction": (
        "cohort/prediction",
        "predict {cohort} --learners gradient-boosting --importance 0 --workers {workers}",
    ),
}
"""Step -> the folder that it writes, and the command."""


def measured(arguments: list[str]) -> dict[str, float]:
    """Wall and processor seconds and peak memory in GB of `openada cohort` with these arguments. Raises where it fails."""
    started = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-m", "openada", "cohort", *arguments], stdout=subprocess.DEVNULL)
    most = 0.0
    while True:
        done, status, usage = os.wait4(child.pid, os.WNOHANG)
        if done:
            break
        most = max(most, memory_gb(child.pid))
        time.sleep(LOOKED_EVERY_S)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with {child.returncode}")
    return {
        "wall_s": time.perf_counter() - started,
        "processor_s": usage.ru_utime + usage.ru_stime,
        "memory_gb": max(most, usage.ru_maxrss / 1e6),
    }


def memory_gb(pid: int) -> float:
    """Proportional set size of a process and all below it: pages that several share count once."""
    import psutil

    total = 0
    try:
        parent = psutil.Process(pid)
        for process in (parent, *parent.children(recursive=True)):
            try:
                total += process.memory_full_info().pss
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
    except psutil.NoSuchProcess:
        return 0.0
    return total / 1e9


def size_gb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e9


def study(folder: Path, people: int, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Every step at one size; what `folder`/measured.json holds is not measured again."""
    kept = folder / "measured.json"
    found: dict[str, dict[str, float]] = json.loads(kept.read_text()) if kept.is_file() else {}
    places = {"made": folder / "made", "cohort": folder / "cohort"}
    about = {"people": people, "seconds": options.seconds, "fps": options.fps, "workers": options.workers}
    for step, (writes, command) in STEPS.items():
        if step in found:
            continue
        shutil.rmtree(folder / writes, ignore_errors=True)
        found[step] = {"load": os.getloadavg()[0], **measured(command.format(**about, **places).split())}
        if step == MADE:
            found[step]["disk_gb"] = size_gb(folder / "made")
        kept.write_text(json.dumps(found, indent=1))
    return [{"people": people, "step": step, **found[step]} for step in STEPS]


def page(rows: list[dict[str, Any]], options: argparse.Namespace) -> str:
    table = pd.DataFrame(rows)
    counted = table[table["step"] != MADE]
    lines, totals = [], {}
    for people, part in counted.groupby("people", sort=True):
        whole = {name: part[name].sum() for name in ("wall_s", "processor_s")}
        totals[int(people)] = {**whole, "memory_gb": part["memory_gb"].max()}
        made = table[(table["people"] == people) & (table["step"] == MADE)]
        every = [*made.to_dict("records"), *part.to_dict("records"), {"step": "**study**", **totals[int(people)]}]
        for row in every:
            seconds = row["processor_s"]
            numbers = (f"{row['wall_s']:.0f}", f"{seconds:.0f}", f"{1000 * seconds / people:.1f}")
            lines.append((people, row["step"], *numbers, f"{row['memory_gb']:.2f}"))
    columns = ["people", "step", "wall s", "processor s", "processor s per 1,000 people", "peak memory, GB"]
    least, most = min(totals), max(totals)
    largest = totals[most]
    disk = table.loc[table["step"] == MADE].set_index("people")["disk_gb"][most]
    sizes = " ".join(map(str, sorted(options.people)))
    parts = [
        "# A cohort study from per-frame tables to prediction: time and memory\n",
        f"`OMP_NUM_THREADS=1 python benchmarks/cohort_study.py --people {sizes} --seconds {options.seconds:g} "
        f"--fps {options.fps:g} --workers {options.workers}`\n",
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, numpy {np.__version__}. Generated "
        f"people with a recording of {options.seconds:g} s at {options.fps:g} frames per second each ({disk:.1f} GB of tables "
        f"for {most:,} people). Build and prediction use {options.workers} processes, the others one. "
        f"Load of the machine when steps began: {table['load'].min():.1f} to {table['load'].max():.1f}.\n",
        to_markdown(pd.DataFrame(lines, columns=columns), digits=1),
        f"{most:,} people: {largest['wall_s'] / 60:.1f} minutes by the clock, {largest['processor_s'] / 60:.1f} of processor "
        f"time, {largest['processor_s'] / 60 / options.workers:.1f} if that were spread over {options.workers} free cores; "
        f"{largest['memory_gb']:.2f} GB.",
    ]
    if most > least:
        grown = largest["processor_s"] / totals[least]["processor_s"]
        exponent = np.log(grown) / np.log(most / least)
        parts.append(
            f"From {least:,} to {most:,} people, × {most / least:.1f}, processor time grows × {grown:.1f} "
            f"(exponent {exponent:.2f}; 1 is linear)."
        )
    return "\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, nargs="+", default=[1000, 3000, 11427])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--fps", type=float, default=30.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="keep tables and measurements there, and go on from them")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        for people in options.people:
            folder = (options.folder or Path(temporary)) / str(people)
            folder.mkdir(parents=True, exist_ok=True)
            rows += study(folder, people, options)
    print(page(rows, options))


if __name__ == "__main__":
    main()
