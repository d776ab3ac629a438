from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest

from openada.errors import UnusableInput
from openada.face.quality import BLUR_LOW, FACE_SIZE_LOW_PX
from openada.report.quality import (
    RecordingQuality,
    badness,
    failures,
    minutes,
    summary,
    worst,
    write_quality_report,
)
from openada.report.spread import MEASURES, Measure
from openada.report.spread import histogram as spread_over

MEASURE = {measure.key: measure for measure in MEASURES}


def histogram(measure, items):
    return spread_over(measure, [item.value(measure.key) for item in items])


def recording(name: str, share: float = 1.0, n_warnings: int = 0, **changes: Any) -> RecordingQuality:
    quality = {
        "tracked_share": share,
        "gaps": [],
        "brightness": 120.0,
        "blur": 60.0,
        "faces_seen_max": 1,
        "face_size_px": 200.0,
        "warnings": [f"{name} warns {k}" for k in range(n_warnings)],
    }
    quality.update(changes)
    return RecordingQuality(name, f"{name}.mp4", "prepared", "", 700, 28.0, quality)


def faceless(name: str) -> RecordingQuality:
    lost = {"tracked_share": 0.0, "gaps": [{"start_s": 0.0, "end_s": 4.0}], "faces_seen_max": 0}
    return RecordingQuality(name, f"{name}.mp4", "no face", "", 100, 4.0, {**lost, "warnings": ["No face at all."]})


def failed(name: str, reason: str) -> RecordingQuality:
    return RecordingQuality(name, f"{name}.mp4", "failed", f"/study/{name}.mp4: {reason}")


@pytest.fixture
def write(tmp_path: Path, read_page: Any) -> Callable[..., Any]:
    def written(recordings: list[RecordingQuality], thumbnail: Any = lambda name, time_s: None) -> Any:
        path = tmp_path / "quality.html"
        write_quality_report(path, recordings, title="a batch", thumbnail=thumbnail)
        return read_page(path)

    return written


def rows_of(page: Any, table: str) -> list[str]:
    (body,) = re.findall(rf"<table [^>]*{table}[^>]*>.*?<tbody.*?>(.*?)</tbody>", page.source, re.DOTALL)
    return re.findall(r'<th[^>]*class="file">([^<]*)', body)


def test_the_worst_come_in_the_documented_order() -> None:
    items = [
        recording("fine"),
        recording("two_warnings", 0.99, 2),
        recording("lower_share_one_warning", 0.92, 1),
        recording("low", 0.89, 1),
        recording("lowest", 0.3, 1),
        recording("as_low_more_warnings", 0.3, 3),
        faceless("nobody"),
        failed("broken", "the file is empty"),
    ]
    names = [item.recording_id for item in worst([item for item in items if item.status != "failed"])]
    assert names == ["nobody", "as_low_more_warnings", "lowest", "low", "two_warnings", "lower_share_one_warning"]
    assert badness(recording("unknown", tracked_share=None))[:2] == (1, 0.0)


def test_many_without_a_face_leave_room_for_others() -> None:
    nobody = [faceless(f"n{k:02d}") for k in range(17)]
    others = [recording(f"r{k:02d}", 0.5 + 0.01 * k, 1) for k in range(13)]
    names = [item.recording_id for item in worst([*others, *nobody])]
    assert names == [f"n{k:02d}" for k in range(6)] + [f"r{k:02d}" for k in range(6)]
    assert [item.recording_id for item in worst([*others[:2], *nobody])] == [
        *(f"n{k:02d}" for k in range(10)),
        "r00",
        "r01",
    ]


