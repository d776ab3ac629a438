"""How a trained run's errors grow when recordings get worse: all kinds and strengths of corruption, predicted one by one."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from openada.clips.corrupted import CorruptedRecording
from openada.clips.corruptions import KINDS, KindName
from openada.errors import UnusableInput
from openada.files import atomic_path, read_json, write_json, write_text
from openada.inference.recording import TrainedRun, infer
from openada.prepared.dataset import PreparedDataset
from openada.report.robustness import robustness_figure, write_robustness_report
from openada.studies.evaluation_facts import METHODS, footing, known_recordings, require_reportable
from openada.studies.progress import bar
from openada.studies.robustness_page import content_of, markdown_of
from openada.studies.robustness_table import robustness_table

if TYPE_CHECKING:
    import pandas as pd

CLEAN: tuple[KindName, float] = ("noise", KINDS["noise"].neutral)
"""The clean recordings take the same way as corrupted ones, at a neutral strength."""


@dataclass(frozen=True)
class Robustness:
    """`folder`: where everything is. `table`: see robustness_table.py. `markdown`: what is printed.

    `predictions`: kind and strength → a row per recording by the main method, the clean ones at the neutral strengths.
    """

    folder: Path
    table: pd.DataFrame
    markdown: str
    predictions: dict[tuple[KindName, float], pd.DataFrame]


def study_robustness(
    run: Path,
    *,
    kinds: Sequence[KindName] = tuple(KINDS),
    part: str = "test",
    recordings: int | None = None,
    data: Path | None = None,
    seed: int = 0,
    progress: bool = True,
) -> Robustness:
    """Predict the recordings of `part` from corrupted crops, at every strength of `kinds`; write tables, figure and page.

    RUN/robustness gets robustness.csv, .md, .svg and .html, and predictions/<kind>_<strength>.parquet as each is done: an
    interrupted study goes on there, and kinds of earlier calls are shown again. Another part, and a quick look at `recordings`
    evenly spaced ones, have folders of their own. `data` overrides where the prepared data set lies.

    Raises UnusableInput for the part that trained or selected the model, an unknown kind, no recording, and a folder that
    holds the study of another model, seed or data set.
    """
    import pandas as pd

    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise UnusableInput(f"unknown corruption {unknown[0]!r}; choose from: {', '.join(KINDS)}")
    trained = TrainedRun.load(run)
    config = trained.folder.config()
    require_reportable(config, part)
    known = known_recordings(trained.folder)
    whole = known[known["split"] == part].reset_index(drop=True)
    asked = _evenly_spaced(whole, recordings)
    dataset = PreparedDataset(data or Path(config["data"]))
    out = run / _folder_name(part, len(asked) if len(asked) < len(whole) else None)
    _begin(out, trained, dataset, asked, seed)

    planned = [CLEAN, *((kind, strength) for kind in KINDS if kind in kinds for strength in KINDS[kind].strengths)]
    with bar("Corrupting") if progress else nullcontext(_silent) as tick:
        for place, (kind, strength) in enumerate(planned):
            told = partial(_tell, tick, place * len(asked), len(planned) * len(asked))
            path = _path(out, kind, strength)
            if not path.is_file():
                found = _predictions(trained, dataset, asked, kind, strength, out, seed, told)
                with atomic_path(path) as temporary:
                    found.to_parquet(temporary, index=False)
            told(len(asked))

    clean, method = _main(pd.read_parquet(_path(out, *CLEAN)))
    others = known[known["split"] == "development"] if part != "development" else None
    done = _done(out, clean)
    table = robustness_table(clean, done, training=known[known["split"] == "training"], development=others)
    example = dataset.recording(asked["recording_id"].iloc[0])
    content = content_of(
        trained,
        table,
        example,
        footing(trained.folder, clean, part, dataset),
        method=method,
        seed=seed,
        of_all=len(whole),
    )
    markdown = markdown_of(content)
    with atomic_path(out / "robustness.csv") as temporary:
        table.to_csv(temporary, index=False)
    write_text(out / "robustness.md", markdown)
    write_text(out / "robustness.svg", robustness_figure(content))
    write_robustness_report(out / "robustness.html", content)
    return Robustness(out, table, markdown, done)


def _silent(done: int, total: int) -> None:
    """Progress that nobody asked for."""


def _tell(tick: Callable[[int, int], None], before: int, total: int, done: int) -> None:
    tick(before + done, total)


def _evenly_spaced(table: pd.DataFrame, count: int | None) -> pd.DataFrame:
    if count is None or count >= len(table):
        return table
    if count < 1:
        raise UnusableInput(
            f"a quick look at {count} recordings; give at least 1, or leave it out for all {len(table)}"
        )
    return table.iloc[np.linspace(0, len(table) - 1, count).round().astype(int)].reset_index(drop=True)


def _folder_name(part: str, looked_at: int | None) -> str:
    return "robustness" + ("" if part == "test" else f"-{part}") + ("" if looked_at is None else f"-quick-{looked_at}")


def _path(out: Path, kind: KindName, strength: float) -> Path:
    name = "clean" if (kind, strength) == CLEAN else f"{kind}_{strength:g}"
    return out / "predictions" / f"{name}.parquet"


def _begin(out: Path, trained: TrainedRun, dataset: PreparedDataset, asked: pd.DataFrame, seed: int) -> None:
    """Write what the study is, or check that the one begun there is the same; clear what a killed one left."""
    names = asked["recording_id"].tolist()
    prepared = "\n".join(str(dataset.recording(name).quality.get("signature")) for name in names)
    study = {
        "model_sha256": hashlib.sha256(trained.folder.model.read_bytes()).hexdigest(),
        "seed": seed,
        "recordings": names,
        "prepared_sha256": hashlib.sha256(prepared.encode()).hexdigest(),
        "strengths": {kind: [about.neutral, *about.strengths] for kind, about in KINDS.items()},
    }
    path = out / "study.json"
    there = read_json(path) if path.is_file() else study
    for key, value in study.items():
        if there.get(key) != value:
            raise UnusableInput(
                f"{out} holds a study with another {key}; delete that folder, or move it away, to begin anew"
            )
    for leftover in out.glob(".scratch-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    write_json(path, study)


def _predictions(
    trained: TrainedRun,
    dataset: PreparedDataset,
    asked: pd.DataFrame,
    kind: KindName,
    strength: float,
    out: Path,
    seed: int,
    tick: Callable[[int], None],
) -> pd.DataFrame:
    """A row per recording and method: recording_id, subject, session, task, score, prediction, method, kind, strength."""
    import pandas as pd

    rows = []
    for done, row in enumerate(asked.itertuples(), start=1):
        with tempfile.TemporaryDirectory(prefix=".scratch-", dir=out, ignore_cleanup_errors=True) as scratch:
            recording = CorruptedRecording.of(dataset.recording(row.recording_id), kind, strength, Path(scratch), seed)
            scores = infer(trained, recording).scores
        facts = {name: getattr(row, name) for name in ("recording_id", "subject", "session", "task")}
        for method, prediction in scores.items():
            of_method = {"score": float(row.score), "prediction": prediction, "method": method}
            rows.append({**facts, **of_method, "kind": kind, "strength": float(strength)})
        tick(done)
    return pd.DataFrame(rows)


def _main(predictions: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The rows of the method that is reported, the first of `METHODS` or else the first there is; and its name."""
    named = list(predictions["method"].unique())
    method = next((name for name in METHODS if name in named), named[0])
    return predictions[predictions["method"] == method].drop(columns=["method"]).reset_index(drop=True), method


def _done(out: Path, clean: pd.DataFrame) -> dict[tuple[KindName, float], pd.DataFrame]:
    """The predictions of every kind and strength that is there, with the clean ones at the neutral strength of each kind."""
    import pandas as pd

    found = {}
    for kind, about in KINDS.items():
        there = [strength for strength in about.strengths if _path(out, kind, strength).is_file()]
        if there:
            found[kind, about.neutral] = clean
        for strength in there:
            found[kind, strength] = _main(pd.read_parquet(_path(out, kind, strength)))[0]
    return found
