"""The page of one batch: what failed, which recordings are worst and why, and how quality is spread over all of them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from openada.errors import UnusableInput
from openada.face.quality import TRACKED_SHARE_LOW
from openada.prepared.features import RECORDINGS_FILE
from openada.report.page import MISSING, jpeg_uri, percent, write_page
from openada.report.spread import MEASURES, histogram

WORST, FACELESS = 12, 6
TABLE_ROWS = 500
REASONS, FILES_PER_REASON, GAPS_LISTED = 30, 20, 4
THUMBNAIL_BYTES = 15_000
THUMBNAIL_SIZES = ((240, 80), (240, 60), (240, 40), (180, 40), (120, 30))  # longest side in pixels, JPEG quality
STATUSES = ("prepared", "no face", "failed")

Thumbnail = Callable[[str, float], np.ndarray | None]


@dataclass(frozen=True)
class RecordingQuality:
    """What is known of one file of the batch."""

    recording_id: str
    source: str  # file name, any text
    status: str  # "prepared" | "no face" | "failed"
    error: str = ""  # why it failed
    frames: int = 0
    duration_s: float | None = None
    quality: Mapping[str, Any] | None = None
    # ^ what `face.quality.QualityAccumulator.result` gives; what is absent or None was not measured

    @property
    def warnings(self) -> list[str]:
        """Why the recording may be hard to use, in sentences."""
        said = [str(text) for text in self._measured("warnings") or ()]
        return said or (["No face was tracked."] if self.status == "no face" else [])

    @property
    def gaps_s(self) -> list[tuple[float, float]] | None:
        """Spans without a tracked face, (start, end), in order of time; None where they were not measured."""
        gaps = self._measured("gaps")
        return None if gaps is None else sorted((float(gap["start_s"]), float(gap["end_s"])) for gap in gaps)

    def value(self, key: str) -> float | None:
        """A figure of `quality`; None where it was not measured."""
        return _known(self._measured(key))

    def _measured(self, key: str) -> Any:
        return None if self.quality is None else self.quality.get(key)


def write_quality_report(
    out_html: Path,
    recordings: Sequence[RecordingQuality],
    *,
    title: str,
    thumbnail: Thumbnail,
    versions: Mapping[str, str] | None = None,
) -> None:
    """Write the page of one batch as a single HTML file that needs no network; its place is beside `recordings.csv`.

    thumbnail: from a recording id and a time in seconds to that frame, (H, W, 3) uint8 RGB, or None if there is none. It
    is asked for the `WORST` worst recordings alone (`worst`).
    Raises UnusableInput without recordings and for a status of another name.
    """
    if not recordings:
        raise UnusableInput("a batch of 0 recordings has no quality report: give at least one")
    for item in recordings:
        if item.status not in STATUSES:
            raise UnusableInput(f"{item.recording_id}: status {item.status!r}; it is one of {', '.join(STATUSES)}")
    measured = sorted((item for item in recordings if item.status != "failed"), key=badness)
    looks = [_look(item, thumbnail) for item in worst(measured)]
    n_pictures = sum(look["uri"] is not None for look in looks)
    write_page(
        Path(out_html),
        "quality.html.j2",
        "quality.js" if measured else None,
        title=title,
        critical_warnings=[],
        warnings=[_privacy(n_pictures)],
        versions=dict(versions or {}),
        summary=summary(recordings),
        failures=failures(recordings),
        reasons_shown=REASONS,
        looks=looks,
        n_pictures=n_pictures,
        n_faceless=sum(item.status == "no face" for item in recordings),
        n_flagged=sum(bool(item.warnings) for item in measured),
        plots=[histogram(measure, [item.value(measure.key) for item in recordings]) for measure in MEASURES],
        measures=MEASURES,
        share_low=TRACKED_SHARE_LOW,
        rows=[_row(item) for item in measured[:TABLE_ROWS]],
        n_measured=len(measured),
        recordings_file=RECORDINGS_FILE,
    )


def badness(item: RecordingQuality) -> tuple[int, float, float, str, str]:
    """What recordings that did not fail are ordered by, the worst first.

    1. No face in any frame; 2. share tracked under its limit, the lowest first; 3. the others by the number of
    warnings, the most first, and among equals by share tracked. What is still equal goes by name. A share that was
    not measured counts as 0.
    """
    share, n_warnings = item.value("tracked_share") or 0.0, len(item.warnings)
    name = item.source, item.recording_id
    if item.status == "no face":
        return 0, 0.0, 0.0, *name
    return (1, share, -n_warnings, *name) if share < TRACKED_SHARE_LOW else (2, -n_warnings, share, *name)


def worst(measured: Sequence[RecordingQuality]) -> list[RecordingQuality]:
    """Of recordings that did not fail, the `WORST` worst that carry a warning, in the order of `badness`.

    Recordings without a face look alike: more than `FACELESS` of them are taken only where nothing else is left to show.
    """
    flagged = sorted((item for item in measured if item.warnings), key=badness)
    faceless = [item for item in flagged if item.status == "no face"]
    others = flagged[len(faceless) :]
    return [*faceless[: max(FACELESS, WORST - len(others))], *others][:WORST]


def summary(recordings: Sequence[RecordingQuality]) -> list[tuple[str, str]]:
    """The batch in figures, (figure, what it counts); the files of the last four add up to all."""
    known_s = [time for item in recordings if (time := _known(item.duration_s)) is not None]
    total_s, unknown = sum(known_s), len(recordings) - len(known_s)
    total = [(3600, "h"), (60, "min"), (1, "s")][(total_s < 3600) + (total_s < 60)]
    counts = Counter("warned" if item.status == "prepared" and item.warnings else item.status for item in recordings)
    return [
        (str(len(recordings)), "file" if len(recordings) == 1 else "files"),
        (
            f"{total_s / total[0]:.1f} {total[1]}" if known_s else MISSING,
            "of video" + (f", {unknown} of unknown length" if unknown else ""),
        ),
        (str(counts["failed"]), "failed"),
        (str(counts["no face"]), "without a face"),
        (str(counts["warned"]), "with warnings"),
        (str(counts["prepared"]), "without warnings"),
    ]


def failures(recordings: Sequence[RecordingQuality]) -> list[dict[str, Any]]:
    """The reasons of failures, the most frequent first: {reason, n, files (the first few), more}."""
    by_reason: dict[str, list[str]] = {}
    for item in recordings:
        if item.status == "failed":
            # errors begin with the path, which would make every reason another one
            _, named, after = item.error.partition(f"{item.source}: ")
            reason = (after if named else item.error) or "no reason was recorded"
            by_reason.setdefault(reason[:1].upper() + reason[1:], []).append(item.source)
    ordered = sorted(by_reason.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    return [
        {
            "reason": reason,
            "n": len(files),
            "files": sorted(files)[:FILES_PER_REASON],
            "more": max(len(files) - FILES_PER_REASON, 0),
        }
        for reason, files in ordered
    ]


def _look(item: RecordingQuality, thumbnail: Thumbnail) -> dict[str, Any]:
    """One of the worst recordings, with a frame of the moment that shows best what is wrong."""
    at_s, lost = _telling_moment(item)
    rgb = thumbnail(item.recording_id, at_s)
    return {
        **_row(item),
        "uri": None if rgb is None else _small_jpeg(rgb),
        "at": minutes(at_s),
        "lost": lost,
        "warnings": item.warnings,
        "gaps": None if item.gaps_s is None else _gaps_text(item.gaps_s),
    }


def _telling_moment(item: RecordingQuality) -> tuple[float, bool]:
    """A time in seconds, and whether no face is tracked there.

    The middle of the longest gap where too little is tracked, else of the longest stretch between gaps.
    """
    gaps = item.gaps_s or []
    if gaps and (item.value("tracked_share") or 0.0) < TRACKED_SHARE_LOW:
        spans = gaps
    else:
        bounds = [0.0, *(time for gap in gaps for time in gap), _known(item.duration_s) or 0.0]
        spans = list(zip(bounds[::2], bounds[1::2], strict=True))
    start, end = max(spans, key=lambda span: span[1] - span[0])
    return max(start + end, 0.0) / 2, spans is gaps or item.status == "no face"


def _small_jpeg(rgb: np.ndarray) -> str:
    """The frame as a data URI of under `THUMBNAIL_BYTES`, at the best of `THUMBNAIL_SIZES` that allows it."""
    uri = ""
    for side_px, jpeg_quality in THUMBNAIL_SIZES:
        uri = jpeg_uri(rgb, side_px, jpeg_quality)
        if len(uri) * 3 / 4 < THUMBNAIL_BYTES:
            break
    return uri


def _row(item: RecordingQuality) -> dict[str, Any]:
    gaps = item.gaps_s
    values = [(measure, item.value(measure.key)) for measure in MEASURES]
    return {
        "source": item.source,
        "recording_id": "" if item.recording_id == Path(item.source).stem else item.recording_id,
        "status": item.status,
        "frames": item.frames,
        "duration_s": _known(item.duration_s),
        "duration": minutes(item.duration_s),
        "tracked": percent(item.value("tracked_share"), 1),
        "n_gaps": None if gaps is None else len(gaps),
        "longest_s": max((end - start for start, end in gaps or ()), default=None),
        "cells": [{"value": v, "text": m.text(v), "beyond": m.beyond(v)} for m, v in values],
        "n_warnings": len(item.warnings),
    }


def minutes(time_s: float | None) -> str:
    """Seconds as mm:ss (h:mm:ss from an hour on), cut to the second that a player shows; a dash if missing."""
    if time_s is None or not math.isfinite(time_s):
        return MISSING
    whole = int(time_s + 1e-6)
    rest = f"{whole // 60 % 60:02d}:{whole % 60:02d}"
    return f"{whole // 3600}:{rest}" if whole >= 3600 else rest


def _gaps_text(gaps_s: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """The longest gaps in order of time, (from–to, length), and how many shorter ones there are."""
    longest = sorted(sorted(gaps_s, key=lambda gap: gap[0] - gap[1])[:GAPS_LISTED])
    return {
        "listed": [(f"{minutes(start)}–{minutes(end)}", f"{end - start:.1f} s") for start, end in longest],
        "more": len(gaps_s) - len(longest),
    }


def _privacy(n_pictures: int) -> str:
    if not n_pictures:
        return "This page names recordings. Keep it as safe as the recordings themselves."
    pictures = "a picture" if n_pictures == 1 else f"{n_pictures} pictures"
    return f"This page shows faces: it holds {pictures} from the recordings. Keep, pass on and delete it as you would them."


def _known(value: Any) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
