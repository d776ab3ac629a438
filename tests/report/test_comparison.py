from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from openada.report.comparison import Section, write_comparison_report
from openada.report.content import EvaluationContent, NamedTable
from openada.report.figures import Bar, Drawing, intervals


def test_page_holds_sections_in_order_with_their_footers(
    tmp_path: Path, read_page: Any, evaluation: EvaluationContent
) -> None:
    seeded = evaluation.metrics.assign(sd_over_seeds=0.25)
    drawing = Drawing("d", "Drawn so", intervals([Bar("<i>a</i>", 1.0, 0.5, 2.0, True)], "RMSE", 1.5, "d"), "a note")
    sections = [
        Section("First", sentences=["a <b>sentence</b>"], footer=["43 recordings"]),
        Section("Second", baselines=evaluation.baselines, metrics=seeded, note="baselines first", drawings=[drawing]),
        Section(
            "Third", tables=[NamedTable("Other", pd.DataFrame({"mae": [5.1]}), published=True)], footer=["last line"]
        ),
    ]
    path = tmp_path / "report.html"
    write_comparison_report(
        path,
        kind="comparison",
        title="three",
        lead="lead",
        sections=sections,
        warnings=["mind this"],
        versions={"openada": "0"},
    )
    page = read_page(path)
    order = [page.text.index(text) for text in ("First", "43 recordings", "Second", "Third", "last line")]
    assert order == sorted(order)
    for text in (
        "a <b>sentence</b>",
        "5.25 ± 0.25",
        "training mean",
        "<i>a</i>",
        "published, not measured here",
        "mind this",
    ):
        assert text in page.text, text
    assert not page.having("b") and not page.having("script")
    assert "no person" in page.text
