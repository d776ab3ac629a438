"""The demo: the whole path on a rendered benchmark, with every printed figure measured in that run."""

from __future__ import annotations

import math
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openada.datasets.planted.rendered import BASELINES
from openada.errors import SomeItemsFailed
from openada.studies.planted_baselines import MAY_BEAT_CONSTANT

SIZE_PX = 192
SHARES = (0.66, 0.09, 0.25)  # of the people: training, development (which calibrates the interval), test
REAL_CLIPS = ("single_face.mp4", "face_noface.mov")


@dataclass
class Clock:
    """Wall time of each step, in s."""

    steps: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Announce a step and time it."""
        print(f"· {title} …", flush=True)
        start = time.perf_counter()
        yield
        self.steps[title] = time.perf_counter() - start


def run_demo(out: Path, *, subjects: int, seconds: float, fps: float, seed: int) -> None:
    """Render, prepare, train both stages, evaluate on held-out subjects, assess; print what was measured."""
    from openada.datasets.planted.generate import generate
    from openada.inference.recording import TrainedRun
    from openada.prepared.prepare import prepare
    from openada.studies.assess import assess_video
    from openada.studies.evaluate import evaluate_run
    from openada.training.expada import train_expada
    from openada.training.recipe import recipe

    clock = Clock()
    benchmark, prepared, run = out / "benchmark", out / "prepared", out / "run"
    with clock.step(f"Rendering the planted benchmark: {subjects} people, two recordings of {seconds:g} s each"):
        generate(
            benchmark,
            subjects=subjects,
            seconds=seconds,
            fps=fps,
            seed=seed,
            variant="standard",
            split_shares=SHARES,
            size_px=SIZE_PX,
        )
    with clock.step("Preparing: tracking and aligning every face"):
        outcomes = prepare(benchmark / "manifest.csv", prepared)
        failed = [outcome for outcome in outcomes if outcome.status == "failed"]
        if failed:
            raise SomeItemsFailed(f"{len(failed)} recordings could not be prepared; the first: {failed[0].error}")
    with clock.step("Training ExpADA, preset demo (a small trunk, not the paper's): encoder, then selection"):
        train_expada(prepared, run, recipe("demo", seed=seed))
    with clock.step("Evaluating on held-out people"):
        evaluation = evaluate_run(run)
    with clock.step("Assessing one held-out recording"):
        trained = TrainedRun.load(run)
        chosen = _held_out(trained)
        assess_video(benchmark / "videos" / f"{chosen}.mp4", run, out / "assessment")
    real = _real_clip()
    if real:
        with clock.step(f"Assessing a real clip, {real.name}"):
            assess_video(real, run, out / "assessment-real")
    print(summary(evaluation.figures, seconds))
    print(_times(clock))
    print(f"Reports: {out / 'assessment' / 'report.html'} (one held-out recording)")
    if real:
        print(
            f"         {out / 'assessment-real' / 'report.html'} (a real clip: shows the software, says nothing of the person)"
        )
    print(f"         {run / 'report.html'} (the whole evaluation)")


def _held_out(trained: Any) -> str:
    """The test recording with the highest prediction: the one whose relevance has something to show."""
    import pandas as pd

    table = pd.read_parquet(trained.folder.predictions)
    table = table[(table["split"] == "test") & (table["method"] == "selection")]
    return str(table.loc[table["prediction"].idxmax(), "recording_id"])


def _real_clip() -> Path | None:
    """A real clip, if the folder that OPENADA_VIDEOS names, or ../shared/videos, is there."""
    folder = Path(os.environ.get("OPENADA_VIDEOS", "../shared/videos"))
    return next((folder / name for name in REAL_CLIPS if (folder / name).is_file()), None)


def summary(figures: dict[str, Any], seconds: float) -> str:
    """The demo's table and what it means, from the content of evaluation.json."""
    rows = {(row["predictor"], row["metric"], row["unit"]): row for row in figures["table"]}
    main = figures["method"]
    lines = [
        "",
        f"Planted benchmark, held-out people; ExpADA preset {figures['preset']}; recordings of {seconds:g} s",
        "",
    ]
    for unit in ("recordings", "sessions"):
        constant = rows["training mean", "rmse", unit]["value"]
        n, people = (rows[main, "rmse", unit][key] for key in ("n", "n_subjects"))
        lines.append(
            f"  RMSE in score points over {n} {unit} of {people} people (95 % interval)        share of constant"
        )
        order = ["training mean", "behaviour-statistics ridge", *BASELINES, "ordinal", main]
        for name in order:
            row = rows.get((name, "rmse", unit))
            if row:
                label = {"ordinal": "ExpADA stage 1 (mean over clips)", main: "ExpADA (selection)"}.get(name, name)
                if name in MAY_BEAT_CONSTANT:
                    label += " *"
                lines.append(f"    {label:<34} {_figure(row)}   {row['value'] / constant:5.2f}")
        gap = rows[f"{main} − training mean", "rmse", unit]
        lines += [f"    {'ExpADA − training mean, paired':<34} {_figure(gap)}", ""]
    lines.append("  Where relevance points (AUROC of cue against other units, mean over recordings)")
    for row in figures["localisation"] or []:
        if math.isfinite(row["value"] if row["value"] is not None else math.nan):
            lines.append(f"    {row['measure']:<34} {_figure(row)}   n = {row['n']}")
    lines += ["", "  References: the best a reader of the cue can do (share of constant)"]
    for row in figures["references"] or []:
        lines.append(f"    {row['reference']:<42} {row['level']:<10} {row['ratio']:5.2f}")
    lines += [
        "",
        *_meaning(figures, rows),
        "",
    ]
    return "\n".join(lines)


