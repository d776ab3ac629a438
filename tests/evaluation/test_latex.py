import re

import numpy as np
import pandas as pd

from openada.evaluation.latex import escaped, to_latex


def test_a_table_letter_by_letter() -> None:
    table = pd.DataFrame({"run_1": ["a & b", "50 % − c"], "rmse": [6.019, np.nan], "gap": [-0.5, -0.001], "n": [50, 7]})
    assert to_latex(table, title="two\nlines", footer=["split #1"]) == (
        "% two\n% lines\n"
        "\\medskip\\noindent\n\\begin{tabular}{lrrr}\n\\hline\nrun\\_1 & rmse & gap & n \\\\\n\\hline\n"
        "a \\& b & 6.02 & $-$0.50 & 50 \\\\\n"
        "50 \\% $-$ c & -- & 0.00 & 7 \\\\\n"
        "\\hline\n\\end{tabular}\\par\n\n\\smallskip\n\\noindent{\\footnotesize split \\#1}\\par\n"
    )


def test_every_special_letter_is_escaped() -> None:
    text = escaped(r"\ { } $ & % # _ ~ ^ < > |")
    plain = re.sub(r"\\text[a-z]+\{\}|\\[{}$&%#_]|\$[<>|]\$", "", text)
    assert plain.strip() == ""
    assert escaped("“a” – b…") == "``a'' -- b\\ldots{}"


def test_a_cell_is_never_read_as_an_argument_of_the_line_break() -> None:
    made = to_latex(pd.DataFrame({"span": ["[1, 2]", "*"]}))
    assert "\n{}[1, 2] " in made and "\n{}* " in made


def test_rows_and_columns_are_all_there_and_no_package_is_needed() -> None:
    table = pd.DataFrame(np.arange(35.0).reshape(7, 5), columns=list("abcde"))
    made = to_latex(table)
    body = made.split("\\hline\n")[2]
    assert body.count("\\\\") == 7 and all(line.count("&") == 4 for line in body.strip().splitlines())
    assert "rule" not in made and "usepackage" not in made
