from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from openada.errors import UnusableInput
from openada.report.content import EvaluationContent, NamedTable
from openada.report.evaluation import as_is, comparison, write_evaluation_report


@pytest.fixture
def write(tmp_path: Path, read_page: Any, evaluation: EvaluationContent) -> Any:
    def written(**changes: Any) -> Any:
        path = tmp_path / "report.html"
        write_evaluation_report(path, replace(evaluation, **changes))
        return read_page(path)

    return written


def test_constants_stand_above_the_model_in_every_group(evaluation: EvaluationContent) -> None:
    table = comparison(evaluation.baselines, evaluation.metrics)
    assert table["metrics"] == ["MAE", "RMSE"]
    assert [(group["unit"], group["n"]) for group in table["groups"]] == [("recordings", 34), ("sessions", 17)]
    for group in table["groups"]:
        assert [row["predictor"] for row in group["rows"]] == ["training mean", "training median", "selection"]
        assert group["rows"][2]["cells"]["MAE"] == {"value": "5.25", "interval": "[4.25, 6.25]"}
    assert table["notes"] == ["94% coverage expected (training mean, training median, selection: RMSE)"]


def test_figures_under_another_n_are_kept_apart(evaluation: EvaluationContent) -> None:
    odd = evaluation.metrics.copy()
    odd.loc[0, "n"] = 33
    assert len(comparison(evaluation.baselines, odd)["groups"]) == 3


def test_page_shows_split_overlap_preset_and_units(write: Any) -> None:
    page = write()
    for text in ("cd34" * 16, "6 subjects shared", "preset “small”", "34 recordings of 17 subjects", "95 % interval"):
        assert text in page.text, text
    assert "None: no subject is in two parts." not in page.text


def test_nothing_is_loaded_and_no_script_runs(write: Any) -> None:
    page = write()
    assert not page.having("script")
    (meta,) = page.having("meta", http_equiv="Content-Security-Policy")
    assert "script-src 'none'" in meta["content"]
    for tag, attributes in page.elements:
        for name in ("src", "href", "xlink:href"):
            value = attributes.get(name)
            assert value is None or value.startswith(("data:", "#")), (tag, name, value)
    assert not re.search(r"@import|url\((?!#)", page.source)


def test_ids_are_unique_and_references_resolve(write: Any) -> None:
    page = write()
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    used = set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', page.source))
    assert {first or second for first, second in used} <= set(ids)


def test_same_content_same_bytes(tmp_path: Path, evaluation: EvaluationContent) -> None:
    for name in "ab":
        write_evaluation_report(tmp_path / f"{name}.html", evaluation)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert len(list(tmp_path.iterdir())) == 2


def test_localisation_rows_are_named_by_measure_and_category(write: Any) -> None:
    frame = pd.DataFrame(
        {
            "measure": ["severity relevance", "category support"],
            "predicted_category": ["all", "minimal"],
            "value": [0.84, 0.12],
            "low": [0.8, np.nan],
            "high": [0.9, np.nan],
            "n": [41, 23],
            "n_subjects": [29, 19],
            "unit": "recordings",
            "note": "",
        }
    )
    text = write(localisation=frame).text
    assert "category support, where “minimal” was predicted" in text and "[0.80, 0.90]" in text and "AUROC" in text


def test_published_tables_are_marked_and_others_are_not(write: Any) -> None:
    frame = pd.DataFrame({"system": ["<b>x</b>"], "mae": [5.0], "n_subjects": [np.nan]})
    assert "published, not measured here" not in write(tables=[NamedTable("t", frame)]).text
    page = write(tables=[NamedTable("t", frame, published=True)])
    assert "published, not measured here" in page.text and "<b>x</b>" in page.text and not page.having("b")


def test_table_cells() -> None:
    shown = as_is(pd.DataFrame({"metric": ["rmse"], "value": [1.23456], "n": [7], "gone": [None]}))
    assert shown["rows"] == [["RMSE", "1.235", "7", "–"]]
    assert [column["text"] for column in shown["columns"]] == [True, False, False, True]


def test_no_figure_without_a_constant_predictor(write: Any, evaluation: EvaluationContent) -> None:
    with pytest.raises(UnusableInput, match="constant"):
        write(baselines=evaluation.baselines.iloc[:0])


def test_a_table_without_a_column_is_refused(write: Any, evaluation: EvaluationContent) -> None:
    with pytest.raises(UnusableInput, match="n_subjects"):
        write(metrics=evaluation.metrics.drop(columns="n_subjects"))


def test_red_banner_if_and_only_if_there_is_a_critical_warning(write: Any) -> None:
    assert not write().with_class("critical")
    assert len(write(critical_warnings=["Planted-benchmark figures."]).with_class("critical")) == 1