def _meaning(figures: dict[str, Any], rows: dict[tuple[str, str, str], dict[str, Any]]) -> list[str]:
    """What the measured figures say, and no more: each sentence follows from its figure."""
    main = figures["method"]
    gap = rows[f"{main} − training mean", "rmse", "sessions"]
    better = gap["high"] is not None and gap["high"] < 0
    own = rows[main, "rmse", "sessions"]["value"]
    beaten = [name for name in BASELINES if own < rows[name, "rmse", "sessions"]["value"]]
    lost = [name for name in BASELINES if name not in beaten]
    found = next(iter(figures["localisation"] or []), None)
    points = found is not None and found["low"] is not None and found["low"] > 0.5
    return [
        "What it means",
        f"  The model {'errs less than' if better else 'does not err less than'} a constant prediction, beyond resampling noise.",
        f"  Simple measurements that err more than the model: {', '.join(beaten) or 'none'}.",
        f"  Simple measurements that err less: {', '.join(lost) or 'none'}.",
        "  Those marked * measure coincidences of movements, which is what the cue is.",
        f"  Severity relevance {'points' if points else 'does not reliably point'} at the moments where the cue is.",
        "  The faces are rendered and the cue is made up: none of this says anything about depression in people.",
    ]


def _figure(row: dict[str, Any]) -> str:
    value, low, high = (math.nan if row[key] is None else row[key] for key in ("value", "low", "high"))
    return f"{value:7.2f}  [{low:6.2f}, {high:6.2f}]"


def _times(clock: Clock) -> str:
    """Wall times, and the largest memory of this process and its children."""
    kib = 1 if sys.platform == "darwin" else 1024
    own, children = (
        resource.getrusage(who).ru_maxrss * kib / 2**30 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    total = sum(clock.steps.values())
    lines = [f"  {seconds:6.1f} s  {title}" for title, seconds in clock.steps.items()]
    lines.append(f"  {total:6.1f} s  in all; largest process {max(own, children):.2f} GiB")
    return "\n".join(lines) + "\n"
