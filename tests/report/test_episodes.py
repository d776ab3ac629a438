"""Episodes on the page of an assessment: sentences, rows, what plays."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from openada.report.assessment import write_assessment_report
from openada.report.content import AssessmentContent, Episode, ExportedFile, ScaleAgreement, SegmentClip, SegmentScore
from openada.report.episodes import agreement_sentences, headline

NONE = "no segment of 64 frames counts"
EPISODES = [
    Episode("severity", 1.1, 2.2, 1.7, 0.031, 1.2, "32", 1, 2),
    Episode("severity", 3.3, 6.6, 3.9, 0.062, 2.34, "32+96", 5, 1),
    Episode("category", 0.0, 4.4, 0.5, 0.5, 1.6, "64", 2, 1),
]


@pytest.fixture
def content(assessment: AssessmentContent) -> AssessmentContent:
    agreement = [
        ScaleAgreement("severity", 32, 64, 7, 0.456, "", 0.2, 0.11, ""),
        ScaleAgreement("category", 32, 64, 2, math.nan, "only 2 units in both", math.nan, math.nan, NONE),
    ]  # fmt: skip
    return replace(assessment, episodes=EPISODES, scale_agreement=agreement)


def test_sentences_name_the_kind_and_when(content: AssessmentContent) -> None:
    severity, category = headline(content, "severity"), headline(content, "category")
    assert severity.startswith(
        "Support for the most severe category (“severe”) is highest between 0:03.3 and 0:06.6 (2.3 times the even share)."
    )
    assert "The network chose another category" in severity
    assert category.startswith("Support for “minimal”, the category that the network chose, is highest between 0:00.0")
    assert category.endswith("It is support for that category, no evidence of severity.")


def test_a_low_contrast_and_none_at_all_are_said(content: AssessmentContent) -> None:
    flat = replace(content, episodes=[EPISODES[0]._replace(rank=1)])
    assert "(1.2 times the even share, so it does not stand out much)" in headline(flat, "severity")
    assert headline(flat, "category").startswith("No moment stands out in support for “minimal”")
    unknown = replace(content, episodes=[EPISODES[1]._replace(times_even_share=math.nan)])
    assert "between 0:03.3 and 0:06.6. The" in headline(unknown, "severity")


def test_support_for_the_most_severe_category_is_said_to_be_the_same(content: AssessmentContent) -> None:
    severe = replace(content, predicted_category="severe")
    assert "both kinds of relevance have the same values" in headline(severe, "category")
    assert "chose another category" not in headline(severe, "severity")


def test_agreement_in_words(content: AssessmentContent) -> None:
    assert agreement_sentences(content.scale_agreement) == [
        "32 and 64 frames: rank correlation 0.46 over 7 units; 20 % of the time that counts for either counts for both "
        "(11 % expected by chance).",
        "32 and 64 frames: rank correlation not defined (only 2 units in both); overlap not defined "
        "(no segment of 64 frames counts).",
    ]


@pytest.fixture
def write(tmp_path: Path, read_page: Any, content: AssessmentContent) -> Any:
    def written(**changes: Any) -> Any:
        write_assessment_report(tmp_path / "report.html", replace(content, **changes))
        return read_page(tmp_path / "report.html")

    return written


def test_rows_are_the_strongest_first_and_play(write: Any) -> None:
    page = write()
    buttons = [button for button in page.having("button") if "data-stretch" in button]
    assert [int(button["data-stretch"]) for button in buttons] == [1, 0, 2]
    assert buttons[0]["aria-label"] == "Play 0:03.3 to 0:06.6" and not any("disabled" in button for button in buttons)
    played = page.data["stretches"][1]
    assert (played["kind"], played["start_s"], played["end_s"], played["clip"]) == ("severity", 3.3, 6.6, 0)
    assert played["strength"] == 0.062 and played["times_even_share"] == 2.34
    for sentence in ("Episodes of severity relevance", "Episodes of category support", "32, 96 frames"):
        assert sentence in page.text


def test_an_episode_plays_only_from_a_copy_that_holds_it(write: Any) -> None:
    page = write(media=[SegmentClip(3.3, 6.6, b"copy")])
    buttons = [button for button in page.having("button") if "data-stretch" in button]
    assert [("disabled" in button) for button in buttons] == [False, True, True]
    assert [item["clip"] for item in page.data["stretches"]] == [None, 0, None]


def test_files_are_linked_beside_the_page(write: Any) -> None:
    page = write(
        files=[ExportedFile("relevance.eaf", "tiers for ELAN"), ExportedFile("episodes.csv", "a row per episode")]
    )
    links = [link["href"] for link in page.having("a") if "download" in link]
    assert links == ["relevance.eaf", "episodes.csv"]
    assert "tiers for ELAN" in page.text


def test_without_relevance_the_page_says_so_and_shows_scores(write: Any) -> None:
    page = write(
        segments=(), episodes=(), scale_agreement=(), most_relevant=(), least_relevant=(), predicted_category=None,
        relevance_missing_reason="This run has no relevance.",
        unit_scores=[SegmentScore(0.0, 1.1, 17.25), SegmentScore(1.1, 2.2, 30.0)],
    )  # fmt: skip
    assert "This run has no relevance." in page.text and "17.2" in page.text
    assert "Episodes of" not in page.text and "Category support" not in page.text
    assert not page.having("table", id="segments")
    assert [item["score"] for item in page.data["stretches"]] == [17.25, 30.0]
    assert len([button for button in page.having("button") if "data-stretch" in button]) == 2
    assert "their own score" not in page.text and page.text.count("mean: the score above") == 1
