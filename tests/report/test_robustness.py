import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openada.report.robustness import (
    Figure,
    Level,
    RobustnessContent,
    Sweep,
    robustness_figure,
    robustness_panel,
    write_robustness_report,
)

NAN = float("nan")


def level(label: str, rmse: float, neutral: bool = False, p_holm: float = NAN) -> Level:
    gap = Figure(0.0, NAN, NAN) if neutral else Figure(rmse - 8, rmse - 9, rmse - 7, p_holm)
    figures = {
        "mae": Figure(rmse - 1, rmse - 2, rmse),
        "rmse": Figure(rmse, rmse - 1, rmse + 1),
        "mae_difference": gap,
        "rmse_difference": gap,
        "prediction_shift": Figure(0.0 if neutral else 1.5, NAN, NAN),
    }
    crop = np.full((224, 224, 3), 90, np.uint8)
    return Level(label, neutral, figures, [crop], crop[:64, :64])


@pytest.fixture
def content() -> RobustnessContent:
    levels = [level("0", 8.0, neutral=True), level("0.5", 11.25, p_holm=0.01), level("1", 13.5, p_holm=0.2)]
    sweeps = [Sweep(f"kind-{k}", f"Kind <{k}>", "σ", "What <b>is</b> done.", levels) for k in range(4)]
    return RobustnessContent(
        title="a run", lead="lead", scale_name="BDI-II", unit="sessions", n=50, n_subjects=43,
        references={"training mean": {"mae": Figure(9.62, 8, 11), "rmse": Figure(11.49, 10, 13)}}, drawn="training mean",
        clean=levels[0].figures, sweeps=sweeps, crop_px=224, read_px=64, notes=["one"], footer=["two"],
    )  # fmt: skip


def test_the_page_holds_figures_with_intervals_and_marks_what_is_clear(
    tmp_path: Path, content: RobustnessContent, read_page: Any
) -> None:
    write_robustness_report(tmp_path / "page.html", content)
    page = read_page(tmp_path / "page.html")
    assert "9.62[8.00, 11.00]" in page.text and "11.25[10.25, 12.25]" in page.text
    assert "Kind <0>" in page.text and "What <b>is</b> done." in page.text
    assert "50 sessions" in page.text.lower() and "43 subjects" in page.text
    assert len(page.having("img", class_="crop")) == 12
    clear = re.findall(r'<td class="clear">([^<]*)', page.source)
    assert clear == ["3.25"] * 8  # both differences at 0.5, four kinds; not at p = 0.2
    ids = [attributes["id"] for _, attributes in page.elements if attributes.get("id")]
    assert len(ids) == len(set(ids))


def test_the_figure_draws_the_curves_and_the_constant(content: RobustnessContent) -> None:
    text = robustness_figure(content)
    assert text.startswith("<svg") and text == robustness_figure(content)
    for word in (
        "RMSE of the training mean",
        "MAE of the training mean",
        "clean",
        "0.5",
        "Kind &lt;3&gt;",
        "BDI-II",
        "50 sessions of 43",
    ):
        assert word in text
    assert text.count(">Kind") == 4
    warned = replace(content, critical_warnings=["Planted."], warnings=["A quick look."])
    assert "Planted." in robustness_figure(warned) and "A quick look." in robustness_figure(warned)


def test_every_panel_has_the_same_axis_and_holds_all_figures(content: RobustnessContent) -> None:
    far = replace(content.sweeps[1], levels=[level("0", 8.0, neutral=True), level("1", 30.0)])
    wide = Level("2", False, {**level("2", 9.0).figures, "rmse": Figure(9.0, 1.0, 500.0)})
    sweeps = [content.sweeps[0], far, replace(content.sweeps[2], levels=[*content.sweeps[2].levels, wide])]
    changed = replace(content, sweeps=sweeps)
    ticks = [re.findall(r">(\d+)</text>", robustness_panel(changed, sweep)) for sweep in sweeps]
    tallest = [max(int(tick) for tick in of_panel) for of_panel in ticks]
    assert tallest[0] == tallest[1] == tallest[2] and 30 <= tallest[0] < 50
