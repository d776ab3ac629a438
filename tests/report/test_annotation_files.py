"""ELAN and Praat files, read back by readers that share nothing with the writers."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from openada.errors import UnusableInput
from openada.report.elan import write_eaf
from openada.report.textgrid import write_textgrid
from openada.report.tiers import Interval, Tier

WRITTEN = datetime(2026, 3, 5, 7, 11, 13, tzinfo=UTC)
ODD = 'a "quoted" <b>&amp; ünïcode\u2028 ] item [2]:'
TIERS = [
    Tier(
        "severity relevance, episodes", [Interval(1.1004, 2.3, "one"), Interval(2.3, 5.0, ODD), Interval(6.5, 7.9, "")]
    ),
    Tier(f"tier {ODD}", []),
    Tier("category support, episodes", [Interval(0.0, 7.9, "all")]),
]
DURATION_S = 7.9


def read_textgrid(text: str) -> dict[str, Any]:
    """The long format, told by its keys and quoted strings: {"xmax", "tiers": [(name, [(xmin, xmax, text)])]}."""
    tokens = re.findall(r'"(?:[^"]|"")*"|<exists>|[^\s"]+', text)
    plain = [t[1:-1].replace('""', '"') if t.startswith('"') else t for t in tokens]
    assert plain[:8] == ["File", "type", "=", "ooTextFile", "Object", "class", "=", "TextGrid"]
    values = [
        plain[k + 2] for k, token in enumerate(tokens[:-2])
        if tokens[k + 1] == "=" and token in ("xmin", "xmax", "size", "class", "name", "text")
    ][1:]  # fmt: skip
    read = iter(values)
    assert next(read) == "0"
    whole, tiers = float(next(read)), []
    for _ in range(int(next(read))):
        assert next(read) == "IntervalTier"
        name, start, end = next(read), float(next(read)), float(next(read))
        assert (start, end) == (0, whole)
        tiers.append((name, [(float(next(read)), float(next(read)), next(read)) for _ in range(int(next(read)))]))
    assert next(read, None) is None
    return {"xmax": whole, "tiers": tiers}


def test_textgrid_comes_back_gapless(tmp_path: Path) -> None:
    write_textgrid(tmp_path / "a.TextGrid", TIERS, DURATION_S)
    found = read_textgrid((tmp_path / "a.TextGrid").read_text(encoding="utf-8"))
    assert found["xmax"] == 7.9
    odd = ODD.replace("\u2028", " ")
    names = [name for name, _ in found["tiers"]]
    assert names == ["severity relevance, episodes", f"tier {odd}", "category support, episodes"]
    assert [rows for _, rows in found["tiers"]] == [
        [(0, 1.1004, ""), (1.1004, 2.3, "one"), (2.3, 5, odd), (5, 6.5, ""), (6.5, 7.9, "")],
        [(0, 7.9, "")],
        [(0, 7.9, "all")],
    ]


def test_intervals_that_touch_up_to_rounding_leave_no_sliver(tmp_path: Path) -> None:
    third = 1 / 3
    tier = Tier("t", [Interval(third, 2 * third, "a"), Interval(third + third + 1e-9, 1.0 - 1e-10, "b")])
    write_textgrid(tmp_path / "a.TextGrid", [tier], 1.0)
    ((_, rows),) = read_textgrid((tmp_path / "a.TextGrid").read_text())["tiers"]
    assert rows == [(0, 0.333333, ""), (0.333333, 0.666667, "a"), (0.666667, 1, "b")]


def check_eaf(path: Path) -> tuple[ET.Element, dict[str, list[tuple[int, int, str]]]]:
    """The rules of the EAF 3.0 schema that a document of aligned tiers has to keep; returns its tiers."""
    root = ET.parse(path).getroot()
    assert root.tag == "ANNOTATION_DOCUMENT" and {"AUTHOR", "DATE", "VERSION"} <= set(root.attrib)
    assert root.get("FORMAT") == "3.0"
    assert datetime.fromisoformat(root.attrib["DATE"]).tzinfo is not None
    order = ["HEADER", "TIME_ORDER", "TIER", "LINGUISTIC_TYPE"]
    places = [order.index(child.tag) for child in root]
    assert places == sorted(places) and places.count(0) == places.count(1) == 1
    header, time_order = root[0], root[1]
    assert header.get("TIME_UNITS") == "milliseconds"
    tags = [child.tag for child in header]
    assert tags == sorted(tags, key=["MEDIA_DESCRIPTOR", "LINKED_FILE_DESCRIPTOR", "PROPERTY"].index)
    for media in header.findall("MEDIA_DESCRIPTOR"):
        assert {"MEDIA_URL", "MIME_TYPE"} <= set(media.attrib)
    slots = {slot.attrib["TIME_SLOT_ID"]: int(slot.attrib["TIME_VALUE"]) for slot in time_order}
    assert len(slots) == len(time_order) and list(slots.values()) == sorted(slots.values()) and min(slots.values()) >= 0
    types = {row.attrib["LINGUISTIC_TYPE_ID"] for row in root.findall("LINGUISTIC_TYPE")}
    ids: list[str] = []
    used: list[str] = []
    tiers: dict[str, list[tuple[int, int, str]]] = {}
    for tier in root.findall("TIER"):
        assert tier.attrib["LINGUISTIC_TYPE_REF"] in types and tier.attrib["TIER_ID"] not in tiers
        rows = tiers.setdefault(tier.attrib["TIER_ID"], [])
        for holder in tier:
            (one,) = holder
            assert (holder.tag, one.tag) == ("ANNOTATION", "ALIGNABLE_ANNOTATION")
            ids.append(one.attrib["ANNOTATION_ID"])
            used += [one.attrib["TIME_SLOT_REF1"], one.attrib["TIME_SLOT_REF2"]]
            (value,) = one
            assert value.tag == "ANNOTATION_VALUE"
            rows.append((*(slots[name] for name in used[-2:]), value.text or ""))
        assert all(start < end for start, end, _ in rows)
        assert all(before[1] <= after[0] for before, after in pairwise(rows))
    every = [*ids, *slots]
    assert len(set(every)) == len(every) and all(re.fullmatch(r"[A-Za-z_][\w.-]*", name) for name in every)
    assert sorted(used) == sorted(slots), "every slot is used once"
    return root, tiers


def test_eaf_keeps_the_schema_and_its_annotations_come_back(tmp_path: Path) -> None:
    write_eaf(tmp_path / "a.eaf", TIERS, tmp_path / "v.mp4", written=WRITTEN)
    root, tiers = check_eaf(tmp_path / "a.eaf")
    assert tiers == {
        "severity relevance, episodes": [(1100, 2300, "one"), (2300, 5000, ODD), (6500, 7900, "")],
        f"tier {ODD}": [],
        "category support, episodes": [(0, 7900, "all")],
    }
    assert root.get("DATE") == "2026-03-05T07:11:13+00:00"
    assert root.findtext("HEADER/PROPERTY[@NAME='lastUsedAnnotationId']") == "4"


@pytest.mark.parametrize(
    ("video", "kind", "url"),
    [
        ("out/talk 1 #ü%.mp4", "video/mp4", "./talk%201%20%23%C3%BC%25.mp4"),
        ("videos/a:b.MOV", "video/quicktime", "../videos/a%3Ab.MOV"),
        ("v.mpg", "video/mpeg", "../v.mpg"),
        ("v.ogv", "video/*", "../v.ogv"),
    ],
)
def test_eaf_links_the_video_by_a_relative_url(tmp_path: Path, video: str, kind: str, url: str) -> None:
    path = tmp_path / "out" / "a.eaf"
    write_eaf(path, TIERS, tmp_path / video, written=WRITTEN)
    media = check_eaf(path)[0].find("HEADER/MEDIA_DESCRIPTOR")
    assert media is not None and media.attrib == {"MEDIA_URL": url, "RELATIVE_MEDIA_URL": url, "MIME_TYPE": kind}
    assert (path.parent / unquote(url)).resolve() == (tmp_path / video).resolve()
    assert str(tmp_path) not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("intervals", "message"),
    [
        ([Interval(1, 3, ""), Interval(2, 4, "")], "starts at 2 s, before the one before it ends"),
        ([Interval(-0.1, 3, "")], "starts at 0 or later"),
        ([Interval(1, 1 + 1e-7, "")], "at least"),
        ([Interval(1, float("nan"), "")], "no interval"),
    ],
)
def test_what_a_tier_cannot_hold_is_refused_and_nothing_written(
    tmp_path: Path, intervals: list[Interval], message: str
) -> None:
    tiers = [Tier("mine", intervals)]
    with pytest.raises(UnusableInput, match=message):
        write_textgrid(tmp_path / "a.TextGrid", tiers, 9.0)
    with pytest.raises(UnusableInput, match=message):
        write_eaf(tmp_path / "a.eaf", tiers, tmp_path / "v.mp4", written=WRITTEN)
    assert not list(tmp_path.iterdir())


def test_two_tiers_of_a_name_and_times_beyond_the_end_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="two tiers are named 'x'"):
        write_eaf(tmp_path / "a.eaf", [Tier("x"), Tier("x")], tmp_path / "v.mp4", written=WRITTEN)
    with pytest.raises(UnusableInput, match="after the end of the recording"):
        write_textgrid(tmp_path / "a.TextGrid", TIERS, 7.8)
    with pytest.raises(UnusableInput, match="0 tiers"):
        write_textgrid(tmp_path / "a.TextGrid", [], 7.8)


# ---- the programs' own readers, where they are installed


def test_pympi_reads_the_eaf(tmp_path: Path) -> None:
    elan = pytest.importorskip(
        "pympi.Elan", reason="an independent reader of ELAN files, in no set of our dependencies"
    )
    write_eaf(tmp_path / "a.eaf", TIERS, tmp_path / "v.mp4", written=WRITTEN)
    found = elan.Eaf(str(tmp_path / "a.eaf"))
    assert sorted(found.get_annotation_data_for_tier("severity relevance, episodes"))[0] == (1100, 2300, "one")


def test_praat_reads_the_textgrid(tmp_path: Path) -> None:
    parselmouth = pytest.importorskip("parselmouth", reason="Praat itself, in no set of our dependencies")
    write_textgrid(tmp_path / "a.TextGrid", TIERS, DURATION_S)
    found = parselmouth.read(str(tmp_path / "a.TextGrid"))
    call = parselmouth.praat.call
    assert call(found, "Get number of tiers") == 3 and call(found, "Get number of intervals", 1) == 5
    assert call(found, "Get label of interval", 1, 3) == ODD.replace("\u2028", " ")
    assert call(found, "Get end time of interval", 1, 1) == pytest.approx(1.1004)


def test_praatio_reads_the_textgrid(tmp_path: Path) -> None:
    praatio = pytest.importorskip(
        "praatio.textgrid", reason="a second reader of TextGrids, in no set of our dependencies"
    )
    # it splits a file at every "item [", quoted or not
    tiers = [
        Tier(t.name.replace("item", ""), [i._replace(label=i.label.replace("item", "")) for i in t.intervals])
        for t in TIERS
    ]
    write_textgrid(tmp_path / "a.TextGrid", tiers, DURATION_S)
    found = praatio.openTextgrid(str(tmp_path / "a.TextGrid"), includeEmptyIntervals=True)
    assert [len(tier.entries) for tier in found.tiers] == [5, 1, 1] and found.maxTimestamp == DURATION_S
