from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from openada.errors import UnusableInput
from openada.report.assessment import beside_constant, quality_facts, scale_bar, write_assessment_report
from openada.report.content import AssessmentContent, ScoreInterval, SegmentClip, TestResult

BANDS = (("minimal", 0), ("mild", 14), ("moderate", 20), ("severe", 29))


@pytest.fixture
def write(tmp_path: Path, read_page: Any, assessment: AssessmentContent) -> Any:
    def written(**changes: Any) -> Any:
        path = tmp_path / "deep" / "report.html"
        write_assessment_report(path, replace(assessment, **changes))
        return read_page(path)

    return written


def test_nothing_is_loaded_from_a_network(write: Any) -> None:
    page = write()
    for tag, attributes in page.elements:
        assert tag not in ("link", "iframe", "object", "embed", "base", "form")
        for name in ("src", "href", "poster", "srcset", "data", "action"):
            value = attributes.get(name)
            if tag == "a" and "download" in attributes and re.fullmatch(r"[\w.]+", value or ""):
                continue  # a file beside the page, opened by a click alone
            assert value is None or value.startswith(("data:", "#")), (tag, name, value[:60])
    styles = "".join(re.findall(r"<style>(.*?)</style>", page.source, re.DOTALL))
    assert "url(" not in styles and "@import" not in styles