def test_page_names_the_worst_with_reasons_and_gap_times(write: Any) -> None:
    gaps = [{"start_s": 3.0 + 100 * k, "end_s": 3.5 + 100 * k + k} for k in range(7)]
    items = [recording("a"), recording("b", 0.61, 1, gaps=gaps), recording("c", 0.95, 2), faceless("d")]
    page = write(items)
    assert rows_of(page, 'class="worst"') == ["d.mp4", "b.mp4", "c.mp4"]
    assert rows_of(page, 'id="recordings"') == ["d.mp4", "b.mp4", "c.mp4", "a.mp4"]
    for text in (
        "b warns 0",
        "61.0 % tracked",
        "05:03–05:06 (3.5 s)",
        "10:03–10:09 (6.5 s)",
        "and 3 shorter",
        "never lost",
    ):
        assert text in page.text, text
    assert "03:23–03:25" not in page.text  # the third of seven is not among the four longest
    for text in ("rules of thumb for 224-pixel crops", "skin tone", "nothing about anyone's health"):
        assert text in page.text, text


def test_summary_parts_add_up() -> None:
    items = [
        *(recording(f"r{k}") for k in range(5)),
        recording("w", 0.95, 1),
        recording("v", 0.95, 2),
        faceless("n"),
        *(failed(f"f{k}", "x") for k in range(3)),
    ]
    assert [figure for figure, _ in summary(items)] == ["11", "3.3 min", "3", "1", "2", "5"]
    assert summary(items)[1][1] == "of video, 3 of unknown length"
    assert [summary([replace(items[0], duration_s=time_s)])[1][0] for time_s in (11970.0, 5.04, None)] == [
        "3.3 h",
        "5.0 s",
        "–",
    ]


def test_failures_are_gathered_by_reason_without_their_paths(write: Any) -> None:
    items = [
        failed("z", "the file is empty."),
        failed("a", "no picture."),
        failed("b", "the file is empty."),
        recording("r"),
    ]
    items.append(RecordingQuality("k", "k.mp4", "failed", "its process was killed"))
    found = [(entry["reason"], entry["files"]) for entry in failures(items)]
    assert found == [
        ("The file is empty.", ["b.mp4", "z.mp4"]),
        ("Its process was killed", ["k.mp4"]),
        ("No picture.", ["a.mp4"]),
    ]
    page = write(items)
    assert "/study/" not in page.source and rows_of(page, 'id="recordings"') == ["r.mp4"]
    (many,) = failures([failed(f"f{k:02d}", "gone") for k in range(23)])
    assert len(many["files"]) == 20 and many["more"] == 3


def share_of(plot: dict[str, Any]) -> list[tuple[float, int, bool]]:
    return [(bar["start"], bar["n"], bar["beyond"]) for bar in plot["bars"]]


def test_bars_of_the_tracked_share() -> None:
    items = [
        *(recording(f"r{k}", share) for k, share in enumerate((0.0, 0.899, 0.9, 0.93, 1.0, 1.0, 1.0))),
        failed("f", "x"),
    ]
    plot = histogram(MEASURE["tracked_share"], items)
    assert share_of(plot) == [(0.0, 1, True), (0.85, 1, True), (0.9, 2, False), (0.95, 3, False)]
    assert plot["limits"] == [(0.9, "under 90 %")]
    assert (plot["n"], plot["missing"], plot["n_beyond"], plot["most"]) == (7, 1, 2, 3)
    assert plot["spread"] == ["0.0 %", "93.0 %", "100.0 %"]
    assert plot["bars"][2]["text"] == "90 % to 95 %: 2"


@pytest.mark.parametrize(("key", "limit"), [("blur", BLUR_LOW), ("face_size_px", FACE_SIZE_LOW_PX)])
def test_doublings_are_equally_long_and_counted_from_the_limit(key: str, limit: float) -> None:
    values = [limit * factor for factor in (0.251, 0.99, 1.0, 1.01, 7.9)]
    plot = histogram(MEASURE[key], [recording(f"r{k}", **{key: value}) for k, value in enumerate(values)])
    # two doublings below the limit, three above it
    assert share_of(plot) == [(0.0, 1, True), (0.35, 1, True), (0.4, 2, False), (0.95, 1, False)]
    assert plot["limits"][0][0] == 0.4 and plot["n_beyond"] == 2
    assert all(0 <= place <= 1 for place, _ in plot["ticks"]) and len(plot["ticks"]) >= 3


