"""Is a corpus on disk complete, readable and sound? What `openada datasets check` says."""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openada.datasets.corpora.behaviour import check_readable
from openada.datasets.corpora.clnf import PARTS, is_clnf, part_beside
from openada.datasets.corpora.found import KINDS, Finding, Found
from openada.datasets.corpora.registry import read
from openada.datasets.recording import SPLITS
from openada.datasets.scales import scale_named
from openada.datasets.splits import Split
from openada.errors import UnusableInput
from openada.video import probe

_SHOWN = 5
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Report:
    """`content` is JSON-able; `text` says the same for people; `unusable` is why nothing can be done with it, or ""."""

    content: dict[str, Any]
    unusable: str

    @property
    def text(self) -> str:
        """The report in plain text."""
        return _text(self.content, self.unusable)


def check(root: Path, corpus: str | None = None) -> Report:
    """Read the corpus below `root` and open every file of it: the first frame of videos, the head of tables.

    Raises UnusableInput where `registry.read` does; a corpus without one readable, labelled recording gives `unusable`.
    """
    found = read(root, corpus)
    there = [Path(video) for video in found.table["video"]]
    unreadable = {
        path: message
        for path, kind in zip(there, found.table["kind"], strict=True)
        if path.is_file() and (message := _complaint(path, kind))
    }
    same = _same_content(found, [path for path in there if path.is_file() and path not in unreadable])
    findings = (
        *found.findings,
        *(Finding("unreadable", _shown(path, found.root), message) for path, message in unreadable.items()),
        *same,
    )
    readable = [path.is_file() and path not in unreadable for path in there]
    usable = found.table[readable]["score"].notna().any()
    content = _content(found, findings, readable)
    reason = ""
    if not usable:
        counts = {
            kind: len(content["findings"].get(kind, ())) for kind in ("missing label", "missing file", "unreadable")
        }
        told = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
        reason = f"{found.root}: no recording has both a readable file and a label ({told}); see the findings"
    return Report(content, reason)


def _complaint(path: Path, kind: str) -> str:
    """Why a recording's file cannot be read, or ""."""
    files = [path]
    if is_clnf(path):
        files = [part for name in PARTS if (part := part_beside(path, name))]
    reader: Callable[[Path], object] = probe if kind == "video" else check_readable
    try:
        for file in files:
            reader(file)
    except UnusableInput as error:
        return str(error)
    return ""


def _same_content(found: Found, paths: list[Path]) -> list[Finding]:
    """Files of different recordings that are equal byte by byte; only files of one size are read."""
    by_size: defaultdict[int, set[Path]] = defaultdict(set)
    for path in paths:
        by_size[path.stat().st_size].add(path.resolve())
    findings = []
    for candidates in by_size.values():
        by_digest: defaultdict[str, list[str]] = defaultdict(list)
        for path in sorted(candidates) if len(candidates) > 1 else ():
            by_digest[_digest(path)].append(_shown(path, found.root))
        findings += [
            Finding("same content", same[0], f"equal to {', '.join(same[1:])}: one recording under two names?")
            for same in by_digest.values()
            if len(same) > 1
        ]
    return findings


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _content(found: Found, findings: tuple[Finding, ...], readable: list[bool]) -> dict[str, Any]:
    table = found.table.assign(readable=readable)
    placed = table[table["split"].isin(SPLITS)]
    split = Split(
        "official",
        {part: tuple(rows["recording_id"]) for part, rows in placed.groupby("split")},
        dict(zip(placed["recording_id"], placed["subject"], strict=True)),
    )
    parts = [
        {
            "corpus": corpus,
            "split": part,
            "task": task,
            "recordings": len(rows),
            "sessions": len(rows[["subject", "session"]].drop_duplicates()),
            "subjects": int(rows["subject"].nunique()),
            "labelled": int(rows["score"].notna().sum()),
            "readable": int(rows["readable"].sum()),
        }
        for part in (*SPLITS, "")
        for (corpus, task), rows in table[table["split"] == part].groupby(["corpus", "task"], sort=True)
    ]
    grouped: dict[str, list[dict[str, str]]] = {}
    for kind in KINDS:
        of_kind = [{"item": f.item, "detail": f.detail} for f in findings if f.kind == kind]
        if of_kind:
            grouped[kind] = of_kind
    return {
        "corpus": list(found.corpus),
        "root": str(found.root),
        "kind": sorted(set(table["kind"])),
        "recordings": len(table),
        "parts": parts,
        "labels": [
            {
                "scale": scale,
                "lowest": _number(rows["score"].min()),
                "highest": _number(rows["score"].max()),
                "scale_range": [scale_named(scale).low, scale_named(scale).high],
            }
            for scale, rows in table.groupby("scale")
        ],
        "subject_known": bool(table["subject_known"].all()),
        "overlap": [{"parts": list(pair), "subjects": list(subjects)} for pair, subjects in split.overlap().items()],
        "notes": list(found.notes),
        "findings": grouped,
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _text(content: dict[str, Any], unusable: str) -> str:
    lines = [f"{' and '.join(content['corpus'])} in {content['root']}: {content['recordings']} recordings"]
    lines.append("")
    header = ("corpus", "part", "task", "recordings", "sessions", "subjects", "labelled", "readable")
    rows = [header] + [
        tuple(str(part[name] or "none") for name in ("corpus", "split", "task"))
        + tuple(str(part[name]) for name in header[3:])
        for part in content["parts"]
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    for row in rows:
        cells = [cell.ljust(w) if i < 3 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))]
        lines.append("  " + "  ".join(cells).rstrip())
    lines.append("")
    for label in content["labels"]:
        low, high = label["scale_range"]
        got = "none" if label["lowest"] is None else f"{label['lowest']:g} to {label['highest']:g}"
        lines.append(f"labels on {label['scale']} ({low} to {high}): {got}")
    if not content["subject_known"]:
        lines.append("subjects: unknown, so that overlap between the parts cannot be told")
    elif content["overlap"]:
        for shared in content["overlap"]:
            ids = ", ".join(shared["subjects"])
            lines.append(f"subjects in both {' and '.join(shared['parts'])}: {len(shared['subjects'])} ({ids})")
    else:
        lines.append("subjects: none in two parts")
    lines += [f"note: {note}" for note in content["notes"]]
    for kind, found in content["findings"].items():
        lines.append(f"{kind}: {len(found)}")
        lines += [f"  {one['item']}: {one['detail']}" for one in found[:_SHOWN]]
        if len(found) > _SHOWN:
            lines.append(f"  … and {len(found) - _SHOWN} more")
    findings = sum(map(len, content["findings"].values()))
    lines.append(f"unusable: {unusable}" if unusable else f"usable, with {findings} findings" if findings else "usable")
    return "\n".join(lines)
