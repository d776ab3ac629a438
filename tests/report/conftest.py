from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from openada.report import content as c

BANDS = (("minimal", 0), ("mild", 14), ("moderate", 20), ("severe", 29))
VOID = {"meta", "img", "input", "br", "hr", "link", "source", "path", "rect", "circle", "line"}


class Page(HTMLParser):
    """What a browser would make of a page: its elements with attributes, its text, its data."""

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.source = path.read_text(encoding="utf-8")
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.json_text = ""
        self._open: list[str] = []
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self._open = [tag, dict(attrs).get("type") or ""]

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._open = []

    def handle_data(self, data: str) -> None:
        if self._open == ["script", "application/json"]:
            self.json_text += data
        elif not self._open:
            self.text += data

    @property
    def data(self) -> Any:
        return json.loads(self.json_text)

    def having(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        wanted = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
        return [found for name, found in self.elements if name == tag and wanted.items() <= found.items()]

    def with_class(self, name: str) -> list[tuple[str, dict[str, str | None]]]:
        return [item for item in self.elements if name in (item[1].get("class") or "").split()]


@pytest.fixture
def read_page() -> type[Page]:
    return Page


def segments(n_units: int = 7, unit_s: float = 1.1) -> list[c.Segment]:
    out = []
    for scale in (1, 2, 3):
        for first in range(n_units - scale + 1):
            value = 0.001 * (1 + first) * scale
            span = first * unit_s, (first + scale) * unit_s
            out.append(c.Segment(*span, 32 * scale, value / 2, value, first == 3))
    return out


def picture(time_s: float, level: int = 90) -> c.Picture:
    return c.Picture(time_s, np.full((13, 11, 3), level, np.uint8))


@pytest.fixture
def model() -> c.ModelDescription:
    result = c.TestResult("RMSE", 8.5, 7.1, 10.2, 11.5, 43, 29, "recordings")
    return c.ModelDescription(
        "ExpADA", "small", "selection", "corpus K", 101, 53, "official", "ab12" * 16, (3, 5), (result,)
    )


@pytest.fixture
def assessment(model: c.ModelDescription) -> c.AssessmentContent:
    every = segments()
    return c.AssessmentContent(
        title="visit.mp4",
        score=23.7,
        scale_name="BDI-II",
        scale_low=0,
        scale_high=63,
        bands=BANDS,
        band_name="moderate",
        model=model,
        duration_s=7.9,
        interval=c.ScoreInterval(11.1, 36.3, 0.9),
        predicted_category="minimal",
        segments=every,
        lost_spans_s=[(2.0, 2.5)],
        frame_strip=[picture(0.5), picture(4.5)],
        most_relevant=[c.SegmentPictures(every[-1], [picture(5.0)])],
        least_relevant=[c.SegmentPictures(every[0], [picture(0.1)])],
        quality={"tracked_share": 0.931, "gaps": [{"start_s": 2.0, "end_s": 2.5}], "brightness": 112.0, "blur": None},
        media=c.WholeVideo(b"\x00not really a video\xff", starts_at_s=0.25),
        versions={"openada": "0.0.7"},
    )


@pytest.fixture
def evaluation(model: c.ModelDescription) -> c.EvaluationContent:
    rng = np.random.default_rng(7)

    def rows(predictor: str, *values: float) -> pd.DataFrame:
        found = [
            {"predictor": predictor, "metric": metric, "unit": unit, "value": value, "low": value - 1, "high": value + 1,
             "n": n, "n_subjects": 17, "note": "94% coverage expected" if metric == "rmse" else ""}
            for unit, n in (("recordings", 34), ("sessions", 17))
            for metric, value in zip(("mae", "rmse"), values, strict=True)
        ]  # fmt: skip
        return pd.DataFrame(found)

    return c.EvaluationContent(
        title="a run",
        model=replace(model, results=()),
        scale_name="BDI-II",
        scale_low=0,
        scale_high=63,
        bands=BANDS,
        metrics=rows("selection", 5.25, 7.5),
        baselines=pd.concat([rows("training mean", 9.62, 11.49), rows("training median", 9.01, 12.0)]),
        split=c.SplitSummary("official", "cd34" * 16, {"training": (100, 53), "test": (34, 17)}, ["6 subjects shared"]),
        predictions=pd.DataFrame({"score": rng.integers(0, 63, 34), "prediction": rng.uniform(0, 50, 34)}),
        curves=[c.Curve("training", np.arange(5.0), np.array([9, 7, 6, 5.5, 5.2]))],
        chosen_epoch=3,
        config={"seed": 0, "rates": [0.1, 0.2]},
    )