def test_zero_is_a_measurement_and_none_is_not() -> None:
    plot = histogram(MEASURE["blur"], [recording("a", blur=0.0), recording("b", blur=None), recording("c", blur=15.0)])
    assert share_of(plot)[0] == (0.0, 1, True) and (plot["n"], plot["missing"]) == (2, 1)


def test_both_limits_of_brightness_and_the_number_of_faces() -> None:
    levels = (49.9, 50.0, 215.0, 215.1)
    plot = histogram(MEASURE["brightness"], [recording(f"r{k}", brightness=level) for k, level in enumerate(levels)])
    assert plot["n_beyond"] == 2
    assert plot["limits"] == [(round(50 / 255, 4), "under 50"), (round(215 / 255, 4), "over 215")]
    plot = histogram(
        MEASURE["faces_seen_max"], [recording(f"r{k}", faces_seen_max=n) for k, n in enumerate((0, 1, 1, 2, 23))]
    )
    assert share_of(plot) == [(0.0, 1, False), (0.1, 2, False), (0.2, 1, True), (0.9, 1, True)]
    assert plot["limits"] == [(0.2, "over 1")] and plot["spread"] == ["0", "1", "23"] and plot["n_beyond"] == 2


def test_thumbnails_are_asked_for_the_worst_alone_at_telling_moments(write: Any) -> None:
    gaps = [{"start_s": 2.0, "end_s": 5.0}, {"start_s": 8.0, "end_s": 22.0}]
    items = [recording(f"r{k:02d}", 0.95, 1 + k) for k in range(29)]
    items += [recording("lost", 0.4, 1, gaps=gaps), recording("dark", 0.95, 40, gaps=gaps), faceless("nobody")]
    asked: list[tuple[str, float]] = []

    def thumbnail(name: str, time_s: float) -> np.ndarray | None:
        asked.append((name, time_s))
        return None if name == "r28" else np.full((90, 160, 3), 77, np.uint8)

    page = write(items, thumbnail)
    assert asked[:3] == [("nobody", 2.0), ("lost", 15.0), ("dark", 25.0)]  # tracked from 22 s to the end at 28 s
    assert [name for name, _ in asked[3:]] == [f"r{k:02d}" for k in range(28, 19, -1)]
    pictures = page.having("img")
    assert len(pictures) == 11 and "12 worst of 32 recordings" in page.text and "it holds 11 pictures" in page.text
    assert [picture["alt"] for picture in pictures[:3]] == [
        "Frame of nobody.mp4 at 00:02, no face tracked",
        "Frame of lost.mp4 at 00:15, no face tracked",
        "Frame of dark.mp4 at 00:25",
    ]


@pytest.mark.parametrize("shape", [(1080, 1920, 3), (331, 317, 3), (7, 11, 3)])
def test_thumbnails_are_small_whatever_they_show(write: Any, shape: tuple[int, int, int]) -> None:
    noise = np.random.default_rng(5).integers(0, 256, shape, dtype=np.uint8)
    (picture,) = write([recording("r", 0.5, 1)], lambda name, time_s: noise).having("img")
    raw = base64.b64decode(picture["src"].removeprefix("data:image/jpeg;base64,"))
    height, width = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR).shape[:2]
    assert len(raw) < 15_000 and min(shape[1], 120) <= width <= 240 and abs(width / height - shape[1] / shape[0]) < 0.02


