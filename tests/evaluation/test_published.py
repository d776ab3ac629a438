import pytest

from openada.evaluation.published import FIGURES, published_table


@pytest.mark.parametrize("name", ["AVEC2014", "avec 2014", "AVEC-2014"])
def test_only_the_same_corpus_is_shown(name: str) -> None:
    table, line = published_table([name])
    assert set(table["corpus"]) == {"AVEC 2014"} and "official split" in line
    rows = table.set_index(["system", "variant"])
    fused = rows.loc[("ExpADA", "selection, both tasks fused")]
    assert (fused["unit"], fused["MAE (published)"], fused["RMSE (published)"]) == ("50 sessions", 5.11, 6.89)
    assert rows.loc[("STA-DRN", "k = 2, vector fusion"), "RMSE (published)"] == 7.75
    assert rows.loc[("DepNet", "SENet-based"), "unit"] == "100 clips"


def test_another_corpus_has_none_and_says_so() -> None:
    table, line = published_table(["DAIC-WOZ"])
    assert table.empty and line == "No published figure of DAIC-WOZ is held here."


def test_planted_figures_are_told_apart_from_people() -> None:
    table, line = published_table(["planted-standard"], planted=True)
    assert len(table) == len(FIGURES)
    assert "another corpus" in line and "cannot be compared" in line


def test_errors_of_one_line_belong_together() -> None:
    assert all(0 < row.mae < row.rmse < 63 for row in FIGURES)
    assert len({row[:4] for row in FIGURES}) == len(FIGURES)
