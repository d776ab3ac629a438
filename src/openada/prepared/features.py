"""Video files in, a folder of behaviour tables for each out; started again it goes on where it was."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from os.path import commonpath, normpath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openada.batch import Item, Outcome, run
from openada.errors import UnusableInput
from openada.files import atomic_path
from openada.prepared.job import Job, Parameters
from openada.prepared.passes import tracker_of
from openada.prepared.writer import finished, prepare_recording, remove_leftovers, stored_quality

if TYPE_CHECKING:
    import pandas as pd

VIDEO_SUFFIXES = frozenset(
    (
        *(".3gp", ".asf", ".avi", ".flv", ".gif", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4"),
        *(".mpeg", ".mpg", ".mts", ".mxf", ".ogv", ".ts", ".vob", ".webm", ".wmv"),
    )
)
IMAGE_SUFFIXES = frozenset((".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"))
RECORDINGS_FILE = "recordings.csv"


def find_videos(given: Sequence[str]) -> list[Path]:
    """The files that paths, folders and glob patterns name, absolute, without repeats, in order.

    A folder gives the videos and images below it, known by their suffixes; a file is taken whatever its suffix.
    Raises UnusableInput where nothing is found.
    """
    if not given:
        raise UnusableInput("No video is given. Give files, folders or a quoted pattern like 'a/*.mp4'.")
    found: dict[Path, None] = {}
    for text in given:
        path = Path(text)
        if path.is_dir():
            named = sorted(file for file in path.rglob("*") if _is_footage(file.relative_to(path)) and file.is_file())
        elif path.is_file():
            named = [path]
        else:
            named = _matching(text)
        if not named:
            raise UnusableInput(
                f"{text}: no video or image is there. Give files, folders or a quoted pattern like 'a/*.mp4'."
            )
        found.update(dict.fromkeys(Path(normpath(file.absolute())) for file in named))
    return list(found)


def folder_names(videos: Sequence[Path], out: Path) -> list[str]:
    """A folder name in `out` for every video, that of its own earlier run if there is one.

    The file's stem; where another video has that, the path relative to the videos' common folder with `__` for `/`; where that
    is taken too, the same with the suffix. A folder of another video is never given away.
    Raises UnusableInput if no name is left.
    """
    owners = {folder.name: _owner(folder) for folder in out.iterdir()} if out.is_dir() else {}
    mine = {owner: name for name, owner in owners.items()}
    base = Path(commonpath([video.parent for video in videos]))
    stems = Counter(video.stem.casefold() for video in videos)  # some file systems do not tell case apart
    taken = {name.casefold() for name in owners}
    names = []
    for video in videos:
        relative = "__".join(video.relative_to(base).parts)
        wanted = [video.stem] if stems[video.stem.casefold()] == 1 else []
        wanted += [relative.removesuffix(video.suffix), relative.replace(".", "_")]
        free = (name for name in wanted if name.casefold() not in taken)
        name = mine.get(str(video)) or next(free, None)
        if name is None:
            raise UnusableInput(
                f"{video}: the folders {', '.join(wanted)} in {out} belong to other videos; choose another --out"
            )
        taken.add(name.casefold())
        names.append(name)
    return names


def features(
    given: Sequence[str],
    out: Path,
    *,
    parameters: Parameters,
    baseline: Path | None = None,
    export: str = "",
    workers: int | None = None,
    scheduler: str | None = None,
    progress: bool = True,
) -> tuple[list[Outcome], pd.DataFrame]:
    """Track and measure every video into `out`/<name>; the outcomes, and the table that `recordings.csv` holds.

    Videos measured before from the same file with the same parameters are kept. Failures are recorded; the others go on.
    Raises UnusableInput if nothing is found or a baseline is missing.
    """
    videos = find_videos(given)
    baseline = None if baseline is None else _usable_baseline(baseline, parameters)
    tracker_of(parameters.tracker, parameters.tracker_model)  # a model that cannot be used stops the batch at once
    out = out.absolute()  # workers elsewhere have another working folder
    names = folder_names(videos, out)
    jobs = [
        Job(name, video, out / name, parameters, baseline, export) for name, video in zip(names, videos, strict=True)
    ]
    outcomes = run(
        prepare_recording,
        [Item(job.recording_id, job) for job in jobs],
        finished=lambda item: finished(item.payload),
        begin=lambda: remove_leftovers(out),
        lock=out / ".lock",
        title="Measuring",
        workers=workers,
        scheduler=scheduler,
        progress=progress,
    )
    table = _recordings(jobs, outcomes, out)
    with atomic_path(out / RECORDINGS_FILE) as temporary:
        table.to_csv(temporary, index=False)
    return outcomes, table


def _usable_baseline(baseline: Path, parameters: Parameters) -> Path:
    if not baseline.is_file():
        raise UnusableInput(f"{baseline}: there is no such baseline video. Check the path.")
    if parameters.subject == "all":
        raise UnusableInput(
            f"{baseline}: one person's baseline cannot be everybody's: choose another subject than 'all'."
        )
    if parameters.behaviour_reference != "median":
        raise UnusableInput(
            f"{baseline}: a baseline is the reference, so reference {parameters.behaviour_reference!r} cannot be another."
        )
    return Path(normpath(baseline.absolute()))


def _recordings(jobs: Sequence[Job], outcomes: Sequence[Outcome], out: Path) -> pd.DataFrame:
    """A row for every recording of this run, then for those that earlier ones left in `out`."""
    import pandas as pd

    rows = [
        _row(job.recording_id, str(job.video), outcome.result or {}, outcome.error or "")
        for job, outcome in zip(jobs, outcomes, strict=True)
    ]
    now = {job.recording_id for job in jobs}
    for folder in sorted(out.iterdir()):
        quality = stored_quality(folder) if folder.is_dir() and folder.name not in now else None
        if quality is not None and "source" in quality:
            rows.append(_row(folder.name, quality["source"], quality, ""))
    return pd.DataFrame(rows)


def _row(recording_id: str, source: str, quality: dict[str, Any], error: str) -> dict[str, Any]:
    figures = ("frames", "duration_s", "tracked_share", "brightness", "blur", "face_size_px", "faces_seen_max")
    return {
        "recording_id": recording_id,
        "source": source,
        "status": "failed" if error else "no face" if quality["tracked_share"] == 0 else "prepared",
        "error": error,
        **{name: quality.get(name) for name in figures},
        "gaps": len(quality.get("gaps", ())),
        "reference": quality.get("reference", ""),
        "subject": quality.get("parameters", {}).get("subject", ""),
        "warnings": " ".join(quality.get("warnings", ())),
    }


def _matching(pattern: str) -> list[Path]:
    """Files that a pattern with *, ? or [ ] names, below the last folder in it that is written out."""
    parts = Path(pattern).parts
    plain = next((index for index, part in enumerate(parts) if re.search(r"[*?[]", part)), len(parts))
    if plain == len(parts):
        return []
    return sorted(path for path in Path(*parts[:plain]).glob(str(Path(*parts[plain:]))) if path.is_file())


def _is_footage(relative: Path) -> bool:
    hidden = any(part.startswith(".") for part in relative.parts)
    return not hidden and relative.suffix.lower() in VIDEO_SUFFIXES | IMAGE_SUFFIXES


def _owner(folder: Path) -> str:
    """The video a folder was made from; "" for anything else that lies there."""
    return str((stored_quality(folder) or {}).get("source", ""))
