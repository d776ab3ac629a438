"""Tiers as an ELAN document: EAF 3.0, the schema at www.mpi.nl/tools/elan/EAFv3.0.xsd."""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from openada.files import write_text
from openada.report.tiers import Tier, check_names

_PER_SECOND = 1000
_TYPE = "default-lt"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_MEDIA_TYPES = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".mpg": "video/mpeg",
    ".mpeg": "video/mpeg",
    ".avi": "video/x-msvideo",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
}
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_eaf(path: Path, tiers: Sequence[Tier], video: Path, *, written: datetime) -> None:
    """Write `tiers` over `video` to `path` in one step. `written`: when, with its time zone.

    The document links the video by its place relative to `path` alone, so that both can be moved together and no path of this
    machine's root is told; ELAN asks for the video where it is not there. Each annotation has time slots of its own, in whole
    milliseconds, numbered in order of time.

    Raises UnusableInput for what `Tier` refuses and for two tiers of one name.
    """
    check_names(tiers)
    root = ET.Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": "openada",
            "DATE": written.isoformat(timespec="seconds"),
            "FORMAT": "3.0",
            "VERSION": "3.0",
            "xmlns:xsi": _XSI,
            "xsi:noNamespaceSchemaLocation": "http://www.mpi.nl/tools/elan/EAFv3.0.xsd",
        },
    )
    header = ET.SubElement(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    place = media_url(video, path.parent)
    kind = _MEDIA_TYPES.get(video.suffix.lower(), "video/*")
    ET.SubElement(header, "MEDIA_DESCRIPTOR", MEDIA_URL=place, MIME_TYPE=kind, RELATIVE_MEDIA_URL=place)
    annotations = [(t, *interval) for t, tier in enumerate(tiers) for interval in tier.whole(_PER_SECOND)]
    last = ET.SubElement(header, "PROPERTY", NAME="lastUsedAnnotationId")
    last.text = str(len(annotations))
    slots = _time_order(ET.SubElement(root, "TIME_ORDER"), [(start, end) for _, start, end, _ in annotations])
    rows = [ET.SubElement(root, "TIER", LINGUISTIC_TYPE_REF=_TYPE, TIER_ID=_xml(tier.name)) for tier in tiers]
    for number, (t, _, _, label) in enumerate(annotations):
        first, second = slots[number]
        holder = ET.SubElement(rows[t], "ANNOTATION")
        identity = {"ANNOTATION_ID": f"a{number + 1}", "TIME_SLOT_REF1": first, "TIME_SLOT_REF2": second}
        ET.SubElement(ET.SubElement(holder, "ALIGNABLE_ANNOTATION", identity), "ANNOTATION_VALUE").text = _xml(label)
    ET.SubElement(root, "LINGUISTIC_TYPE", GRAPHIC_REFERENCES="false", LINGUISTIC_TYPE_ID=_TYPE, TIME_ALIGNABLE="true")
    ET.indent(root, "    ")
    write_text(path, '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n")


def media_url(video: Path, folder: Path) -> str:
    """Where `video` lies as seen from `folder`, as a relative URL; its name alone where there is none (another drive)."""
    try:
        relative = Path(os.path.relpath(video.parent.resolve() / video.name, folder.resolve())).as_posix()
    except ValueError:
        relative = video.name
    return quote(relative if relative.startswith("../") else f"./{relative}")


def _time_order(parent: ET.Element, spans: Sequence[tuple[int, int]]) -> list[tuple[str, str]]:
    """Two slots per span, (start, end) in ms, written in order of time; their ids per span."""
    ends = sorted((time, number, which) for number, span in enumerate(spans) for which, time in enumerate(span))
    ids = [["", ""] for _ in spans]
    for order, (time, number, which) in enumerate(ends, start=1):
        ids[number][which] = f"ts{order}"
        ET.SubElement(parent, "TIME_SLOT", TIME_SLOT_ID=f"ts{order}", TIME_VALUE=str(time))
    return [(first, second) for first, second in ids]


def _xml(text: str) -> str:
    """Without the characters that XML 1.0 cannot hold."""
    return _NOT_XML.sub("\ufffd", text)