def test_policy_allows_this_script_and_no_other(write: Any) -> None:
    page = write()
    (meta,) = page.having("meta", http_equiv="Content-Security-Policy")
    script = re.findall(r"<script>(.*?)</script>", page.source, re.DOTALL)[-1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = dict(part.strip().split(" ", 1) for part in meta["content"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == f"'sha256-{digest}'"
    assert policy["img-src"] == policy["media-src"] == "data:"


def test_data_comes_back_unchanged(write: Any, assessment: AssessmentContent) -> None:
    data = write().data
    assert data["duration_s"] == 7.9 and data["starts_at_s"] == 0.25
    assert data["lost_s"] == [[2.0, 2.5]]
    for found, given in zip(data["segments"], assessment.segments, strict=True):
        assert found["severity"] == given.severity_relevance  # un-normalised: the very numbers
        assert found["category"] == given.category_support
        assert (found["start_s"], found["end_s"], found["selected"]) == (given.start_s, given.end_s, given.selected)
    assert [track["scale_frames"] for track in data["tracks"]] == [32, 64, 96]


def test_media_comes_back_byte_for_byte(write: Any, assessment: AssessmentContent) -> None:
    (video,) = write().having("video")
    assert base64.b64decode(video["src"].removeprefix("data:video/mp4;base64,")) == assessment.media.data


@pytest.mark.parametrize(
    "name",
    [
        'a "quoted" & <b>bold</b>.mp4',
        "</script><script>alert(1)</script>.mp4",
        "<!--.mp4",
        "{{ 7 * 7 }}.mp4",
        "é\u2028.mp4",
    ],
)
def test_any_name_is_shown_as_it_is(write: Any, name: str) -> None:
    plain = write()
    page = write(title=name, warnings=[name], critical_warnings=[name], band_name=name, predicted_category=name)
    assert page.data["title"] == name
    assert page.text.count(name) >= 4
    assert len(page.having("script")) == len(plain.having("script")) == 2
    assert len(page.having("b")) == len(plain.having("b"))


def test_red_banner_if_and_only_if_there_is_a_critical_warning(write: Any) -> None:
    assert not write(warnings=["short"]).with_class("critical")
    page = write(critical_warnings=["Trained on rendered faces."])
    ((_, attributes),) = page.with_class("critical")
    assert attributes["role"] == "alert"
    assert page.text.index("Trained on rendered faces.") < page.text.index("Estimated score")


def test_interval_or_the_reason_for_none(write: Any) -> None:
    assert "11.1 to 36.3" in write().text
    page = write(interval=None, interval_missing_reason="only 5 subjects were left")
    assert "No prediction interval: only 5 subjects were left" in page.text
    with pytest.raises(UnusableInput, match="reason"):
        write(interval=None)


def test_table_starts_with_the_most_relevant_segment_and_names_both_quantities(write: Any) -> None:
    page = write()
    rows = page.having("tr")
    order = [int(row["data-index"]) for row in rows if "data-index" in row]
    values = [page.data["segments"][index]["severity"] for index in order]
    assert values == sorted(values, reverse=True) and len(order) == 7 + 6 + 5
    assert "Severity relevance" in page.text and "Category support" in page.text


def test_missing_relevance_is_a_dash_not_a_zero(write: Any, assessment: AssessmentContent) -> None:
    first, *others = assessment.segments
    page = write(segments=[replace(first, severity_relevance=float("nan")), *others])
    assert page.data["segments"][0]["severity"] is None
    assert page.data["tracks"][0]["severity"][0] is None


def test_long_recordings_play_from_copies_of_segments(write: Any, assessment: AssessmentContent) -> None:
    segment = assessment.segments[2]
    clips = [SegmentClip(0.0, 7.9, b"long"), SegmentClip(segment.start_s, segment.end_s, b"short")]
    page = write(media=clips[1:])
    assert "src" not in page.having("video")[0]
    assert [item["clip"] for item in page.data["segments"]].count(0) == 1
    assert page.data["clips"][0]["uri"] == "data:video/mp4;base64," + base64.b64encode(b"short").decode()
    disabled = [button for button in page.having("button") if "data-play" in button and "disabled" in button]
    assert len(disabled) == 17 + 2  # the table's others, and both pictured segments
    both = write(media=clips).data["segments"]
    assert both[2]["clip"] == 1 and both[0]["clip"] == 0, "the shortest copy that holds a segment is the one to load"


def test_a_model_without_relevance_and_without_media(write: Any) -> None:
    page = write(segments=(), media=None, most_relevant=(), least_relevant=(), predicted_category=None, frame_strip=())
    assert page.data["segments"] == []
    assert not page.having("video") and not page.having("table", id="segments")


def test_selected_share_counts_overlaps_once(write: Any) -> None:
    # units 3, 3–4 and 3–5 are selected: 3.3 s of 7.9 s
    assert "they cover 42 % of the recording" in write().text


def test_planted_scale_is_never_called_a_questionnaire(write: Any) -> None:
    text = write(scale_name="planted").text
    assert "answered on the questionnaire" not in text and "made-up cue" in text
    assert "answered on the questionnaire BDI-II" in write().text


def test_a_failure_leaves_the_old_page_and_nothing_else(tmp_path: Path, assessment: AssessmentContent) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")
    with pytest.raises(UnusableInput, match="nan"):
        write_assessment_report(path, replace(assessment, score=float("nan")))
    assert path.read_text() == "old"
    write_assessment_report(path, assessment)
    assert [item.name for item in tmp_path.iterdir()] == ["report.html"]


def test_same_content_same_bytes(tmp_path: Path, assessment: AssessmentContent) -> None:
    write_assessment_report(tmp_path / "a.html", assessment)
    write_assessment_report(tmp_path / "b.html", assessment)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_segment_that_ends_before_it_starts_is_refused(write: Any, assessment: AssessmentContent) -> None:
    with pytest.raises(UnusableInput, match="segment 1 runs from 5"):
        write(segments=[assessment.segments[0], replace(assessment.segments[1], start_s=5.0)])


@pytest.mark.parametrize("bands", [(), (("a", 1),), (("a", 0), ("b", 0)), (("a", 0), ("b", 63))])
def test_bands_that_cannot_be_drawn_are_refused(write: Any, bands: Any) -> None:
    with pytest.raises(UnusableInput, match="bands"):
        write(bands=bands)


def test_scale_bar_known_answers() -> None:
    bar = scale_bar(31.5, ScoreInterval(-9.0, 63.0, 0.9), 0, 63, BANDS)
    assert bar["score"] == 50.0 and bar["interval"] == (0.0, 100.0) and not bar["outside"]
    assert [band["limits"] for band in bar["bands"]] == ["0–13", "14–19", "20–28", "29–63"]
    assert sum(band["width"] for band in bar["bands"]) == pytest.approx(100, abs=0.01)
    assert [tick["position"] for tick in bar["ticks"]] == pytest.approx(
        [0, 1400 / 63, 2000 / 63, 2900 / 63, 100], abs=1e-3
    )
    beyond = scale_bar(70.0, None, 0, 63, BANDS)
    assert beyond["outside"] and beyond["score"] == 100.0 and beyond["interval"] is None


def test_quality_says_what_is_missing() -> None:
    facts = dict(quality_facts({"gaps": [{"start_s": 61.0, "end_s": 62.5}], "blur": None, "new_key": 3}))
    assert facts["Gaps in tracking"] == "1, 1.5 s in all: 1:01.0–1:02.5"
    assert facts["Sharpness (small where blurred)"] == "–"
    assert facts["new key"] == "3"


@pytest.mark.parametrize(
    ("value", "low", "high", "constant", "says"),
    [
        (8.0, 7.0, 9.0, 10.0, "20 % lower"),
        (8.0, 6.0, 11.0, 10.0, "inside the model's interval"),
        (10.5, 9.0, 12.0, 10.0, "no better"),
        (8.0, float("nan"), 9.0, 10.0, ""),
    ],
)
def test_sentence_beside_the_constant(value: float, low: float, high: float, constant: float, says: str) -> None:
    sentence = beside_constant(TestResult("RMSE", value, low, high, constant, 43, 29))
    assert says in sentence if says else sentence == ""