def test_names_and_reasons_are_text_not_markup(write: Any) -> None:
    evil = '"><script>alert(1)</script>'
    items = [
        replace(recording(evil, 0.4, 1), source=f"{evil}.mp4"),
        replace(failed(evil, evil), source=f"{evil}.mov"),
    ]
    page = write(items, lambda name, time_s: np.zeros((5, 7, 3), np.uint8))
    assert len(page.having("script")) == 1 and f"{evil}.mp4" in page.text and f"{evil}.mov" in page.text
    assert f"{evil} warns 0" in page.text and page.having("img")[0]["alt"].startswith(f"Frame of {evil}.mp4")


def test_missing_values_are_dashes_and_nothing_is_said_that_was_not_measured(write: Any) -> None:
    bare = RecordingQuality("bare", "bare.mp4", "prepared")
    nothing = RecordingQuality("nothing", "nothing.mp4", "no face", "", 3, float("nan"), {"tracked_share": None})
    page = write([bare, nothing])
    assert "never lost" not in page.text and "No face was tracked." in page.text and "nan" not in page.text
    assert page.text.count("Not measured in any recording.") == 5 and not page.having("svg")
    (cells,) = re.findall(r">bare.mp4</th>(.*?)</tr>", page.source)
    assert re.findall(r'data-value="([^"]*)">([^<]*)', cells) == [*[("", "–")] * 7, ("0", "0"), ("", "–"), ("0", "0")]


def test_one_good_recording_gives_a_page_without_pictures(write: Any) -> None:
    page = write([recording("visit")])
    assert "No recording carries a warning." in page.text and "shows faces" not in page.text
    assert "This page names recordings" in page.text and len(page.having("svg")) == 5
    assert rows_of(page, 'id="recordings"') == ["visit.mp4"]


def test_all_failed(write: Any) -> None:
    page = write([failed("a", "gone."), failed("b", "gone.")])
    assert "a.mp4, b.mp4" in page.text and not page.having("svg") and not page.having("script")
    assert not page.having("table", id="recordings") and "carries a warning" not in page.text


def test_the_table_stops_at_the_worst_500(write: Any) -> None:
    page = write([recording(f"r{k:03d}", 0.2 + k / 1000) for k in range(503)])
    names = rows_of(page, 'id="recordings"')
    assert names == [f"r{k:03d}.mp4" for k in range(500)]
    assert "The 500 worst of 503 recordings" in page.text and "recordings.csv" in page.text


def test_page_stands_alone_and_only_its_own_script_runs(write: Any) -> None:
    page = write([recording("a", 0.5, 1), faceless("b")], lambda name, time_s: np.zeros((5, 7, 3), np.uint8))
    (script,) = re.findall(r"<script>(.*?)</script>", page.source, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (meta,) = page.having("meta", http_equiv="Content-Security-Policy")
    assert f"script-src 'sha256-{digest}'" in meta["content"]
    for tag, attributes in page.elements:
        for name in ("src", "href"):
            assert (attributes.get(name) or "data:").startswith("data:"), (tag, name)
    assert not re.search(r"@import|url\(", page.source)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for drawing in re.findall(r"<svg.*?</svg>", page.source, re.DOTALL):
        ElementTree.fromstring(drawing)
        assert re.match(r'<svg [^>]*role="img" aria-label="[^"]+: \d recordings?, ', drawing)


def test_minutes_and_seconds() -> None:
    assert [minutes(value) for value in (0.0, 59.999, 192.0, 3599.9, 3600.0, 3725.5, None, float("nan"))] == [
        "00:00",
        "00:59",
        "03:12",
        "59:59",
        "1:00:00",
        "1:02:05",
        "–",
        "–",
    ]


def test_a_limit_itself_gives_no_warning() -> None:
    measure = Measure("brightness", "", "", low=50, high=215)
    assert [measure.beyond(value) for value in (49.9, 50, 215, 215.1, None)] == [True, False, False, True, False]


def test_unusable_content_is_refused(write: Any) -> None:
    with pytest.raises(UnusableInput, match="at least one"):
        write([])
    with pytest.raises(UnusableInput, match=r"'finished'.*no face"):
        write([replace(recording("a"), status="finished")])
